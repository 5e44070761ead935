"""How the text of a setting is read. Each raises ValueError with what it must be; `config` says which setting it was. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from ibgw_tx.model.keys import NAME_PATTERN


def text(value: str) -> str:
    if not value.isprintable() or value != value.strip() or not value:
        raise ValueError("must be printable text")
    return value


def name(value: str) -> str:
    if not re.fullmatch(NAME_PATTERN, value):
        raise ValueError("must be 1 to 64 of A-Z a-z 0-9 _ . -")
    return value


def master(value: str) -> str:
    """What Sentinel takes as the name of a master."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", value):
        raise ValueError("must be 1 to 128 of A-Z a-z 0-9 . - _")
    return value


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"\d{1,12}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def seconds(value: str) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        raise ValueError("must be a number of seconds")
    return float(value)


def switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return value == "1"


def positive(value: str) -> float:
    if not re.fullmatch(r"\d{1,15}(\.\d{1,9})?", value) or float(value) <= 0:
        raise ValueError("must be a number above 0")
    return float(value)


def listen(value: str) -> tuple[str, int]:
    host, colon, place = value.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if bool(colon) != bool(bare) or (":" in bare) != (bare != host) or not re.fullmatch(r"[A-Za-z0-9_.:%-]*", bare):
        raise ValueError("must be PORT or HOST:PORT (an IPv6 host in [ ])")
    return bare or "127.0.0.1", port(place)


def words(value: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    if not words or not value.isprintable():
        raise ValueError("must be names with commas between them")
    return words


def exchanges(value: str) -> tuple[str, ...]:
    if ":" in value:
        raise ValueError("no exchange has a ':'")
    return tuple(word.upper() for word in words(value))


def one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return value

    return parse


port = integer(1, 65535)
