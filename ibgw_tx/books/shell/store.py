"""The set of subscriptions on Redis: read once when Redis is first reached, written whole whenever it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.books import subscription as entries
from ibgw_tx.books.subscription import Subscription
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger


class Wanted(Protocol):
    """The subscriptions of one kind."""

    kind: str

    @property
    def wanted(self) -> Mapping[str, Subscription]: ...

    def restore(self, contract: Contract, lots: float | None) -> None: ...


class SubscriptionStore:
    """Keeps `IBGateway:{name}:subscriptions`. An entry nobody can read is logged and removed with the next whole write."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink) -> None:
        self._key = names.subscriptions(name)
        self._redis = redis
        self._loaded = False
        #: Redis has said what was subscribed in a former life, or that it does not.
        self.asked = False

    def keep(self, kind: str, subscription: Subscription) -> None:
        """One more."""
        self._redis.tell("HSET", self._key, *_entry(kind, subscription))

    def drop(self, kind: str, subscription: Subscription) -> None:
        """One less."""
        self._redis.tell("HDEL", self._key, entries.field(kind, subscription))

    def redis_up(self, *kinds: Wanted) -> Deferred[Any]:
        """First time: restore what is kept. Always: write what is wanted as a whole."""
        if self._loaded:
            return self._rewrite(*kinds)
        return self._redis.call("HGETALL", self._key).addCallbacks(self._read, self._unread, kinds)

    def _read(self, reply: list[bytes], *kinds: Wanted) -> Deferred[Any]:
        self._loaded = self.asked = True
        for value in reply[1::2]:
            try:
                kind, contract, lots = entries.read_entry(value)
            except ValueError as error:
                self.log.warn("subscription {value!r} is not restored: {error}", value=value[:300], error=str(error))
                continue
            for each in kinds:
                if kind == each.kind:
                    each.restore(contract, lots)
        count = sum(len(each.wanted) for each in kinds)
        if count:
            self.log.info("{count} subscribed books restored", count=count)
        return self._rewrite(*kinds)

    def _unread(self, failure: Failure) -> None:
        self.asked = True
        self.log.warn("subscriptions not read, trying again when Redis is back: {error}", error=failure.getErrorMessage())

    def _rewrite(self, *kinds: Wanted) -> Deferred[Any]:
        writes: list[tuple[str | bytes, ...]] = [("DEL", self._key)]
        for each in kinds:
            writes += [("HSET", self._key, *_entry(each.kind, wanted)) for wanted in each.wanted.values()]
        return self._redis.transaction(writes).addErrback(self._unread)


def _entry(kind: str, subscription: Subscription) -> tuple[str, bytes]:
    """Field and value of one subscription."""
    return entries.field(kind, subscription), entries.entry(kind, subscription)
