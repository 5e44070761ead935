"""JSON as the interface wants it: UTF-8, compact, never NaN or Infinity (orjson writes those as null)."""

from __future__ import annotations

import math
from typing import Any

import orjson

#: IB's ways of saying "unset" (tws-facts 4.10).
UNSET_DOUBLE = 1.7976931348623157e308
UNSET_INTEGER = 2147483647
UNSET_LONG = 9223372036854775807


def dumps(value: Any) -> bytes:
    """Compact JSON bytes."""
    return orjson.dumps(value)


def text(value: Any) -> str:
    """Compact JSON as text."""
    return orjson.dumps(value).decode()


def loads(data: bytes | str) -> Any:
    """Parse strict JSON. Raises ValueError."""
    return orjson.loads(data)


def known(value: Any) -> Any:
    """`value`, or None when it is one of IB's sentinels or not finite."""
    if isinstance(value, float) and (not math.isfinite(value) or value >= UNSET_DOUBLE):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value in (UNSET_INTEGER, UNSET_LONG):
        return None
    return value


def number(value: str | float | None) -> float | None:
    """A number TWS sent, as text or not: finite and not a sentinel, an int when whole; else None."""
    try:
        parsed = float(value) if value is not None else math.nan
    except ValueError:
        return None
    if not math.isfinite(parsed) or abs(parsed) >= UNSET_DOUBLE:
        return None
    return int(parsed) if parsed == int(parsed) and abs(parsed) < 2**53 else parsed
