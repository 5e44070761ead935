"""The set of subscriptions on Redis: read once when Redis is first reached, written whole whenever it comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.books import subscription as subscriptions
from ibgw_tx.model import keys as names
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

if TYPE_CHECKING:
    from ibgw_tx.books.shell.depth import DepthDesk
    from ibgw_tx.books.subscription import Subscription


class SubscriptionStore:
    """Keeps `IBGateway:{name}:subscriptions`. An entry nobody can read is logged and removed with the next whole write."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink) -> None:
        self._key = names.subscriptions(name)
        self._redis = redis
        self._loaded = False

    def keep(self, kind: str, subscription: Subscription) -> None:
        """One more."""
        self._redis.tell("HSET", self._key, *_entry(kind, subscription))

    def drop(self, kind: str, subscription: Subscription) -> None:
        """One less."""
        self._redis.tell("HDEL", self._key, subscriptions.field(kind, subscription.book.channel))

    def redis_up(self, *desks: DepthDesk) -> Deferred[Any]:
        """First time: restore what is kept. Always: write what is wanted as a whole."""
        if self._loaded:
            return self._rewrite(*desks)
        return self._redis.call("HGETALL", self._key).addCallbacks(self._read, self._unread, desks)

    def _read(self, reply: list[bytes], *desks: DepthDesk) -> Deferred[Any]:
        self._loaded = True
        for value in reply[1::2]:
            try:
                kind, contract, factor = subscriptions.read_entry(value)
            except ValueError as error:
                self.log.warn("subscription {value!r} is not restored: {error}", value=value[:300], error=str(error))
                continue
            for desk in desks:
                if kind == desk.KIND:
                    desk.restore(contract, factor)
        count = sum(len(desk.wanted) for desk in desks)
        if count:
            self.log.info("{count} subscribed books restored", count=count)
        return self._rewrite(*desks)

    def _unread(self, failure: Failure) -> None:
        self.log.warn("subscriptions not read, trying again when Redis is back: {error}", error=failure.getErrorMessage())

    def _rewrite(self, *desks: DepthDesk) -> Deferred[Any]:
        writes: list[tuple[str | bytes, ...]] = [("DEL", self._key)]
        for desk in desks:
            writes += [("HSET", self._key, *_entry(desk.KIND, each)) for each in desk.wanted.values()]
        return self._redis.transaction(writes).addErrback(self._unread)


def _entry(kind: str, subscription: Subscription) -> tuple[str, bytes]:
    """Field and value of one subscription."""
    book = subscription.book
    return subscriptions.field(kind, book.channel), subscriptions.entry(kind, subscription.contract, book.factor)
