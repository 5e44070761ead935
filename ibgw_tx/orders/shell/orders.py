"""The shell around the order cache (oms.py): what TWS says goes in, what the cache wants done is done.

Start-up and every return of TWS, of its link or of Redis: the marks of trust go first; then Redis' hashes are read, TWS is asked
for everything (orderasking.py), contracts are resolved, and the hashes are written whole; only then do the flags stand, and from
then on every change is written and published as it comes. `is_running` says so. What changes while the hashes are on their way is
held back until Redis has confirmed them. A change that Redis refuses makes the cache untrusted, and everything is taken anew.

Losing TWS or its link takes flags and marks away at once, before anything else is said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import ContractDesk
from ibgw_tx.model import events
from ibgw_tx.model.contract import BadName, Contract, exchange_of
from ibgw_tx.model.errors import PacingFull, RequestTimeout, SessionLost
from ibgw_tx.model.order_events import OrderError, OrderEvent
from ibgw_tx.orders.cache.cache import OrderCache, Phase, Step
from ibgw_tx.orders.cache.changes import Change, NeedContract, NeedQuery, Note, OrderChanged
from ibgw_tx.orders.shell.asking import OrderAsking
from ibgw_tx.orders.shell.store import OMSStore
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient

#: Seconds between a step that was not answered and its next try.
RETRY_PAUSE = 2.0
#: Seconds between two questions because of single orders: an order in doubt may wait so long, TWS's patience is spared.
QUERY_PAUSE = 3.0
#: Contracts that are being asked for at a time: each has its limit from when it is asked, not from when it is wanted.
MAX_RESOLVING = 30
#: How often a contract is asked for before its orders go by what they say themselves.
RESOLVE_TRIES = 3
#: Echoes kept before those of orders that are over are thrown away.
_ECHOES = 2000


class OrderDesk:
    """Feeds the cache and performs its changes."""

    log = Logger()

    def __init__(
        self,
        cache: OrderCache,
        store: OMSStore,
        asking: OrderAsking,
        contracts: ContractDesk,
        link: RedisLink,
        clock: Clock,
        now_ms: Callable[[], int],
    ) -> None:
        self.cache = cache
        self.echoes: dict[int, events.OrderEcho] = {}
        self._store = store
        self._asking = asking
        self._contracts = contracts
        self._link = link
        self._clock = clock
        self._now_ms = now_ms
        self._client: TWSClient | None = None
        self._linked = False
        self._run = 0
        self._written = False
        #: The hashes are on their way: changes wait for them.
        self._holding = False
        self._changes: list[OrderChanged] = []
        self._unresolved: deque[NeedContract] = deque()
        self._resolving = 0
        self._echoes_at_most = _ECHOES
        self._questioning = False
        self._question_wanted = ""
        self._resolved: Callable[[], None] = lambda: None
        store.refused = self._write_refused

    @property
    def is_running(self) -> bool:
        """Whether the cache can be trusted and stands in Redis."""
        return self._written and self.cache.phase is Phase.RUNNING

    def knows(self, contract: Contract) -> None:
        """A contract of the gateway's: its exchange gets a flag too."""
        try:
            self._store.exchanges.add(exchange_of(contract))
        except BadName:
            return

    # The link.

    def link_up(self, client: TWSClient) -> None:
        """TWS is there, or its link to IB again: take everything anew."""
        self._client, self._linked = client, True
        self._begin()

    def link_down(self, session_lost: bool) -> None:
        """Nothing can be trusted: marks first."""
        self._linked = False
        self._stop()
        if session_lost:
            self._client = None
            self.echoes.clear()
            self._unresolved.clear()
            self._asking.session_lost()
            self.cache.session_lost()

    def _stop(self) -> None:
        self.redis_down()
        self._asking.abandon()
        self._store.distrust()

    def redis_up(self) -> Deferred[Any]:
        """Redis is back, perhaps with another memory: no mark of it counts, and everything is taken anew."""
        self._store.marked = True
        if self._linked:
            self._begin()
            return Deferred.fromCoroutine(_nothing())
        self._stop()
        return Deferred.fromCoroutine(self._store.clear_marks())

    def redis_down(self) -> None:
        """Nothing can be written; it will be taken anew."""
        self._run += 1
        self._written = self._holding = False
        self._changes.clear()

    def _write_refused(self, failure: Failure) -> None:
        """Redis has not taken a change: its hash is behind, and must not be trusted."""
        if self._written:
            self.log.failure("Redis refuses an order; the orders are taken anew", failure)
            self._stop()
            self._clock.callLater(RETRY_PAUSE, self._again, self._run)

    # The snapshot.

    def _begin(self) -> None:
        self._stop()
        client = self._client
        assert client is not None
        self._perform(self.cache.begin(self._now_ms()))
        if self._link.up:
            snapshot = Deferred.fromCoroutine(self._take_snapshot(client, self._run))
            snapshot.addErrback(self._snapshot_failed, self._run)

    async def _take_snapshot(self, client: TWSClient, run: int) -> None:
        if self.cache.client_id == 0:
            client.bind_manual_orders()
        await self._store.clear_marks()
        values = await self._store.read()
        if run != self._run:
            return
        junk = self.cache.seed(values)
        if junk:
            self.log.warn("{count} values in the order hashes are no orders; hashes that also hold orders lose them", count=junk)
        asked_twice = False
        while run == self._run:
            if not self.cache.snapshot_ready:
                await self._advance(client, run)
            elif not asked_twice and self.cache.unheard:
                asked_twice = await self._ask_open_again(client, run)
            else:
                await self._settle(run)
                return

    async def _ask_open_again(self, client: TWSClient, run: int) -> bool:
        """Before a living order is called lost: openOrderEnd has no request id, so it may have ended another list than ours."""
        self.log.info("TWS has not named {count} living orders; asking for them once more", count=self.cache.unheard)
        complete = await self._asking.ask(client, Step.OPEN)
        if not complete and run == self._run:
            await self._asking.pause(RETRY_PAUSE)
        return complete

    async def _advance(self, client: TWSClient, run: int) -> None:
        """One step of the question, or a wait for the contracts that are missing."""
        step = self.cache.step
        if step is None or step is Step.DONE:
            resolved: Deferred[None] = Deferred()
            self._resolved = lambda: None if resolved.called else resolved.callback(None)
            await resolved
            return
        complete = await self._asking.ask(client, step)
        if run != self._run:
            return
        self.cache.answered(step, complete)
        if not complete:
            await self._asking.pause(RETRY_PAUSE)

    async def _settle(self, run: int) -> None:
        snapshot = self.cache.snapshot_done(self._now_ms())
        self._holding = True
        self._perform(snapshot.needs)
        try:
            await self._store.write_snapshot(snapshot, lambda: run == self._run)
        finally:
            if run == self._run:
                self._holding = False
        if run != self._run:
            return
        self._written = True
        self._store.renew_lease()
        self.turn_ended()
        self.log.info(
            "orders: {alive} alive, {recovered} differed from Redis, {removed} old ones removed",
            alive=self.cache.open_count,
            recovered=len(snapshot.changed),
            removed=len(snapshot.removed),
        )

    def _snapshot_failed(self, failure: Failure, run: int) -> None:
        if failure.check(SessionLost) or run != self._run:
            return
        if self._link.up:
            self.log.failure("the snapshot of orders failed; taking it again", failure)
            self._clock.callLater(RETRY_PAUSE, self._again, run)

    def _again(self, run: int) -> None:
        if run == self._run and self._linked:
            self._begin()

    # What TWS says.

    def take(self, event: OrderEvent) -> None:
        """One message about orders."""
        self._perform(self.cache.apply(event, self._now_ms()))

    def echo(self, event: events.OrderEcho) -> None:
        """How TWS shows an order of ours."""
        if event.client_id != self.cache.client_id:
            return
        self.echoes[event.order_id] = event
        if len(self.echoes) > self._echoes_at_most:
            self.echoes = {order_id: each for order_id, each in self.echoes.items() if self.cache.is_open(order_id)}
            self._echoes_at_most = max(_ECHOES, 2 * len(self.echoes))

    def has(self, order_id: int) -> bool:
        """Whether an order of this client and session has that API id."""
        return self.cache.by_api_id(order_id) is not None

    def noticed(self, notice: events.Notice) -> bool:
        """A code with an order's id; whether it was one."""
        if not self.has(notice.id):
            return False
        self.take(OrderError(notice.id, notice.code, notice.text))
        return True

    def turn_ended(self) -> None:
        """One read from TWS has been taken in: what changed goes out, in one write.

        While TWS's link to IB is down a late fill is told too, but nothing marks its hash as trusted. While Redis is away
        nothing is kept: the next snapshot finds what differs.
        """
        if self._changes and not self._holding:
            changes, self._changes = self._changes, []
            if self._link.up:
                self._store.write(changes, trusted=self._written)

    def perform(self, changes: tuple[Change, ...]) -> None:
        """Changes that came of something we did."""
        self._perform(changes)
        self.turn_ended()

    def _perform(self, changes: Any) -> None:
        for change in changes:
            if isinstance(change, OrderChanged):
                self._changes.append(change)
            elif isinstance(change, NeedContract):
                self._resolve(change)
            elif isinstance(change, NeedQuery):
                self._question(change)
            elif isinstance(change, Note):
                self.log.info("{text} {facts}", text=change.text, facts=change.facts)

    # Contracts.

    def _resolve(self, need: NeedContract) -> None:
        self._unresolved.append(need)
        if self._resolving < MAX_RESOLVING:
            self._resolving += 1
            Deferred.fromCoroutine(self._resolve_all()).addErrback(
                lambda failure: self.log.failure("contracts of orders are not resolved", failure)
            )

    async def _resolve_all(self) -> None:
        try:
            while self._unresolved:
                await self._resolve_one(self._unresolved.popleft())
        finally:
            self._resolving -= 1

    async def _resolve_one(self, need: NeedContract) -> None:
        """By TWS's answer; only when it gives none for too long the order is told with what it says of its contract itself."""
        tries = 0
        while True:
            try:
                known = await self._contracts.by_id(need.conId)
            except (RequestTimeout, PacingFull) as error:
                tries += 1
                if tries >= RESOLVE_TRIES:
                    self._unknown(error, need)
                    return
                await self._asking.pause(RETRY_PAUSE)
                if self._client is None:
                    return
            except Exception as error:
                self._unknown(error, need)
                return
            else:
                self._known(known, need)
                return

    def _known(self, known: KnownContract | None, need: NeedContract) -> None:
        contract = None if known is None else known.contract
        self.perform(self.cache.contract_known(need.conId, contract, self._now_ms()))
        self._resolved()

    def _unknown(self, error: Exception, need: NeedContract) -> None:
        if self._client is None:
            return
        self.log.warn(
            "an order's contract {con_id} goes by what the order says: {error}", con_id=need.conId, error=str(error)
        )
        self._known(None, need)

    # Single orders in doubt.

    def _question(self, need: NeedQuery) -> None:
        self.log.info(
            "asking TWS about order {order_id} (permId {perm_id}): {reason}",
            order_id=need.order["apiOrderId"],
            perm_id=need.order["i"],
            reason=need.reason,
        )
        self._question_wanted = need.reason
        if not self._questioning:
            self._questioning = True
            asked = Deferred.fromCoroutine(self._ask_again())
            asked.addErrback(self._not_asked)

    async def _ask_again(self) -> None:
        try:
            while self._question_wanted and self._linked and self._client is not None and self.cache.phase is Phase.RUNNING:
                self._question_wanted = ""
                await self._ask_all(self._client, self._run)
                await self._asking.pause(QUERY_PAUSE)
        finally:
            self._questioning = False

    async def _ask_all(self, client: TWSClient, run: int) -> None:
        self.cache.query_begin(self._now_ms())
        for step in (Step.OPEN, Step.COMPLETED, Step.EXECUTIONS):
            complete = await self._asking.ask(client, step)
            if run != self._run:
                return
            self.cache.answered(step, complete)
            if not complete:
                break
        if self.cache.step is Step.DONE and self.cache.unheard:
            complete = await self._ask_open_again(client, run)
            if run != self._run:
                return
            if not complete:
                # Nothing may be concluded: the cache keeps the question's orders in doubt.
                self.cache.query_failed()
                return
        self.perform(self.cache.query_done(self._now_ms()))

    def _not_asked(self, failure: Failure) -> None:
        if not failure.check(SessionLost):
            self.log.failure("the question about orders failed", failure)

    # Time.

    def tick(self) -> None:
        """Once a second: renew the lease, and see to what has waited too long."""
        if self.is_running:
            self._store.renew_lease()
            self.perform(self.cache.due(self._now_ms()))
        elif self._store.marks_left and not self._holding:
            self._store.distrust(again=True)


async def _nothing() -> None:
    """Done already."""
