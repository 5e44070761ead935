"""HALT and RESUME (section 8): the kill switch for all bots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry import limits
from ibgw_tx.orders.shell.attempts import Attempts
from ibgw_tx.orders.shell.halt import HaltSwitch
from ibgw_tx.orders.shell.kept import Kept
from ibgw_tx.runtime.log import Logger


class Halting:
    """New orders and changes are refused between the two; cancels go through."""

    log = Logger()

    def __init__(self, switch: HaltSwitch, kept: Kept, attempts: Attempts, now_ms: Callable[[], int]) -> None:
        self._switch = switch
        self._kept = kept
        self._attempts = attempts
        self._now_ms = now_ms

    async def halt(self, command: Command) -> dict[str, Any]:
        """Refuse new orders and changes, those under way too, until RESUME. In force even if Redis does not keep it."""
        expect_members(command.params, "reason")
        reason = text_param(command.params, "reason")[:200]
        refusal = limits.halted(reason)
        assert refusal is not None
        count = self._attempts.stop_all(refusal.error())
        self.log.warn(
            "HALT by command {id!r}: {reason}; {count} orders under way withdrawn",
            id=command.id,
            reason=reason or "no reason given",
            count=count,
        )
        if await self._switch.set(reason, self._now_ms()):
            return {}
        return {"kept": False, "warning": "HALT is in force, but Redis did not take it: a restart of the gateway would end it"}

    async def resume(self, command: Command) -> dict[str, Any]:
        """End HALT; ok when none is in force."""
        expect_members(command.params)
        self._kept.check()
        try:
            await self._switch.end()
        except Exception as error:
            raise CommandError(errors.UNAVAILABLE, f"Redis did not take it, HALT is still in force: {error}") from error
        self.log.warn("RESUME by command {id!r}", id=command.id)
        return {}
