"""What order entry keeps in Redis: reserved client_oids, the order id counter, HALT. Keys in names.py, described in docs/.

A client_oid is reserved (SET NX, with the command) before its order's bytes leave, so that a repeat is refused even after a
crash between the two. The counter is kept ahead by BLOCK, so that most orders need no write of it; a restart starts above it
and leaves a gap, which TWS does not mind (tws-facts 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model import errors
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry.ids import OrderIds, kept_from
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

#: Order ids that one write of the counter covers.
BLOCK = 100
#: Seconds a reservation stands: longer than any order that could still be asked about.
RESERVED_FOR = 90 * 24 * 3600


class OrderKeeping:
    """`halt` is the reason of a HALT in force, None without one; `loaded` says that Redis has been read."""

    log = Logger()

    def __init__(self, name: str, link: RedisLink, ids: OrderIds) -> None:
        self.halt: str | None = None
        self.loaded = False
        self.ids = ids
        self._name = name
        self._link = link
        self._kept = 0
        self._asked = 0
        self._halts = 0
        #: Reserved names of orders that did not leave: to be given back as soon as Redis can be told.
        self._unused: set[str] = set()
        #: Names whose reservation Redis has not answered, with what it would be.
        self._doubtful: dict[str, bytes] = {}

    async def redis_up(self) -> None:
        """First: read. Later: what is in memory is newer, write it."""
        if self._unused:
            # Before anything can reserve them anew.
            await self.release(())
        if self.loaded:
            await self._clear_doubts()
            await self._rewrite()
            return
        counter, halt = await self._link.call("MGET", names.order_id_counter(self._name), names.halt(self._name))
        try:
            self._kept = kept_from(counter.decode() if counter is not None else None)
        except ValueError as error:
            self.log.error("the order id counter in Redis is not usable: {error}", error=str(error))
        self.ids.saw(self._kept)
        if halt is not None:
            self.halt = _reason(halt)
            self.log.warn("HALT is in force: {reason}", reason=self.halt or "no reason given")
        self.loaded = True

    async def _rewrite(self) -> None:
        await self._keep(0)
        if self.halt is not None:
            await self._link.call("SET", names.halt(self._name), jsontext.dumps({"reason": self.halt}))
        else:
            await self._link.call("DEL", names.halt(self._name))

    async def cover(self, count: int) -> None:
        """Have `count` more ids kept before they are given; take them in the same turn in which this returns."""
        while self.ids.kept + count > self._kept:
            # Others may take ids while Redis answers.
            await self._keep(count + BLOCK)

    async def _keep(self, ahead: int) -> None:
        kept = self._asked = max(self._asked, self._kept, self.ids.kept + ahead)
        await self._link.call("SET", names.order_id_counter(self._name), kept)
        self._kept = max(self._kept, kept)

    async def reserve(self, client_oids: Sequence[str], command: Command, now: int) -> dict[str, Any]:
        """Reserve all of them, or none: gives {} or the kept commands of those that are taken. Raises RedisDown."""
        kept = jsontext.dumps({"id": command.id, "cmd": command.cmd, "params": command.params, "t": now})
        if self._unused:
            await self.release(())
        keys = [names.reservation(self._name, client_oid) for client_oid in client_oids]
        try:
            sets = [("SET", key, kept, "NX", "EX", RESERVED_FOR) for key in keys]
            replies = [await self._link.call(*sets[0])] if len(sets) == 1 else await self._link.transaction(sets)
        except Exception:
            self._doubtful.update(dict.fromkeys(client_oids, kept))
            raise
        taken = [oid for oid, reply in zip(client_oids, replies, strict=True) if reply is None]
        if not taken:
            self._unused.difference_update(client_oids)
            return {}
        await self.release([oid for oid in client_oids if oid not in taken])
        values = await self._link.call("MGET", *(names.reservation(self._name, oid) for oid in taken))
        return {oid: jsontext.loads(value) if value else None for oid, value in zip(taken, values, strict=True)}

    async def release(self, client_oids: Sequence[str]) -> None:
        """Nothing was sent: they are free again, at once or when Redis can be told. Raises nothing."""
        self._unused.update(client_oids)
        unused = sorted(self._unused)
        if not unused:
            return
        try:
            await self._link.call("DEL", *(names.reservation(self._name, oid) for oid in unused))
        except Exception as error:
            self.log.info("client_oids {unused} are given back later: {error}", unused=unused, error=str(error))
            return
        self._unused.difference_update(unused)

    async def _clear_doubts(self) -> None:
        """Reservations that Redis carried out although its answer was lost: their orders were refused, nothing left."""
        doubtful, self._doubtful = self._doubtful, {}
        if not doubtful:
            return
        found = await self._link.call("MGET", *(names.reservation(self._name, oid) for oid in doubtful))
        await self.release([oid for (oid, kept), value in zip(doubtful.items(), found, strict=True) if value == kept])

    async def set_halt(self, reason: str, now: int) -> None:
        """HALT: in force at once, and after a restart."""
        self.halt = reason
        self._halts += 1
        await self._link.call("SET", names.halt(self._name), jsontext.dumps({"reason": reason, "t": now}))

    async def end_halt(self) -> None:
        """RESUME."""
        halts = self._halts
        await self._link.call("DEL", names.halt(self._name))
        if halts == self._halts:
            # No HALT has come since.
            self.halt = None

    def check(self) -> None:
        """Raise CommandError (unavailable) until Redis has been read."""
        if not self.loaded:
            raise CommandError(errors.UNAVAILABLE, "what the gateway keeps in Redis has not been read yet")


def _reason(value: bytes) -> str:
    try:
        return str(jsontext.loads(value)["reason"])
    except (ValueError, KeyError, TypeError):
        return value.decode(errors="replace")
