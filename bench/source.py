"""Traffic made ahead of time and sent when told: what the feeder and the floor have in common. Times in ns."""

from __future__ import annotations

import gc
import socket
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from bench.market import Book, Change, Levels, Market

Encode = Callable[[Book, Change], bytes]


class Source:
    """Sends a market over a socket; `encode` makes the bytes of one change, called after the book has changed."""

    def __init__(self, symbols: list[str], encode: Encode) -> None:
        self._market = Market(symbols)
        self._encode = encode
        self._batches: list[bytes] = []

    def handlers(self, sock: Callable[[], socket.socket]) -> dict[str, Callable[..., Any]]:
        """The requests it answers; `sock` gives the socket to send over."""
        return {
            "initial": lambda: self.initial(sock()),
            "prepare": self.prepare,
            "flood": lambda: self.flood(sock()),
            "pace": lambda interval: self.pace(sock(), interval),
        }

    def initial(self, sock: socket.socket) -> dict[str, int]:
        """Send the rows that every book starts with; gives the last stamp of each symbol."""
        sock.sendall(b"".join(self._encoded(self._market.initial())))
        return self._last_stamps()

    def prepare(self, count: int, batch: int) -> tuple[int, dict[str, int], dict[str, tuple[Levels, Levels]]]:
        """Make `count` updates, `batch` to a write; gives the first stamp, each symbol's last stamp and its last book."""
        first = self._market.stamp + 1
        encoded = self._encoded(self._market.updates(count))
        self._batches = list(_joined(encoded, batch))
        gc.collect()
        gc.disable()
        return first, self._last_stamps(), {book.symbol: book.levels() for book in self._market.books}

    def flood(self, sock: socket.socket) -> tuple[int, int]:
        """Send as fast as the socket takes it; gives when it began and ended."""
        batches, self._batches = self._batches, []
        began = time.monotonic_ns()
        for batch in batches:
            sock.sendall(batch)
        return began, time.monotonic_ns()

    def pace(self, sock: socket.socket, interval: int) -> bytes:
        """Send one batch each `interval` ns, catching up when late; gives when each was written (8 bytes a time)."""
        batches, self._batches = self._batches, []
        times = array("q")
        due = time.monotonic_ns() + interval
        for batch in batches:
            wait = due - time.monotonic_ns()
            if wait > 0:
                time.sleep(wait / 1e9)
            times.append(time.monotonic_ns())
            sock.sendall(batch)
            due += interval
        return times.tobytes()

    def _encoded(self, changes: Iterator[tuple[Book, Change]]) -> Iterator[bytes]:
        return (self._encode(book, change) for book, change in changes)

    def _last_stamps(self) -> dict[str, int]:
        return {book.symbol: book.last_stamp for book in self._market.books}


def _joined(encoded: Iterator[bytes], batch: int) -> Iterator[bytes]:
    """Each `batch` pieces as one."""
    while pieces := list(islice(encoded, batch)):
        yield b"".join(pieces)
