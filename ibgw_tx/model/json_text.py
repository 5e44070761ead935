"""JSON as the interface wants it: UTF-8, compact, never NaN or Infinity (orjson writes those as null)."""

from __future__ import annotations

from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """Compact JSON bytes."""
    return orjson.dumps(value)


def text(value: Any) -> str:
    """Compact JSON as text."""
    return orjson.dumps(value).decode()


def loads(data: bytes | str) -> Any:
    """Parse strict JSON. Raises ValueError."""
    return orjson.loads(data)




