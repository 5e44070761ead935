"""The message both peers publish, made the quickest way Python has."""

from __future__ import annotations

import time
from collections.abc import Iterable

import orjson


def message(bids: Iterable[tuple[float, float]], asks: Iterable[tuple[float, float]]) -> bytes:
    """`[bids, asks, t]` of (price, size) pairs, best first; t in epoch ms."""
    sides = ([{"p": price, "s": size} for price, size in side] for side in (bids, asks))
    return orjson.dumps([*sides, time.time_ns() // 1_000_000])
