"""Live profit and loss: one subscription for each account, one for each open position, asked anew after every loss.

Once a second the positions of the balances are looked at: new ones are asked for, closed ones ended, and what changed is
written. MAX_SINGLE positions are followed; the others are in the balance, and one line says how many they are. A request that
TWS refuses is not repeated before the next session, or the next return of the link.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import attrs

from ibgw_tx.accounts.pnl import Pnl
from ibgw_tx.accounts.shell.accounts import Accounts
from ibgw_tx.model import events
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker

#: Positions that are followed, of all accounts together.
MAX_SINGLE = 1000
#: "Cannot be computed now" (2150), and the echo of a cancel that came late: the subscription goes on, or is over anyway.
PASSING = frozenset({2150, 10185, 10186})


@attrs.frozen
class _Watch:
    """`con_id` is 0 for the whole account."""

    account: str
    con_id: int


class PnlWatch:
    """Follows `accounts`."""

    log = Logger()

    def __init__(self, name: str, accounts: Accounts, asker: Asker, redis: RedisLink, now_ms: Callable[[], int]) -> None:
        self._name = name
        self._accounts = accounts
        self._asker = asker
        self._redis = redis
        self._now_ms = now_ms
        self._client: TWSClient | None = None
        self._figures: dict[str, Pnl] = {}
        self._by_request: dict[int, _Watch] = {}
        self._requests: dict[_Watch, int | None] = {}
        self._left_out = 0

    # The session.

    def link_up(self, client: TWSClient) -> None:
        """Everything is asked for anew, as the balances are complete."""
        if self._client is client:
            for watch, req_id in list(self._requests.items()):
                self._end(watch, req_id)
        self.link_down(session_lost=True)
        self._client = client

    def link_down(self, session_lost: bool) -> None:
        """What has been told is no longer vouched for; the requests end with their session."""
        if session_lost:
            self._client = None
            self._by_request.clear()
            self._requests.clear()

    def redis_up(self) -> None:
        """Redis may have come back empty."""
        for figures in self._figures.values():
            figures.changed = True

    # What TWS tells.

    def told(self, event: events.Pnl) -> None:
        """Of an account."""
        watch = self._by_request.get(event.req_id)
        if watch is not None:
            self._figures.setdefault(watch.account, Pnl()).told(event)

    def told_single(self, event: events.PnlSingle) -> None:
        """Of a position."""
        watch = self._by_request.get(event.req_id)
        if watch is not None:
            self._figures.setdefault(watch.account, Pnl()).told_single(watch.con_id, event)

    def noticed(self, notice: events.Notice) -> bool:
        """Whether an error belongs to a request of ours."""
        watch = self._by_request.get(notice.id)
        if watch is None:
            return False
        if notice.code not in PASSING:
            self.log.warn(
                "no profit and loss of {what}: TWS at {address} says {code} {text}",
                what=f"{watch.account}, conId {watch.con_id}" if watch.con_id else watch.account,
                address=self._asker.address,
                code=notice.code,
                text=notice.text,
            )
            del self._by_request[notice.id]
            self._requests[watch] = None
        return True

    # Time.

    def tick(self) -> None:
        """Once a second."""
        held = self._accounts.positions()
        if self._client is not None:
            with suppress(PacingFull):  # the rest is asked for a second later
                self._follow(held)
        for account, named in held.items():
            figures = self._figures.get(account)
            if figures is None:
                continue
            figures.keep_only(named)
            if figures.changed and self._redis.up:
                self._redis.tell("SET", names.pnl(self._name, account), jsontext.dumps(figures.document(named, self._now_ms())))

    def _follow(self, held: dict[str, dict[int, str]]) -> None:
        """Raises PacingFull."""
        if not held:
            return
        singles = [_Watch(account, con_id) for account, named in held.items() for con_id in named]
        self._say_left_out(max(0, len(singles) - MAX_SINGLE))
        wanted = dict.fromkeys([_Watch(account, 0) for account in held] + singles[:MAX_SINGLE])
        for watch in [watch for watch in self._requests if watch not in wanted and watch.account in held]:
            self._end(watch, self._requests.pop(watch))
        for watch in wanted:
            if watch not in self._requests:
                self._begin(watch)

    def _begin(self, watch: _Watch) -> None:
        assert self._client is not None
        req_id = self._asker.next_id()
        if watch.con_id:
            self._client.subscribe_pnl_single(req_id, watch.account, watch.con_id)
        else:
            self._client.subscribe_pnl(req_id, watch.account)
        self._requests[watch] = req_id
        self._by_request[req_id] = watch

    def _end(self, watch: _Watch, req_id: int | None) -> None:
        if req_id is None or self._client is None:
            return
        self._by_request.pop(req_id, None)
        (self._client.cancel_pnl_single if watch.con_id else self._client.cancel_pnl)(req_id)

    def _say_left_out(self, count: int) -> None:
        if count != self._left_out:
            self._left_out = count
            self.log.warn("profit and loss of {count} positions is not followed: {most} are", count=count, most=MAX_SINGLE)
