"""The order id counter in Redis. It is kept ahead by BLOCK, so that most orders need no write of it; a restart starts above it
and leaves a gap, which TWS does not mind (tws-facts 4.3). Key in keys.py, described in docs/.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.model import keys as names
from ibgw_tx.orders.entry.ids import MAX_ORDER_ID, OrderIds, kept_from
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

#: Order ids that one write of the counter covers, and how many may be left before it is written again without being asked.
BLOCK = 100
LOW = 75


class IdCounter:
    """Keeps `ids` in Redis."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink, ids: OrderIds) -> None:
        self.ids = ids
        self._key = names.order_id_counter(name)
        self._redis = redis
        self._kept = 0
        self._asked = 0
        self._topping_up = False

    def restore(self, kept: bytes | None) -> None:
        """What a former life has kept; None: nothing."""
        try:
            self._kept = kept_from(kept.decode() if kept is not None else None)
        except ValueError as error:
            self.log.error("the order id counter in Redis is not usable: {error}", error=str(error))
        self.ids.was_kept(self._kept)

    def covers(self, count: int) -> bool:
        """Whether `count` ids can be given now: TWS has told where they begin, and Redis has them kept."""
        return self.ids.is_ready and self.ids.kept + count <= min(self._kept, self.ids.ceiling)

    async def cover(self, count: int) -> None:
        """Have `count` more ids kept before they are given; take them in the turn in which this returns. Raises RedisDown."""
        while min(self.ids.kept + count, MAX_ORDER_ID) > self._kept:
            # Others may take ids while Redis answers.
            await self.keep(count + BLOCK)

    def tick(self) -> None:
        """Once a second: no order shall have to wait for the next block. What Redis does not take is tried again."""
        left = self._kept - self.ids.kept
        if self.ids.is_ready and left < LOW and self._kept < MAX_ORDER_ID and self._redis.up and not self._topping_up:
            self._topping_up = True
            Deferred.fromCoroutine(self.keep(BLOCK)).addCallbacks(self._topped_up, self._not_topped_up)

    def _topped_up(self, _: None) -> None:
        self._topping_up = False

    def _not_topped_up(self, failure: Failure) -> None:
        self._topping_up = False
        self.log.debug("the order id counter is not kept ahead yet: {error}", error=failure.getErrorMessage())

    async def rewrite(self) -> None:
        """Redis may have lost it: what this life knows, ahead of what it will give. Raises RedisDown."""
        if self.ids.is_ready or self._kept or self.ids.kept:
            await self.keep(BLOCK if self.ids.is_ready else 0)

    async def keep(self, ahead: int) -> None:
        """Write the counter, `ahead` of what has been given. Raises RedisDown."""
        kept = self._asked = min(max(self._asked, self._kept, self.ids.kept + ahead), MAX_ORDER_ID)
        await self._redis.call("SET", self._key, kept)
        self._kept = max(self._kept, kept)
