"""The way to Redis: where connections go, with TLS or without, and how they log in. One for all connections of a process."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.endpoints import HostnameEndpoint

from ibgw_tx.model.redis_access import Access, Address
from ibgw_tx.redis.shell.tls import TlsEndpoint

CONNECT_LIMIT = 5  # seconds for one TCP connect


class NoMaster(Exception):
    """No master is known, or it is one no longer; the text says why."""


class Way(Service):
    """To a Redis at a fixed address; MasterWay is the one that asks sentinels."""

    #: Seconds between two attempts at most.
    longest_pause = 5.0
    #: Whether only a master will do: each connection looks, and ends when it no longer is one.
    only_master = False
    #: Seconds that one that stands by leaves a free lease to its holder, who may be on its way; None: what the lease says.
    grace: float | None = None

    def __init__(self, access: Access, reactor: Any) -> None:
        self.setName("way to Redis")
        self.login = access.login
        self._access, self._reactor = access, reactor

    @property
    def address(self) -> str:
        """host:port."""
        return self._access.address

    @property
    def is_confirmed(self) -> bool:
        """Whether no other Redis can have become the master, as far as can be known."""
        return True

    def endpoint(self) -> Any:
        """An IStreamClientEndpoint; each attempt looks anew at where Redis is."""
        return self.direct((self._access.host, self._access.port))

    def direct(self, address: Address) -> Any:
        """The endpoint of one address, with TLS if the settings want it."""
        host, port = address
        plain = HostnameEndpoint(self._reactor, host, port, timeout=CONNECT_LIMIT)
        return plain if self._access.tls is None else TlsEndpoint(plain, self._access.tls, host, self._reactor)

    def made(self, protocol: Any) -> None:
        """A connection stands; `gone` follows."""

    def gone(self, protocol: Any) -> None:
        """It no longer does."""
