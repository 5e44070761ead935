"""The protobuf messages of the hot path: one object of ibapi's class for each, parsed into again and again.

Who takes a message must not keep it: it changes with the next frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ibgw_tx.tws.api.generation import MODERN
from ibgw_tx.tws.api.protobuf import message_class
from ibgw_tx.tws.dialects import PROTOBUF

#: The four bytes of a message's id -> (what parses bytes into the message, the message, who takes it).
HotProtobuf: TypeAlias = dict[bytes, tuple[Callable[[bytes], object], Any, Callable[[Any], None]]]

_NAMES = {
    1: "TickPrice",
    2: "TickSize",
    12: "MarketDepth",
    13: "MarketDepthL2",
    17: "HistoricalData",
    46: "TickString",
    99: "TickByTickData",
}


def hot_protobuf(takers: Mapping[int, Callable[[Any], None]]) -> HotProtobuf:
    """By the id of its text, who takes each message; nothing where the installed ibapi knows no protobuf."""
    found: HotProtobuf = {}
    for number, take in takers.items():
        if MODERN:
            message = message_class(_NAMES[number])()
            found[(number + PROTOBUF).to_bytes(4, "big")] = message.ParseFromString, message, take
    return found
