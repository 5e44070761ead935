"""The order hashes brought up to date by a snapshot: what differs in each goes there in one transaction, and is told in it.

A reader sees a hash as it was or as it is, never half of it. What stays as it stands is not written again: most of a hash are
orders that were over days ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.orders.cache.archive import Archive, hash_of
from ibgw_tx.orders.cache.changes import OrderChanged, Place, Snapshot
from ibgw_tx.orders.cache.reading import Reading
from ibgw_tx.redis.shell.link import RedisLink

#: Orders that are written down in one turn of the reactor.
SLICE = 100
#: Commands that are sent before Redis' answer is waited for, and the most that are published in one transaction.
PORTION = 1000
#: The most fields of one command.
FIELDS = 500

Words = tuple[str | bytes, ...]
_OF_HASHES = "HSET", "HDEL", "DEL"


@attrs.frozen
class Written:
    """Which hashes stand now, and which are gone."""

    standing: frozenset[Place]
    gone: frozenset[Place]


class HashWriter:
    """`publish` gives the commands that tell a change; `pause` lets others be served."""

    def __init__(
        self,
        name: str,
        redis: RedisLink,
        publish: Callable[[OrderChanged, bytes], list[Words]],
        mark: Callable[[], tuple[str, str]],
        pause: Callable[[], Deferred[None]],
    ) -> None:
        self._name = name
        self._redis = redis
        self._publish = publish
        self._mark = mark
        self._pause = pause
        self._count = 0

    async def write(
        self,
        snapshot: Snapshot,
        reading: Reading,
        gone: Mapping[Place, Sequence[str]],
        archive: Archive,
        go_on: Callable[[], bool],
    ) -> Written | None:
        """Returns when Redis has confirmed it all; None when `go_on` says that it is no longer wanted. Raises RedisDown.

        `reading`: what Redis has. `gone`: fields that have to go, beside those of no orders. `archive`: orders that are not in
        memory; their fields stay as they are.
        """
        seen = reading.seen
        told = await self._told(snapshot.changed)
        standing: set[Place] = set()
        emptied: set[Place] = set()
        portion: list[list[Words]] = []
        for place in {**snapshot.hashes, **seen, **gone}:
            orders = snapshot.hashes.get(place, {})
            fields = await self._differing(orders, seen.get(place, {}))
            surplus = [field for field in seen.get(place, {}) if field not in orders and not archive.has_field(field)]
            surplus += gone.get(place, ())
            stands = bool(orders) or archive.holds(place)
            (standing if stands else emptied).add(place)
            if not stands and place in reading.no_hashes:
                continue
            published = told.pop(place, []) if len(told.get(place, ())) <= PORTION else []
            # Somebody's key of another type stands where orders belong.
            cleared: list[Words] = [("DEL", self._key(place))] if place in reading.no_hashes else []
            portion.append([*cleared, *self._hash_words(place, fields, surplus, stands), *published])
            if sum(len(commands) + 2 for commands in portion) >= PORTION:
                if not await self._send(portion, go_on):
                    return None
                portion = []
        # Those of a hash that had too many for one transaction, and orders that stand in none (no permId, no client_oid).
        portion += [publishes[at : at + PORTION] for publishes in told.values() for at in range(0, len(publishes), PORTION)]
        if not await self._send(portion, go_on):
            return None
        return Written(frozenset(standing), frozenset(emptied))

    async def _told(self, changed: Iterable[OrderChanged]) -> dict[Place, list[Words]]:
        told: dict[Place, list[Words]] = {}
        for change in changed:
            if not change.quiet:
                published = self._publish(change, jsontext.dumps_to_keep(change.order))
                told.setdefault((change.exchange, change.pair), []).extend(published)
                await self._breathe()
        return told

    async def _differing(self, orders: Mapping[str, Mapping[str, Any]], seen: Mapping[str, int]) -> list[str | bytes]:
        """Fields and texts of those that Redis does not have as they are."""
        found: list[str | bytes] = []
        for field, order in orders.items():
            text = jsontext.dumps_to_keep(order)
            if seen.get(field) != hash_of(text):
                found += (field, text)
            await self._breathe()
        return found

    async def _breathe(self) -> None:
        self._count += 1
        if not self._count % SLICE:
            await self._pause()

    def _hash_words(self, place: Place, fields: list[str | bytes], surplus: list[str], stands: bool) -> list[Words]:
        mark, now = self._mark()
        key = self._key(place)
        gone = surplus if stands else [*surplus, mark]
        words: list[Words] = [("HDEL", key, *gone[at : at + FIELDS]) for at in range(0, len(gone), FIELDS)]
        if stands:
            words.append(("HSET", key, mark, now, *fields[: 2 * FIELDS]))
            words += [("HSET", key, *fields[at : at + 2 * FIELDS]) for at in range(2 * FIELDS, len(fields), 2 * FIELDS)]
        return words

    def _key(self, place: Place) -> str:
        return names.order_hash(place[0], self._name, place[1])

    async def _send(self, portion: list[list[Words]], go_on: Callable[[], bool]) -> bool:
        if not go_on():
            return False
        written = [self._redis.transaction(commands) for commands in portion]
        if written:
            done = await DeferredList(written, fireOnOneErrback=True, consumeErrors=True)
            for commands, (_, replies) in zip(portion, done, strict=True):
                _check(commands, replies)
        return True


def _check(commands: Sequence[Words], replies: Sequence[Any]) -> None:
    """Raise what Redis has refused of a hash: the rest of its transaction was carried out all the same."""
    for words, reply in zip(commands, replies, strict=True):
        if isinstance(reply, Exception) and words[0] in _OF_HASHES:
            raise reply
