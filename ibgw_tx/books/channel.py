"""What is said on one book channel, who says it, and what the key holds: one record. Pure.

Theory of operation. A channel has feeds, the one that is asked first in front: those of depth, then those of level 1. The first
of them whose rows make a book with any level speaks. Two clocks come in: `t`, epoch ms, goes into messages and nowhere else;
`now`, ms of a clock that never jumps, measures durations.

The states say what the last message is worth:

* SILENT: nothing has been said in this life of the gateway;
* SPEAKING: the last message is the speaker's book, and its rows make sense;
* HELD: the speaker's rows make no valid book at the moment (crossed, out of order). Nothing goes out, nothing is refreshed, and
  nobody else speaks: between two messages of one change that is usual. After its limit the feed is distrusted by its owner;
* FALLEN: what was said last cannot be trusted. The next word is the book of the next feed that has one, without a gap, or the
  empty book;
* EMPTIED: `[[],[],t]` was the last word. It is not repeated.

Every change of state is in TRANSITIONS; a pair that is missing there changes nothing. Beside the state stand two marks:
`dirty`, it waits to be said; `stale`, the key is older than the last message. A channel without a feed is leaving: once the
empty book is said its key goes, and the record with it.
"""

from __future__ import annotations

import enum
from typing import Generic, Protocol, TypeVar

from ibgw_tx.model import keys as names
from ibgw_tx.model.figures import Quantity
from ibgw_tx.redis.resp import publish_head

#: ms after which a quiet book is published again; the rule is 10 s, the check runs once a second.
QUIET_LIMIT = 8_500

#: ms a book may make no sense before it is emptied and subscribed anew (section 6).
UNSETTLED_LIMIT = 5_000
#: The wait doubles each time the book comes back senseless, up to this (an auction can last).
UNSETTLED_LIMIT_MAX = 60_000
#: Rows for places the book does not have, or that could not be read, after which it is asked for anew.
GAP_LIMIT = 3

#: Who speaks first on a channel; a rank for each kind, since who tells its trades is known by it.
DEPTH_RANK, TOP_RANK, TICK_RANK, ODD_LOT_RANK = 0, 1, 2, 3

_NOTHING = (b"[]", b"[]")


class State(enum.Enum):
    """What the last message of a channel is worth."""

    SILENT = "silent"
    SPEAKING = "speaking"
    HELD = "held"
    FALLEN = "fallen"
    EMPTIED = "emptied"


class Sign(enum.Enum):
    """What happens to a channel."""

    SAID = "a feed's book with levels was said"
    SENSELESS = "the speaker's rows make no valid book"
    LOST = "the speaker's rows cannot be trusted any more"
    OWED = "Redis may hold something else, or nothing: the last word has to be said again"
    EMPTY = "the empty book was said"


#: A look-up in an enumeration is a call.
_SPEAKING = State.SPEAKING

_AGAIN = {Sign.SAID: State.SPEAKING, Sign.EMPTY: State.EMPTIED}

TRANSITIONS: dict[State, dict[Sign, State]] = {
    State.SILENT: {**_AGAIN, Sign.OWED: State.FALLEN},
    State.SPEAKING: {**_AGAIN, Sign.SENSELESS: State.HELD, Sign.LOST: State.FALLEN},
    State.HELD: {**_AGAIN, Sign.LOST: State.FALLEN},
    State.FALLEN: _AGAIN,
    State.EMPTIED: {**_AGAIN, Sign.OWED: State.FALLEN},
}


class Rows(Protocol):
    """What a channel needs of a book's rows."""

    gaps: int

    def texts(self, factor: Quantity) -> tuple[bytes, bytes] | None: ...

    def best(self) -> tuple[float | None, float | None] | None: ...

    def clear(self) -> None: ...

    def __bool__(self) -> bool: ...


R_co = TypeVar("R_co", bound=Rows, covariant=True)


class Feed(Generic[R_co]):
    """One request's rows under a channel; sizes count `factor`.

    `req_id` is the TWS request they come from now, None while there is none. The feed is unsettled while its rows make no valid
    book; its owner asks for it anew after its limit, or when rows were missing. It is spoilt when its rows made something that
    cannot be told: they are not looked at again before the next request.
    """

    __slots__ = ("channel", "factor", "rank", "rebuilt_at", "req_id", "rows", "spoilt", "unsettled_limit", "unsettled_since")

    def __init__(self, channel: Channel, rows: R_co, rank: int, factor: Quantity = 1) -> None:
        self.channel = channel
        self.rows = rows
        self.rank = rank
        self.factor = factor
        self.req_id: int | None = None
        self.spoilt = False
        self.unsettled_since: int | None = None
        self.unsettled_limit = UNSETTLED_LIMIT
        #: When it was last asked for anew because it made no sense.
        self.rebuilt_at: int | None = None

    def clear(self) -> None:
        """Forget the rows."""
        self.rows.clear()
        self.unsettled_since = None

    def is_senseless(self, now: int) -> bool:
        """Whether it has to be asked for anew: no sense for its limit (section 6: 5 s), rows missing too often, or spoilt.

        Missing rows rebuild a book at most once in its limit: a TWS that always sends some must not have it empty for ever.
        """
        if self.unsettled_since is not None and now - self.unsettled_since >= self.unsettled_limit:
            return True
        if not self.spoilt and self.rows.gaps < GAP_LIMIT:
            return False
        return self.rebuilt_at is None or now - self.rebuilt_at >= self.unsettled_limit

    def rebuild(self, now: int) -> None:
        """It is asked for anew, because it is senseless."""
        self.unsettled_limit = min(self.unsettled_limit * 2, UNSETTLED_LIMIT_MAX)
        self.rebuilt_at = now

    def settle(self, now: int) -> None:
        """Looked at while it makes sense: a feed whose book was said lately starts afresh."""
        channel = self.channel
        if self.unsettled_since is None and channel.speaker is self and now - channel.told_at < UNSETTLED_LIMIT:
            self.unsettled_limit = UNSETTLED_LIMIT


class Channel:
    """One book channel. `told` is its last message, `told_at` (ms, steady) when it was said."""

    __slots__ = (
        "con_id",
        "dirty",
        "exchange",
        "feeds",
        "head",
        "key",
        "name",
        "owed",
        "pair",
        "speaker",
        "stale",
        "state",
        "told",
        "told_at",
    )

    def __init__(self, exchange: str, pair: str) -> None:
        self.exchange = exchange
        self.pair = pair
        #: The contract it is about, while there is a feed.
        self.con_id = 0
        self.name = names.book_channel(exchange, pair)
        self.head = publish_head(self.name)
        self.key = names.book_key(exchange, pair)
        self.feeds: tuple[Feed[Rows], ...] = ()
        self.speaker: Feed[Rows] | None = None
        self.state = State.SILENT
        self.told = b""
        self.told_at = 0
        self.dirty = False
        self.stale = False
        #: The key may hold what was so before a restart of the gateway, or before Redis went away.
        self.owed = False

    def join(self, feed: Feed[Rows]) -> None:
        """One more feed: depth before level 1, else in the order of joining."""
        self.feeds = tuple(sorted((*self.feeds, feed), key=lambda each: each.rank))

    def leave(self, feed: Feed[Rows]) -> None:
        """One feed less; distrust it first."""
        self.feeds = tuple(each for each in self.feeds if each is not feed)

    def message(self, t: int, now: int) -> bytes | None:
        """What to publish now, `[bids, asks, t]`; None when there is nothing to say. Notes what it gave."""
        senseless = False
        for feed in self.feeds:
            if feed.spoilt:
                continue
            texts = feed.rows.texts(feed.factor)
            if texts is None:
                senseless = True
                if feed.unsettled_since is None:
                    feed.unsettled_since = now
                if feed is self.speaker:
                    self._take(Sign.SENSELESS)
                    return None
                continue
            feed.unsettled_since = None
            if texts != _NOTHING:
                self.speaker = feed
                self.state = _SPEAKING  # SAID, from anywhere
                bids, asks = texts
                told = self.told = b"[%b,%b,%d]" % (bids, asks, t)
                self.told_at = now
                return told
        return self._say_empty(senseless, t, now)

    def _say_empty(self, senseless: bool, t: int, now: int) -> bytes | None:
        self.speaker = None
        if self.state is State.EMPTIED or (self.state is State.SILENT and senseless):
            return None
        self._take(Sign.EMPTY)
        self.told = b"[[],[],%d]" % t
        self.told_at = now
        return self.told

    def _take(self, sign: Sign) -> None:
        self.state = TRANSITIONS[self.state].get(sign, self.state)

    def lost(self, feed: Feed[Rows]) -> bool:
        """A feed's rows are gone; says whether that has to be told: it spoke last."""
        if feed is not self.speaker:
            return False
        self.speaker = None
        self._take(Sign.LOST)
        return True

    def owe(self) -> None:
        """The last word has to be said again, the empty book too."""
        self._take(Sign.OWED)

    def is_deaf_to(self, feed: Feed[Rows]) -> bool:
        """Whether a change of this feed says nothing here, because one before it speaks."""
        speaker = self.speaker
        return speaker is not None and speaker is not feed and self.feeds.index(speaker) < self.feeds.index(feed)

    def is_quiet(self, now: int) -> bool:
        """Whether it is time to say the unchanged book again."""
        return self.state is State.SPEAKING and now - self.told_at >= QUIET_LIMIT

    @property
    def is_over(self) -> bool:
        """Nobody wants the channel any more, and nothing has to be said: its key goes."""
        return not self.feeds and not self.dirty and self.state in (State.SILENT, State.EMPTIED)

    def best(self) -> tuple[float | None, float | None]:
        """(bid, ask) of the first feed that has any; None for a side without a level."""
        for feed in self.feeds:
            found = feed.rows.best() if feed.rows and not feed.spoilt else None
            if found is not None and found != (None, None):
                return found
        return None, None
