"""The listening port: bound when the settings are read, so that a port in use ends the start with one line."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred

from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.periodic import PeriodicService
from ibgw_tx.sight.hosts import Hosts
from ibgw_tx.sight.shell.events import INTERVAL, Events
from ibgw_tx.sight.shell.seen import Facts, Seen
from ibgw_tx.sight.shell.site import make_site

BACKLOG = 50


def bind(host: str, port: int) -> socket.socket:
    """A listening socket there. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


class SightService(MultiService):
    """Serves a bound socket from its start to its stop."""

    log = Logger()

    def __init__(self, bound: socket.socket, facts: Callable[[], Facts | None], hosts: Hosts, reactor: Any) -> None:
        super().__init__()
        self.setName("sight")
        seen = Seen(facts)
        self.events = Events(seen.document, reactor)
        self._bound = bound
        host, port = bound.getsockname()[:2]
        #: host:port, as a browser wants it.
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._reactor = reactor
        self._site = make_site(seen, self.events, hosts, reactor)
        self._port: Any = None
        PeriodicService("status page", INTERVAL, self.events.tick, reactor).setServiceParent(self)

    def startService(self) -> None:
        super().startService()
        self.log.info("status page and metrics at http://{address}/", address=self.address)
        # The port has a socket of its own from here on.
        self._port = self._reactor.adoptStreamPort(self._bound.fileno(), self._bound.family, self._site)
        self._bound.close()

    def stopService(self) -> Deferred[Any]:
        self.events.close()
        stopped = maybeDeferred(super().stopService)
        if self._port is not None:
            port, self._port = self._port, None
            return stopped.addCallback(lambda _: port.stopListening())
        return stopped
