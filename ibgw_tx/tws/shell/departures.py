"""Who waits until something has been handed to the socket: an acknowledgement must not come before.

A command that begins or ends a feed (a book, ticks, bars) may wait for TWS's message rate. Each wait has an end: it has left, or
what ended the wait, or PATIENCE is over. A command that is refused before its feed has ever been asked for takes it back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred

from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError, PacingFull
from ibgw_tx.tws.shell.asker import WAIT_LIMIT, Asker

#: ms that a command waits for TWS's message rate; as long as a question.
PATIENCE = int(WAIT_LIMIT * 1000)
_LOST = "TWS, or its link to IB, was lost before it left; nothing was sent"
_LATE = f"it was not sent: TWS's message rate left no room for it within {WAIT_LIMIT:.0f} s"
_OLD = "the command has grown too old before it could leave; nothing was sent"
_ENDED = "it was ended before it left; nothing was sent"


class Feed(Protocol):
    """`sent`: TWS has been asked for it once; `unasked`: why it could not be asked for the last time."""

    req_id: int | None
    sent: bool
    unasked: Exception | None


@attrs.frozen
class _Waiter:
    left: Deferred[None]
    until: float
    error: Exception


class Departures:
    """The waits of one desk of feeds. `now` is ms of a clock that never jumps; `take_back(feed)` is for one wanted no more."""

    def __init__(self, asker: Asker, now: Callable[[], int], take_back: Callable[[Any], None]) -> None:
        self._asker = asker
        self._now = now
        self._take_back = take_back
        #: By feed, and by the id of a request that ends.
        self._begins: dict[Any, list[_Waiter]] = {}
        self._ends: dict[int, Deferred[None]] = {}

    async def begun(self, feed: Feed, age_left: float | None) -> None:
        """Wait until TWS has been asked for it; the command is too old in `age_left` ms. Raises what ended the wait."""
        try:
            if feed.req_id is not None and self._asker.is_waiting(feed.req_id):
                await self._wait(feed, age_left)
            elif feed.unasked is not None:
                raise feed.unasked
        except Exception:
            if not feed.sent and feed not in self._begins:
                self._take_back(feed)
            raise

    def _wait(self, feed: Feed, age_left: float | None) -> Deferred[None]:
        patience: float = PATIENCE
        error: Exception = PacingFull(_LATE)
        if age_left is not None and age_left < PATIENCE:
            patience, error = age_left, CommandError(errors.EXPIRED, _OLD)
        waiter = _Waiter(Deferred(), self._now() + patience, error)
        self._begins.setdefault(feed, []).append(waiter)
        return waiter.left

    async def ended(self, req_id: int | None) -> None:
        """Wait until TWS has been told that a request is over; the end of the session tells it too."""
        if req_id is not None and self._asker.is_waiting(req_id):
            await self._ends.setdefault(req_id, Deferred())

    def asked(self, feed: Feed) -> None:
        """A request of it has been given to the session."""
        feed.unasked = None
        if feed.req_id is not None and not self._asker.is_waiting(feed.req_id):
            self._has_left(feed)

    def not_asked(self, feed: Feed, error: Exception) -> bool:
        """It could not be asked for; whether a command has waited for it, whose answer that is."""
        feed.unasked = error
        return self._fail(feed, error)

    def sent(self, req_id: int, feed: Feed | None) -> None:
        """A message that waited has left; `feed` is the one that its request feeds."""
        end = self._ends.pop(req_id, None)
        if end is not None:
            end.callback(None)
        if feed is not None:
            self._has_left(feed)

    def _has_left(self, feed: Feed) -> None:
        feed.sent = True
        for waiter in self._begins.pop(feed, ()):
            waiter.left.callback(None)

    def taken_away(self, feed: Feed) -> None:
        """It is wanted no more."""
        self._fail(feed, CommandError(errors.UNAVAILABLE, _ENDED))

    def _fail(self, feed: Feed, error: Exception) -> bool:
        waiters = self._begins.pop(feed, ())
        for waiter in waiters:
            waiter.left.errback(error)
        return bool(waiters)

    def link_down(self, session_lost: bool) -> None:
        """Nothing that waits will leave; with a session its requests end."""
        for feed in list(self._begins):
            self._fail(feed, CommandError(errors.NOT_CONNECTED, _LOST))
        if session_lost:
            ends, self._ends = self._ends, {}
            for end in ends.values():
                end.callback(None)

    def check(self) -> None:
        """Once a second: whose patience is over."""
        now = self._now()
        for feed, waiters in list(self._begins.items()):
            late = [waiter for waiter in waiters if now >= waiter.until]
            self._begins[feed] = [waiter for waiter in waiters if waiter not in late]
            if not self._begins[feed]:
                del self._begins[feed]
            for waiter in late:
                waiter.left.errback(waiter.error)
