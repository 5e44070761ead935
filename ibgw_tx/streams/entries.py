"""Entries of the stream of commands: what XREADGROUP gives, how old an entry is, which may be carried out again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: The consumer group, and the one consumer in it: whoever holds the lease goes on where the former one ended.
GROUP, CONSUMER = "ibgateway", "gateway"
#: The field that holds the command.
FIELD = b"json"


def entries(reply: Any) -> Iterator[tuple[str, bytes | None]]:
    """(id, command) of each entry in a reply to XREADGROUP of one stream; None: the entry has no field `json`, or is gone."""
    for _, found in reply or ():
        for entry_id, fields in found:
            pairs = dict(zip(fields[::2], fields[1::2], strict=False)) if fields else {}
            yield entry_id.decode(), pairs.get(FIELD)


def sent_at(entry_id: str) -> int:
    """Epoch ms at which Redis, or the bot that chose the id, has it added."""
    return int(entry_id.partition("-")[0])


def follows(entry_id: str) -> str:
    """The smallest id behind it."""
    ms, _, place = entry_id.partition("-")
    return f"{ms}-{int(place or 0) + 1}"

