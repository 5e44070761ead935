"""Reserved client_oids. A client_oid is reserved (SET NX, with the command) before its order's bytes leave, so that a repeat is
refused even after a crash between the two. Keys in keys.py, described in docs/.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

#: Seconds a reservation stands: longer than any order that could still be asked about.
RESERVED_FOR = 90 * 24 * 3600


class Reservations:
    """One key for each client_oid."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink) -> None:
        self._name = name
        self._redis = redis
        #: Reserved names of orders that did not leave: to be given back as soon as Redis can be told.
        self._unused: set[str] = set()
        #: Names whose reservation Redis has not answered, with what it would be.
        self._doubtful: dict[str, bytes] = {}

    async def reserve(self, client_oids: Sequence[str], command: Command, now: int) -> dict[str, Any]:
        """Reserve all of them, or none: gives {} or the kept commands of those that are taken. Raises RedisDown."""
        kept = jsontext.dumps({"id": command.id, "cmd": command.cmd, "params": command.params, "t": now})
        await self.release(())
        try:
            sets = [("SET", self._key(oid), kept, "NX", "EX", RESERVED_FOR) for oid in client_oids]
            replies = [await self._redis.call(*sets[0])] if len(sets) == 1 else await self._redis.transaction(sets)
        except Exception:
            self._doubtful.update(dict.fromkeys(client_oids, kept))
            raise
        taken = [oid for oid, reply in zip(client_oids, replies, strict=True) if reply is None]
        if not taken:
            self._unused.difference_update(client_oids)
            return {}
        await self.release([oid for oid in client_oids if oid not in taken])
        values = await self._redis.call("MGET", *(self._key(oid) for oid in taken))
        return {oid: jsontext.loads(value) if value else None for oid, value in zip(taken, values, strict=True)}

    async def release(self, client_oids: Sequence[str]) -> None:
        """Nothing was sent: they are free again, at once or when Redis can be told; so are earlier ones. Raises nothing."""
        self._unused.update(client_oids)
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
        doubtful, self._doubtful = self._doubtful, {}
        if not doubtful:
            return
        found = await self._redis.call("MGET", *(self._key(oid) for oid in doubtful))
        await self.release([oid for (oid, kept), value in zip(doubtful.items(), found, strict=True) if value == kept])

    def _key(self, client_oid: str) -> str:
        return names.reservation(self._name, client_oid)
