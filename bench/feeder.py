"""The feeder process: a fake TWS for one client at a time, on plain sockets. Its books are a `Source`'s."""

from __future__ import annotations

import selectors
import socket
from multiprocessing.connection import Connection

from bench import todays, wire
from bench.client import Client
from bench.market import Book, Change
from bench.source import Source
from bench.worker import obey


class Feeder:
    """Accepts clients on a loopback port and sends what the pipe tells it to."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._selector = selectors.DefaultSelector()
        self._client: Client | None = None
        self._version = wire.SERVER_VERSION
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
        return Client(sock) if self._version == wire.SERVER_VERSION else todays.TodaysClient(sock, self._version)

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

    def _open(self, symbols: list[str], version: int) -> None:
        """A new market, for the next candidate, who is spoken to at this server version."""
        self._version = version
        self._handlers.update(Source(symbols, self._encode).handlers(lambda: self._connected().sock))

    def _subscribed(self) -> int:
        return len(self._client.requests) if self._client is not None else 0

    def _connected(self) -> Client:
        if self._client is None:
            raise ConnectionError("the candidate has closed its connection to TWS")
        return self._client

    def _encode(self, book: Book, change: Change) -> bytes:
        encode = todays.depth if self._version == todays.IN_PROTOBUF else wire.depth
        return encode(self._connected().requests[book.symbol], change)


def main(pipe: Connection) -> None:
    """The process."""
    try:
        Feeder(pipe).run()
    except (EOFError, KeyboardInterrupt):
        pass
