"""The account: downloaded at each session, put on Redis as a whole, then followed.

A download that has not ended within DOWNLOAD_LIMIT changes nothing and is asked again. Its end can come before the values
(tws-facts 7), so an end without any is believed only after END_GRACE. Positions come without exchange: their contracts are
asked for before the balance is written, so that a key never changes its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from ibgw_tx import events, jsontext, names
from ibgw_tx.account import AccountBook
from ibgw_tx.clock import Clock
from ibgw_tx.contract import Contract
from ibgw_tx.contractdesk import ContractDesk, Known
from ibgw_tx.log import Logger
from ibgw_tx.redislink import RedisLink
from ibgw_tx.tws import TWSClient

DOWNLOAD_LIMIT = 30.0  # seconds
END_GRACE = 2.5  # seconds


class AccountDesk:
    """Keeps the balance of one account. `snapshot_written` says that Redis has this session's whole snapshot."""

    log = Logger()

    def __init__(
        self,
        name: str,
        wanted: str | None,
        contracts: ContractDesk,
        link: RedisLink,
        clock: Clock,
        told_ready: Callable[[], None],
    ) -> None:
        self.snapshot_written = False
        self._name = name
        self._wanted = wanted
        self._contracts = contracts
        self._link = link
        self._clock = clock
        self._told_ready = told_ready
        self._client: TWSClient | None = None
        self._book: AccountBook | None = None
        self._values = 0
        self._limit: Any = None
        self._grace: Any = None
        self._resolved: dict[int, Contract] = {}
        self._asked: set[int] = set()
        self._session = 0

    # The session.

    def link_up(self, client: TWSClient, accounts: tuple[str, ...]) -> None:
        """Take the account's snapshot anew."""
        self.link_down()
        account = self._wanted or accounts[0]
        if account not in accounts:
            self.log.error(
                "account {account} is none of this login's ({accounts}): no balance, status stays false",
                account=account,
                accounts=",".join(accounts),
            )
            return
        self._client = client
        if self._book is None or self._book.account != account:
            self._book = AccountBook(account)
        self._download()

    def link_down(self) -> None:
        """Nothing of an unfinished download counts; what Redis has is no longer vouched for (the status says so)."""
        self._session += 1
        self.snapshot_written = False
        self._client = None
        self._asked.clear()
        self._cancel_timers()
        if self._book is not None:
            self._book.abandon()
            self._book.complete = False

    def _download(self) -> None:
        assert self._book is not None and self._client is not None
        self._values = 0
        self._book.begin()
        self._limit = self._clock.callLater(DOWNLOAD_LIMIT, self._too_late)
        self._client.subscribe_account(self._book.account)

    def _too_late(self) -> None:
        assert self._book is not None and self._client is not None
        self.log.warn(
            "account {account}: the download has not ended within {limit:.0f} s; asking again",
            account=self._book.account,
            limit=DOWNLOAD_LIMIT,
        )
        self._cancel_timers()
        self._client.unsubscribe_account(self._book.account)
        self._download()

    def _cancel_timers(self) -> None:
        for timer in (self._limit, self._grace):
            if timer is not None and timer.active():
                timer.cancel()

    # What TWS tells.

    def value(self, event: events.AccountValue) -> None:
        """One account value of our account."""
        if self._book is None or event.account != self._book.account:
            return
        self._values += 1
        if not self._book.value(event.key, event.value, event.currency):
            self.log.warn(
                "account {account}: {key} {currency} is {value!r}, no number; skipped",
                account=event.account,
                key=event.key,
                currency=event.currency,
                value=event.value,
            )

    def row(self, event: events.PortfolioRow) -> None:
        """One position of our account."""
        if self._book is not None and event.account == self._book.account:
            self._book.position(event.position)

    def download_end(self, event: events.AccountDownloadEnd) -> None:
        """The download has ended, or says so before its values."""
        if self._book is None or event.account != self._book.account or self._client is None:
            return
        if self._grace is not None and self._grace.active():
            self._grace.cancel()
        if self._values:
            self._end()
        else:
            self._grace = self._clock.callLater(END_GRACE, self._end)

    def _end(self) -> None:
        assert self._book is not None
        if self._book.complete and self.snapshot_written:
            return
        if not self._book.end():
            self.log.warn("account {account}: IB is not ready with it; waiting", account=self._book.account)
            return
        self._cancel_timers()
        self._resolve().addCallback(self._first_write, self._session).addErrback(self._failed)

    # Contracts of positions.

    def _resolve(self) -> Deferred[Any]:
        """Ask for the contracts not known yet; fires when all have been answered, one way or the other."""
        assert self._book is not None
        missing = [c for c in self._book.contracts() if c.conId not in self._resolved and c.conId not in self._asked]
        return DeferredList([self._resolve_one(contract) for contract in missing])

    def _resolve_one(self, contract: Contract) -> Deferred[None]:
        self._asked.add(contract.conId)
        found = Deferred.fromCoroutine(self._contracts.by_id(contract.conId))
        return found.addCallbacks(self._found, self._not_found, (contract,), {}, (contract,))

    def _found(self, known: Known | None, contract: Contract) -> None:
        if known is not None:
            self._resolved[contract.conId] = known.contract
        else:
            self._not_found(Failure(LookupError("TWS knows no details")), contract)

    def _not_found(self, failure: Failure, contract: Contract) -> None:
        self.log.warn(
            "position {symbol} (conId {con_id}) goes by its reduced contract: {error}",
            symbol=contract.symbol,
            con_id=contract.conId,
            error=failure.getErrorMessage(),
        )

    # Redis.

    def _first_write(self, _: Any, session: int) -> Deferred[Any] | None:
        if session != self._session or not self._link.up:
            return None
        return self._write().addCallback(self._written, session)

    def _written(self, _: Any, session: int) -> None:
        if session == self._session and self._client is not None and not self.snapshot_written:
            self.snapshot_written = True
            assert self._book is not None
            self.log.info("account {account}: snapshot written", account=self._book.account)
            self._told_ready()

    def _write(self) -> Deferred[Any]:
        assert self._book is not None
        document = self._book.document(self._resolved)
        return self._link.call("SET", names.balance(self._name), jsontext.dumps(document))

    def tick(self) -> Deferred[Any] | None:
        """Once a second: write what changed, as a whole; first ask for contracts that are new."""
        book = self._book
        if book is None or not book.complete or not book.changed or not self._link.up:
            return None
        return self._resolve().addCallback(self._first_write, self._session).addErrback(self._failed)

    def redis_up(self) -> None:
        """Redis is back, perhaps empty: the balance has to be written again."""
        if self._book is not None and self._book.complete:
            self._book.changed = True

    def _failed(self, failure: Failure) -> None:
        if self._book is not None:
            self._book.changed = True
        self.log.warn("balance not written: {error}", error=failure.getErrorMessage())
