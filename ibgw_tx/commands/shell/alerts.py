"""What a pager wants to hear of and the status does not say: farms, feeds, the lease, limits hit. Told on ACK as `alert`.

What is so until it is over is told when it begins and when it ends, once each. A limit is hit and that is all: it is told at
once, and then at most once in PAUSE, with how often it was hit meanwhile; a bot that runs against one must not drown the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable

#: Seconds between two alerts about one limit.
PAUSE = 60.0
#: What a refusal by one of our own limits begins with.
_NAMED = re.compile(r"([a-z_]+): ")


class Alerts:
    """`say(kind, what, on, text)` puts one on ACK; `on` False: it is over. `seconds` is a clock that never jumps."""

    def __init__(self, say: Callable[[str, str, bool, str], None], seconds: Callable[[], float]) -> None:
        self._say = say
        self._seconds = seconds
        self._on: set[tuple[str, str]] = set()
        #: By limit: when it was told last, and how often it was hit since.
        self._hits: dict[str, tuple[float, int]] = {}

    def changed(self, kind: str, what: str, on: bool, text: str) -> None:
        """It is so, or over; nothing is said where that is no news."""
        key = kind, what
        if on is (key in self._on):
            return
        (self._on.add if on else self._on.discard)(key)
        self._say(kind, what, on, text)

    def refused(self, text: str) -> None:
        """A command was refused as `limit`."""
        named = _NAMED.match(text)
        self.hit(named[1] if named else "commands", text)

    def hit(self, what: str, text: str) -> None:
        """A limit was hit. The names of limits are few, so nothing grows."""
        now, (told, count) = self._seconds(), self._hits.get(what, (-PAUSE, 0))
        if now - told < PAUSE:
            self._hits[what] = told, count + 1
            return
        self._hits[what] = now, 0
        self._say("limit", what, True, f"{text} ({count} more since the last alert)" if count else text)
