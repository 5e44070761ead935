"""Depth rows as bytes: a head for each subscriber, and bodies that all of the same dialect share."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from ibgw_tx.sim.wire.ids import PROTOBUF_IDS, TEXT, Since
from ibgw_tx.sim.wire.protobuf import encode, varint

Row = tuple[int, str, int, int, str, object]  # position, exchange, operation, side, price, size
_ID = struct.Struct(">I")
_DATA = b"\x12"  # field 2 with a length: what both messages have behind the request's id


def head(msg_id: int, req_id: int, version: int) -> bytes:
    """All up to the row: message id and request id."""
    if version >= Since.PROTOBUF_MARKET_DATA:
        return _ID.pack(msg_id + PROTOBUF_IDS) + b"\x08" + varint(req_id)
    rest = f"1\0{req_id}\0".encode()
    return _ID.pack(msg_id) + rest if version > TEXT else f"{msg_id}\0".encode() + rest


def bodies(rows: Iterable[Row], smart: bool, version: int) -> list[bytes]:
    """Rows behind any head; `smart`: message 13, with the exchange."""
    if version >= Since.PROTOBUF_MARKET_DATA:
        return [_protobuf(row, smart) for row in rows]
    if smart:
        return [
            f"{position}\0{maker}\0{operation}\0{side}\0{price}\0{size}\x001\0".encode()
            for position, maker, operation, side, price, size in rows
        ]
    return [
        f"{position}\0{operation}\0{side}\0{price}\0{size}\0".encode()
        for position, _, operation, side, price, size in rows
    ]


def _protobuf(row: Row, smart: bool) -> bytes:
    position, maker, operation, side, price, size = row
    data = encode("MarketDepthData", {
        "position": position, "operation": operation, "side": side, "price": price or "0", "size": size,
        "marketMaker": maker if smart else "", "isSmartDepth": smart,
    })
    return _DATA + varint(len(data)) + data
