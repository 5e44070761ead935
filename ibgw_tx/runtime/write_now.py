"""Bytes to the kernel now, not in the reactor's next round: an order or a book does not wait for a log line."""

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
