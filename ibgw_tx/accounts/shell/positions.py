"""The contracts of positions: rows come without exchange, so their details are asked for before a balance is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from ibgw_tx.accounts.balance import Balance
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.model.contract import Contract
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: Seconds for which a balance waits for the contracts of its positions.
RESOLVE_LIMIT = 5.0


class PositionContracts:
    """`resolved` maps conIds to contracts; `named(contract)` is told of a row whose contract has become known."""

    log = Logger()

    def __init__(self, contracts: Contracts, clock: Clock, named: Callable[[Contract], None]) -> None:
        self.resolved: dict[int, Contract] = {}
        #: Those that TWS could not name; they go by what their rows say.
        self._nameless: set[int] = set()
        #: Those of positions whose size could not be read, and was said so.
        self._unreadable: set[int] = set()
        self._contracts = contracts
        self._clock = clock
        self._named = named

    def forget_nameless(self) -> None:
        """Another session may know them."""
        self._nameless.clear()

    def resolve(self, book: Balance) -> Deferred[Any]:
        """Ask for the contracts not known yet; fires when all have been answered, one way or the other, or RESOLVE_LIMIT is over.

        A contract without an answer holds nobody back: its position goes by its row until then.
        """
        missing = [c for c in book.contracts() if c.conId not in self.resolved and c.conId not in self._nameless]
        asked = DeferredList([self._resolve_one(contract) for contract in missing])
        waited: Deferred[Any] = Deferred()
        limit = self._clock.callLater(RESOLVE_LIMIT, waited.callback, None)

        def answered(_: Any) -> None:
            if limit.active():
                limit.cancel()
                waited.callback(None)

        asked.addCallback(answered)
        return waited

    def _resolve_one(self, contract: Contract) -> Deferred[None]:
        found = Deferred.fromCoroutine(self._contracts.by_id(contract.conId))
        return found.addCallbacks(self._found, self._not_found, (contract,), {}, (contract,))

    def _found(self, known: KnownContract | None, contract: Contract) -> None:
        if known is None:
            self._not_found(Failure(LookupError("TWS knows no details")), contract)
            return
        self.resolved[contract.conId] = known.contract
        self._named(contract)

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

    def say_unreadable(self, book: Balance) -> None:
        """One line for each position whose size cannot be read."""
        for contract in book.unreadable:
            if contract.conId not in self._unreadable:
                self._unreadable.add(contract.conId)
                self.log.warn(
                    "account {account}: the size of position {symbol} (conId {con_id}) cannot be read; it is left out",
                    account=book.account,
                    symbol=contract.symbol,
                    con_id=contract.conId,
                )
