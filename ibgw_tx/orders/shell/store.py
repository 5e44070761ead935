"""The order cache on Redis (section 7): hashes, their marks of trust, the channel, the OMS lease.

Everything goes over the one command connection, in order: a hash has an order before the channel tells it, marks are gone
before anything else is said about a loss, and whole hashes stand before the flag. What is large goes in portions, so that
neither the reactor nor the connection's bound of unanswered commands is held by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.orders.cache.changes import OrderChanged, Place
from ibgw_tx.orders.shell.hash_guard import HashGuard
from ibgw_tx.orders.shell.hash_writer import Written
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.redis.shell.scan import scan
from ibgw_tx.runtime.log import Logger

#: Seconds a flag lives without its gateway.
LEASE = 10
#: The field that says that a hash can be trusted.
MARK = "t"
#: Commands that are sent before Redis' answer is waited for.
PORTION = 1000

_Words: TypeAlias = tuple[str | bytes, ...]


class OrderStore:
    """`places` are the hashes that stand in Redis, as far as known; `exchanges` those that get a flag.

    `marked`: marks may stand that nobody has taken away; `marks_left`: Redis has not confirmed that they are gone.
    """

    log = Logger()

    def __init__(
        self, name: str, redis: RedisLink, now_ms: Callable[[], int], also: Callable[[bytes], list[_Words]] = lambda order: []
    ) -> None:
        """`also` gives what goes to Redis beside the publishing of an order."""
        self._also = also
        self.places: set[Place] = set()
        self.exchanges: set[str] = set()
        self.marked = True
        self.marks_left = False
        self.name = name
        self.guard = HashGuard(redis)
        self._redis = redis
        self._now_ms = now_ms

    # Trust.

    async def clear_marks(self) -> None:
        """A former life may have left marks: nothing is trusted until this one says so."""
        flags = await scan(self._redis.call, names.oms_flag("*", self.name))
        hashes = await scan(self._redis.call, names.order_hash("*", self.name, "*"))
        commands: list[_Words] = [("DEL", *flags)] if flags else []
        commands += [("HDEL", key, MARK) for key in hashes if names.place_of(key, self.name) is not None]
        for portion in _cut(commands):
            await self._take_away(portion)

    def distrust(self, again: bool = False) -> None:
        """The flags and every hash's mark go, at once and together; `again`: because Redis did not take them away."""
        self.guard.end()
        commands: list[_Words] = []
        if self.exchanges:
            commands.append(("DEL", *(names.oms_flag(exchange, self.name) for exchange in self.exchanges)))
        commands += [("HDEL", names.order_hash(exchange, self.name, pair), MARK) for exchange, pair in self.places]
        if commands and self._redis.up and (self.marked or self.marks_left):
            if not self.marked and not again:
                return  # they are on their way already
            self.marked, self.marks_left = False, True
            self._take_away(commands).addCallbacks(self._marks_gone, lambda _: None)

    def _take_away(self, commands: list[_Words]) -> Deferred[Any]:
        """One write, and no transaction: a Redis without memory refuses whatever stands in one, even what frees memory."""
        gone = [self._redis.call(*words).addErrback(_unless_of_another_type) for words in commands]
        return DeferredList(gone, fireOnOneErrback=True, consumeErrors=True)

    def _marks_gone(self, _: Any) -> None:
        self.marks_left = False

    def renew_lease(self) -> None:
        """Every flag for another LEASE seconds."""
        self.marked = True
        self._redis.tell_all(
            ("SET", names.oms_flag(exchange, self.name), "1", "EX", LEASE) for exchange in self.exchanges
        )

    # Writing.

    def begin_snapshot(self, places: Iterable[Place]) -> None:
        """Marks are on their way to these hashes, which are brought up to date: whoever distrusts has to take them away."""
        self.marked, self.marks_left = True, False
        self.places.update(places)

    def stands(self, written: Written) -> None:
        """A snapshot stands in Redis."""
        self.places = (self.places - written.gone) | written.standing
        self.exchanges.update(exchange for exchange, _ in written.standing)
        self.guard.begin(names.order_hash(exchange, self.name, pair) for exchange, pair in written.standing)

    def mark(self) -> tuple[str, str]:
        """The field that says that a hash can be trusted, and its value now."""
        return MARK, str(self._now_ms())

    def write(self, changes: Iterable[OrderChanged], trusted: bool, refused: Callable[[Failure], None]) -> None:
        """Hash, then channel, for each change, in one write; marks and flags only while the cache is `trusted`.

        `refused` is called when Redis refuses any of it: a hash lacks a change from then on.
        """
        commands: list[_Words] = []
        mark = (MARK, str(self._now_ms())) if trusted else ()
        for change in changes:
            value = jsontext.dumps(change.order)
            if change.fields:
                self.places.add((change.exchange, change.pair))
                fields = [part for field in change.fields for part in (field, value)]
                key = names.order_hash(change.exchange, self.name, change.pair)
                commands.append(("HSET", key, *mark, *fields))
            if change.exchange not in self.exchanges and trusted:
                self.exchanges.add(change.exchange)
                commands.append(("SET", names.oms_flag(change.exchange, self.name), "1", "EX", str(LEASE)))
            if not change.quiet:
                commands += self.publication(change, value)
        self._redis.tell_all(commands, refused, self.guard.answered)

    def publication(self, change: OrderChanged, value: bytes) -> list[_Words]:
        """What tells a change."""
        return [("PUBLISH", names.order_channel(change.exchange, self.name), value), *self._also(value)]


def _unless_of_another_type(failure: Failure) -> None:
    """Somebody's key of another type has no mark."""
    if not str(failure.value).startswith("WRONGTYPE"):
        failure.raiseException()


def _cut(commands: list[_Words]) -> Iterator[list[_Words]]:
    for start in range(0, len(commands), PORTION):
        yield commands[start : start + PORTION]
