"""How the text of a setting is read. Each raises ValueError with what it must be; `config` says which setting it was. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from ibgw_tx.model.keys import NAME_PATTERN, is_shared_word

#: Ten years.
MAX_DAYS = 3650


def text(value: str) -> str:
    if not value.isprintable() or value != value.strip() or not value:
        raise ValueError("must be printable text")
    return value


def name(value: str) -> str:
    if not re.fullmatch(NAME_PATTERN, value):
        raise ValueError("must be 1 to 64 of A-Z a-z 0-9 _ . -")
    if is_shared_word(value):
        raise ValueError("is a word of the interface's own keys, which every reader of books may read: take another name")
    return value


def account(value: str) -> str:
    """As IB writes them; it is a part of keys."""
    if not re.fullmatch(NAME_PATTERN, value):
        raise ValueError("must be one account, such as U1234567")
    return value


def host(value: str) -> str:
    """A name, in any script, or an address."""
    if not re.fullmatch(r"(?:[\w.-]+|[A-Fa-f0-9:.]+(?:%[\w.-]+)?)", value):
        raise ValueError("must be the name or the address of a host, without a port")
    return value


def hosts(value: str) -> tuple[str, ...]:
    """Several; `*` for all there are. An IPv6 address may stand in [ ]."""
    found = words(value)
    for each in found:
        if each != "*":
            try:
                host(each[1:-1] if each.startswith("[") and each.endswith("]") else each)
            except ValueError:
                raise ValueError("must be names of hosts with commas between them, without http:// and port, or *") from None
    return found


def symbols(value: str) -> tuple[str, ...]:
    """SYMBOL, pair or EXCHANGE:pair."""
    found = words(value)
    if any(not all(part.strip() for part in each.split(":")) or each.count(":") > 1 for each in found):
        raise ValueError("must be SYMBOL, pair or EXCHANGE:pair, with commas between them")
    return found


def master(value: str) -> str:
    """What Sentinel takes as the name of a master."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", value):
        raise ValueError("must be 1 to 128 of A-Z a-z 0-9 . - _")
    return value


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def seconds(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value):
        raise ValueError("must be a number of seconds")
    return float(value)


def switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return value == "1"


def positive(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", value) or float(value) <= 0:
        raise ValueError("must be a number above 0")
    return float(value)


def days(value: str) -> float:
    """Redis keeps nothing for longer than some 10^8 days, and TWS tells nothing that old."""
    try:
        found = positive(value)
    except ValueError:
        found = 0.0
    if not 0 < found <= MAX_DAYS:
        raise ValueError(f"must be a number of days above 0, {MAX_DAYS} at most")
    return found


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
