"""The order hashes of Redis, read in slices before a snapshot: never a whole hash at once, which may hold days of orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.cache.changes import Place
from ibgw_tx.orders.cache.reading import Reading
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.redis.shell.scan import scan
from ibgw_tx.runtime.log import Logger

#: Fields of a hash in one reply: some 300 kB, and 2 ms of work.
COUNT = 400
#: The field that says that a hash can be trusted.
MARK = b"t"


class HashReader:
    """`read` gives everything to a Reading."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink, pause: Callable[[], Deferred[None]]) -> None:
        """`pause` lets others be served."""
        self._name = name
        self._redis = redis
        self._pause = pause

    async def read(self, reading: Reading, found: Callable[[Place], None], go_on: Callable[[], bool]) -> None:
        """Every field of every hash of this gateway but the marks, until `go_on` says no; `found` is told of each hash.

        Raises RedisDown, and what Redis fails with while it goes away.
        """
        for key in await scan(self._redis.call, names.order_hash("*", self._name, "*")):
            place = names.place_of(key, self._name)
            if place is None:
                continue
            found(place)
            try:
                if not await self._read(key, place, reading, go_on):
                    return
            except RedisDown:
                raise
            except Exception as error:
                if not self._redis.up or not str(error).startswith("WRONGTYPE"):
                    raise
                # Somebody's key of another type: it must not keep all orders back.
                reading.is_none()
                self.log.info("{key} is no order hash: {error}", key=key, error=str(error))

    async def _read(self, key: str, place: Place, reading: Reading, go_on: Callable[[], bool]) -> bool:
        reading.begin(place)
        while True:
            if not await self._scan(key, reading, go_on):
                return False
            ending = reading.end()
            while True:
                try:
                    next(ending)
                except StopIteration as end:
                    if not end.value:
                        return True
                    break
                await self._pause()
                if not go_on():
                    return False

    async def _scan(self, key: str, reading: Reading, go_on: Callable[[], bool]) -> bool:
        """All its fields once. Redis makes the next portion ready while one is worked on."""
        asked = self._ask(key, b"0")
        try:
            while True:
                cursor, pairs = await asked
                if not go_on():
                    return False
                is_last = cursor in (b"0", "0", 0)
                if not is_last:
                    asked = self._ask(key, cursor)
                for field, value in zip(pairs[::2], pairs[1::2], strict=True):
                    if field != MARK:
                        reading.take(field, value)
                if is_last:
                    return True
        finally:
            # Nobody waits for it when this has ended before.
            asked.addErrback(lambda _: None)

    def _ask(self, key: str, cursor: Any) -> Deferred[Any]:
        asked: Deferred[Any] = self._redis.call("HSCAN", key, cursor, "COUNT", COUNT)
        return asked
