"""Every request seen, for assertions and for people who wonder what their client sends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

KEPT = 10_000  # the oldest go first


@frozen
class Entry:
    """`when` by the simulator's clock; `client_id` is -1 before startApi; `fields` are the raw texts."""

    when: float
    client_id: int
    name: str
    fields: tuple[str, ...]
    #: Its arguments by name, where it could be read.
    args: Mapping[str, Any] | None = None


class Journal:
    """The last 10,000 requests, oldest first."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.listeners: list[Callable[[Entry], None]] = []

    def note(self, entry: Entry) -> None:
        self.entries.append(entry)
        for listener in list(self.listeners):
            listener(entry)

    def named(self, *names: str) -> list[Entry]:
        """The requests of these names, in order."""
        return [entry for entry in self.entries if entry.name in names]

    def clear(self) -> None:
        self.entries.clear()
