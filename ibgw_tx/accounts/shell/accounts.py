"""The accounts: downloaded at each session, put on Redis as wholes, then followed (section 4).

Positions come without exchange: their contracts are asked for before a balance is written, so that a key never changes its
name. The plain key holds the main account (`--account`, else the first); with several accounts each has a key of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from ibgw_tx.accounts.balance import AccountBook
from ibgw_tx.accounts.shell.download import AccountFeed, MultiFeed, UpdatesFeed
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import ContractDesk
from ibgw_tx.model import events
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker


class AccountDesk:
    """Keeps the balances. `snapshot_written` says that Redis has the whole snapshot of every account of this session."""

    log = Logger()

    def __init__(
        self,
        name: str,
        wanted: str | None,
        contracts: ContractDesk,
        asker: Asker,
        redis: RedisLink,
        clock: Clock,
        told_ready: Callable[[], None],
    ) -> None:
        self.snapshot_written = False
        self.accounts: tuple[str, ...] = ()
        self._name = name
        self._wanted = wanted
        self._contracts = contracts
        self._asker = asker
        self._redis = redis
        self._clock = clock
        self._told_ready = told_ready
        self._main = ""
        self._books: dict[str, AccountBook] = {}
        self._feeds: dict[str, AccountFeed] = {}
        self._by_request: dict[int, AccountFeed] = {}
        self._unwritten: set[str] = set()
        self._resolved: dict[int, Contract] = {}
        #: Contracts that TWS could not name; they go by what their positions say.
        self._nameless: set[int] = set()
        self._session = 0

    @property
    def is_trusted(self) -> bool:
        """The whole snapshot is on Redis, and IB has not said since that an account is unready (tws-facts 7)."""
        return self.snapshot_written and all(feed.book.is_ready for feed in self._feeds.values())

    # The session.

    def link_up(self, client: TWSClient, accounts: tuple[str, ...], same_session: bool) -> None:
        """Take every account's snapshot anew; in the `same_session` the old requests are ended first."""
        self.link_down(cancel=same_session)
        main = self._wanted or accounts[0]
        self.accounts = accounts
        if main not in accounts:
            self.log.error(
                "account {account} is none of this login's ({accounts}): no balance, status stays false",
                account=main,
                accounts=",".join(accounts),
            )
            return
        self._main = main
        self._unwritten = set(accounts)
        for account in accounts:
            book = self._books.setdefault(account, AccountBook(account))
            feed: AccountFeed
            if account == main:
                feed = UpdatesFeed(book, client, self._clock, self._downloaded)
            else:
                feed = MultiFeed(book, client, self._clock, self._downloaded, self._asker, self._by_request)
            self._feeds[account] = feed
            feed.start()

    def suspend(self) -> None:
        """TWS's link is down: unfinished downloads do not count, and what Redis has is no longer vouched for."""
        self._session += 1
        self.snapshot_written = False
        self._nameless.clear()
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
        self._feeds.clear()
        self._by_request.clear()

    # What TWS tells.

    def value(self, event: events.AccountValue) -> None:
        """One account value of the main account."""
        feed = self._feeds.get(event.account)
        if isinstance(feed, UpdatesFeed):
            feed.value(event.key, event.value, event.currency)

    def row(self, event: events.PortfolioRow) -> None:
        """One position of the main account."""
        feed = self._feeds.get(event.account)
        if isinstance(feed, UpdatesFeed):
            feed.position(event.position)

    def download_end(self, event: events.AccountDownloadEnd) -> None:
        """The main account's download has ended, or says so before its values."""
        feed = self._feeds.get(event.account)
        if isinstance(feed, UpdatesFeed):
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

    def noticed(self, notice: events.Notice) -> bool:
        """Whether an error belongs to an account's request; its download is asked again at its limit."""
        feed = self._by_request.get(notice.id)
        if feed is None:
            return False
        self.log.warn(
            "account {account}: TWS says {code} {text}", account=feed.account, code=notice.code, text=notice.text
        )
        return True

    def _downloaded(self, feed: AccountFeed) -> None:
        self._resolve(feed.book).addCallback(self._write_account, feed.book, self._session).addErrback(self._failed, feed.book)

    # Contracts of positions.

    def _resolve(self, book: AccountBook) -> Deferred[Any]:
        """Ask for the contracts not known yet; fires when all have been answered, one way or the other."""
        missing = [c for c in book.contracts() if c.conId not in self._resolved and c.conId not in self._nameless]
        return DeferredList([self._resolve_one(contract) for contract in missing])

    def _resolve_one(self, contract: Contract) -> Deferred[None]:
        found = Deferred.fromCoroutine(self._contracts.by_id(contract.conId))
        return found.addCallbacks(self._found, self._not_found, (contract,), {}, (contract,))

    def _found(self, known: KnownContract | None, contract: Contract) -> None:
        if known is not None:
            self._resolved[contract.conId] = known.contract
        else:
            self._not_found(Failure(LookupError("TWS knows no details")), contract)

    def _not_found(self, failure: Failure, contract: Contract) -> None:
        if contract.conId in self._nameless:
            return
        self._nameless.add(contract.conId)
        self.log.warn(
            "position {symbol} (conId {con_id}) goes by its reduced contract: {error}",
            symbol=contract.symbol,
            con_id=contract.conId,
            error=failure.getErrorMessage(),
        )

    def contracts_in_use(self) -> Iterator[int]:
        """The conIds of all positions."""
        for book in self._books.values():
            yield from (contract.conId for contract in book.contracts())

    # Redis.

    def _keys(self, account: str) -> list[str]:
        keys = [names.balance(self._name)] if account == self._main else []
        return keys + ([names.balance(self._name, account)] if len(self.accounts) > 1 else [])

    def _write_account(self, _: Any, book: AccountBook, session: int) -> Deferred[Any] | None:
        if session != self._session:
            return None
        value = jsontext.dumps(book.document(self._resolved))
        writes = [("SET", key, value) for key in self._keys(book.account)]
        return self._redis.transaction(writes).addCallback(self._written, book, session)

    def _written(self, _: Any, book: AccountBook, session: int) -> None:
        if session != self._session:
            return
        self._unwritten.discard(book.account)
        if not self._unwritten and not self.snapshot_written:
            self.snapshot_written = True
            self.log.info("snapshot of {accounts} written", accounts=",".join(self.accounts))
            self._told_ready()

    def tick(self) -> Deferred[Any] | None:
        """Once a second: write each balance that changed, as a whole; first ask for contracts that are new."""
        if not self._redis.up:
            return None
        changed = [feed.book for feed in self._feeds.values() if feed.book.complete and feed.book.changed]
        return DeferredList([self._refresh(book) for book in changed])

    def _refresh(self, book: AccountBook) -> Deferred[Any]:
        resolved = self._resolve(book).addCallback(self._write_account, book, self._session)
        return resolved.addErrback(self._failed, book)

    def redis_up(self) -> None:
        """Redis is back, perhaps empty: the balances have to be written again."""
        for feed in self._feeds.values():
            feed.book.changed = feed.book.changed or feed.book.complete

    def _failed(self, failure: Failure, book: AccountBook) -> None:
        book.changed = True
        if self._redis.up:
            self.log.warn(
                "balance of {account} not written: {error}", account=book.account, error=failure.getErrorMessage()
            )
