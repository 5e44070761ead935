"""Contracts: asked of TWS once a day at most, kept in memory, stored in Redis under all their keys (section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ibgw_tx.contracts.asked import ZERO_STRIKE
from ibgw_tx.contracts.choice import choose, describe, refuse_other
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.store import ContractStore
from ibgw_tx.contracts.show_name import contracts_of_show_name
from ibgw_tx.model import errors, events
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, TWSError, bad_params
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws import codes
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker

__all__ = ["Contracts", "KnownContract"]

#: Seconds TWS may take for contract details; a derivatives chain is paced by IB (tws-facts 3.2).
DETAILS_LIMIT = 60.0

#: ms for which an answer serves; contracts change overnight.
FRESH = 24 * 3600 * 1000

#: More rows than this are no rows of one contract on its exchanges.
MOST_ROWS = 200

#: KnownContract contracts kept in memory; the oldest go first (they are found again by asking).
MAX_KNOWN = 50_000


@attrs.define(eq=False)
class Asked:
    """What waits for one answer. `left` fires when the question has been sent or needs not be, `hits` with the matches.

    What goes wrong before it is sent fails `left`, and `hits` never fires.
    """

    left: Deferred[None] = attrs.Factory(Deferred)
    hits: Deferred[list[KnownContract]] = attrs.Factory(Deferred)


@attrs.define(eq=False)
class _Pending:
    """A question under way; `own`: the gateway needs its answer, not only bots."""

    own: bool = False
    has_left: bool = False
    waiting: list[Asked] = attrs.Factory(list)

    def leaves(self) -> None:
        self.has_left = True
        for asked in self.waiting:
            asked.left.callback(None)


class Contracts:
    """Answers what a contract is. The same question while it is open, or answered within a day, is not sent again.

    `found` is called with each contract that TWS tells.
    """

    log = Logger()

    def __init__(
        self,
        asker: Asker,
        redis: RedisLink,
        clock: Clock,
        now_ms: Callable[[], int],
        found: Callable[[KnownContract], None],
    ) -> None:
        self.client: TWSClient | None = None
        self._found = found
        self.store = ContractStore(redis, clock, self._speaks_for_its_id)
        self._asker = asker
        self._now_ms = now_ms
        self._not_before = 0
        self._known: dict[tuple[int, str], KnownContract] = {}
        #: The row kept under the conId alone.
        self._best: dict[int, KnownContract] = {}
        self._answered: dict[Contract, list[KnownContract]] = {}
        self._pending: dict[Contract, _Pending] = {}
        #: Rises whenever a question may have another answer than before.
        self.answers = 0

    # What TWS tells.

    def hit(self, event: events.ContractHit) -> None:
        """One contract: remembered and stored."""
        known = KnownContract(event.contract, event.details, self._now_ms())
        self._remember(known)
        self._asker.add(event.req_id, known)
        self.store.put(known)
        self._found(known)

    def end(self, event: events.ContractEnd) -> None:
        """The answer to one question is complete."""
        self._asker.end(event.req_id)

    def _remember(self, known: KnownContract) -> None:
        key = known.contract.conId, known.contract.exchange
        self._known.pop(key, None)
        self._known[key] = known
        best = self._best.get(known.contract.conId)
        if best is None or _rank(known) <= _rank(best):
            self._best[known.contract.conId] = known
        if len(self._known) > MAX_KNOWN:
            con_id, exchange = next(iter(self._known))
            del self._known[con_id, exchange]
            self._best.pop(con_id, None)

    def _speaks_for_its_id(self, known: KnownContract) -> bool:
        best = self._best.get(known.contract.conId)
        return best is None or best is known

    def restore(self) -> None:
        """Redis is back, perhaps empty: store everything known again."""
        self.store.put_all(self._known.values())

    def forget(self) -> None:
        """RESET: ask TWS again for everything; what Redis has is older."""
        self._answered.clear()
        self.answers += 1
        self._not_before = self._now_ms()

    # Questions.

    def details(self, contract: Contract, own: bool = False) -> Deferred[list[KnownContract]]:
        """Every match of `contract`; an empty list when TWS knows none. `own`: the gateway asks, no bot.

        Fails with CommandError, RequestTimeout, SessionLost; PacingFull when it was not sent.
        """
        asked = self.ask(contract, own)
        asked.left.addErrback(asked.hits.errback)
        return asked.hits

    def ask(self, contract: Contract, own: bool = False) -> Asked:
        """As `details`, for who wants to know when the question leaves."""
        answered = self._answered.get(contract)
        if answered and all(map(self._is_fresh, answered)):
            return Asked(succeed(None), succeed(answered))
        asked = Asked()
        if self.client is None:
            asked.left.errback(CommandError(errors.NOT_CONNECTED, "no session with TWS"))
            return asked
        pending = self._pending.setdefault(contract, _Pending())
        pending.own |= own
        pending.waiting.append(asked)
        if pending.has_left:
            asked.left.callback(None)
        if len(pending.waiting) == 1:
            found = Deferred.fromCoroutine(self._find(contract, pending))
            found.addCallbacks(self._answer, self._fail, (contract,), {}, (contract,))
        return asked

    def _is_fresh(self, known: KnownContract) -> bool:
        return known.timestamp >= self._not_before and self._now_ms() - known.timestamp < FRESH

    async def _find(self, contract: Contract, pending: _Pending) -> list[KnownContract]:
        stored = await self.store.get(contract)
        if stored is not None and self._is_fresh(stored):
            self._remember(stored)
            self._found(stored)
            return [stored]
        client = self.client
        if client is None:
            raise CommandError(errors.NOT_CONNECTED, "no session with TWS")
        what = f"contract details of {describe(contract)}"
        question = self._asker.put(what, lambda req_id: client.ask_contract(req_id, contract, pending.own), DETAILS_LIMIT)
        await question.left
        pending.leaves()
        return await question.answers.addErrback(_none_if_unknown)

    def _answer(self, hits: list[KnownContract], contract: Contract) -> None:
        self.answers += 1
        if hits:
            self._answered.pop(contract, None)
            self._answered[contract] = hits
            if len(self._answered) > MAX_KNOWN:
                del self._answered[next(iter(self._answered))]
        pending = self._pending.pop(contract)
        if not pending.has_left:
            pending.leaves()
        for asked in pending.waiting:
            asked.hits.callback(hits)

    def _fail(self, failure: Failure, contract: Contract) -> None:
        pending = self._pending.pop(contract)
        for asked in pending.waiting:
            (asked.hits if pending.has_left else asked.left).errback(failure)

    async def find_one(self, contract: Contract) -> KnownContract:
        """The one contract that `contract` means. Raises CommandError (unknown_contract, ambiguous_contract, …)."""
        hits = await self.details(contract)
        return self._chosen(contract, hits, describe(contract))

    def known_now(self, contract: Contract) -> tuple[KnownContract, int] | None:
        """What `find_one` gives at once, and until when (ms); None when it would have to ask. Raises as `find_one` does.

        None for a chain too: it is no one contract, and looking through 2,500 rows each second is 33 ms.
        """
        answered = self._answered.get(contract)
        if not answered or len(answered) > MOST_ROWS or not all(map(self._is_fresh, answered)):
            return None
        until = min(known.timestamp for known in answered) + FRESH
        return self._chosen(contract, answered, describe(contract)), until

    async def find_show_name(self, exchange: str, show_name: str) -> KnownContract:
        """The one contract a show name means. Raises CommandError."""
        for asked in contracts_of_show_name(exchange, show_name):
            if asked.right and not asked.strike:
                raise bad_params(ZERO_STRIKE)
            hits = await self.details(asked)
            if hits:
                return self._chosen(asked, hits, show_name)
        raise CommandError(errors.UNKNOWN_CONTRACT, f"TWS knows no contract {show_name} on {exchange}")

    def _chosen(self, asked: Contract, hits: list[KnownContract], name: str) -> KnownContract:
        hits = sorted(hits, key=_rank)
        chosen = choose(asked, [hit.contract for hit in hits], name)
        refuse_other(asked, chosen)
        return next(hit for hit in hits if hit.contract == chosen)

    async def by_id(self, con_id: int) -> KnownContract | None:
        """The contract of a conId alone, at home (positions and orders come without exchange); None when TWS knows none."""
        hits = await self.details(Contract(conId=con_id), own=True)
        if not hits:
            return None
        best = min(hits, key=_rank)
        return attrs.evolve(best, contract=best.home)

    def refresh(self, con_ids: Iterable[int]) -> None:
        """Ask anew for those in use that are a day old."""
        for con_id in set(con_ids):
            best = self._best.get(con_id)
            if self.client is not None and best is not None and not self._is_fresh(best):
                self.details(Contract(conId=con_id), own=True).addErrback(self._not_refreshed, con_id)

    def _not_refreshed(self, failure: Failure, con_id: int) -> None:
        self.log.warn("contract {con_id} is not refreshed: {error}", con_id=con_id, error=failure.getErrorMessage())


def _rank(known: KnownContract) -> tuple[bool, str]:
    """Which of one contract's rows speaks for it: the one on its home exchange, else the first by name; never by arrival."""
    return known.contract.exchange != known.home_exchange, known.contract.exchange


def _none_if_unknown(failure: Failure) -> list[Any]:
    """Code 200 is an answer: there is none. Any other is not."""
    error = failure.value
    if isinstance(error, TWSError):
        if error.code == codes.NO_SECURITY_DEFINITION:
            return []
        raise CommandError(errors.UNAVAILABLE, f"TWS refuses contract details: {error.code} {error.text}")
    failure.raiseException()
    return []
