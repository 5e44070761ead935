"""How one account's balance comes from TWS: a download with an end, then changes.

reqAccountUpdates serves one account at a time for each TWS and gives positions with market values (UpdatesFeed). The other
accounts of a login come by the multi requests: values, and positions without market values (MultiFeed). Source: tws-facts 7.

A download that has not ended within DOWNLOAD_LIMIT changes nothing and is asked again; an end that comes before any value
is believed only after END_GRACE.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.accounts.balance import AccountBook
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.model.position import Position
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker

DOWNLOAD_LIMIT = 30.0  # seconds
END_GRACE = 2.5  # seconds


class AccountFeed:
    """One account's download and its changes. `done(feed)` is called each time a download has ended well."""

    log = Logger()
    PARTS: frozenset[str] = frozenset()

    def __init__(self, book: AccountBook, client: TWSClient, clock: Clock, done: Callable[[AccountFeed], None]) -> None:
        self.book = book
        self.account = book.account
        self._client = client
        self._clock = clock
        self._done = done
        self._missing: set[str] = set()
        self._values = 0
        self._limit: Any = None
        self._grace: Any = None

    def start(self) -> None:
        """Begin a download."""
        self._values = 0
        self._missing = set(self.PARTS)
        self.book.begin()
        self._limit = self._clock.callLater(DOWNLOAD_LIMIT, self._too_late)
        try:
            self._send()
        except PacingFull as error:
            self.log.warn("account {account} is asked for later: {error}", account=self.account, error=str(error))

    def stop(self) -> None:
        """Nothing of an unfinished download counts; nothing is sent."""
        for timer in (self._limit, self._grace):
            if timer is not None and timer.active():
                timer.cancel()
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
            self.log.warn("account {account}: {error}", account=self.account, error=str(error))
        self.start()


class UpdatesFeed(AccountFeed):
    """By reqAccountUpdates."""

    PARTS = frozenset({"download"})

    def _send(self) -> None:
        self._client.subscribe_account(self.account)

    def cancel(self) -> None:
        self._client.unsubscribe_account(self.account)


class MultiFeed(AccountFeed):
    """By reqAccountUpdatesMulti and reqPositionsMulti; `by_request` maps their ids to feeds, for whoever routes answers."""

    PARTS = frozenset({"values", "positions"})

    def __init__(
        self,
        book: AccountBook,
        client: TWSClient,
        clock: Clock,
        done: Callable[[AccountFeed], None],
        asker: Asker,
        by_request: dict[int, AccountFeed],
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
        self._ids = None
        for req_id in (values, positions):
            self._by_request.pop(req_id, None)
        self._client.cancel_account_multi(values)
        self._client.cancel_positions_multi(positions)
