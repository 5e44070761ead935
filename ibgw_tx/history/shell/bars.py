"""Subscribed bars (SUB_BARS): asked for, told, and restored after a loss or a restart with the gap filled from history.

Five-second bars are IB's real-time bars, and a question about history fills their gap; larger ones are historical bars that IB
keeps up to date, whose first answer fills it. IB's pacing of history holds for both: what may not be asked yet is asked when it
may, looked at once a second. What TWS refuses is told with the id of SUB_BARS, once, and asked again: history after
REFUSED_PAUSE, real-time bars on a new session or a restored link.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.history.bar_feed import BarFeed
from ibgw_tx.history.bar_request import REAL_TIME, BarRequest
from ibgw_tx.history.bars import live_bar
from ibgw_tx.history.pacing import OPEN_LIMIT, SAME_WINDOW, HistoryPacing
from ibgw_tx.model import events
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import PacingFull, SessionLost, TWSError
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker, Question
from ibgw_tx.tws.shell.departures import Departures

ANSWER_LIMIT = 60.0  # seconds
#: Seconds after which a question about history that TWS has refused (no data yet, its pacing) is asked again.
REFUSED_PAUSE = 60.0


@attrs.define(eq=False)
class Subscribed:
    """One feed. `owner` is the command that has asked for it, None for one of a former life; `due`: it is to be asked for;
    `sent`: TWS has been asked for it once.
    """

    channel: str
    contract: Contract
    request: BarRequest
    owner: Command | None = None
    feed: BarFeed = attrs.Factory(BarFeed)
    due: bool = True
    req_id: int | None = None
    filling: Question | None = None
    newest: bytes | None = None
    #: Seconds of the clock before which it is not asked for again, and what has been said of the refusal.
    not_before: float = 0.0
    #: When history was asked for: IB takes no second question like it within SAME_WINDOW.
    asked: float = -math.inf
    said: str = ""
    sent: bool = False
    unasked: Exception | None = None


class BarFeeds:
    """`wanted` by channel. `noticed` says whether a notice was about one of them."""

    log = Logger()

    def __init__(
        self,
        asker: Asker,
        redis: RedisLink,
        followups: Followups,
        pacing: HistoryPacing,
        clock: Clock,
        now_ms: Callable[[], int],
        alert: Callable[[str, bool, str], None] = lambda feed, on, why: None,
    ) -> None:
        """`alert` is told of feeds that do not speak, and when they do again, more than once."""
        self._alert = alert
        self.wanted: dict[str, Subscribed] = {}
        self._asker = asker
        self._redis = redis
        self._followups = followups
        self._pacing = pacing
        self._clock = clock
        self._now_ms = now_ms
        self._client: TWSClient | None = None
        self._by_request: dict[int, Subscribed] = {}
        #: Requests that were ended: TWS confirms it with a code that means nothing to anybody.
        self._ended: deque[int] = deque(maxlen=200)
        self.departures = Departures(asker, lambda: int(clock.seconds() * 1000), self._take_back)

    # What is wanted.

    def add(self, one: Subscribed) -> None:
        """Ask for it as soon as IB's pacing allows. Raises PacingFull."""
        self.wanted[one.channel] = one
        try:
            self._begin_if_due(one)
        except Exception:
            del self.wanted[one.channel]
            raise

    def remove(self, one: Subscribed) -> None:
        """End it; its key goes."""
        self._end(one)
        del self.wanted[one.channel]
        self._redis.tell("DEL", one.channel)
        self._alert(f"bars {one.channel}", False, "it is not subscribed any more")
        self.departures.taken_away(one)

    def _take_back(self, one: Subscribed) -> None:
        """Its command was refused before TWS was asked."""
        if self.wanted.get(one.channel) is one:
            self.remove(one)

    def sent(self, req_id: int) -> None:
        """A message that waited for TWS's message rate has left."""
        self.departures.sent(req_id, self._by_request.get(req_id))

    # The session.

    def link_up(self, client: TWSClient) -> None:
        """Everything is asked for anew."""
        same = self._client is client
        for one in self.wanted.values():
            self._end(one, tell=same)
            one.due, one.not_before, one.said = True, 0.0, ""
        self._client = client
        self.tick()

    def link_down(self, session_lost: bool) -> None:
        """What forms is not known any more; the requests end with their session."""
        for one in self.wanted.values():
            one.feed.lost(filling=False)
            if session_lost:
                self._end(one, tell=False)
        if session_lost:
            self._client = None
        self.departures.link_down(session_lost)

    def redis_up(self) -> None:
        """Redis may have come back empty."""
        for one in self.wanted.values():
            if one.newest is not None:
                self._redis.tell("SET", one.channel, one.newest)

    def tick(self) -> None:
        """Once a second: what could not be asked for yet."""
        self.departures.check()
        for one in list(self.wanted.values()):
            try:
                self._begin_if_due(one)
            except PacingFull:
                return

    # Asking.

    def _begin_if_due(self, one: Subscribed) -> None:
        seconds, request = self._clock.seconds(), one.request
        if not one.due or self._client is None or seconds < one.not_before or self._pacing.open >= OPEN_LIMIT:
            return
        live = request.bar_size == REAL_TIME
        fills = not live or one.feed.last is not None
        if live and one.req_id is None:
            self._subscribe(one, self._client, fills)
        if fills:
            soon = seconds - one.asked < SAME_WINDOW
            if soon or self._pacing.wait(one.contract, request.what, seconds) > 0:
                return
            self._fill(one, self._client, live)
        one.due = False

    def _subscribe(self, one: Subscribed, client: TWSClient, fills: bool) -> None:
        req_id = self._asker.next_id()
        client.subscribe_bars(req_id, one.contract, one.request.what, one.request.use_rth)
        one.feed.lost(filling=fills)
        one.req_id = req_id
        self._by_request[req_id] = one
        self.departures.asked(one)

    def _fill(self, one: Subscribed, client: TWSClient, live: bool) -> None:
        request = one.request
        words = ("", request.duration(one.feed.last, self._now_ms()), request.bar_size, request.what, request.use_rth)
        question = self._asker.put(
            f"{'the gap before the ' if live else ''}bars of {one.channel}",
            lambda req_id: client.ask_history(req_id, one.contract, *words, not live),
            ANSWER_LIMIT,
        )
        one.asked = self._clock.seconds()
        self._pacing.sent(one.contract, request.what, one.asked)
        one.filling = question
        if not live:
            one.feed.lost(filling=True)
            one.req_id = question.req_id
            self._by_request[question.req_id] = one
            self.departures.asked(one)
        answers: Deferred[list[Any]] = question.answers
        question.left.addErrback(answers.errback)
        answers.addBoth(self._answered, one, question, live)

    def _answered(self, outcome: Any, one: Subscribed, question: Question, live: bool) -> None:
        self._pacing.ended(question.req_id, None, self._clock.seconds())
        if one.filling is not question:
            return
        one.filling = None
        if not isinstance(outcome, Failure):
            over = outcome if not live else [bar for bar in outcome if bar[0] <= self._now_ms() - one.request.seconds * 1000]
            one.said = ""
            if not live:
                self._alert(f"bars {one.channel}", False, "it has bars again")
            self._tell(one, one.feed.filled(over, last_forms=not live))
            return
        self._tell(one, one.feed.filled([], last_forms=False))
        if outcome.check(SessionLost):
            return
        if not live:
            self._by_request.pop(question.req_id, None)
            one.req_id = None
            one.due, one.not_before = True, self._clock.seconds() + REFUSED_PAUSE
        assert isinstance(outcome.value, Exception)
        if live:
            self._say_gap(one, outcome.value)
        elif not (outcome.check(PacingFull) and self.departures.not_asked(one, outcome.value)):
            self._say_failed(one, outcome.value)

    def _say_gap(self, one: Subscribed, error: Exception) -> None:
        """Bars go on; what was missed is not there."""
        self.log.warn("{channel}: the gap before its bars is not filled: {error}", channel=one.channel, error=str(error))
        if one.owner is not None:
            told = TWSError(error.code, f"the gap is not filled: {error.text}") if isinstance(error, TWSError) else error
            self._followups.failed(one.owner, told)

    def _say_failed(self, one: Subscribed, error: Exception) -> None:
        if one.said == str(error):
            return
        one.said = str(error)
        self._alert(f"bars {one.channel}", True, str(error))
        if one.owner is not None:
            self._followups.failed(one.owner, error)
        else:
            self.log.warn("no bars {channel}: {error}", channel=one.channel, error=str(error))

    def _end(self, one: Subscribed, tell: bool = True) -> None:
        req_id, one.req_id, one.filling = one.req_id, None, None
        if req_id is None:
            return
        self._by_request.pop(req_id, None)
        self._ended.append(req_id)
        if tell and self._client is not None:
            (self._client.cancel_bars if one.request.bar_size == REAL_TIME else self._client.cancel_history)(req_id)

    # What TWS tells.

    def closed(self, fields: list[bytes]) -> None:
        """REAL_TIME_BARS (50), straight from the frame: ibapi 9.81 cannot read a volume with a fraction."""
        t, opened, high, low, close, volume, average, count = fields[3:11]
        prices = float(opened), float(high), float(low), float(close)
        self.told(events.LiveBar(int(fields[2]), t.decode(), prices, volume, average, count, closed=True))

    def forming(self, fields: list[bytes]) -> None:
        """HISTORICAL_DATA_UPDATE (90), as `closed`."""
        req_id, count, t, opened, close, high, low, average, volume = fields[1:10]
        prices = float(opened), float(high), float(low), float(close)
        self.told(events.LiveBar(int(req_id), t.decode(), prices, volume, average, count, closed=False))

    def told(self, event: events.LiveBar) -> None:
        """One bar, over or under way."""
        one = self._by_request.get(event.req_id)
        if one is not None:
            self._alert(f"bars {one.channel}", False, "it has bars again")
            bar = live_bar(event.time, event.prices, event.volume, event.average, event.count)
            self._tell(one, one.feed.closed(bar) if event.closed else one.feed.forming(bar))

    def noticed(self, notice: events.Notice) -> bool:
        """A code for a request that goes on by itself; whether it was one of ours."""
        one = self._by_request.get(notice.id)
        if one is None or self._asker.is_open(notice.id):
            return notice.id in self._ended
        self._say_failed(one, TWSError(notice.code, notice.text))
        return True

    def _tell(self, one: Subscribed, bars: list[list[Any]]) -> None:
        for bar in bars:
            one.newest = jsontext.dumps(bar)
            self._redis.tell_all((("SET", one.channel, one.newest), ("PUBLISH", one.channel, one.newest)))
