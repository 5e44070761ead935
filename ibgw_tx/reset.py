"""RESET: caches, snapshot and subscriptions as on a new connection. One that is under way serves those that follow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ibgw_tx.assembly import Assembly
from ibgw_tx.commands import message as commands
from ibgw_tx.commands.message import Command
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: Seconds within which a RESET is the same as the one before, and in which one that has not ended yet is.
PAUSE, PATIENCE = 1.0, 10.0


class Reset:
    """`linked()` raises CommandError without TWS; `again()` loses the link and has it back; `parts()` are the gateway's."""

    log = Logger()

    def __init__(self, clock: Clock, linked: Callable[[], Any], again: Callable[[], None], parts: Callable[[], Assembly]) -> None:
        self._clock, self._linked, self._again, self._parts = clock, linked, again, parts
        self._began = -math.inf

    async def command(self, command: Command) -> dict[str, Any]:
        """Raises CommandError."""
        commands.expect_members(command.params)
        self._linked()
        if not self._is_under_way():
            self.log.info("RESET by command {id!r}", id=command.id)
            self._began = self._clock.seconds()
            self._again()
        return {}

    def _is_under_way(self) -> bool:
        ago = self._clock.seconds() - self._began
        complete = self._parts().account.is_trusted and self._parts().orders.is_running
        return ago < PAUSE or (ago < PATIENCE and not complete)
