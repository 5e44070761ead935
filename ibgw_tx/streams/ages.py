"""How old an entry of the stream of commands is, where that can be told at all. Pure.

An id says when its entry was added, but for one case: while the stream's last id lies ahead of the clock (a bot chose it, or
the clock of Redis was set back), Redis gives whatever is added with `*` that same time again, and only the place behind it
grows. Such an entry is known to be young only if it came while the gateway listened: it was added after the stream was last read
to its end.
"""

from __future__ import annotations

from ibgw_tx.streams.entries import place_of

#: Ms by which an id may lie ahead: two hosts' clocks are never quite the same.
TOLERANCE = 1000


class Ages:
    """Of one stream. `now` is epoch ms, `seconds` are those of a steady clock."""

    def __init__(self) -> None:
        #: Whatever is read from now on was added after this moment (steady seconds); None: nothing is known.
        self._since: float | None = None
        #: The time (ms) of the last id that lay ahead, or may have.
        self._ahead: int | None = None

    @property
    def is_listening(self) -> bool:
        """Whether the stream was ever read to its end, since it began anew."""
        return self._since is not None

    def begins_anew(self, read_to: str = "0-0") -> None:
        """The group begins to be read; a former life had read to this id. What lay ahead then may not lie ahead now."""
        self._since = None
        self._ahead = place_of(read_to)[0] or self._ahead

    def read_out(self, seconds: float) -> None:
        """At that moment, or later, the stream was read to its end."""
        self._since = seconds

    def ahead(self, entry_id: str, now: int) -> float:
        """Seconds by which an id lies ahead of the clock; 0 for one that does not."""
        beyond = place_of(entry_id)[0] - now
        return beyond / 1000 if beyond > TOLERANCE else 0.0

    def sent(self, entry_id: str, now: int, seconds: float, again: bool = False) -> int | None:
        """Epoch ms at which an entry was added, at the earliest; None if that cannot be told. `again`: a former life had it."""
        ms, place = place_of(entry_id)
        if self.ahead(entry_id, now):
            self._ahead = ms
        elif ms != self._ahead or not place:
            return ms
        if again or self._since is None:
            return None
        return int(now - (seconds - self._since) * 1000)
