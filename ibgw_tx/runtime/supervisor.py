"""What a service manager is told of this process: ready, alive, its state in words, stopping (the protocol of sd_notify).

Each is a datagram to the socket that NOTIFY_SOCKET names; without one nothing is sent. A datagram that the kernel does not take
is not lost: `ready` and the state are told again with the next sign of life, and the log has a line for the first of a row.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.application.service import Service

from ibgw_tx.runtime.log import Logger, shown


class Supervisor(Service):
    """`address` is the value of NOTIFY_SOCKET: a path, or @ and an abstract name; None or empty: nobody listens."""

    log = Logger()

    def __init__(self, address: str | None = None, make_socket: Any = socket.socket) -> None:
        self.setName("supervisor")
        self._address = address or ""
        self._make_socket = make_socket
        self._socket: Any = None
        self._is_ready = self._is_stopping = False
        #: The state as it is, and as it was last told.
        self._state, self._told = "", ""
        #: Datagrams in a row that were not taken.
        self._untold = 0

    def startService(self) -> None:
        """Open the socket."""
        super().startService()
        if self._address:
            self._socket = self._make_socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def stopService(self) -> None:
        """Close the socket."""
        super().stopService()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def state(self, text: str) -> None:
        """What it is doing, in words; told when it changes."""
        self._state = shown(text)
        if self._state != self._told:
            self._tell()

    def alive(self, ready: bool) -> None:
        """A sign of life for the watchdog. With the first one that is `ready`, starting up is over."""
        if self._is_stopping:
            return
        signs = ["WATCHDOG=1"]
        if ready and not self._is_ready:
            signs.append("READY=1")
        if self._tell(*signs) and ready:
            self._is_ready = True

    def stopping(self) -> None:
        """A stop has begun."""
        self._is_stopping = True
        self._tell("STOPPING=1")

    def _tell(self, *signs: str) -> bool:
        """Send signs, and the state where it is new; whether it was taken."""
        if self._socket is None:
            return False
        lines = [*signs, *([f"STATUS={self._state}"] if self._state != self._told else [])]
        try:
            self._socket.sendto("\n".join(lines).encode(), self._place())
        except OSError as error:
            self._untold += 1
            if self._untold == 1:
                self.log.warn("the service manager cannot be told {lines}: {error}", lines=", ".join(lines), error=error.strerror)
            return False
        if self._untold:
            self.log.info("the service manager is told again, after {count} that it was not", count=self._untold)
        self._untold = 0
        self._told = self._state
        return True

    def _place(self) -> str:
        # An abstract name is written with an @ and begins with a zero byte.
        return "\0" + self._address[1:] if self._address.startswith("@") else self._address
