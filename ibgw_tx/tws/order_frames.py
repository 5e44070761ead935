"""Frames of orders that differ from one another in four figures alone, made without ibapi's encoder. Pure.

ibapi writes an order in some 200 µs, most of it for members that nobody has set. So it is had write one order of a kind (one
contract, side, type, account, …) with figures that stand out; where these stand in its bytes is where those of the next order of
that kind go. Before a template is used it has to give, byte by byte, what ibapi writes for other figures. Where it does not, or
where a figure cannot be found, there is none, and every order of that kind is written by ibapi.

The figures are the API order id, the quantity (a whole number), the limit price and the orderRef.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

from ibgw_tx.tws.dialects import PROTOBUF
from ibgw_tx.tws.protobuf import LENGTH, ProtobufError, members, varint

__all__ = ["LARGEST_FIGURE", "Figures", "Render", "learn", "price_text"]

#: (order id, quantity, limit price, orderRef).
Figures: TypeAlias = tuple[int, int, float, str]
#: The whole frame of an order with these figures.
Render: TypeAlias = Callable[[int, int, float, str], bytes]

#: Quantities and prices below it, and prices above its reciprocal, are written without an exponent.
LARGEST_FIGURE = 1_000_000_000
SMALLEST_PRICE = 0.0001

_double = struct.Struct("<d")

#: Figures that no other member of an order has, and those by which a template is tried.
_MARKS: Figures = (1_999_999_973, 987_654_321, 12_345.6875, "~mark/7f3a~")
_TRIALS: tuple[Figures, ...] = ((7, 1, 0.05, "x"), (300, 128, 100.0, "y" * 64), (2_147_483_646, 999_999_999, 999_999.25, "a b"))


def price_text(price: float) -> bytes:
    """A price as `figures.written` writes it: between SMALLEST_PRICE and LARGEST_FIGURE, and without noise."""
    text = repr(price)
    return (text[:-2] if text[-2:] == ".0" else text).encode()


def learn(encode: Callable[[int, int, float, str], bytes]) -> Render | None:
    """How orders of one kind are written, as `encode` (ibapi) writes them; None where that cannot be had.

    Raises what `encode` raises.
    """
    frame = encode(*_MARKS)
    raw = frame[4:5] == b"\0"
    if raw and int.from_bytes(frame[4:8], "big") > PROTOBUF:
        render = _protobuf(frame)
    else:
        render = _text(frame, 8 if raw else 4)
    if render is None or render(*_MARKS) != frame or any(render(*figures) != encode(*figures) for figures in _TRIALS):
        return None
    return render


def _text(frame: bytes, start: int) -> Render | None:
    """A frame of texts, each with a NUL behind it; they begin at `start`."""
    order_id, quantity, price, ref = _MARKS
    marks = [b"%d" % order_id, b"%d" % quantity, price_text(price), ref.encode()]
    texts = frame[start:].split(b"\0")
    if any(texts.count(mark) != 1 for mark in marks) or [text for text in texts if text in marks] != marks:
        return None
    slots = dict(zip(marks, (b"%d", b"%d", b"%b", b"%b"), strict=True))
    form = frame[4:start] + b"\0".join(slots.get(text, text.replace(b"%", b"%%")) for text in texts)

    def render(order_id: int, quantity: int, price: float, ref: str) -> bytes:
        body = form % (order_id, quantity, price_text(price), ref.encode())
        return len(body).to_bytes(4, "big") + body

    return render


def _protobuf(frame: bytes) -> Render | None:
    """PlaceOrderRequest: it begins with its id; one of its other members is the order, with the other three in this sequence."""
    order_id, quantity, price, ref = _MARKS
    head, first = frame[4:8], b"\x08" + varint(order_id)
    rest = frame[8 + len(first) :]
    if frame[8 : 8 + len(first)] != first:
        return None
    marks = (_lengthy(b"%d" % quantity), _double.pack(price), _lengthy(ref.encode()))
    order = _holder(rest, marks)
    if order is None:
        return None
    before, _, after = rest.partition(_lengthy(order))
    parts = _between(order, marks)
    if parts is None:
        return None
    one, two, three, four = parts

    def render(order_id: int, quantity: int, price: float, ref: str) -> bytes:
        order = b"".join(
            (one, _lengthy(b"%d" % quantity), two, _double.pack(price), three, _lengthy(ref.encode()), four)
        )
        body = b"".join((head, b"\x08", varint(order_id), before, _lengthy(order), after))
        return len(body).to_bytes(4, "big") + body

    return render


def _holder(message: bytes, marks: tuple[bytes, ...]) -> bytes | None:
    """The one member of a message that has all of these bytes in it."""
    try:
        found = [value for _, wire, value in members(message) if wire == LENGTH and isinstance(value, bytes)]
    except ProtobufError:
        return None
    holders = [value for value in found if all(mark in value for mark in marks)]
    return holders[0] if len(holders) == 1 and message.count(_lengthy(holders[0])) == 1 else None


def _between(data: bytes, marks: tuple[bytes, ...]) -> list[bytes] | None:
    """What stands before, between and behind the marks; None unless each is there once, in this sequence."""
    parts = []
    for mark in marks:
        if data.count(mark) != 1:
            return None
        part, _, data = data.partition(mark)
        parts.append(part)
    return [*parts, data]


def _lengthy(value: bytes) -> bytes:
    return varint(len(value)) + value
