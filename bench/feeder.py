"""The feeder process: a fake TWS for one client at a time, on plain sockets. Its books are a `Source`'s."""

from __future__ import annotations

import selectors
import socket
from multiprocessing.connection import Connection

from bench import wire
from bench.market import Book, Change
from bench.source import Source
from bench.worker import obey

_HELLO = b"API\0"


class Client:
    """A connection from a candidate: greeting, requests, depth subscriptions by symbol."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.requests: dict[str, int] = {}
        self._greeted = False
        self._buffer = b""

    def received(self, data: bytes) -> None:
        """Take bytes in and answer what they ask."""
        # No length is as big as these four bytes would be, so only the first message can begin so.
        self._buffer = (self._buffer + data).removeprefix(_HELLO)
        messages, self._buffer = wire.split(self._buffer)
        for fields in messages:
            self._asked(fields)

    def _asked(self, fields: list[bytes]) -> None:
        if not self._greeted:
            self._greeted = True
            self.sock.sendall(wire.greeting())
        elif fields[0] == wire.START_API:
            self.sock.sendall(wire.started())
        elif fields[0] == wire.REQ_MKT_DEPTH:
            self.requests[fields[4].decode()] = int(fields[2])
        elif fields[0] != wire.CANCEL_MKT_DEPTH and (reply := wire.answer(fields)):
            self.sock.sendall(reply)


class Feeder:
    """Accepts clients on a loopback port and sends what the pipe tells it to."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._selector = selectors.DefaultSelector()
        self._client: Client | None = None
        self._handlers = {"port": lambda: self._listening.getsockname()[1], "subscribed": self._subscribed, "open": self._open}

    def run(self) -> None:
        """Until nobody asks any more."""
        for source in (self._listening, self._pipe):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                self._ready(key.fileobj)

    def _ready(self, source: object) -> None:
        if source is self._listening:
            self._accept()
        elif source is self._pipe:
            obey(self._pipe, self._handlers)
        elif self._client is not None and source is self._client.sock:
            self._read(self._client)

    def _accept(self) -> None:
        sock, _ = self._listening.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._client is not None:
            self._drop(self._client)
        self._client = self._new_client(sock)
        self._selector.register(sock, selectors.EVENT_READ)

    def _new_client(self, sock: socket.socket) -> Client:
        return Client(sock)

    def _read(self, client: Client) -> None:
        try:
            data = client.sock.recv(65536)
        except ConnectionError:
            data = b""
        if data:
            client.received(data)
        else:
            self._drop(client)

    def _drop(self, client: Client) -> None:
        self._selector.unregister(client.sock)
        client.sock.close()
        self._client = None

    def _open(self, symbols: list[str]) -> None:
        """A new market, for the next candidate."""
        self._handlers.update(Source(symbols, self._encode).handlers(lambda: self._connected().sock))

    def _subscribed(self) -> int:
        return len(self._client.requests) if self._client is not None else 0

    def _connected(self) -> Client:
        if self._client is None:
            raise ConnectionError("the candidate has closed its connection to TWS")
        return self._client

    def _encode(self, book: Book, change: Change) -> bytes:
        return wire.depth(self._connected().requests[book.symbol], change)


def main(pipe: Connection) -> None:
    """The process."""
    try:
        Feeder(pipe).run()
    except (EOFError, KeyboardInterrupt):
        pass
