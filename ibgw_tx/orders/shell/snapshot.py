"""One taking of the snapshot of orders: Redis' hashes are read, TWS is asked for everything, contracts are resolved, and the
hashes are brought up to date. A run that is given up on the way (the link or Redis is lost) does nothing more.

There may be days of orders in Redis and thousands that live: all of it is done in slices, between which others are served. What
TWS says meanwhile of orders waits while a slice must not be overtaken: while Redis is read, and while orders are settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ibgw_tx.model import keys as names
from ibgw_tx.orders.cache.cache import OrderCache, Step
from ibgw_tx.orders.cache.changes import Change, Place, Snapshot
from ibgw_tx.orders.cache.reading import Reading
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.asking import RETRY_PAUSE, OrderQuestions
from ibgw_tx.orders.shell.former_life import FormerLife
from ibgw_tx.orders.shell.hash_reader import HashReader
from ibgw_tx.orders.shell.hash_writer import FIELDS, HashWriter, Written
from ibgw_tx.orders.shell.inflow import Inflow
from ibgw_tx.orders.shell.order_log import EndLog
from ibgw_tx.orders.shell.outbox import Outbox
from ibgw_tx.orders.shell.resolving import Resolver
from ibgw_tx.orders.shell.store import OrderStore
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.garbage import spare_newcomers
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient

#: Values of hashes that are parsed in one turn of the reactor.
SLICE = 100


class SnapshotRun:
    """`wanted` until it is given up; `perform` does what the cache wants done."""

    log = Logger()

    def __init__(
        self,
        name: str,
        cache: OrderCache,
        ids: OrderIds,
        store: OrderStore,
        outbox: Outbox,
        inflow: Inflow,
        questions: OrderQuestions,
        resolver: Resolver,
        former: FormerLife,
        ends: EndLog,
        redis: RedisLink,
        perform: Callable[[Iterable[Change]], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.wanted = True
        self._name = name
        self._cache = cache
        self._ids = ids
        self._store = store
        self._outbox = outbox
        self._inflow = inflow
        self._questions = questions
        self._resolver = resolver
        self._former = former
        self._ends = ends
        self._redis = redis
        self._perform = perform
        self._now_ms = now_ms
        self._reader = HashReader(name, redis, inflow.pause)
        self._writer = HashWriter(name, redis, store.publication, store.mark, inflow.pause)

    def give_up(self) -> None:
        """What it would write is no longer true."""
        self.wanted = False
        self._inflow.release(self)

    async def take(self, client: TWSClient) -> None:
        """Take it. Raises SessionLost, RedisDown and whatever Redis refuses with."""
        if self._cache.client_id == 0:
            client.bind_manual_orders()
        await self._store.clear_marks()
        if not self.wanted:
            return
        self._inflow.hold(self)
        try:
            reading = await self._read()
        finally:
            self._inflow.release(self)
        asked_twice = False
        while self.wanted:
            if not self._cache.snapshot_ready:
                await self._advance(client)
            elif not asked_twice and self._cache.unheard:
                asked_twice = await self._ask_open_again(client)
            else:
                await self._settle(reading)
                return

    async def _read(self) -> Reading:
        """What Redis has goes into cache and archive."""
        reading = self._cache.reading(self._ids.saw, self._now_ms())
        await self._reader.read(reading, self._store.places.add, lambda: self.wanted)
        await self._former.load()
        if not self.wanted:
            return reading
        is_much = len(reading.texts) > SLICE
        await self._pause_if(is_much)
        seeding = self._cache.begin_seed()
        for at in range(0, len(reading.texts), SLICE):
            seeding.read(reading.texts[at : at + SLICE])
            await self._pause_if(is_much)
        while self.wanted and self._cache.take_seed(seeding):
            await self._pause_if(is_much)
        if not self.wanted:
            return reading
        reading.texts.clear()
        for _ in self._cache.departures.renew(reading.archive):
            await self._inflow.pause()
        await self._former.seed(self._now_ms)
        if seeding.junk:
            text = "{count} values in the order hashes are no orders; hashes that also hold orders lose them"
            self.log.warn(text, count=seeding.junk)
        return reading

    async def _pause_if(self, is_much: bool) -> None:
        if is_much:
            await self._inflow.pause()

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

    async def _settle(self, reading: Reading) -> None:
        """Nothing goes out, and no message is taken in, before every order is settled; then what is found is written."""
        self._outbox.held = True
        try:
            self._inflow.hold(self)
            snapshot = await self._settled()
            self._inflow.release(self)
            if snapshot is None:
                return
            gone, old = await self._gone(snapshot, reading)
            self._store.begin_snapshot(snapshot.hashes)
            archive = self._cache.departures.archive
            written = await self._writer.write(snapshot, reading, gone, archive, lambda: self.wanted)
            if written is not None:
                await self._note(snapshot)
        finally:
            self._inflow.release(self)
            if self.wanted:
                self._outbox.held = False
        if self.wanted and written is not None:
            self._stands(snapshot, written, old)

    async def _note(self, snapshot: Snapshot) -> None:
        """It is in Redis: what follows from it elsewhere, in slices; nothing of it goes out yet."""
        for _ in self._former.settle(snapshot):
            await self._inflow.pause()
        await self._former.give_back()
        for _ in self._ends.snapshot_told(change.order for change in snapshot.changed):
            await self._inflow.pause()

    def _stands(self, snapshot: Snapshot, written: Written, old: int) -> None:
        """From now on the flags stand."""
        self._store.stands(written)
        spare_newcomers()
        self._outbox.trusted = True
        self._store.renew_lease()
        self._outbox.flush()
        self.log.info(
            "orders: {alive} alive, {recovered} differed from Redis, {removed} old ones removed",
            alive=self._cache.orders.open_count,
            recovered=len(snapshot.changed),
            removed=len(snapshot.removed) + old,
        )

    async def _settled(self) -> Snapshot | None:
        """Every order settled, and what is to be written; None: it is not wanted any more."""
        settling = self._cache.settle(self._now_ms())
        while self.wanted:
            try:
                next(settling)
            except StopIteration as end:
                snapshot: Snapshot = end.value
                self._perform(snapshot.needs)
                return snapshot
            await self._inflow.pause()
        return None

    async def _gone(self, snapshot: Snapshot, reading: Reading) -> tuple[dict[Place, list[str]], int]:
        """The fields of orders that are too old, and how many are not in memory; the archive has them no more."""
        archive = self._cache.departures.archive
        gone: dict[Place, list[str]] = {}
        remains: list[str] = []
        for order in snapshot.removed:
            place, name = (order["market"], order["pair"]), order["client_oid"]
            remains.append(order["i"] or name)
            orders = snapshot.hashes.get(place, {})
            fields = [field for field in (order["i"], name) if field and field not in orders]
            gone.setdefault(place, []).extend(field for field in fields if field == order["i"] or not archive.has_ref(field))
        count = 0
        for old in list(reading.old()):
            archive.drop(old.number)
            gone.setdefault(old.place, []).extend(old.fields)
            remains.append(old.fields[0])
            count += 1
            await self._pause_if(not count % FIELDS)
        for at in range(0, len(remains), FIELDS):
            self._redis.tell("HDEL", names.remains(self._name), *remains[at : at + FIELDS])
        return gone, count
