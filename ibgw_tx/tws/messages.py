"""What can be read from a message's bytes without ibapi: the request it is about, and the lane it travels in.

Framed as text (an id in digits, then texts) or, from server version 201 on, behind four bytes that are its id: a message begins
with a zero byte then, because no id is that large.
"""

from __future__ import annotations

from ibgw_tx.tws.dialects import PROTOBUF
from ibgw_tx.tws.pacing import Lane
from ibgw_tx.tws.protobuf import ProtobufError, first_number

#: Message ids whose lane is not OWN.
_LANES = {
    b"4": Lane.CANCEL,  # cancelOrder
    b"58": Lane.CANCEL,  # reqGlobalCancel
    b"3": Lane.ORDER,  # placeOrder
    b"21": Lane.ORDER,  # exerciseOptions
    b"1": Lane.FEED,  # reqMktData
    b"10": Lane.FEED,  # reqMktDepth
    b"50": Lane.FEED,  # reqRealTimeBars
    b"92": Lane.FEED,  # reqPnL
    b"94": Lane.FEED,  # reqPnLSingle
    b"97": Lane.FEED,  # reqTickByTickData
    b"9": Lane.QUESTION,  # reqContractDetails
    b"20": Lane.QUESTION,  # reqHistoricalData
    b"62": Lane.QUESTION,  # reqAccountSummary
    b"78": Lane.QUESTION,  # reqSecDefOptParams
}

#: Messages that end a subscription or a question: cancels of market data, depth, historical data, real-time bars, the summary,
#: positions and values of an account, PnL, ticks.
_ENDS = frozenset({b"2", b"11", b"25", b"51", b"63", b"75", b"77", b"93", b"95", b"98"})

#: Where a request id stands in messages that have one: after the message id, or after a version.
_REQUEST_ID_AT = {
    **dict.fromkeys((b"20", b"78", b"92", b"93", b"94", b"95", b"97", b"98"), 1),
    **dict.fromkeys((b"1", b"2", b"7", b"9", b"10", b"11", b"25", b"50", b"51", b"62", b"63", b"74", b"75", b"76", b"77"), 2),
}


def lane_of(message: bytes) -> Lane:
    """The lane of a framed message, where nobody says that it is another's need."""
    return _LANES.get(_kind(message), Lane.OWN)


def is_end(message: bytes) -> bool:
    """Whether a framed message ends a subscription or a question; reqAccountUpdates (6) says so in its first argument."""
    kind = _kind(message)
    return kind in _ENDS or (kind == b"6" and _subscribes(message) is False)


def request_id_of(message: bytes) -> int | None:
    """The request id of a framed message; None where it has none."""
    place = _REQUEST_ID_AT.get(_kind(message))
    if place is None:
        return None
    try:
        return _number(message) if _is_protobuf(message) else int(_fields(message, place)[place])
    except (IndexError, ValueError):
        return None


def _subscribes(message: bytes) -> bool:
    if _is_protobuf(message):
        return bool(_number(message))
    return _fields(message, 2)[2:3] != [b"0"]


def _number(message: bytes) -> int | None:
    """The first member of a protobuf message: the request's id, or whether to subscribe. None when it is not there."""
    try:
        return first_number(message[8:])
    except ProtobufError:
        return None


def _is_raw(message: bytes) -> bool:
    return message[4:5] == b"\0"


def _is_protobuf(message: bytes) -> bool:
    return _is_raw(message) and int.from_bytes(message[4:8], "big") > PROTOBUF


def _kind(message: bytes) -> bytes:
    """The message's id in digits, as its text has it."""
    if not _is_raw(message):
        return message[4:].partition(b"\0")[0]
    number = int.from_bytes(message[4:8], "big")
    return b"%d" % (number - PROTOBUF if number > PROTOBUF else number)


def _fields(message: bytes, last: int) -> list[bytes]:
    """The texts up to the one in place `last`; the id is in place 0."""
    if _is_raw(message):
        return [_kind(message), *message[8:].split(b"\0", last)]
    return message[4:].split(b"\0", last + 1)
