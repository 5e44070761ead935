"""Bytes to the kernel now, not in the reactor's next round: an order or a book does not wait for a log line. And from it."""

from __future__ import annotations

from typing import Any


def write_now(transport: Any) -> None:
    """Hand what a transport has buffered to its socket. What does not fit, or fails, the reactor sees to as ever.

    The method is looked up each time, because an abort replaces it. A transport that is closing is left alone: the result of
    its last write is what closes it, and only the reactor acts on that. One without a socket of its own writes by itself.
    """
    do_write = getattr(transport, "doWrite", None)
    if do_write is not None and transport.connected and not transport.disconnecting:
        do_write()


def write_through(transport: Any, data: bytes) -> None:
    """Write `data` and hand it to the socket at once, without asking the reactor to watch for room where there is some."""
    write_some = getattr(transport, "writeSomeData", None)
    if write_some is None or not transport.connected or transport.disconnecting or waits(transport):
        transport.write(data)
        write_now(transport)
        return
    written = write_some(data)
    if not isinstance(written, int):
        # It is gone: the reactor finds out as it always does.
        transport.write(data)
    elif written < len(data):
        transport.write(data[written:])


def read_now(transport: Any) -> None:
    """Take in what a socket has by now. That it is over the reactor finds out as it always does; TLS is left to it altogether."""
    do_read = getattr(transport, "doRead", None)
    if do_read is not None and transport.connected and not transport.disconnecting:
        do_read()


def waits(transport: Any) -> bool:
    """Whether a transport has something buffered, which has to go first."""
    return bool(transport.dataBuffer or transport._tempDataBuffer)
