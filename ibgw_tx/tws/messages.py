"""What can be read from a message's bytes without ibapi: whose order it is about, and the lane it travels in."""

from __future__ import annotations

from ibgw_tx.tws.pacing import Lane

#: The first server version whose placeOrder has no version of its own before the order id.
_UNVERSIONED_ORDER = 145


def order_id_of(message: bytes, server_version: int) -> int | None:
    """The order id of a framed placeOrder (3) or cancelOrder (4); None for any other message."""
    fields = message[4:].split(b"\0", 3)
    if fields[0] not in (b"3", b"4"):
        return None
    place = 1 if fields[0] == b"3" and server_version >= _UNVERSIONED_ORDER else 2
    try:
        return int(fields[place])
    except (IndexError, ValueError):
        return None


#: Message ids whose lane is not DATA: cancelOrder, reqGlobalCancel, placeOrder.
LANES = {b"4": Lane.CANCEL, b"58": Lane.CANCEL, b"3": Lane.ORDER}
