"""HALT: the kill switch, kept in Redis so that it outlives a restart. Key in keys.py, described in docs/."""

from __future__ import annotations

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger


class HaltSwitch:
    """`reason` is that of a HALT in force ("" for none given), None without one; `kept`: Redis has it so."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink) -> None:
        self.reason: str | None = None
        #: As it is kept.
        self._text: bytes = b""
        self.kept = True
        self._key = names.halt(name)
        self._redis = redis
        self._halts = 0

    def restore(self, kept: bytes | None) -> None:
        """What a former life has kept is in force, whatever its text. None: nothing was kept."""
        if kept is not None:
            self.reason, self._text = _reason(kept), kept
            self.log.warn("HALT is in force: {reason}", reason=self.reason or "no reason given")

    async def tick(self) -> None:
        """Once a second: what Redis did not take is offered again. Raises nothing."""
        if not self.kept:
            try:
                await self.rewrite()
            except Exception as error:
                self.log.debug("HALT is not kept yet: {error}", error=str(error))

    async def rewrite(self) -> None:
        """Redis may have another memory: it gets what is in force. Raises RedisDown."""
        halts = self._halts
        if self.reason is not None:
            await self._redis.call("SET", self._key, self._text)
        else:
            await self._redis.call("DEL", self._key)
        if not self.kept and halts == self._halts:
            self.kept = True
            if self.reason is not None:
                self.log.info("HALT is kept in Redis now")
            else:
                self.log.info("the end of HALT is kept in Redis now")

    async def set(self, reason: str, now: int) -> bool:
        """HALT: in force at once; whether Redis has taken it, so that it holds after a restart too. Raises nothing."""
        self.reason, self.kept = reason, True
        self._text = jsontext.dumps({"reason": reason, "t": int(now)})
        self._halts += 1
        halts = self._halts
        try:
            await self._redis.call("SET", self._key, self._text)
        except Exception as error:
            if halts == self._halts:
                self.kept = False
            self.log.warn("HALT is in force, but Redis did not take it: a restart would end it: {error}", error=str(error))
            return False
        return True

    async def end(self) -> None:
        """RESUME: over when Redis has taken it. Raises RedisDown, and whatever Redis refuses with: HALT is in force then."""
        halts = self._halts
        try:
            await self._redis.call("DEL", self._key)
        except Exception:
            # Redis may have carried it out all the same.
            self.kept = self.reason is None
            raise
        if halts == self._halts:
            # No HALT has come since.
            self.reason, self.kept = None, True


def _reason(value: bytes) -> str:
    try:
        return str(jsontext.loads(value)["reason"])
    except (ValueError, KeyError, TypeError):
        return value.decode(errors="replace")
