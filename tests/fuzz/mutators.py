"""Inputs from inputs, by those who know how they are built: frames of fields, commands of JSON. Deterministic by their seed."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

from ibgw_tx.tws.protobuf import LENGTH, VARINT, ProtobufError, members, varint

Mutate = Callable[[bytes], bytes]

#: Texts that a field may be instead.
TEXTS = (
    b"", b"0", b"1", b"-1", b"2", b"3", b"7", b"0.0", b"-0.5", b"1.5", b"nan", b"inf", b"-inf", b"1e400", b"1e-400",
    b"2147483647", b"2147483648", b"-2147483648", b"9223372036854775807", b"1.7976931348623157e+308",
    b"170141183460469231731687303715884105727", b"265598", b"1000640001", b"1000640002", b"Filled", b"Cancelled",
    b"Submitted", b"Inactive", b"PendingCancel", b"NASDAQ", b"SMART", b"USD", b"AAPL", b"STK", b"BAG", b"OPT", b"BUY",
    b"SELL", b"BOT", b"LMT", b"a:b", b"\xff\xfe", b"\\u00e9", b"\\", b"{", b"\xc3\xa9", b"20261118 12:00:00 US/Eastern",
    b"20261118-12:00:00", b"1_0", b"0x10", b"\xd9\xa1", b" 5 ", b"DU1000001", b"202", b"201", b"1100", b"1101", b"1102",
    b"317", b"2103", b"326", b"10197", b"x" * 300, b"9" * 5000, b"1" * 400,
)  # fmt: skip
NUMBERS = (
    0, 1, 2, 3, 4, 7, 10, 127, 128, 201, 202, 317, 1100, 1102, 265598, 1000640001, 1000640002, 2**31 - 1, 2**31, 2**32,
    2**63 - 1, 2**63, 2**64 - 1,
)  # fmt: skip
DOUBLES = (0.0, -0.0, 1.0, -1.0, 0.1, 1e-9, 1e300, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), 99.99)
#: JSON that a value may be instead.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 100, 1.5, -0.5, 1e300, 1e-300, 2**31, 2**53 + 1, 2**64, 10**400, "", "0", "1", "100",
    "1.5", "NaN", "x", "buy", "SELL", "LMT", "STP", "MKT", "DAY", "GTD", "é", "a:b", "t", "123", " ", "x" * 200, "\n",
    "\x00", "\ud800", [], [1], {}, {"a": 1}, "rests", "partly", "1000640001", 1000640001, "NASDAQ", "SMART", "USD-AAPL",
    "AAPL", 265598, [[]] * 3, "20270101 00:00:00 UTC",
)  # fmt: skip


def frames_of(stream: bytes) -> list[bytes]:
    """The payloads of a stream; what is left over is one more."""
    found, at = [], 0
    while at + 4 <= len(stream):
        (length,) = struct.unpack_from("!I", stream, at)
        if length > len(stream) - at - 4:
            break
        found.append(stream[at + 4 : at + 4 + length])
        at += 4 + length
    return [*found, stream[at:]] if at < len(stream) else found


def of_frames(data: bytes, seed: int, plain: Mutate, pool: list[bytes]) -> bytes:
    """Another stream of frames. `plain` changes bytes, `pool` has payloads that TWS says."""
    random = Random(seed)
    if not data or random.random() < 0.1:
        return plain(data)
    flags = data[0] ^ (1 << random.randrange(4) if random.random() < 0.1 else 0)
    payloads = frames_of(data[1:])
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        _change_list(payloads, random, plain, pool)
    lengths = [len(each) for each in payloads]
    if payloads and random.random() < 0.03:
        lengths[random.randrange(len(lengths))] = random.choice((0, 1, 0xFFFFFF, 0x1000000, 2**32 - 1, 5))
    return bytes([flags]) + b"".join(struct.pack("!I", length) + each for length, each in zip(lengths, payloads, strict=True))


def _change_list(payloads: list[bytes], random: Random, plain: Mutate, pool: list[bytes]) -> None:
    at = random.randrange(len(payloads)) if payloads else 0
    choice = random.random()
    if not payloads or choice < 0.12:
        payloads.insert(at, random.choice(pool))
    elif choice < 0.17:
        del payloads[at]
    elif choice < 0.22:
        payloads.insert(at, payloads[random.randrange(len(payloads))])
    elif choice < 0.27:
        random.shuffle(payloads)
    elif choice < 0.32:
        payloads[at] = plain(payloads[at])
    else:
        payloads[at] = _payload(payloads[at], random, plain)


def _payload(payload: bytes, random: Random, plain: Mutate) -> bytes:
    """One message with one of its members changed, in either dialect."""
    if len(payload) > 4 and payload[0] == 0:
        head, body = payload[:4], payload[4:]
        if int.from_bytes(head) <= 200:
            return head + _texts(body, random, plain)
        try:
            return head + _message(body, random, plain)
        except ProtobufError:
            return head + plain(body)
    return _texts(payload, random, plain)


def _texts(payload: bytes, random: Random, plain: Mutate) -> bytes:
    fields = payload.split(b"\0")
    at = random.randrange(len(fields))
    choice = random.random()
    if choice < 0.6:
        fields[at] = random.choice(TEXTS)
    elif choice < 0.7:
        del fields[at]
    elif choice < 0.8:
        fields.insert(at, random.choice(TEXTS))
    elif choice < 0.9:
        fields[at] = plain(fields[at]).replace(b"\0", b"")
    else:
        del fields[at:]
    return b"\0".join(fields)


def _message(body: bytes, random: Random, plain: Mutate, depth: int = 0) -> bytes:
    parts = list(members(body))
    if not parts:
        return varint(random.randrange(1, 40) << 3) + varint(random.choice(NUMBERS))
    at = random.randrange(len(parts))
    number, wire, value = parts[at]
    choice = random.random()
    if choice < 0.1:
        del parts[at]
    elif choice < 0.15:
        parts.insert(at, parts[random.randrange(len(parts))])
    elif choice < 0.2:
        parts[at] = random.randrange(1, 60), wire, value
    else:
        parts[at] = number, wire, _member(wire, value, random, plain, depth)
    return b"".join(_written(*part) for part in parts)


def _member(wire: int, value: Any, random: Random, plain: Mutate, depth: int) -> Any:
    if wire == VARINT:
        return random.choice(NUMBERS)
    if wire != LENGTH:
        return struct.pack("<d", random.choice(DOUBLES))[: len(value)]
    if (depth < 3 and not value.isascii()) or (depth < 3 and random.random() < 0.5):
        try:
            return _message(value, random, plain, depth + 1)
        except ProtobufError:
            pass
    return random.choice(TEXTS) if random.random() < 0.8 else plain(value)


def _written(number: int, wire: int, value: Any) -> bytes:
    head = varint(number << 3 | wire)
    if wire == VARINT:
        return head + varint(value)
    return head + (varint(len(value)) + value if wire == LENGTH else value)


def of_commands(data: bytes, seed: int, plain: Mutate, pool: list[bytes]) -> bytes:
    """Other commands: one of them with a value, a name or a byte changed."""
    random = Random(seed)
    if not data or random.random() < 0.15:
        return plain(data)
    flags = data[0] ^ (1 << random.randrange(3) if random.random() < 0.1 else 0)
    messages = data[1:].split(b"\0")
    at = random.randrange(len(messages))
    choice = random.random()
    if choice < 0.1:
        messages.insert(at, random.choice(pool))
    elif choice < 0.15 and len(messages) > 1:
        del messages[at]
    elif choice < 0.25:
        messages[at] = plain(messages[at])
    else:
        try:
            messages[at] = json.dumps(_json(json.loads(messages[at]), random)).encode()
        except (ValueError, RecursionError):
            messages[at] = random.choice(pool)
    return bytes([flags]) + b"\0".join(messages)


def _json(found: Any, random: Random) -> Any:
    """The same with one thing in it changed."""
    if isinstance(found, dict) and found and random.random() < 0.9:
        name = random.choice(sorted(found))
        choice = random.random()
        if choice < 0.1:
            return {each: value for each, value in found.items() if each != name}
        if choice < 0.2:
            return {**found, random.choice(_NAMES): random.choice(VALUES)}
        return {**found, name: _json(found[name], random)}
    if isinstance(found, list) and found and random.random() < 0.8:
        at = random.randrange(len(found))
        return [*found[:at], *random.choice(([], [found[at]] * 2, [_json(found[at], random)])), *found[at + 1 :]]
    return random.choice(VALUES)


_NAMES = (
    "id", "cmd", "params", "t", "order", "orders", "contract", "exchange", "showName", "s", "p", "T", "client_oid",
    "account", "tif", "orderType", "action", "totalQuantity", "lmtPrice", "auxPrice", "ocaGroup", "parentId", "transmit",
    "whatIf", "i", "apiOrderId", "goodTillDate", "conditions", "algoStrategy", "algoParams", "trailingPercent", "cashQty",
    "outsideRth", "conId", "symbol", "secType", "prefix", "reason", "barSize", "duration", "endDateTime", "whatToShow",
    "useRTH", "quantity", "override", "tickByTick", "comboLegs",
)  # fmt: skip
