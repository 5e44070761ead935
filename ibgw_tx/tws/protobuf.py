"""Protobuf's bytes without a schema: the first number of a message, another number in its place, its texts rewritten. Pure.

Only the wire types that TWS uses: 0 (varint), 1 (eight bytes), 2 (length and bytes), and 5 (four bytes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5
_FIXED = {EIGHT: 8, FOUR: 4}
#: Bytes of the longest varint.
_LONGEST = 10
#: Messages within messages: deeper ones are no message of TWS.
_DEEPEST = 20


class ProtobufError(ValueError):
    """The bytes are no protobuf message."""


def varint(value: int) -> bytes:
    """A number of 0 or more."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint_at(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(_LONGEST):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, place
    raise ProtobufError("a varint without an end")


def members(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """(number, wire type, value) of each member in order; of fixed ones the bytes. Raises ProtobufError."""
    place = 0
    while place < len(data):
        key, place = _varint_at(data, place)
        number, wire = key >> 3, key & 7
        if not number:
            raise ProtobufError("a member without a number")
        if wire == VARINT:
            value, place = _varint_at(data, place)
            yield number, wire, value
            continue
        if wire == LENGTH:
            size, place = _varint_at(data, place)
        elif wire in _FIXED:
            size = _FIXED[wire]
        else:
            raise ProtobufError(f"wire type {wire}")
        if place + size > len(data):
            raise ProtobufError("a member longer than its message")
        yield number, wire, data[place : place + size]
        place += size


def first_number(data: bytes) -> int | None:
    """Member 1 where it is a number (TWS's request ids are); None when it is not there. Raises ProtobufError."""
    if data[:1] != b"\x08":
        return None
    value, _ = _varint_at(data, 1)
    return value - (1 << 64) if value >> 63 else value


def rewrite_texts(data: bytes, change: Callable[[str], str], _depth: int = 0) -> bytes:
    """The message with every text passed through `change`; what is neither text nor message stays. Raises ProtobufError.

    Without a schema a text is told by being printable: a message in a message never is, for its members' lengths are not.
    """
    out = bytearray()
    for number, wire, value in members(data):
        out += varint(number << 3 | wire)
        if isinstance(value, int):
            out += varint(value)
        elif wire != LENGTH:
            out += value
        else:
            changed = _rewritten(value, change, _depth)
            out += varint(len(changed)) + changed
    return bytes(out)


def _rewritten(value: bytes, change: Callable[[str], str], depth: int) -> bytes:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or not text.isprintable():
        try:
            if depth < _DEEPEST:
                return rewrite_texts(value, change, depth + 1)
        except ProtobufError:
            pass
    return value if text is None else change(text).encode()
