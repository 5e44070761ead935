"""Entries of the stream of commands: what XREADGROUP gives, and the order of ids. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: The consumer group, and the one consumer in it: whoever holds the lease goes on where the former one ended.
GROUP, CONSUMER = "ibgateway", "gateway"
#: The field that holds the command.
FIELD = b"json"


def entries(reply: Any) -> Iterator[tuple[str, bytes | str]]:
    """(id, command) of each entry in a reply to XREADGROUP of one stream; a text says why there is no command in it."""
    for _, found in reply or ():
        for entry_id, fields in found:
            yield entry_id.decode(), _command(fields)


def _command(fields: list[bytes] | None) -> bytes | str:
    if not fields:
        return "the entry was deleted before it was read"
    said = [value for name, value in zip(fields[::2], fields[1::2], strict=False) if name == FIELD]
    if len(said) > 1:
        # Of two orders the last one would win.
        return f"the entry has {len(said)} fields json; it takes one command"
    return said[0] if said else "the entry has no field json"


def place_of(entry_id: str) -> tuple[int, int]:
    """(epoch ms, place among those of the same ms): ids in their order."""
    ms, _, place = entry_id.partition("-")
    return int(ms), int(place or 0)


def follows(entry_id: str) -> str:
    """The smallest id behind it."""
    ms, place = place_of(entry_id)
    return f"{ms}-{place + 1}"
