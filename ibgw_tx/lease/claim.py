"""Whether a gateway that does not hold the lease may take it. Pure; seconds come in.

| what stands in Redis | one that was told to stand by | any other |
|---|---|---|
| nothing | takes it when it has been free for GRACE (the last holder may be coming back to a Redis that has lost it) | takes it |
| a process of this host that is dead for sure | takes it | takes it |
| a holder that renews it | waits | gives up |
| a holder that has not renewed it yet | waits | waits: it renews it, or the lease ends |
| something that no gateway wrote | as a holder's | as a holder's |
"""

from __future__ import annotations

import enum

#: Seconds a lease lives without its holder; a take-over begins this late at most.
LIFE = 10.0
#: Seconds between two renewals, and between two looks of who waits.
PACE = 1.0
#: Seconds a lease has to have been free before one that stands by takes it.
GRACE = 2.0
#: Seconds by which a holder counts its own lease shorter than Redis does.
MARGIN = 1.0
#: With Sentinel: seconds that it is known for that one stands by; a new master may have been made since.
STANDBY_LIFE = 3.0
#: Seconds a holder is sure after a renewal on a Redis of which most sentinels cannot say whether it is the master still.
UNCONFIRMED = 2.5
#: Seconds by which a lease's rest must have grown between two looks to have been renewed.
_GROWN = 0.2


class Move(enum.Enum):
    """What to do now."""

    TAKE = enum.auto()
    WAIT = enum.auto()
    GIVE_UP = enum.auto()


class Claim:
    """One gateway's looks at a lease that it wants."""

    def __init__(self, stands_by: bool, grace: float = GRACE) -> None:
        self._stands_by, self._grace = stands_by, grace
        self._free_since: float | None = None
        #: The value seen last and when it would end, in the seconds of `look`.
        self._seen: tuple[str, float] | None = None

    def look(self, value: str | None, rest: float, is_dead: bool, now: float) -> Move:
        """`value` stands, for `rest` more seconds; `is_dead`: its holder is dead for sure."""
        if value is None:
            self._seen = None
            return self._free(now)
        self._free_since = None
        if is_dead:
            return Move.TAKE
        ends = now + rest
        renewed = self._seen is not None and self._seen[0] == value and ends > self._seen[1] + _GROWN
        self._seen = value, ends
        # A value without an end was set by hand: it is somebody's will.
        return Move.GIVE_UP if (renewed or rest < 0) and not self._stands_by else Move.WAIT

    def _free(self, now: float) -> Move:
        if self._free_since is None:
            self._free_since = now
        return Move.TAKE if not self._stands_by or now - self._free_since >= self._grace else Move.WAIT

    def begin_again(self) -> None:
        """What has been seen says nothing any more (Redis was away)."""
        self._free_since = self._seen = None


class Term:
    """Until when a holder may be sure that nobody else holds the lease: counted from before its renewal was sent."""

    def __init__(self) -> None:
        self._until: float | None = None

    def renewed_in_doubt(self, sent_at: float) -> None:
        """It may not be the master any more that has confirmed a renewal sent then."""
        self._until = sent_at + UNCONFIRMED

    def renewed(self, sent_at: float) -> None:
        """Redis has confirmed a renewal that was sent then."""
        until = sent_at + LIFE - MARGIN
        self._until = until if self._until is None else max(until, self._until)

    def end(self) -> None:
        """It is another's, or given back."""
        self._until = None

    def is_sure(self, now: float) -> bool:
        """Whether no other can have taken it."""
        return self._until is not None and now < self._until
