"""The floor process: ready-made books straight to Redis over a raw socket, nothing decoded, no reply asked for."""

from __future__ import annotations

import socket
import time
from multiprocessing.connection import Connection

from bench import wire
from bench.market import Book, Change
from bench.source import Source
from bench.worker import obey


def main(pipe: Connection, redis_port: int, symbols: list[str]) -> None:
    """The process."""
    with socket.create_connection(("127.0.0.1", redis_port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(_command(b"CLIENT", b"REPLY", b"OFF"))
        handlers = Source(symbols, _encode).handlers(lambda: sock)
        try:
            while True:
                obey(pipe, handlers)
        except (EOFError, KeyboardInterrupt):
            pass


def _encode(book: Book, change: Change) -> bytes:
    bids, asks = (
        b",".join(b'{"p":%d.%02d,"s":%d}' % (cents // 100, cents % 100, size) for cents, size in book.sides[side].rows)
        for side in (1, 0)
    )
    message = b"[[%b],[%b],%d]" % (bids, asks, time.time_ns() // 1_000_000)
    return _command(b"PUBLISH", wire.channel(book.symbol).encode(), message)


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
