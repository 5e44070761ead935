"""How much of what TWS has sent is read at a time: what costs little in large pieces, what costs much in small ones. Pure.

Ten thousand depth rows cost a few ms, a hundred orders 20: a long list of these must not hold up what else there is to do. What
is not read waits in the kernel, and TWS waits when that is full.
"""

from __future__ import annotations

__all__ = ["FEW", "LARGE", "MANY", "SMALL", "next_read"]

#: bytes
SMALL, LARGE = 8_192, 65_536
#: So many messages of one read that have to be decoded in full are many.
MANY = 8
#: With so many a full read is no stream of rows.
FEW = 2


def next_read(size: int, received: int, slow: int) -> int:
    """The bytes to be read at most next time, after a read of at most `size` that gave `received` with `slow` such messages."""
    if slow >= MANY:
        return SMALL
    if received >= size:
        # Of the largest of them, contracts, five fill a small read.
        return LARGE if slow < FEW else size
    # Behind a little may come the first piece of such a list; a flood finds its size again in one read.
    return size if received > SMALL else SMALL
