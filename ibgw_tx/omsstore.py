"""The order cache on Redis (section 7): hashes, their marks of trust, the channel, the OMS lease.

Everything goes over the one command connection, in order: a hash has an order before the channel tells it, marks are gone
before anything else is said about a loss, and whole hashes stand before the flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList

from ibgw_tx import jsontext, names
from ibgw_tx.log import Logger
from ibgw_tx.orderchanges import OrderChanged, Place, Snapshot
from ibgw_tx.redislink import RedisLink

#: Seconds a flag lives without its gateway.
LEASE = 10
#: The field that says that a hash can be trusted.
MARK = "t"
_SCAN_COUNT = 1000


class OMSStore:
    """`places` are the hashes that stand in Redis, as far as known; `exchanges` those that get a flag."""

    log = Logger()

    def __init__(self, name: str, link: RedisLink, now_ms: Callable[[], int]) -> None:
        self.places: set[Place] = set()
        self.exchanges: set[str] = set()
        self._name = name
        self._link = link
        self._now_ms = now_ms

    # Reading.

    async def read(self) -> list[Any]:
        """Every value of every hash of this gateway but the marks, parsed (None: no JSON); notes which hashes there are."""
        values: list[Any] = []
        for key in await self._scan(names.order_hash("*", self._name, "*")):
            place = names.place_of(key, self._name)
            if place is None:
                continue
            self.places.add(place)
            reply = await self._link.call("HGETALL", key)
            pairs = zip(reply[::2], reply[1::2], strict=True)
            values += [_parsed(value) for field, value in pairs if field != MARK.encode()]
        return values

    async def _scan(self, pattern: str) -> list[str]:
        found: dict[str, None] = {}
        cursor: Any = b"0"
        while True:
            cursor, keys = await self._link.call("SCAN", cursor, "MATCH", pattern, "COUNT", _SCAN_COUNT)
            found.update((key.decode(errors="replace"), None) for key in keys)
            if cursor in (b"0", "0", 0):
                return list(found)

    # Trust.

    async def clear_marks(self) -> None:
        """A former life may have left marks: nothing is trusted until this one says so."""
        flags = await self._scan(names.oms_flag("*", self._name))
        hashes = await self._scan(names.order_hash("*", self._name, "*"))
        commands: list[tuple[str, ...]] = [("DEL", *flags)] if flags else []
        commands += [("HDEL", key, MARK) for key in hashes]
        if commands:
            await self._link.transaction(commands)

    def distrust(self) -> None:
        """The flags and every hash's mark go, at once and together."""
        commands: list[tuple[str, ...]] = []
        if self.exchanges:
            commands.append(("DEL", *(names.oms_flag(exchange, self._name) for exchange in self.exchanges)))
        commands += [("HDEL", names.order_hash(exchange, self._name, pair), MARK) for exchange, pair in self.places]
        if commands and self._link.up:
            self._link.transaction(commands).addErrback(lambda _: None)

    def renew_lease(self) -> None:
        """Every flag for another LEASE seconds."""
        self._link.tell_all(
            ("SET", names.oms_flag(exchange, self._name), "1", "EX", LEASE) for exchange in self.exchanges
        )

    # Writing.

    def write_snapshot(self, snapshot: Snapshot) -> Deferred[Any]:
        """Each hash whole in one transaction, then what differs is published; fires when Redis has confirmed the hashes."""
        now = str(self._now_ms())
        written = []
        for (exchange, pair), orders in snapshot.hashes.items():
            key = names.order_hash(exchange, self._name, pair)
            commands: list[tuple[str | bytes, ...]] = [("DEL", key)]
            if orders:
                fields = [part for field, order in orders.items() for part in (field, jsontext.dumps(order))]
                commands.append(("HSET", key, MARK, now, *fields))
                self.places.add((exchange, pair))
                self.exchanges.add(exchange)
            else:
                self.places.discard((exchange, pair))
            written.append(self._link.transaction(commands))
        self._link.tell_all(self._publish(change, jsontext.dumps(change.order)) for change in snapshot.changed)
        return DeferredList(written, fireOnOneErrback=True, consumeErrors=True)

    def write(self, changes: Iterable[OrderChanged], trusted: bool) -> None:
        """Hash, then channel, for each change, in one write; marks and flags only while the cache is `trusted`."""
        commands: list[tuple[str | bytes, ...]] = []
        mark = (MARK, str(self._now_ms())) if trusted else ()
        for change in changes:
            value = jsontext.dumps(change.order)
            if change.fields:
                self.places.add((change.exchange, change.pair))
                fields = [part for field in change.fields for part in (field, value)]
                key = names.order_hash(change.exchange, self._name, change.pair)
                commands.append(("HSET", key, *mark, *fields))
            if change.exchange not in self.exchanges and trusted:
                self.exchanges.add(change.exchange)
                commands.append(("SET", names.oms_flag(change.exchange, self._name), "1", "EX", str(LEASE)))
            commands.append(self._publish(change, value))
        self._link.tell_all(commands)

    def _publish(self, change: OrderChanged, value: bytes) -> tuple[str | bytes, ...]:
        return "PUBLISH", names.order_channel(change.exchange, self._name), value


def _parsed(value: bytes) -> Any:
    try:
        return jsontext.loads(value)
    except ValueError:
        return None
