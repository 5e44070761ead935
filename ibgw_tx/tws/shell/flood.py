"""A flood of rows: several reads are taken in before anything is told of them, so that a book is told less often than it is read.

Only where nearly all of a read were messages that cost next to nothing; whatever else comes is told with its read, so that the
reactor is never held longer for it.
"""

from __future__ import annotations

from typing import Any

#: Reads that are taken in at most before what has changed is told: each of a flood's costs some 2 ms.
READS = 4


class FloodReads:
    """Of one connection."""

    def __init__(self) -> None:
        #: Reads since what has changed was told last; who reads counts.
        self.reads = 0

    def went_on(self, transport: Any, size: int) -> bool:
        """Behind a read of `size` bytes, take the next at once if that one was full; whether there was one, which has told."""
        reads = self.reads
        if reads >= READS or size < getattr(transport, "bufferSize", size + 1) or transport.disconnecting:
            return False
        # An end of the connection stays to be found by the reactor.
        transport.doRead()
        return self.reads != reads
