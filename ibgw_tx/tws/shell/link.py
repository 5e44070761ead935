"""What keeps one API session up: the factory that makes the next one, and the service that owns it and the connector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet import defer
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ReconnectingClientFactory
from twisted.python.failure import Failure

from ibgw_tx.model.advice import unreached
from ibgw_tx.model.loopback import is_loopback
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.session import IBSession

CONNECT_LIMIT = 10  # seconds for one TCP connect
RETRY_DELAY = 20.0  # seconds between two attempts to connect
USUAL_PORTS = "TWS 7496 live, 7497 paper; IB Gateway 4001 live, 4002 paper"


class IBSessionFactory(ReconnectingClientFactory):
    """Has sessions made until it is stopped, RETRY_DELAY seconds apart. Logs one line for each change of what is wrong."""

    log = Logger()
    noisy = False
    # All three, or the first wait would be 1 s and later ones grow (house.md 2.3).
    initialDelay = delay = maxDelay = RETRY_DELAY  # type: ignore[assignment]
    factor = 1.0
    jitter = None  # type: ignore[assignment]

    def __init__(self, make: Callable[[], IBSession], clock: Clock, address: str, allow_remote: bool = False) -> None:
        """`address`: host:port, for the log. `allow_remote`: TWS may be on another host, without a word about it."""
        self.clock = clock  # type: ignore[assignment]
        self.address = address
        #: What keeps TWS from being reached; "" while a session is ready.
        self.trouble = f"no session with TWS at {address} yet"
        self._make = make
        self._last_failure = ""
        #: Whether TWS is known to be on another host.
        self.is_remote = False
        self._allow_remote = allow_remote

    def look_at(self, host: str) -> None:
        """TWS is at this host, or was reached there: one line in a life if that is another one and nobody has allowed it."""
        if is_loopback(host) is not False or self.is_remote:
            return
        self.is_remote = True
        if not self._allow_remote:
            self.log.warn(
                "TWS at {address} is on another host ({host}): its API has neither password nor encryption, and whoever reaches"
                " that port can trade; put a tunnel between, or say --allow-remote if nobody else can get there",
                address=self.address,
                host=host,
            )

    def buildProtocol(self, addr: IAddress | None) -> IBSession:
        """A session of its own for each connection."""
        self.look_at(getattr(addr, "host", ""))
        session = self._make()
        session.factory = self
        return session

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        error = reason.getErrorMessage().rstrip(".")
        if self._is_news(f"cannot connect to TWS at {self.address}: {error}") and self.continueTrying:
            self.log.warn(
                "cannot connect to TWS at {address}: {error}; {advice}; trying again every {delay:.0f} s",
                address=self.address,
                error=error,
                advice=unreached(type(reason.value).__name__, "TWS_API_ADDR", "TWS_API_PORT", "TWS or IB Gateway", USUAL_PORTS),
                delay=RETRY_DELAY,
            )
        super().clientConnectionFailed(connector, reason)

    def session_ended(self, why: str) -> None:
        """A session is over; `why` says what ended it, or that it was not ours to end."""
        news = self._is_news(f"the session with TWS at {self.address} ended: {why}")
        if not self.continueTrying:
            self.log.info("the session with TWS at {address} is closed: the gateway stops", address=self.address)
        elif news:
            self.log.warn(
                "the session with TWS at {address} ended: {why}; trying again every {delay:.0f} s",
                address=self.address,
                why=why,
                delay=RETRY_DELAY,
            )

    def _is_news(self, text: str) -> bool:
        """Note what is wrong; whether it is something else than before."""
        self.trouble = text
        news, self._last_failure = text != self._last_failure, text
        return news

    def forget_failure(self) -> None:
        """A session got ready: the next failure is news again."""
        self._last_failure = self.trouble = ""


class TWSLink(Service):
    """Connects to TWS at `host`:`port` from start to stop; see IBSessionFactory for how often."""

    def __init__(self, host: str, port: int, factory: IBSessionFactory, reactor: Any) -> None:
        self.setName("ib")
        self._host = host
        self._port = port
        self.factory = factory
        self._reactor = reactor
        self._connector: Any = None

    def startService(self) -> None:
        super().startService()
        self.factory.continueTrying = 1
        # A name tells nothing before it has been reached.
        self.factory.look_at(self._host)
        # connectTCP, not an endpoint: a ReconnectingClientFactory reconnects through its connector.
        self._connector = self._reactor.connectTCP(self._host, self._port, self.factory, timeout=CONNECT_LIMIT)

    def stopService(self) -> defer.Deferred[None]:
        """Stop trying and close what is open; the caller has told everyone that the session ends."""
        super().stopService()
        self.factory.stopTrying()
        if self._connector is not None:
            # stopTrying() alone leaves a live connection up.
            self._connector.disconnect()
        return defer.succeed(None)
