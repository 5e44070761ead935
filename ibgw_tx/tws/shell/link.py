"""The service that keeps one API session up: it owns the factory and the connector."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet import defer

from ibgw_tx.tws.shell.session import IBSessionFactory

CONNECT_LIMIT = 10  # seconds for one TCP connect


class IBLink(Service):
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
