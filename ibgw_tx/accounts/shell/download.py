"""How one account's balance comes from TWS: a download with an end, then changes.

reqAccountUpdates serves one account at a time for each TWS and gives positions with market values (MainDownload). The other
accounts of a login come by the multi requests: values, and positions without market values (MultiDownload). Source: tws-facts 7.

A download that has not ended within DOWNLOAD_LIMIT changes nothing and is asked again; an end that comes before any value
is believed only after END_GRACE. The main account's answers carry no id: a second download in one session begins behind a
fence, and until then nothing of what comes is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.accounts.balance import Balance
from ibgw_tx.accounts.shell.fence import Fence
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.model.position import Position
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker

DOWNLOAD_LIMIT = 30.0  # seconds
END_GRACE = 2.5  # seconds


class Download:
    """One account's download and its changes. `done(feed)` is called each time a download has ended well."""

    log = Logger()
    PARTS: frozenset[str] = frozenset()

    def __init__(self, book: Balance, client: TWSClient, clock: Clock, done: Callable[[Download], object]) -> None:
        self.book = book
        self.account = book.account
        self._client = client
        self._clock = clock
        self._done = done
        self._missing: set[str] = set()
        self._run = 0
        self._values = 0
        self._limit: Any = None
        self._grace: Any = None

    def start(self, again: bool = False) -> None:
        """Begin a download; `again`: this session has been asked for the account before."""
        self._values = 0
        self._missing = set(self.PARTS)
        self._limit = self._clock.callLater(DOWNLOAD_LIMIT, self._too_late)
        self._run += 1
        try:
            self._begin(again)
        except PacingFull as error:
            self.log.warn("account {account} is asked for later: {error}", account=self.account, error=str(error))

    def _begin(self, again: bool) -> None:
        self.book.begin()
        self._send()

    def stop(self) -> None:
        """Nothing of an unfinished download counts; nothing is sent."""
        for timer in (self._limit, self._grace):
            if timer is not None and timer.active():
                timer.cancel()
        self._run += 1
        self.book.abandon()

    def _send(self) -> None:
        raise NotImplementedError

    def cancel(self) -> None:
        """Ask TWS to send no more."""
        raise NotImplementedError

    def value(self, key: str, text: str, currency: str) -> None:
        """One account value."""
        self._values += 1
        if not self.book.value(key, text, currency):
            self.log.warn(
                "account {account}: {key} {currency} is {text!r}, no number; skipped",
                account=self.account,
                key=key,
                currency=currency,
                text=text,
            )

    def position(self, position: Position) -> None:
        """One position."""
        self.book.position(position)

    def ended(self, part: str) -> None:
        """TWS says that a part of the download has ended (again, for parts that are refreshed)."""
        self._missing.discard(part)
        if self._missing or self.book.complete:
            return
        if self._grace is not None and self._grace.active():
            self._grace.cancel()
        if self._values:
            self._finish()
        else:
            self._grace = self._clock.callLater(END_GRACE, self._finish)

    def _finish(self) -> None:
        if not self.book.end():
            self.log.warn("account {account}: IB is not ready with it; waiting", account=self.account)
            return
        self._limit.cancel()
        self._done(self)

    def _too_late(self) -> None:
        self.log.warn(
            "account {account}: the download has not ended within {limit:.0f} s; asking again",
            account=self.account,
            limit=DOWNLOAD_LIMIT,
        )
        self.stop()
        try:
            self.cancel()
        except PacingFull as error:
            # Two subscriptions would answer each other's question.
            self.log.warn("account {account}: {error}", account=self.account, error=str(error))
            self._limit = self._clock.callLater(DOWNLOAD_LIMIT, self._too_late)
            return
        self.start(again=True)


class MainDownload(Download):
    """By reqAccountUpdates. What comes before `fence` is passed belongs to an earlier download, and is not taken."""

    PARTS = frozenset({"download"})

    def __init__(
        self, book: Balance, client: TWSClient, clock: Clock, done: Callable[[Download], object], fence: Fence
    ) -> None:
        super().__init__(book, client, clock, done)
        self._fence = fence
        self._behind_fence = False

    def _begin(self, again: bool) -> None:
        self._behind_fence = not again
        if not again:
            super()._begin(again)
            return
        self._fence.passed(self._client).addCallback(self._passed, self._run).addErrback(
            lambda failure: self.log.failure("account {account} is not asked for", failure, account=self.account)
        )

    def _passed(self, _: None, run: int) -> None:
        if run != self._run:
            return
        self._behind_fence = True
        try:
            super()._begin(again=True)
        except PacingFull as error:
            self.log.warn("account {account} is asked for later: {error}", account=self.account, error=str(error))

    def value(self, key: str, text: str, currency: str) -> None:
        if self._behind_fence:
            super().value(key, text, currency)

    def position(self, position: Position) -> None:
        if self._behind_fence:
            super().position(position)

    def ended(self, part: str) -> None:
        if self._behind_fence:
            super().ended(part)

    def _send(self) -> None:
        self._client.subscribe_account(self.account)

    def cancel(self) -> None:
        self._client.unsubscribe_account(self.account)


class MultiDownload(Download):
    """By reqAccountUpdatesMulti and reqPositionsMulti; `by_request` maps their ids to feeds, for whoever routes answers."""

    PARTS = frozenset({"values", "positions"})

    def __init__(
        self,
        book: Balance,
        client: TWSClient,
        clock: Clock,
        done: Callable[[Download], object],
        asker: Asker,
        by_request: dict[int, Download],
    ) -> None:
        super().__init__(book, client, clock, done)
        self._asker = asker
        self._by_request = by_request
        self._ids: tuple[int, int] | None = None

    def _send(self) -> None:
        values, positions = self._ids = self._asker.next_id(), self._asker.next_id()
        self._by_request[values] = self._by_request[positions] = self
        self._client.subscribe_account_multi(values, self.account)
        self._client.subscribe_positions_multi(positions, self.account)

    def cancel(self) -> None:
        if self._ids is None:
            return
        values, positions = self._ids
        for req_id in (values, positions):
            self._by_request.pop(req_id, None)
        self._client.cancel_account_multi(values)
        self._client.cancel_positions_multi(positions)
        self._ids = None
