"""Reserved client_oids. A client_oid is reserved (SET NX, with the command) before its order's bytes leave, so that a repeat is
refused even after a crash between the two. Keys in keys.py, described in docs/.

A reservation stands as long as an order that is over is kept (`--history-days`): from its first word on the order's own hash
keeps the name too, and for longer, since that time begins anew with each word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from ibgw_tx.commands.message import Command
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

#: Names that are remembered beside Redis, some MB; and how many are looked at in one step.
MEMORY, PORTION = 10_000, 500
#: Days that a reservation stands at least: an order without an answer is told within minutes.
LEAST_DAYS = 1.0
_DAY = 24 * 3600  # seconds

Words: TypeAlias = tuple[str | bytes, ...]


@attrs.frozen
class Claim:
    """One name as it is reserved: the command for Redis, whose reply is null when the name is taken, and what it keeps."""

    client_oid: str
    words: Words
    kept: bytes


class Reservations:
    """One key for each client_oid."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink, history_days: float) -> None:
        self._name = name
        self._seconds = str(int(max(history_days, LEAST_DAYS) * _DAY))
        self._redis = redis
        #: Reserved names of orders that did not leave: to be given back as soon as Redis can be told.
        self._unused: set[str] = set()
        #: Names whose reservation Redis has not answered, with what it would be.
        self._doubtful: dict[str, bytes] = {}
        #: The last ones that stand in Redis, or should: a Redis that comes back with an older memory gets them again.
        self._last: dict[str, bytes] = {}

    @property
    def owes_nothing(self) -> bool:
        """Whether no name waits to be given back."""
        return not self._unused

    def claim(self, client_oid: str, command: Command, order_id: int, now: int) -> Claim:
        """How one name is reserved for an order."""
        entry = {"entry": command.entry} if command.entry else {}
        kept = {"id": command.id, "cmd": command.cmd, "params": command.params, "t": int(now), "apiOrderId": order_id, **entry}
        text = jsontext.dumps_to_keep(kept)
        return Claim(client_oid, ("SET", self._key(client_oid), text, "NX", "EX", self._seconds), text)

    def in_doubt(self, *claims: Claim) -> None:
        """Redis may have carried them out, or not."""
        self._doubtful.update((claim.client_oid, claim.kept) for claim in claims)

    async def kept_of(self, client_oids: Sequence[str]) -> dict[str, Any]:
        """The commands that these names are reserved with. Raises RedisDown."""
        values = await self._redis.call("MGET", *(self._key(oid) for oid in client_oids))
        return {oid: jsontext.loads(value) if value else None for oid, value in zip(client_oids, values, strict=True)}

    async def reserve(
        self, client_oids: Sequence[str], command: Command, order_ids: Sequence[int], now: int, along: Sequence[Words]
    ) -> dict[str, Any]:
        """Reserve all of them, or none: gives {} or the kept commands of those that are taken.

        `along` are commands for Redis that are carried out in the same write. One write for all kinds of orders: they leave in
        the sequence in which they took their ids. Raises RedisDown, and whatever Redis refuses with.
        """
        await self.release(())
        claims = [self.claim(oid, command, order_id, now) for oid, order_id in zip(client_oids, order_ids, strict=True) if oid]
        kept = [claim.client_oid for claim in claims]
        try:
            replies = await self._write([*along, *(claim.words for claim in claims)])
        except Exception:
            self.in_doubt(*claims)
            raise
        answers = dict(zip(kept, replies[len(along) :], strict=True))
        for reply in replies:
            if isinstance(reply, Exception):
                # A transaction carries out what it can: a hash of another type refuses its record alone.
                await self.release([oid for oid, answer in answers.items() if answer and not isinstance(answer, Exception)])
                raise reply
        taken = [oid for oid, answer in answers.items() if answer is None]
        if not taken:
            self.holds(*claims)
            return {}
        await self.release([oid for oid in kept if oid not in taken])
        return await self.kept_of(taken)

    async def _write(self, commands: Sequence[Words]) -> list[Any]:
        if len(commands) == 1:
            return [await self._redis.call(*commands[0])]
        replies: list[Any] = await self._redis.transaction(commands)
        return replies

    async def release_of(self, orders: Mapping[str, Collection[int]]) -> dict[str, bool]:
        """Free the names (client_oid -> API order ids) of orders of a former life that never left; those of others stay.

        Whichever of its orders has reserved a name: a repeat that was refused had a record too. Gives what Redis has taken, by
        name: True, it is free, False, it is another order's. Raises RedisDown.
        """
        values = await self._redis.call("MGET", *(self._key(oid) for oid in orders)) if orders else []
        found = dict(zip(orders, values, strict=True))
        mine = [oid for oid, value in found.items() if _order_of(value) in orders[oid]]
        await self.release(mine)
        return {oid: value is None or oid in mine for oid, value in found.items() if oid not in self._unused}

    async def of_entry(self, entry: str, client_oids: Sequence[str]) -> dict[str, int]:
        """Those of the names that an entry of the stream has reserved: client_oid -> API order id. Raises RedisDown."""
        values = await self._redis.call("MGET", *(self._key(oid) for oid in client_oids))
        found = zip(client_oids, values, strict=True)
        return {oid: order_id for oid, value in found if (order_id := _order_of(value, entry)) is not None}

    async def release(self, client_oids: Sequence[str]) -> None:
        """Nothing was sent: they are free again, at once or when Redis can be told; so are earlier ones. Raises nothing."""
        self._unused.update(client_oids)
        for oid in client_oids:
            self._last.pop(oid, None)
        unused = sorted(self._unused)
        if not unused:
            return
        try:
            await self._redis.call("DEL", *(self._key(oid) for oid in unused))
        except Exception as error:
            self.log.info("client_oids {unused} are given back later: {error}", unused=unused, error=str(error))
            return
        self._unused.difference_update(unused)

    async def clear_doubts(self) -> None:
        """Reservations that Redis carried out although its answer was lost: their orders were refused, nothing left."""
        doubtful = dict(self._doubtful)
        if not doubtful:
            return
        found = await self._redis.call("MGET", *(self._key(oid) for oid in doubtful))
        # Only now: a Redis that has gone again is asked again.
        self._doubtful = {oid: kept for oid, kept in self._doubtful.items() if doubtful.get(oid) != kept}
        await self.release([oid for (oid, kept), value in zip(doubtful.items(), found, strict=True) if value == kept])

    def holds(self, *claims: Claim) -> None:
        """Redis has carried them out."""
        self._unused.difference_update(claim.client_oid for claim in claims)
        self._last.update((claim.client_oid, claim.kept) for claim in claims)
        while len(self._last) > MEMORY:
            del self._last[next(iter(self._last))]

    async def rewrite(self) -> None:
        """Redis may have another memory: what it has lost of the last MEMORY names is reserved again. Raises RedisDown."""
        lost: list[str] = []
        remembered = list(self._last)
        for start in range(0, len(remembered), PORTION):
            portion = [oid for oid in remembered[start : start + PORTION] if oid in self._last]
            found = await self._redis.call("MGET", *(self._key(oid) for oid in portion)) if portion else []
            missing = [oid for oid, value in zip(portion, found, strict=True) if value is None and oid in self._last]
            for oid in missing:
                self._redis.tell("SET", self._key(oid), self._last[oid], "NX", "EX", self._seconds)
            lost += missing
        if lost:
            text = "Redis had lost {count} client_oids that are reserved, the last of them {last}: they are reserved again"
            self.log.warn(text, count=len(lost), last=lost[-1])

    def _key(self, client_oid: str) -> str:
        return names.reservation(self._name, client_oid)


def _order_of(value: bytes | None, entry: str = "") -> int | None:
    """The API order id in a reservation (made by this entry, if one is given); None for none, and for what is no reservation."""
    try:
        kept = jsontext.loads(value or b"{}")
        return None if entry and kept.get("entry") != entry else int(kept["apiOrderId"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
