"""Protobuf messages to bytes and back, by schema.py: wire types 0 (varint), 1 (8 bytes) and 2 (length and bytes).

Values are plain: str, int, float, bool, dicts of texts for maps, dicts by field name for messages, lists of them. An absent
field is None, or not in the dict.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ibgw_tx.sim.wire.frames import UNSET, text
from ibgw_tx.sim.wire.schema import SCHEMA, Field

VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5
_WIRE = {"i": VARINT, "l": VARINT, "b": VARINT, "d": EIGHT}
_DOUBLE = struct.Struct("<d")
_64 = 1 << 64
_BY_NUMBER = {name: {field.number: field for field in fields} for name, fields in SCHEMA.items()}
LONGEST = 10  # bytes of a varint


class ProtobufError(ValueError):
    """The bytes are no message of this name."""


def varint(value: int) -> bytes:
    """Negative ones as TWS and protobuf write them: ten bytes of two's complement."""
    value %= _64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode(name: str, values: Mapping[str, Any]) -> bytes:
    """A message; None, empty texts and numbers, False and IB's unset double are left out."""
    return b"".join(_put(field, values.get(field.name)) for field in SCHEMA[name])


def _put(field: Field, value: Any) -> bytes:
    if value is None:
        return b""
    if field.kind == "map":
        return b"".join(_sized(field, _entry(key, held)) for key, held in value.items())
    if field.many and field.kind in _WIRE:
        packed = b"".join(_bare(field.kind, each) for each in value)
        return _sized(field, packed, LENGTH) if packed else b""
    if field.many:
        return b"".join(_single(field, each) for each in value)
    return b"" if value == "" else _single(field, value)


def _single(field: Field, value: Any) -> bytes:
    kind = field.kind
    if kind == "s":
        return _sized(field, text(value).encode())
    if kind not in _WIRE:
        return _sized(field, encode(kind, value))
    left_out = value in (False, 0, "0") if kind == "b" else kind == "d" and float(value) == UNSET
    return b"" if left_out else _key(field) + _bare(kind, value)


def _bare(kind: str, value: Any) -> bytes:
    """A number without its key."""
    return _DOUBLE.pack(float(value)) if kind == "d" else varint(int(value))


def _entry(key: str, value: str) -> bytes:
    return b"".join(varint(number << 3 | LENGTH) + varint(len(raw)) + raw
                    for number, raw in ((1, key.encode()), (2, value.encode())))


def _key(field: Field, wire: int | None = None) -> bytes:
    return varint(field.number << 3 | (_WIRE.get(field.kind, LENGTH) if wire is None else wire))


def _sized(field: Field, raw: bytes, wire: int | None = None) -> bytes:
    return _key(field, wire) + varint(len(raw)) + raw


def decode(name: str, data: bytes) -> dict[str, Any]:
    """The fields that are there; unknown ones are passed over. Raises ProtobufError."""
    found: dict[str, Any] = {}
    fields = _BY_NUMBER[name]
    for number, wire, value in _parts(data):
        field = fields.get(number)
        if field is None:
            continue
        if field.many and wire == LENGTH and field.kind in _WIRE:
            found.setdefault(field.name, []).extend(_packed(field, value))
            continue
        if wire != _WIRE.get(field.kind, LENGTH):
            raise ProtobufError(f"{name}.{field.name}: wire type {wire}")
        read = _value(field, value)
        if field.kind == "map":
            found.setdefault(field.name, {}).update([read])
        elif field.many:
            found.setdefault(field.name, []).append(read)
        else:
            found[field.name] = read
    return found


def first_number(data: bytes) -> int | None:
    """Member 1 where it is a number, as the id of a request is; None where there is none. Raises ProtobufError."""
    for number, wire, value in _parts(data):
        if number == 1:
            return (value - _64 if value >> 63 else value) if wire == VARINT else None
    return None


def with_first_number(data: bytes, value: int) -> bytes:
    """The message with another number as its member 1, and all else as it was. Raises ProtobufError."""
    out = bytearray(varint(1 << 3 | VARINT) + varint(value))
    for number, wire, raw in _parts(data):
        if number != 1:
            out += varint(number << 3 | wire)
            out += varint(raw) if wire == VARINT else (varint(len(raw)) if wire == LENGTH else b"") + raw
    return bytes(out)


def _packed(field: Field, data: bytes) -> Iterator[Any]:
    """Numbers of a list that came in one piece."""
    place = 0
    while place < len(data):
        if field.kind == "d":
            raw: Any = data[place : place + 8]
            place += 8
        else:
            raw, place = _varint(data, place)
        yield _value(field, raw)


def _value(field: Field, raw: Any) -> Any:
    kind = field.kind
    if kind == "s":
        return str(raw, "utf-8", "replace")
    if kind == "b":
        return bool(raw)
    if kind in ("i", "l"):
        return raw - _64 if raw >> 63 else raw
    if kind == "d":
        if len(raw) != _DOUBLE.size:
            raise ProtobufError(f"{field.name} is cut short")
        return _DOUBLE.unpack(raw)[0]
    if kind == "map":
        pair = {number: str(value, "utf-8", "replace") for number, wire, value in _parts(raw) if wire == LENGTH}
        return pair.get(1, ""), pair.get(2, "")
    return decode(kind, raw)


def _parts(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """(field number, wire type, varint or bytes) of a message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        wire = key & 7
        value: Any
        if wire == VARINT:
            value, place = _varint(data, place)
        else:
            if wire == LENGTH:
                size, place = _varint(data, place)
            elif wire in (EIGHT, FOUR):
                size = 8 if wire == EIGHT else 4
            else:
                raise ProtobufError(f"wire type {wire}")
            value, place = data[place : place + size], place + size
            if place > len(data):
                raise ProtobufError("a field is cut short")
        yield key >> 3, wire, value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    for byte in data[place : place + LONGEST]:
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value % _64, place
        shift += 7
    raise ProtobufError("a number without an end")


def flat(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Values by dotted names, e.g. contract.conId, as nested dicts."""
    found: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        *path, last = name.split(".")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return found
