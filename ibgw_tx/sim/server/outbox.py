"""A client's output, bounded: what the transport does not take is kept here up to a limit. No I/O of its own."""

from __future__ import annotations

from collections.abc import Callable


class OutBox:
    """`put` passes data on while the transport takes it, else keeps it; False when more than `limit` bytes wait.

    Nothing is thrown away: a client with a hole in its stream would be worse off than one that is dropped.
    """

    def __init__(self, write: Callable[[bytes], None], limit: int) -> None:
        self._write, self._limit = write, limit
        self._kept: list[bytes] = []
        self.paused = False
        self.waiting = 0  # bytes

    def put(self, data: bytes) -> bool:
        if not self.paused:
            self._write(data)
            return True
        self._kept.append(data)
        self.waiting += len(data)
        return self.waiting <= self._limit

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        """The transport takes data again; what was kept goes first, in one piece."""
        self.paused = False
        kept, self._kept, self.waiting = self._kept, [], 0
        if kept:
            self._write(b"".join(kept))
