"""What is served: metrics, health, the page and its events. Read-only: any method but GET and HEAD is refused (405).
And under the names of this host alone (421): see `hosts`.

A request is answered in one turn, from a document of bounded size. Bounds: CONNECTIONS at once, READERS of events.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from typing import Any

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from twisted.internet.interfaces import IAddress
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from ibgw_tx.runtime.log import Logger
from ibgw_tx.sight.hosts import Hosts
from ibgw_tx.sight.shell.events import Events
from ibgw_tx.sight.shell.seen import Seen

#: Connections at once; one more is closed.
CONNECTIONS = 64
#: Seconds an idle connection is kept, or one whose request does not come.
IDLE = 30

_HEADERS = (
    (b"Content-Security-Policy", b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
     b" img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"Cache-Control", b"no-store"),
)  # fmt: skip


class Answer(Resource):
    """One address; `make(request)` gives the bytes of the answer."""

    isLeaf = True

    def __init__(self, kind: str, make: Callable[[Request], bytes]) -> None:
        super().__init__()
        self._kind = kind
        self._make = make

    def render_GET(self, request: Request) -> bytes:
        """All of it at once."""
        _head(request, self._kind)
        return self._make(request)


class _Stream(Resource):
    isLeaf = True

    def __init__(self, events: Events) -> None:
        super().__init__()
        self._events = events

    def render_GET(self, request: Request) -> Any:
        if request.method == b"HEAD":
            _head(request, "text/event-stream")
            return b""
        if not self._events.has_room:
            request.setResponseCode(503)
            _head(request, "text/plain; charset=utf-8")
            return b"too many pages are open already\n"
        _head(request, "text/event-stream")
        self._events.join(request)
        return NOT_DONE_YET


def _head(request: Request, kind: str) -> None:
    request.setHeader(b"Content-Type", kind.encode())
    for name, value in _HEADERS:
        request.setHeader(name, value)


class _QuietSite(Site):
    """No line in the log for each request, and not more connections than CONNECTIONS."""

    noisy = False
    displayTracebacks = False
    # `log` is what Site calls for each request.
    _log = Logger()

    def __init__(self, *args: Any, hosts: Hosts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open = 0
        self._hosts = hosts
        self._has_refused = False

    def getResourceFor(self, request: Any) -> Any:
        """What is asked for, if it is asked for under a name of ours."""
        for name in request.requestHeaders.getRawHeaders("host", [None]):
            if not self._hosts.admits(name):
                self._refuse(name)
                return Answer("text/plain; charset=utf-8", _misdirected)
        return super().getResourceFor(request)

    def _refuse(self, name: str) -> None:
        if not self._has_refused:
            self._has_refused = True
            self._log.warn("the status page is asked for as {name!r} and refused: see --metrics-hosts", name=name[:100])

    def log(self, request: Any) -> None:
        pass

    def buildProtocol(self, addr: IAddress | None) -> Any:
        if self._open >= CONNECTIONS:
            return None
        channel: Any = super().buildProtocol(addr)
        self._open += 1
        lost = channel.connectionLost

        def closed(reason: Any) -> None:
            self._open -= 1
            lost(reason)

        channel.connectionLost = closed
        return channel


def make_site(seen: Seen, events: Events, hosts: Hosts, reactor: Any) -> Site:
    """The whole tree."""
    registry = CollectorRegistry()
    registry.register(seen)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)

    def metrics(request: Request) -> bytes:
        encode, kind = choose_encoder(request.getHeader("accept") or "")
        request.setHeader(b"Content-Type", kind.encode())
        return encode(registry)

    def alive(request: Request) -> bytes:
        return _verdict(request, [] if seen.is_alive else ["the gateway is stopping"])

    root: Any = Resource()
    text = "text/plain; charset=utf-8"
    root.putChild(b"metrics", Answer(text, metrics))
    root.putChild(b"healthz", Answer(text, alive))
    root.putChild(b"readyz", Answer(text, lambda request: _verdict(request, seen.reasons)))
    root.putChild(b"events", _Stream(events))
    for path, name, kind in (("", "html", "text/html"), ("page.css", "css", "text/css"), ("page.js", "js", "text/javascript")):
        content = files("ibgw_tx.sight").joinpath(f"page.{name}").read_bytes()
        root.putChild(path.encode(), Answer(f"{kind}; charset=utf-8", partial(_same, content)))
    return _QuietSite(root, reactor=reactor, timeout=IDLE, hosts=hosts)


def _misdirected(request: Request) -> bytes:
    request.setResponseCode(421)
    return b"nothing is served under this name; --metrics-hosts (IBGW_METRICS_HOSTS) tells which there are\n"


def _same(content: bytes, _: Request) -> bytes:
    return content


def _verdict(request: Request, reasons: list[str]) -> bytes:
    request.setResponseCode(503 if reasons else 200)
    return "".join(f"{line}\n" for line in reasons or ["ok"]).encode()
