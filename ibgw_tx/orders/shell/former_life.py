"""Orders that a former life of the gateway was placing when it ended: whether they left, and what TWS says of them.

* Marked as left: an order that waits for its answer, like one of this life. TWS names it in the snapshot, or it is told Unknown.
* Not marked: its bytes never left, or the gateway died in the moment in which they did. The first complete answer of TWS decides:
  what it names has left, and is known; what it does not name never was an order, and its client_oid is free again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ibgw_tx.orders.cache.archive import Whereabouts
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.changes import Snapshot
from ibgw_tx.orders.shell.recall import Recall
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.unanswered import Record, Unanswered
from ibgw_tx.runtime.log import Logger

#: Fields of a snapshot that are looked at in one turn of the reactor, some ms.
SLICE = 2000


class FormerLife:
    """What is found in Redis of it, taken into each snapshot until it is settled."""

    log = Logger()

    def __init__(self, cache: OrderCache, recall: Recall, unanswered: Unanswered, reservations: Reservations) -> None:
        self._cache = cache
        self._recall = recall
        self._unanswered = unanswered
        self._reservations = reservations

    async def load(self) -> None:
        """Read it, once. Raises RedisDown."""
        await self._unanswered.load()

    async def seed(self, now: Callable[[], int]) -> None:
        """Before TWS is asked: the cache learns of the orders that have left. Raises what Redis fails with."""
        for record in self._unanswered.former:
            await self._recall.fetch(self._archived(record))
        for record in self._unanswered.former:
            if record.left:
                self._cache.own.sent_before(record.order_id, record.terms, record.client_oid, record.contract, record.t, now())

    def settle(self, snapshot: Snapshot) -> Iterator[None]:
        """The snapshot stands in Redis. In slices."""
        client_id, count = self._cache.client_id, 0
        for hash_ in snapshot.hashes.values():
            for order in hash_.values():
                if order["clientId"] == client_id and order["apiOrderId"]:
                    self._unanswered.answered((int(order["apiOrderId"]),))
                count += 1
                if not count % SLICE:
                    yield
        # What is known by its name only (TWS shows completed orders without their ids) is answered too.
        known = [each for each in self._unanswered.former if self._archived(each) or (not each.left and self._is_known(each))]
        self._unanswered.answered(each.order_id for each in known)
        # What has no name in Redis cannot be told.
        self._unanswered.drop(record.order_id for record in self._unanswered.former if record.left and record.market is None)

    async def give_back(self) -> None:
        """After `settle`: names of orders that never left are free again. Raises what Redis fails with.

        The record of each goes when Redis has given up its name, and not before: without both it would be taken for nothing.
        """
        never = self._never_left()
        orders: dict[str, set[int]] = {}
        for record in never:
            orders.setdefault(record.client_oid, set()).add(record.order_id)
        done = await self._reservations.release_of(orders)
        over = [record for record in never if record.client_oid in done]
        for record in over:
            self.log.info(
                "order {order_id} (client_oid {oid!r}) never left before the restart; its name is {whose}",
                order_id=record.order_id,
                oid=record.client_oid,
                whose="free" if done[record.client_oid] else "another order's",
            )
        self._unanswered.take_back(record.order_id for record in over)

    def _never_left(self) -> list[Record]:
        return [record for record in self._unanswered.former if not record.left and not self._is_known(record)]

    def _archived(self, record: Record) -> tuple[Whereabouts, ...]:
        """The orders that are over, and out of memory, that this may have been."""
        return self._cache.departures.absent_named(client_oid=record.client_oid)

    def _is_known(self, record: Record) -> bool:
        if self._archived(record):
            return True
        known = self._cache.orders.by_client_oid(record.client_oid) or self._cache.orders.by_api_id(record.order_id)
        return known is not None and known["clientId"] in (self._cache.client_id, None, 0)
