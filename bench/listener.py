"""The listener process: one raw socket subscribed to all books. While data comes it only stores; reading waits for a pause."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection

from bench import wire
from bench.arrivals import Arrivals, Report
from bench.worker import obey

#: Seconds without data after which what came is read.
PAUSE = 0.1


class Listener:
    """Stores (time, bytes) of the subscriber connection until somebody asks what they were."""

    def __init__(self, pipe: Connection, redis_port: int, symbols: str) -> None:
        self._pipe = pipe
        self._sock = socket.create_connection(("127.0.0.1", redis_port))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._sock.sendall(_subscribe(wire.channel(symbols)))
        # The confirmation; nothing is published before the first request has been answered.
        self._sock.recv(1 << 10)
        self._chunks: list[tuple[int, bytes]] = []
        self._arrivals = Arrivals()
        self._selector = selectors.DefaultSelector()
        self._handlers = {"clear": self._clear, "collect": self._collect}

    def run(self) -> None:
        """Until nobody asks any more."""
        self._selector.register(self._sock, selectors.EVENT_READ)
        self._selector.register(self._pipe, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in self._selector.select()]
            # Data first: a request may take all of it, and nothing would be left to wait for here.
            if self._sock in ready:
                self._receive()
            if self._pipe in ready:
                obey(self._pipe, self._handlers)

    def _receive(self) -> None:
        data = self._sock.recv(1 << 18)
        self._chunks.append((time.monotonic_ns(), data))
        if not data:
            raise ConnectionError("Redis has closed the listener's connection")

    def _read_stored(self) -> None:
        chunks, self._chunks = self._chunks, []
        for at, data in chunks:
            self._arrivals.feed(at, data)

    def _clear(self) -> None:
        self._read_stored()
        self._arrivals.begin()

    def _collect(self, awaited: Mapping[str, int], limit: float) -> tuple[Report, bool]:
        """Wait until the awaited stamp of every channel has come, at most `limit` seconds; gives the report and whether."""
        self._arrivals.await_stamps(awaited)
        deadline = time.monotonic() + limit
        self._sock.settimeout(PAUSE)
        while time.monotonic() < deadline:
            try:
                self._receive()
            except TimeoutError:
                self._read_stored()
                if self._arrivals.complete:
                    break
        self._sock.settimeout(None)
        self._read_stored()
        return self._arrivals.finish(), self._arrivals.complete


def _subscribe(pattern: str) -> bytes:
    return b"*2\r\n$10\r\nPSUBSCRIBE\r\n$%d\r\n%b\r\n" % (len(pattern), pattern.encode())


def main(pipe: Connection, redis_port: int, symbols: str = "*") -> None:
    """The process; `symbols` is a pattern of Redis'."""
    try:
        Listener(pipe, redis_port, symbols).run()
    except (EOFError, KeyboardInterrupt):
        pass
