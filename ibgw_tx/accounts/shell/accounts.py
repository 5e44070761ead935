"""The accounts: downloaded at each session, put on Redis as wholes, then followed (section 4).

Positions come without exchange: their contracts are asked for before a balance is written, so that a key never changes its
name; who is not answered for goes by its row. The plain key holds the main account (`--account`, else the
first); with several accounts each has a key of its own. One that IB refuses does not hold the others back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from ibgw_tx.accounts.balance import Balance
from ibgw_tx.accounts.shell.download import Download, MainDownload, MultiDownload
from ibgw_tx.accounts.shell.ended import DataEnded
from ibgw_tx.accounts.shell.fence import Fence
from ibgw_tx.accounts.shell.holdings import Holdings
from ibgw_tx.accounts.shell.positions import PositionContracts
from ibgw_tx.accounts.values import hash_of
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.model import events
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.model.trouble import Trouble
from ibgw_tx.redis.shell.link import RedisLink, Words
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker

#: What TWS says of an account's request in passing.
WARNINGS = frozenset({2107, 2108, 2119})


class Accounts(Holdings):
    """Keeps the balances. `snapshot_written` says that Redis has the whole snapshot of every account of this session."""

    log = Logger()

    def __init__(
        self,
        name: str,
        wanted: str | None,
        contracts: Contracts,
        asker: Asker,
        redis: RedisLink,
        clock: Clock,
        told_ready: Callable[[], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.snapshot_written = False
        self.accounts: tuple[str, ...] = ()
        self._name = name
        self._wanted = wanted
        self._asker = asker
        self._redis = redis
        self._clock = clock
        self._told_ready = told_ready
        self._now_ms = now_ms
        self._main = ""
        super().__init__(PositionContracts(contracts, clock, self._named))
        self._by_request: dict[int, Download] = {}
        self._unwritten: set[str] = set()
        #: What keeps balances from being written.
        self._trouble = Trouble()
        self._fence = Fence()
        #: The session that has been asked for the main account.
        self._subscribed: TWSClient | None = None
        self._ended = DataEnded(clock, self._ask_again, self._given_up, asker.address)
        self._session = 0

    @property
    def is_trusted(self) -> bool:
        """The whole snapshot is on Redis, and IB has not said since that an account is unready (tws-facts 7)."""
        return self.snapshot_written and all(feed.book.is_ready for feed in self._feeds.values())

    @property
    def reasons(self) -> list[str]:
        """Why it is not trusted; none when it is."""
        if self.is_trusted:
            return []
        if self._wanted is not None and self.accounts and self._wanted not in self.accounts:
            return [f"account {self._wanted} is none of this login's"]
        unready = sorted(feed.account for feed in self._feeds.values() if feed.book.complete and not feed.book.is_ready)
        if unready:
            return [f"IB is not ready with account {','.join(unready)}"]
        missing = ",".join(sorted(self._unwritten or self.accounts)) or "this session"
        return [f"the balance of {missing} has not been written yet"]

    # The session.

    def link_up(self, client: TWSClient, accounts: tuple[str, ...], same_session: bool) -> None:
        """Take every account's snapshot anew; in the `same_session` the old requests are ended first."""
        self.link_down(cancel=same_session)
        main = self._wanted or accounts[0]
        self.accounts = accounts
        if main not in accounts:
            self.log.error(
                "account {account} is none of this login's ({accounts}): no balance, status stays false",
                **{"account": main, "accounts": ",".join(accounts)},
            )
            return
        self._main = main
        self._unwritten = set(accounts)
        for account in accounts:
            book = self._books.setdefault(account, Balance(account))
            feed: Download
            if account == main:
                feed = MainDownload(book, client, self._clock, self._refresh_of, self._fence)
            else:
                feed = MultiDownload(book, client, self._clock, self._refresh_of, self._asker, self._by_request)
            self._feeds[account] = feed
            feed.start(again=account == main and self._subscribed is client)
        self._subscribed = client

    def suspend(self) -> None:
        """TWS's link is down: unfinished downloads do not count, and what Redis has is no longer vouched for."""
        self._session += 1
        self.snapshot_written = False
        self._positions.forget_nameless()
        for feed in self._feeds.values():
            feed.stop()
            feed.book.complete = False

    def link_down(self, cancel: bool = False) -> None:
        """As `suspend`, and the requests are gone: with their session, or because TWS is told to `cancel` them."""
        self.suspend()
        if cancel:
            for feed in self._feeds.values():
                try:
                    feed.cancel()
                except PacingFull as error:
                    self.log.warn("account {account}: {error}", account=feed.account, error=str(error))
        else:
            self._fence.session_lost()
            self._ended.session_lost()
        self._feeds.clear()
        self._by_request.clear()

    # What TWS tells.

    def value(self, event: events.AccountValue) -> None:
        """One account value of the main account."""
        feed = self._feeds.get(event.account)
        if isinstance(feed, MainDownload):
            feed.value(event.key, event.value, event.currency)

    def row(self, event: events.PortfolioRow) -> None:
        """One position of the main account."""
        feed = self._feeds.get(event.account)
        if isinstance(feed, MainDownload):
            feed.position(event.position)

    def download_end(self, event: events.AccountDownloadEnd) -> None:
        """The main account's download has ended, or says so before its values."""
        feed = self._feeds.get(event.account)
        if isinstance(feed, MainDownload):
            feed.ended("download")

    def multi_value(self, event: events.MultiValue) -> None:
        """One account value of another account."""
        feed = self._by_request.get(event.req_id)
        if feed is not None and feed.account == event.account:
            feed.value(event.key, event.value, event.currency)

    def multi_position(self, event: events.MultiPosition) -> None:
        """One position of another account."""
        feed = self._by_request.get(event.req_id)
        if feed is not None and feed.account == event.account:
            feed.position(event.position)

    def multi_end(self, event: events.MultiEnd) -> None:
        """One half of another account's download has ended."""
        feed = self._by_request.get(event.req_id)
        if feed is not None:
            feed.ended(event.part)

    def current_time(self, event: events.CurrentTime) -> None:
        """TWS has told its time."""
        self._fence.answered()

    def noticed(self, notice: events.Notice) -> bool:
        """Whether an error belongs to an account's request: that account is left out, the others go on without it."""
        feed = self._by_request.get(notice.id)
        if feed is None:
            return False
        if notice.code in WARNINGS:
            return True
        self.log.warn(
            "account {account} is left out: TWS at {address} says {code} {text}",
            account=feed.account,
            address=self._asker.address,
            code=notice.code,
            text=notice.text,
        )
        feed.stop()
        del self._feeds[feed.account]
        for req_id in [req_id for req_id, other in self._by_request.items() if other is feed]:
            del self._by_request[req_id]
        self._unwritten.discard(feed.account)
        self._check_written()
        return True

    def unsubscribed(self, notice: events.Notice) -> None:
        """TWS has ended the main account's data."""
        feed = self._feeds.get(self._main)
        if feed is not None:
            self._ended.noticed(notice, feed)

    def _given_up(self, feed: Download) -> None:
        """Nothing of it is vouched for any more, until it lasts."""
        self.snapshot_written = False
        self._session += 1
        feed.stop()
        feed.book.complete = False
        self._unwritten.add(feed.account)

    def _ask_again(self, feed: Download) -> None:
        if self._feeds.get(feed.account) is feed:
            feed.stop()
            feed.book.complete = False
            feed.start(again=True)

    def _refresh_of(self, feed: Download) -> None:
        self._refresh(feed.book)

    def _named(self, contract: Contract) -> None:
        """A position's contract is known now; it may have been written under its row's name meanwhile."""
        for book in self._books.values():
            book.changed = book.changed or (book.complete and contract in book.contracts())

    # Redis.

    def _keys(self, account: str) -> list[str]:
        keys = [names.balance(self._name)] if account == self._main else []
        return keys + ([names.balance(self._name, account)] if len(self.accounts) > 1 else [])

    def _write_account(self, _: Any, book: Balance, session: int) -> Deferred[Any] | None:
        if session != self._session:
            return None
        value = jsontext.dumps(book.document(self._positions.resolved))
        self._positions.say_unreadable(book)
        writes: list[Words] = [("SET", key, value) for key in self._keys(book.account)]
        writes += hash_of(names.account(self._name, book.account), book.values(), self._now_ms())
        return self._redis.transaction(writes).addCallback(self._written, book, session)

    def _written(self, _: Any, book: Balance, session: int) -> None:
        if session != self._session:
            return
        self._unwritten.discard(book.account)
        if self._trouble.ends():
            self.log.info("balances are written again")
        self._check_written()

    def _check_written(self) -> None:
        if not self._unwritten and self._feeds and not self.snapshot_written:
            self.snapshot_written = True
            self.log.info("snapshot of {accounts} written", accounts=",".join(self.accounts))
            self._told_ready()

    def tick(self) -> Deferred[Any] | None:
        """Once a second: write each balance that changed, as a whole; first ask for contracts that are new."""
        if not self._redis.up:
            return None
        return DeferredList([self._refresh(book) for book in self.complete() if book.is_news])

    def _refresh(self, book: Balance) -> Deferred[Any]:
        resolved = self._positions.resolve(book).addCallback(self._write_account, book, self._session)
        return resolved.addErrback(self._failed, book)

    def redis_up(self) -> None:
        """Redis is back, perhaps empty: the status promises balances that are there, so they are written first."""
        self.snapshot_written = False
        self._unwritten |= set(self._feeds)
        for feed in self._feeds.values():
            feed.book.changed = feed.book.changed or feed.book.complete
        self.tick()

    def _failed(self, failure: Failure, book: Balance) -> None:
        book.changed = True
        if self._redis.up and self._trouble.begins(failure.getErrorMessage()):
            text = failure.getErrorMessage()
            self.log.warn("balance of {account} not written: {error}", account=book.account, error=text)
