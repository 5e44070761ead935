"""JSON as the interface wants it: UTF-8, compact, never NaN or Infinity (orjson writes those as null)."""

from __future__ import annotations

import json
from typing import Any

import orjson


class NumberText(float):
    """A number that is written back as it was read: `12345678901234567890123`, `1.10`, `1e3`."""

    text: str

    def __new__(cls, text: str) -> NumberText:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __repr__(self) -> str:
        return self.text


def _fragment(value: Any) -> Any:
    if isinstance(value, NumberText):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def dumps(value: Any) -> bytes:
    """Compact JSON bytes."""
    return orjson.dumps(value, default=_fragment)


def text(value: Any) -> str:
    """Compact JSON as text."""
    return dumps(value).decode()


def loads(data: bytes | str) -> Any:
    """Parse strict JSON. Raises ValueError."""
    return orjson.loads(data)


def number_as_sent(data: bytes | str, member: str) -> NumberText:
    """A member of the object in `data` (parsed before, and a number) with the very text it has there."""
    found = json.loads(data, parse_float=NumberText, parse_int=NumberText)[member]
    assert isinstance(found, NumberText)
    return found


def loads_texts(data: bytes | str) -> dict[str, Any]:
    """The object in `data` without its id, for an id that no parser takes. Raises ValueError for what is no JSON without it."""
    body = json.loads(data, parse_float=NumberText, parse_int=NumberText, parse_constant=_no_number)
    del body["id"]
    found: dict[str, Any] = loads(dumps(body))
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
