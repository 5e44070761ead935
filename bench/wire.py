"""What a TWS says at server version 157, as far as the candidates ask (tws-facts 1.1, 5.3). Pure; not the gateway's code."""

from __future__ import annotations

import struct
import time

from bench.market import Change

SERVER_VERSION = 157
ACCOUNT = "DU100"
FIRST_CON_ID = 1000

_length = struct.Struct("!I")

#: Message ids of startApi, a depth request and its end.
START_API, REQ_MKT_DEPTH, CANCEL_MKT_DEPTH = b"71", b"10", b"11"


def frame(*fields: object) -> bytes:
    """NUL-terminated texts with their length in front."""
    payload = "".join(f"{field}\0" for field in fields).encode()
    return _length.pack(len(payload)) + payload


def split(buffer: bytes) -> tuple[list[list[bytes]], bytes]:
    """(messages as fields, the incomplete rest)."""
    messages = []
    while len(buffer) >= 4:
        end = 4 + _length.unpack_from(buffer)[0]
        if len(buffer) < end:
            break
        messages.append(buffer[4:end].split(b"\0")[:-1])
        buffer = buffer[end:]
    return messages, buffer


def symbols(count: int) -> list[str]:
    """S000, S001, …"""
    return [f"S{number:03d}" for number in range(count)]


def channel(symbol: str) -> str:
    """Where the book of a symbol is published (redis-interface 6)."""
    return f"URANUS:SEHK:HKD-{symbol}:full_odbk_channel"


def depth(req_id: int, change: Change) -> bytes:
    """MARKET_DEPTH."""
    operation, side, row, cents, size = change
    payload = b"12\x001\x00%d\x00%d\x00%d\x00%d\x00%d.%02d\x00%d\x00" % (
        req_id, row, operation, side, cents // 100, cents % 100, size,
    )  # fmt: skip
    return _length.pack(len(payload)) + payload


def greeting() -> bytes:
    """The answer to the client's range of versions."""
    return frame(SERVER_VERSION, "20260102 09:30:00 UTC")


def started() -> bytes:
    """What comes unasked after startApi."""
    farms = b"".join(
        frame(4, 2, -1, code, f"{what} farm connection is OK:bench")
        for code, what in ((2104, "Market data"), (2106, "HMDS data"), (2158, "Sec-def data"))
    )
    return frame(15, 1, ACCOUNT) + frame(9, 1, 1) + farms


def answer(fields: list[bytes]) -> bytes:
    """The reply to any other request; nothing for one that needs none."""
    kind = fields[0]
    if kind == b"9":
        return _contract(fields)
    if kind == b"6":
        return _account() if fields[2] == b"1" else b""
    if kind == b"49":
        return frame(49, 1, int(time.time()))
    ends = {b"7": 55, b"76": 74, b"62": 64}
    if kind in ends:
        return frame(ends[kind], 1, fields[2].decode())
    fixed: dict[bytes, tuple[object, ...]] = {
        b"5": (53, 1),  # open orders
        b"16": (53, 1),  # of all clients
        b"8": (9, 1, 1),  # next valid id
        b"17": (15, 1, ACCOUNT),
        b"61": (62, 1),  # positions
        b"99": (102,),  # completed orders
    }
    return frame(*fixed[kind]) if kind in fixed else b""


def _account() -> bytes:
    values = (("NetLiquidation", "1000000.00"), ("TotalCashValue", "1000000.00"), ("BuyingPower", "4000000.00"))
    return b"".join(frame(6, 2, key, value, "HKD", ACCOUNT) for key, value in values) + frame(54, 1, ACCOUNT)


def _contract(fields: list[bytes]) -> bytes:
    """CONTRACT_DATA for any symbol of ours (or its conId), and its end."""
    req_id, con_id, symbol = fields[2].decode(), int(fields[3] or 0), fields[4].decode()
    symbol = symbol or f"S{con_id - FIRST_CON_ID:03d}"
    con_id = con_id or FIRST_CON_ID + int(symbol[1:])
    hours = "20260102:0930-20260102:1600"
    details = (
        symbol, "STK", "", "0", "", "SEHK", "HKD", symbol, symbol, symbol, con_id, "0.01", 1, "",
        "LMT,MKT", "SEHK", 1, 0, f"Made-up {symbol}", "SEHK", "", "", "", "", "Asia/Hong_Kong", hours, hours,
        "", 0, 0, 1, "", "", "", "", "COMMON",
    )  # fmt: skip
    return frame(10, 8, req_id, *details) + frame(52, 1, req_id)
