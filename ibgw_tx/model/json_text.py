"""JSON as the interface wants it: UTF-8, compact, never NaN or Infinity (orjson writes those as null)."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import orjson

from ibgw_tx.model.figures import written

#: A number with more digits than every double keeps.
_LONG_NUMBER = re.compile(rb"[0-9.]{17}")


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
    if isinstance(value, Decimal):
        # Finite, and without exponent, as people write it. (`str` is fast, and mostly that already.)
        text = str(value)
        return orjson.Fragment(written(value) if text[-1] == "0" or "E" in text else text)
    if isinstance(value, NumberText):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def dumps(value: Any) -> bytes:
    """Compact JSON bytes."""
    return orjson.dumps(value, default=_fragment)


def ready(text: bytes) -> Any:
    """JSON that is written already, as a part of what is to be written."""
    return orjson.Fragment(text)


def dumps_to_keep(value: Any) -> bytes:
    """`dumps` for what is kept: orjson's own bytes hold on to the 16 kB that they were made in (orjson 3.13)."""
    return b"".join((dumps(value), b""))


def text(value: Any) -> str:
    """Compact JSON as text."""
    return dumps(value).decode()


def loads(data: bytes | str) -> Any:
    """Parse strict JSON. Raises ValueError."""
    return orjson.loads(data)


#: Characters of somebody else's JSON that are handed on.
_EMBEDDED = 10_000


def embedded(foreign: str) -> Any:
    """Somebody else's JSON text as a value of our own document; a text that is none, or is long, as the text it is, cut."""
    try:
        value = loads(foreign)
        dumps(value)
    except (ValueError, TypeError):
        return foreign[:_EMBEDDED]
    return value if len(foreign) <= _EMBEDDED else foreign[:_EMBEDDED]


def loads_exact(data: bytes | str) -> Any:
    """`loads`, but a number with a fraction that a double may not hold is a NumberText. Raises ValueError."""
    found = orjson.loads(data)
    raw = data.encode() if isinstance(data, str) else data
    if not _LONG_NUMBER.search(raw):
        return found
    try:
        return json.loads(raw, parse_float=NumberText, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deep") from None


def given_once(data: bytes | str, found: Any) -> bool:
    """Whether for sure no object in `data`, which was parsed as `found`, has a member twice.

    Each member has a colon, and only texts may have more: as many colons as members, and none was lost.
    """
    raw = data.encode() if isinstance(data, str) else data
    try:
        return raw.count(b":") == _members_in(found)
    except RecursionError:
        return False


def _members_in(value: Any) -> int:
    count = 0
    if type(value) is dict:
        count = len(value)
        for item in value.values():
            if type(item) is dict or type(item) is list:
                count += _members_in(item)
    elif type(value) is list:
        for item in value:
            count += _members_in(item)
    return count


def given_twice(data: bytes | str) -> str | None:
    """A member that some object in `data` (parsed before) has twice: parsers take the last one, whichever was meant."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            found.append(next(name for name in names if names.count(name) > 1))
        return made

    try:
        json.loads(data, object_pairs_hook=look, parse_int=str, parse_float=str)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return found[0] if found else None


def _integer(text: str) -> int | NumberText:
    """As orjson: what is beyond 64 bits is no int, and could not be written again."""
    return int(text) if len(text) <= 20 and -(2**63) <= int(text) < 2**64 else NumberText(text)


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


def members_as_told(data: bytes | str, *names: str) -> dict[str, Any] | None:
    """These members of an object that is JSON and that `loads` does not take (a number beyond every double): as text or numbers.

    None for what is no JSON, or no object. A member that is neither text nor number is left out.
    """
    try:
        body = json.loads(data, parse_float=NumberText, parse_int=NumberText, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    return {name: body[name] for name in names if isinstance(body.get(name), str | NumberText) and _is_whole(body[name])}


def _is_whole(found: str | NumberText) -> bool:
    """Whether it can be written back."""
    try:
        dumps(found)
    except TypeError:
        return False
    return True


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
