"""HALT: the kill switch, kept in Redis so that it outlives a restart. Key in keys.py, described in docs/."""

from __future__ import annotations

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger


class HaltSwitch:
    """`reason` is that of a HALT in force ("" for none given), None without one."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink) -> None:
        self.reason: str | None = None
        self._key = names.halt(name)
        self._redis = redis
        self._halts = 0

    def restore(self, kept: bytes | None) -> None:
        """What a former life has kept is in force, whatever its text. None: nothing was kept."""
        if kept is not None:
            self.reason = _reason(kept)
            self.log.warn("HALT is in force: {reason}", reason=self.reason or "no reason given")

    async def rewrite(self) -> None:
        """Redis may have another memory: it gets what is in force. Raises RedisDown."""
        if self.reason is not None:
            await self._redis.call("SET", self._key, jsontext.dumps({"reason": self.reason}))
        else:
            await self._redis.call("DEL", self._key)

    async def set(self, reason: str, now: int) -> None:
        """HALT: in force at once, and after a restart."""
        self.reason = reason
        self._halts += 1
        await self._redis.call("SET", self._key, jsontext.dumps({"reason": reason, "t": now}))

    async def end(self) -> None:
        """RESUME: over when Redis has taken it. Raises RedisDown."""
        halts = self._halts
        await self._redis.call("DEL", self._key)
        if halts == self._halts:
            # No HALT has come since.
            self.reason = None


def _reason(value: bytes) -> str:
    try:
        return str(jsontext.loads(value)["reason"])
    except (ValueError, KeyError, TypeError):
        return value.decode(errors="replace")
