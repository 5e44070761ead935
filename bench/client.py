"""A candidate's connection to the fake TWS: greeting, requests, depth subscriptions by symbol. At server version 157."""

from __future__ import annotations

import socket

from bench import wire

_HELLO = b"API\0"


class Client:
    """Answers what it is asked over `sock`; `requests` are the depth requests, by symbol."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.requests: dict[str, int] = {}
        self.greeted = False
        self._buffer = b""

    def received(self, data: bytes) -> None:
        """Take bytes in and answer what they ask."""
        # No length is as big as these four bytes would be, so only the first message can begin so.
        self._buffer = (self._buffer + data).removeprefix(_HELLO)
        messages, self._buffer = wire.split(self._buffer)
        for fields in messages:
            self._asked(fields)

    def _asked(self, fields: list[bytes]) -> None:
        if not self.greeted:
            self.greeted = True
            self.sock.sendall(wire.greeting())
        elif fields[0] == wire.START_API:
            self.sock.sendall(wire.started())
        elif fields[0] == wire.REQ_MKT_DEPTH:
            self.requests[fields[4].decode()] = int(fields[2])
        elif fields[0] != wire.CANCEL_MKT_DEPTH and (reply := wire.answer(fields)):
            self.sock.sendall(reply)
