"""What order entry keeps in Redis: reserved client_oids, the order id counter, HALT. Keys in names.py, described in docs/.

A client_oid is reserved (SET NX, with the command) before its order's bytes leave, so that a repeat is refused even after a
crash between the two. The counter is kept ahead by BLOCK, so that most orders need no write of it; a restart starts above it
and leaves a gap, which TWS does not mind (tws-facts 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibgw_tx import errors, jsontext, names
from ibgw_tx.commands import Command
from ibgw_tx.errors import CommandError
from ibgw_tx.log import Logger
from ibgw_tx.orderids import OrderIds, kept_from
from ibgw_tx.redislink import RedisLink

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

    async def redis_up(self) -> None:
        """First: read. Later: what is in memory is newer, write it."""
        if self.loaded:
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
        """Have `count` more ids kept before they are given."""
        if self.ids.kept + count > self._kept:
            await self._keep(count + BLOCK)

    async def _keep(self, ahead: int) -> None:
        kept = max(self._kept, self.ids.kept + ahead)
        await self._link.call("SET", names.order_id_counter(self._name), kept)
        self._kept = kept

    async def reserve(self, client_oids: Sequence[str], command: Command, now: int) -> dict[str, Any]:
        """Reserve all of them, or none: gives {} or the kept commands of those that are taken. Raises RedisDown."""
        kept = jsontext.dumps({"id": command.id, "cmd": command.cmd, "params": command.params, "t": now})
        keys = [names.reservation(self._name, client_oid) for client_oid in client_oids]
        replies = await self._link.transaction([("SET", key, kept, "NX", "EX", RESERVED_FOR) for key in keys])
        taken = [oid for oid, reply in zip(client_oids, replies, strict=True) if reply is None]
        if not taken:
            return {}
        await self.release([oid for oid in client_oids if oid not in taken])
        values = await self._link.call("MGET", *(names.reservation(self._name, oid) for oid in taken))
        return {oid: jsontext.loads(value) if value else None for oid, value in zip(taken, values, strict=True)}

    async def release(self, client_oids: Sequence[str]) -> None:
        """Nothing was sent: they are free again."""
        if client_oids:
            await self._link.call("DEL", *(names.reservation(self._name, oid) for oid in client_oids))

    async def set_halt(self, reason: str, now: int) -> None:
        """HALT: in force at once, and after a restart."""
        self.halt = reason
        await self._link.call("SET", names.halt(self._name), jsontext.dumps({"reason": reason, "t": now}))

    async def end_halt(self) -> None:
        """RESUME."""
        await self._link.call("DEL", names.halt(self._name))
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
