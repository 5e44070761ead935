"""One taking of the snapshot of orders: Redis' hashes are read, TWS is asked for everything, contracts are resolved, and the
hashes are written whole. A run that is given up on the way (the link or Redis is lost) does nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ibgw_tx.orders.cache.cache import OrderCache, Step
from ibgw_tx.orders.cache.changes import Change
from ibgw_tx.orders.cache.restore import api_ids
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.asking import RETRY_PAUSE, OrderQuestions
from ibgw_tx.orders.shell.former_life import FormerLife
from ibgw_tx.orders.shell.order_log import EndLog
from ibgw_tx.orders.shell.outbox import Outbox
from ibgw_tx.orders.shell.resolving import Resolver
from ibgw_tx.orders.shell.store import OrderStore
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient


class SnapshotRun:
    """`wanted` until it is given up; `perform` does what the cache wants done."""

    log = Logger()

    def __init__(
        self,
        cache: OrderCache,
        ids: OrderIds,
        store: OrderStore,
        outbox: Outbox,
        questions: OrderQuestions,
        resolver: Resolver,
        former: FormerLife,
        ends: EndLog,
        perform: Callable[[Iterable[Change]], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.wanted = True
        self._cache = cache
        self._ids = ids
        self._store = store
        self._outbox = outbox
        self._questions = questions
        self._resolver = resolver
        self._former = former
        self._ends = ends
        self._perform = perform
        self._now_ms = now_ms

    def give_up(self) -> None:
        """What it would write is no longer true."""
        self.wanted = False

    async def take(self, client: TWSClient) -> None:
        """Take it. Raises SessionLost, RedisDown and whatever Redis refuses with."""
        if self._cache.client_id == 0:
            client.bind_manual_orders()
        await self._store.clear_marks()
        values = await self._store.read()
        await self._former.load()
        if not self.wanted:
            return
        for order_id in api_ids(values):
            self._ids.saw(order_id)
        junk = self._cache.seed(values)
        self._former.seed(self._now_ms())
        if junk:
            self.log.warn("{count} values in the order hashes are no orders; hashes that also hold orders lose them", count=junk)
        asked_twice = False
        while self.wanted:
            if not self._cache.snapshot_ready:
                await self._advance(client)
            elif not asked_twice and self._cache.unheard:
                asked_twice = await self._ask_open_again(client)
            else:
                await self._settle()
                return

    async def _ask_open_again(self, client: TWSClient) -> bool:
        self._cache.list_again()
        complete = await self._questions.ask_open_again(client, self._cache.unheard)
        if not complete and self.wanted:
            await self._questions.pause(RETRY_PAUSE)
        return complete

    async def _advance(self, client: TWSClient) -> None:
        """One step of the question, or a wait for the contracts that are missing."""
        step = self._cache.step
        if step is None or step is Step.DONE:
            await self._resolver.answered()
            return
        complete = await self._questions.ask(client, step)
        if not self.wanted:
            return
        self._cache.answered(step, complete)
        if not complete:
            await self._questions.pause(RETRY_PAUSE)

    async def _settle(self) -> None:
        snapshot = self._cache.snapshot_done(self._now_ms())
        self._outbox.held = True
        self._perform(snapshot.needs)
        try:
            await self._store.write_snapshot(snapshot, lambda: self.wanted)
        finally:
            if self.wanted:
                self._outbox.held = False
        if not self.wanted:
            return
        self._outbox.trusted = True
        self._former.settle(snapshot)
        self._ends.snapshot_told(change.order for change in snapshot.changed)
        self._store.renew_lease()
        self._outbox.flush()
        self.log.info(
            "orders: {alive} alive, {recovered} differed from Redis, {removed} old ones removed",
            alive=self._cache.orders.open_count,
            recovered=len(snapshot.changed),
            removed=len(snapshot.removed),
        )
