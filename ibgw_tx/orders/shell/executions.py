"""Executions on Redis: the channel of fills, and what keeps each from being told twice.

An execution is published in one transaction with the record that it was: either both have happened or neither. What has been
told is read from Redis before anything is told (at the start, when Redis comes back, after a refusal); until then executions
wait in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.model.trouble import Trouble
from ibgw_tx.model.tws_time import offset_of
from ibgw_tx.orders.cache.executions import Executions, Telling
from ibgw_tx.orders.cache.told_executions import Kept
from ibgw_tx.redis.shell.link import RedisLink, Words
from ibgw_tx.runtime.log import Logger

#: Executions in one transaction.
PORTION = 500


class ExecutionWriter:
    """`also` gives what goes to Redis beside the publishing of an execution."""

    log = Logger()

    def __init__(
        self,
        name: str,
        executions: Executions,
        redis: RedisLink,
        now_ms: Callable[[], int],
        also: Callable[[bytes], Sequence[Words]] = lambda fill: (),
    ) -> None:
        self._channel, self._key = names.fills(name), names.executions(name)
        self._executions = executions
        self._redis = redis
        self._now_ms = now_ms
        self._also = also
        self._loaded = self._loading = False
        self._lost = 0  # how often what has reached Redis was not known any more
        self._trouble = Trouble()

    def greeted(self, tws_time: str) -> None:
        """The time in TWS's greeting: what its clock shows."""
        offset = offset_of(tws_time, self._now_ms())
        if offset is not None:
            self._executions.offset = offset

    async def loaded(self) -> None:
        """As `load`, but what Redis refuses here does not keep the orders back. Raises RedisDown."""
        try:
            if self._loaded:
                await self._sweep()
            else:
                await self.load()
        except RedisDown:
            raise
        except Exception:
            self._not_read(Failure())

    async def load(self) -> None:
        """Read what has been told, piece by piece, and let go what is old. Raises RedisDown."""
        if self._loaded or self._loading:
            return
        self._loading, lost = True, self._lost
        try:
            self._executions.begin_restore()
            await self._each(self._executions.restored)
            self._loaded = lost == self._lost
            if self._loaded:
                await self._sweep()
        finally:
            self._loading = False

    async def _sweep(self) -> None:
        """What is old goes."""
        since = self._executions.kept_since(self._now_ms())
        gone: list[str] = []
        if self._executions.kept.oldest() < since:
            await self._each(lambda key, kept: gone.append(key) if kept.t < since else None)
        for at in range(0, len(gone), PORTION):
            portion = gone[at : at + PORTION]
            self._redis.tell("HDEL", self._key, *portion)
            for key in portion:
                self._executions.forget(key)

    async def _each(self, take: Callable[[str, Kept], None]) -> None:
        """Every record that Redis has; one may come twice."""
        cursor: Any = b"0"
        while True:
            cursor, pairs = await self._redis.call("HSCAN", self._key, cursor, "COUNT", PORTION)
            for key, value in zip(pairs[::2], pairs[1::2], strict=True):
                kept = Kept.parsed(_json(value))
                if kept is not None:
                    take(key.decode(errors="replace"), kept)
            if cursor in (b"0", "0", 0):
                return

    def redis_down(self) -> None:
        """What has reached it is not known."""
        self._loaded = False
        self._lost += 1

    def flush(self) -> None:
        """Tell what there is to tell, hash and channel together. At the end of each read from TWS, mostly for nothing."""
        if not self._executions.due or not self._loaded or not self._redis.up:
            return
        told = self._executions.take(self._now_ms())
        for at in range(0, len(told), PORTION):
            portion = told[at : at + PORTION]
            self._redis.transaction(self._words(portion)).addCallbacks(self._written, self._failed, errbackArgs=(portion,))

    def _words(self, portion: Sequence[Telling]) -> list[Words]:
        fields: list[str | bytes] = []
        said: list[Words] = []
        for telling in portion:
            fields += [telling.key, jsontext.dumps(telling.record.written())]
            text = jsontext.dumps(telling.document)
            said += [("PUBLISH", self._channel, text), *self._also(text)]
        return [("HSET", self._key, *fields), *said]

    def _written(self, _: object) -> None:
        if self._trouble.ends():
            self.log.info("executions are told again")

    def _failed(self, failure: Failure, portion: Sequence[Telling]) -> None:
        """Redis went away, or refuses: read again what it has, then tell again what it has not."""
        self._loaded = False
        self._lost += 1
        self._executions.again(portion)
        if not failure.check(RedisDown) and self._trouble.begins(failure.getErrorMessage()):
            self.log.warn("executions wait, Redis refuses them: {error}", error=failure.getErrorMessage())

    def tick(self) -> None:
        """Once a second: after a refusal try again."""
        if self._loaded or not self._redis.up:
            return
        loaded = Deferred.fromCoroutine(self.load())
        loaded.addCallbacks(lambda _: self.flush(), self._not_read)

    def _not_read(self, failure: Failure) -> None:
        if self._redis.up and self._trouble.begins(failure.getErrorMessage()):
            self.log.warn("which executions were told cannot be read: {error}", error=failure.getErrorMessage())


def _json(value: bytes) -> object:
    try:
        return jsontext.loads(value)
    except ValueError:
        return None
