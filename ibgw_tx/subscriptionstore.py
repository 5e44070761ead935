"""The set of subscriptions on Redis: read once when Redis is first reached, written whole whenever it comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx import names, subscriptions
from ibgw_tx.log import Logger
from ibgw_tx.redislink import RedisLink

if TYPE_CHECKING:
    from ibgw_tx.depthdesk import DepthDesk, Subscription


class SubscriptionStore:
    """Keeps `IBGateway:{name}:subscriptions`. An entry nobody can read is logged and removed with the next whole write."""

    log = Logger()

    def __init__(self, name: str, link: RedisLink) -> None:
        self._key = names.subscriptions(name)
        self._link = link
        self._loaded = False

    def keep(self, subscription: Subscription) -> None:
        """One more."""
        book = subscription.book
        value = subscriptions.entry(subscriptions.DEPTH, subscription.contract, book.factor)
        self._link.tell("HSET", self._key, book.channel, value)

    def drop(self, subscription: Subscription) -> None:
        """One less."""
        self._link.tell("HDEL", self._key, subscription.book.channel)

    def redis_up(self, depth: DepthDesk) -> Deferred[Any]:
        """First time: restore what is kept. Always: write what is wanted as a whole."""
        if self._loaded:
            return self._rewrite(depth)
        return self._link.call("HGETALL", self._key).addCallbacks(self._read, self._unread, (depth,))

    def _read(self, reply: list[bytes], depth: DepthDesk) -> Deferred[Any]:
        self._loaded = True
        for value in reply[1::2]:
            try:
                kind, contract, factor = subscriptions.read_entry(value)
            except ValueError as error:
                self.log.warn("subscription {value!r} is not restored: {error}", value=value[:300], error=str(error))
                continue
            if kind == subscriptions.DEPTH:
                depth.restore(contract, factor)
        if depth.wanted:
            self.log.info("{count} subscribed books restored", count=len(depth.wanted))
        return self._rewrite(depth)

    def _unread(self, failure: Failure) -> None:
        self.log.warn("subscriptions not read, trying again when Redis is back: {error}", error=failure.getErrorMessage())

    def _rewrite(self, depth: DepthDesk) -> Deferred[Any]:
        writes: list[tuple[str | bytes, ...]] = [("DEL", self._key)]
        for subscription in depth.wanted.values():
            value = subscriptions.entry(subscriptions.DEPTH, subscription.contract, subscription.book.factor)
            writes.append(("HSET", self._key, subscription.book.channel, value))
        return self._link.transaction(writes).addErrback(self._unread)
