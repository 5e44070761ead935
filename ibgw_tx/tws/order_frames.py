"""Frames of orders that differ from one another in a few figures alone, made without ibapi's encoder. Pure.

ibapi writes an order in some 200 µs, most of it for members that nobody has set. So it is had write one order of a kind (one
side, type, account, …) with figures that stand out; where these stand in its bytes is where those of the next order of that kind
go. Before a template is used it has to give, byte by byte, what ibapi writes for other figures. Where it does not, or where a
figure cannot be found, there is none, and every order of that kind is written by ibapi.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from ibgw_tx.tws.dialects import PROTOBUF
from ibgw_tx.tws.protobuf import LENGTH, ProtobufError, members, varint

__all__ = ["LARGEST_FIGURE", "SMALLEST_PRICE", "Encode", "Figures", "Render", "Templates", "learn", "price_text"]

#: (order id, conId, symbol, exchange, currency, quantity, limit price, orderRef): whole numbers, a price, ASCII texts.
Figures: TypeAlias = tuple[int, int, str, str, str, int, float, str]
#: The whole frame of an order with these figures: as ibapi makes it, as a template does.
Encode: TypeAlias = Callable[[Figures], bytes]
Render: TypeAlias = Callable[[Figures], bytes]

#: Quantities and prices below it, and prices above the other, are written without an exponent.
LARGEST_FIGURE = 1_000_000_000
SMALLEST_PRICE = 0.0001
#: Kinds of orders of one session; more are written by ibapi.
MAX_KINDS = 1000

_double = struct.Struct("<d")

#: Figures that no other member of an order has, and those by which a template is tried.
_MARKS: Figures = (1_999_999_973, 1_888_888_867, "~SYMBOL~", "~VENUE~", "~MONEY~", 987_654_321, 12_345.6875, "~mark/7f3a~")
_TRIALS: tuple[Figures, ...] = (
    (7, 5, "A", "B", "C", 1, 0.05, "x"),
    (300, 128, "S" * 64, "V" * 20, "USD", 128, 100.0, "y" * 130),
    (2_147_483_646, 265_598, "BRK B", "SMART", "HKD", 999_999_999, 999_999.25, "a b"),
)


def price_text(price: float) -> bytes:
    """A price as `figures.written` writes it: between SMALLEST_PRICE and LARGEST_FIGURE, and without noise."""
    text = repr(price)
    return (text[:-2] if text[-2:] == ".0" else text).encode()


class Templates:
    """Those of one session, by kind. Who asks for a kind that is not known has ibapi write that order, and `teach` later."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Render | None] = {}

    def of(self, kind: Hashable) -> Render | None:
        """The template of a kind, None for none (yet)."""
        return self._known.get(kind)

    def knows(self, kind: Hashable) -> bool:
        """Whether `teach` has nothing to do for a kind: it has been learnt, or there is no room for more."""
        return kind in self._known or len(self._known) >= MAX_KINDS

    def teach(self, kind: Hashable, encode: Encode) -> None:
        """Learn a kind, unless it is known (perhaps as one that has no template)."""
        if not self.knows(kind):
            self._known[kind] = learn(encode)


def learn(encode: Encode) -> Render | None:
    """How orders of one kind are written, as `encode` (ibapi) writes them; None where that cannot be had."""
    try:
        frame = encode(_MARKS)
        raw = frame[4:5] == b"\0"
        is_protobuf = raw and int.from_bytes(frame[4:8], "big") > PROTOBUF
        render = _protobuf(frame) if is_protobuf else _text(frame, 8 if raw else 4)
        if render is None or any(render(figures) != encode(figures) for figures in (_MARKS, *_TRIALS)):
            return None
    except Exception:
        # What ibapi refuses to write it says itself when the order comes.
        return None
    return render


def _text(frame: bytes, start: int) -> Render | None:
    """A frame of texts, each with a NUL behind it; they begin at `start`."""
    marks = _texts(_MARKS)
    texts = frame[start:].split(b"\0")
    if any(texts.count(mark) != 1 for mark in marks) or [text for text in texts if text in marks] != marks:
        return None
    form = frame[4:start].replace(b"%", b"%%") + b"\0".join(
        b"%b" if text in marks else text.replace(b"%", b"%%") for text in texts
    )

    def render(figures: Figures) -> bytes:
        body = form % tuple(_texts(figures))
        return len(body).to_bytes(4, "big") + body

    return render


def _texts(figures: Figures) -> list[bytes]:
    order_id, con_id, symbol, exchange, currency, quantity, price, ref = figures
    names = symbol.encode(), exchange.encode(), currency.encode()
    return [b"%d" % order_id, b"%d" % con_id, *names, b"%d" % quantity, price_text(price), ref.encode()]


def _protobuf(frame: bytes) -> Render | None:
    """PlaceOrderRequest: its id, then the contract and the order with their figures in this sequence."""
    head, first = frame[4:8], b"\x08" + varint(_MARKS[0])
    rest = frame[8 + len(first) :]
    if frame[8 : 8 + len(first)] != first:
        return None
    of_contract, of_order = _values(_MARKS)
    contract, order = _holder(rest, of_contract), _holder(rest, of_order)
    if contract is None or order is None:
        return None
    outer = _between(rest, (_lengthy(contract), _lengthy(order)))
    in_contract, in_order = _between(contract, of_contract), _between(order, of_order)
    if outer is None or in_contract is None or in_order is None:
        return None
    before, amid, after = outer

    def render(figures: Figures) -> bytes:
        of_contract, of_order = _values(figures)
        body = b"".join((
            head, b"\x08", varint(figures[0]), before, _lengthy(_filled(in_contract, of_contract)), amid,
            _lengthy(_filled(in_order, of_order)), after,
        ))  # fmt: skip
        return len(body).to_bytes(4, "big") + body

    return render


def _values(figures: Figures) -> tuple[list[bytes], list[bytes]]:
    _, con_id, symbol, exchange, currency, quantity, price, ref = figures
    names = [_lengthy(name.encode()) for name in (symbol, exchange, currency)]
    return [varint(con_id), *names], [_lengthy(b"%d" % quantity), _double.pack(price), _lengthy(ref.encode())]


def _holder(message: bytes, marks: Sequence[bytes]) -> bytes | None:
    """The one member of a message that has all of these bytes in it."""
    try:
        found = [value for _, wire, value in members(message) if wire == LENGTH and isinstance(value, bytes)]
    except ProtobufError:
        return None
    holders = [value for value in found if all(mark in value for mark in marks)]
    return holders[0] if len(holders) == 1 else None


def _between(data: bytes, marks: Sequence[bytes]) -> list[bytes] | None:
    """What stands before, between and behind the marks; None unless each is there once, in this sequence."""
    parts = []
    if any(data.count(mark) != 1 for mark in marks):
        return None
    for mark in marks:
        part, found, data = data.partition(mark)
        if not found:
            return None
        parts.append(part)
    return [*parts, data]


def _filled(parts: Sequence[bytes], values: Sequence[bytes]) -> bytes:
    """What `_between` has taken apart, with other values."""
    return b"".join([piece for pair in zip(parts, values, strict=False) for piece in pair]) + parts[-1]


def _lengthy(value: bytes) -> bytes:
    return varint(len(value)) + value
