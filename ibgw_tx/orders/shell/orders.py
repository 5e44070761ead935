"""The shell around the order cache: what TWS says goes in, what the cache wants done is done.

Start-up and every return of TWS, of its link or of Redis: the marks of trust go first; then a snapshot is taken (snapshot.py),
only then do the flags stand, and from then on every change is written and published as it comes (outbox.py): `is_running`.
A change that Redis refuses makes the cache untrusted, and everything is taken anew.

Losing TWS or its link takes flags and marks away at once, before anything else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, FirstError, succeed
from twisted.python.failure import Failure

from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.model import events
from ibgw_tx.model.contract import BadName, Contract, exchange_of
from ibgw_tx.model.errors import SessionLost
from ibgw_tx.model.order_events import OrderError, OrderEvent
from ibgw_tx.model.trouble import Trouble
from ibgw_tx.orders.cache.cache import OrderCache, Phase
from ibgw_tx.orders.cache.changes import Change, NeedContract, NeedQuery, Note, OrderChanged
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.asking import RETRY_PAUSE, OrderQuestions
from ibgw_tx.orders.shell.doubts import Doubts
from ibgw_tx.orders.shell.executions import ExecutionWriter
from ibgw_tx.orders.shell.former_life import FormerLife
from ibgw_tx.orders.shell.inflow import Inflow
from ibgw_tx.orders.shell.order_log import EndLog
from ibgw_tx.orders.shell.outbox import Outbox
from ibgw_tx.orders.shell.recall import Recall
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.resolving import Resolver
from ibgw_tx.orders.shell.snapshot import SnapshotRun
from ibgw_tx.orders.shell.store import OrderStore
from ibgw_tx.orders.shell.unanswered import Unanswered
from ibgw_tx.redis.shell.connections import RedisError, ResponseError
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient


class Orders:
    """Feeds the cache and performs its changes."""

    log = Logger()

    def __init__(
        self,
        cache: OrderCache,
        ids: OrderIds,
        store: OrderStore,
        questions: OrderQuestions,
        contracts: Contracts,
        unanswered: Unanswered,
        reservations: Reservations,
        ends: EndLog,
        executions: ExecutionWriter,
        redis: RedisLink,
        clock: Clock,
        now_ms: Callable[[], int],
    ) -> None:
        self.cache = cache
        self.ids = ids
        self._store = store
        self._questions = questions
        self._redis = redis
        self._clock = clock
        self._now_ms = now_ms
        self._unanswered = unanswered
        self._ends = ends
        self._executions = executions
        self._recall = Recall(
            store.name, cache.departures, redis, lambda: self.is_running, lambda: questions.pause(0.0), now_ms
        )
        self._former = FormerLife(cache, self._recall, unanswered, reservations)
        store.guard.lost = self._begin_later
        self._outbox = Outbox(store, redis, self._write_refused, executions.flush)
        self._resolver = Resolver(contracts, questions, self._contract_known)
        self._doubts = Doubts(cache, questions, self._linked_client, self.perform, now_ms)
        self._inflow = Inflow(cache, self._recall, self._taken, self.turn_ended, self._begin_later, clock, now_ms)
        questions.is_clear = lambda: self._inflow.is_clear
        #: What keeps the orders from being written; that they are is the snapshot's line.
        self._trouble = Trouble()
        self._client: TWSClient | None = None
        self._linked = False
        self._snapshot = self._new_run()

    @property
    def is_running(self) -> bool:
        """Whether the cache can be trusted and stands in Redis."""
        return self._outbox.trusted and self.cache.phase is Phase.RUNNING

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
        self._executions.greeted(client.connection_time)
        self._resolver.link_up()
        self.cache.want_contracts_anew()
        self._begin()

    def link_down(self, session_lost: bool) -> None:
        """Nothing can be trusted: marks first."""
        self._linked = False
        self._distrust()
        self._resolver.link_down()
        if session_lost:
            self._client = None
            self._inflow.drop()
            self._questions.session_lost()
            self.cache.session_lost()

    def redis_up(self) -> Deferred[Any]:
        """Redis is back, perhaps with another memory: no mark of it counts, and everything is taken anew."""
        self._store.marked = True
        if self._linked:
            self._begin()
            return succeed(None)
        self._distrust()
        return Deferred.fromCoroutine(self._store.clear_marks())

    def redis_down(self) -> None:
        """Nothing can be written; it will be taken anew."""
        self._executions.redis_down()
        self._give_up()
        self._inflow.drop()

    def _linked_client(self) -> TWSClient | None:
        return self._client if self._linked else None

    def _give_up(self) -> None:
        """The snapshot and the question under way hold no more; what is not written yet is."""
        self._snapshot.give_up()
        self._doubts.give_up()
        self._outbox.distrust()

    def _distrust(self) -> None:
        self._give_up()
        self._questions.abandon()
        self._store.distrust()

    def _write_refused(self, failure: Failure) -> None:
        """Redis has not taken a change: its hash is behind, and must not be trusted."""
        if self._outbox.trusted:
            if self._trouble.begins(failure.getErrorMessage()):
                self._say_refused("an order", failure)
            self._begin_later()

    def _begin_later(self) -> None:
        self._distrust()
        self._clock.callLater(RETRY_PAUSE, self._begin_again, self._snapshot)

    # The snapshot.

    def _new_run(self) -> SnapshotRun:
        return SnapshotRun(
            self._store.name,
            self.cache,
            self.ids,
            self._store,
            self._outbox,
            self._inflow,
            self._questions,
            self._resolver,
            self._former,
            self._ends,
            self._redis,
            self._perform,
            self._now_ms,
        )

    def _begin(self) -> None:
        self._distrust()
        client = self._client
        assert client is not None
        run = self._snapshot = self._new_run()
        self._perform(self.cache.begin(self._now_ms()))
        if self._redis.up:
            Deferred.fromCoroutine(self._take(run, client)).addErrback(self._snapshot_failed, run)

    async def _take(self, run: SnapshotRun, client: TWSClient) -> None:
        await self._executions.loaded()
        await run.take(client)

    def _snapshot_failed(self, failure: Failure, run: SnapshotRun) -> None:
        if failure.check(SessionLost) or not run.wanted:
            return
        if self._redis.up:
            if self._trouble.begins(failure.getErrorMessage()):
                self._say_refused("the snapshot of orders", failure)
            self._clock.callLater(RETRY_PAUSE, self._begin_again, run)

    def _say_refused(self, what: str, failure: Failure) -> None:
        if isinstance(failure.value, FirstError):
            failure = failure.value.subFailure
        if failure.check(ResponseError):
            text = failure.getErrorMessage()
            self.log.warn("Redis refuses {what}: {text}; the orders are taken anew until it does not", what=what, text=text)
        elif failure.check(RedisError):
            self.log.warn("{what} waits for Redis: {text}; the orders are taken anew", what=what, text=failure.getErrorMessage())
        else:
            self.log.failure("{what} could not be written; the orders are taken anew", failure, what=what)

    def _begin_again(self, run: SnapshotRun) -> None:
        """Unless another one has begun, or Redis or the link has gone, since."""
        if run is self._snapshot and self._linked and self._redis.up:
            self._begin()

    # What TWS says.

    def take(self, event: OrderEvent) -> None:
        """One message about orders."""
        self._inflow.take(event)

    def then(self, end: Callable[[], None]) -> None:
        """Call it when every message before has been taken in: for the ends of lists."""
        self._inflow.then(end)

    def _taken(self, event: OrderEvent) -> None:
        self._perform(self.cache.apply(event, self._now_ms()))

    async def present(self, perm_id: str = "", api_id: int = 0, client_oids: Iterable[str] = ()) -> None:
        """Have the orders of these names in memory, before the cache is asked for them. Raises what Redis fails with."""
        departures = self.cache.departures
        absent = [*(departures.absent_named(perm_id, api_id) if perm_id or api_id else ())]
        for client_oid in client_oids:
            absent += departures.absent_named(client_oid=client_oid) if client_oid else ()
        if absent:
            await self._recall.fetch(dict.fromkeys(absent))

    def has(self, order_id: int) -> bool:
        """Whether an order of this client and session has that API id."""
        return self.cache.orders.knows_api_id(order_id)

    def noticed(self, notice: events.Notice) -> bool:
        """A code with an order's id; whether it was one."""
        if not self.has(notice.id):
            return False
        self.take(OrderError(notice.id, notice.code, notice.text, notice.more.get("reject")))
        return True

    def turn_ended(self) -> None:
        """One read from TWS has been taken in: what changed goes out, in one write."""
        self._outbox.flush()

    def perform(self, changes: Iterable[Change]) -> None:
        """Changes that came of something we did."""
        self._perform(changes)
        self._outbox.flush()

    def _perform(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if isinstance(change, OrderChanged):
                self._changed(change)
            elif isinstance(change, NeedContract):
                self._resolver.resolve(change)
            elif isinstance(change, NeedQuery):
                self._doubts.ask(change)
            elif isinstance(change, Note):
                self.log.info("orders: {text} {facts}", text=change.text, facts=change.facts)

    def _changed(self, change: OrderChanged) -> None:
        self._outbox.add(change)
        self._ends.told(change.order)
        if change.order["clientId"] == self.cache.client_id and change.order["apiOrderId"]:
            self._unanswered.answered([int(change.order["apiOrderId"])])

    def _contract_known(self, need: NeedContract, known: KnownContract | None) -> None:
        contract = None if known is None else known.contract
        self.perform(self.cache.contract_known(need.conId, contract, self._now_ms()))

    # Time.

    def tick(self) -> None:
        """Once a second: renew the lease, count the hashes, and see to what has waited too long."""
        self._unanswered.tick(self.is_running)
        self._executions.tick()
        if self.is_running:
            self._trouble.ends()
            self._store.renew_lease()
            self._store.guard.tick()
            if self._inflow.is_clear:  # what waits may be what is waited for
                self.perform(self.cache.due(self._now_ms()))
            self._recall.tick()
        elif self._store.marks_left and not self._outbox.held:
            self._store.distrust(again=True)
