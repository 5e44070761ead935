"""Orders that are over, out of memory to Redis and back (cache/departures.py): the hash of what their order_jsons do not say.

The remains of an order stand in Redis before it leaves memory; nobody else reads them. They go with the order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred, FirstError, gatherResults

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.orders.cache.archive import Whereabouts
from ibgw_tx.orders.cache.changes import Place
from ibgw_tx.orders.cache.departures import Departure, Departures
from ibgw_tx.redis.shell.link import RedisLink, Words
from ibgw_tx.runtime.log import Logger

#: Orders that leave in one turn of the reactor: a few ms of work.
MOST = 40
#: Orders fetched with one command.
PORTION = 30


class Recall:
    """`fetch` before anything is looked up; `tick` once a second lets go what may go."""

    log = Logger()

    def __init__(
        self,
        name: str,
        departures: Departures,
        redis: RedisLink,
        is_trusted: Callable[[], bool],
        pause: Callable[[], Deferred[None]],
        now_ms: Callable[[], int],
    ) -> None:
        """`is_trusted`: whether all that was told stands in Redis. `pause` lets others be served."""
        self._pause = pause
        self._name = name
        self._key = names.remains(name)
        self._departures = departures
        self._redis = redis
        self._now_ms = now_ms
        self._is_trusted = is_trusted
        self._writing = False

    # Back.

    async def fetch(self, absent: Iterable[Whereabouts]) -> None:
        """Have these in memory, and those that they call for. Raises RedisDown, and whatever Redis refuses with."""
        wanted = list(absent)
        while wanted:
            portions = [wanted[at : at + PORTION] for at in range(0, len(wanted), PORTION)]
            # All are asked for at once, and taken in one by one.
            asked = [Deferred.fromCoroutine(self._read(portion)) for portion in portions]
            try:
                found = await gatherResults(asked, consumeErrors=True)
            except FirstError as error:
                raise _cause(error) from error
            wanted = []
            for portion, read in zip(portions, found, strict=True):
                wanted += self._take_back(portion, *read)
                if portion is not portions[-1]:
                    await self._pause()

    def _take_back(
        self, portion: Sequence[Whereabouts], texts: Mapping[tuple[Place, str], Any], remains: Mapping[str, bytes]
    ) -> list[Whereabouts]:
        more: dict[Whereabouts, None] = {}
        now = self._now_ms()
        for where in portion:
            found = self._departures.back(where, texts.get((where.place, where.field)), remains.get(where.field), now)
            more.update(dict.fromkeys(found))
        return list(more)

    async def _read(self, portion: Sequence[Whereabouts]) -> tuple[dict[tuple[Place, str], Any], dict[str, bytes]]:
        by_place: dict[Place, list[str]] = {}
        for where in portion:
            by_place.setdefault(where.place, []).append(where.field)
        asked = [self._call(names.order_hash(place[0], self._name, place[1]), fields) for place, fields in by_place.items()]
        fields = [where.field for where in portion]
        replies = await gatherResults([*asked, self._call(self._key, fields)], consumeErrors=True)
        texts: dict[tuple[Place, str], Any] = {}
        for (place, names_), reply in zip(by_place.items(), replies[:-1], strict=True):
            texts.update(((place, field), _parsed(value)) for field, value in zip(names_, reply, strict=True))
        return texts, {field: value for field, value in zip(fields, replies[-1], strict=True) if value is not None}

    def _call(self, key: str, fields: list[str]) -> Deferred[Any]:
        found: Deferred[Any] = self._redis.call("HMGET", key, *fields)
        return found

    # Away.

    def tick(self) -> None:
        """Let go who may go: what they leave behind is written, then they leave."""
        self._departures.archive.tidy()
        if not self._writing:
            self._let_go()

    def _let_go(self) -> None:
        if not self._is_trusted():
            return
        found = self._departures.due(self._now_ms(), MOST)
        if found:
            self._writing = True
            self._redis.transaction(self._words(found)).addCallbacks(self._written, self._not_written, (found,), {}, (found,))

    def _words(self, departures: Sequence[Departure]) -> list[Words]:
        kept = [part for each in departures if each.remains is not None for part in (each.field, each.remains)]
        gone = [each.field for each in departures if each.remains is None]
        return [*([("HSET", self._key, *kept)] if kept else []), *([("HDEL", self._key, *gone)] if gone else [])]

    def _written(self, replies: Sequence[Any], departures: list[Departure]) -> None:
        if any(isinstance(reply, Exception) for reply in replies):
            # Redis executes the rest of a MULTI whose one command fails: what it has not taken may not leave memory.
            self._not_written(replies, departures)
            return
        self._writing = False
        now = self._now_ms()
        for departure in departures:
            if self._is_trusted():
                self._departures.leave(departure, now)
        if len(departures) >= MOST:
            self._let_go()

    def _not_written(self, _: object, departures: list[Departure]) -> None:
        """They stay for now; what Redis refuses is said by others, whose writes it refuses too."""
        self._writing = False
        for departure in departures:
            self._departures.look(departure.order, self._now_ms())


def _cause(error: Exception) -> Exception:
    """What went wrong first, of what was asked for together."""
    while isinstance(error, FirstError):
        first: Any = error.subFailure.value
        error = first
    return error


def _parsed(value: bytes | None) -> Any:
    try:
        return None if value is None else jsontext.loads_exact(value)
    except ValueError:
        return None
