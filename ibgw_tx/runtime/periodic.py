"""A LoopingCall in a Service: the clock is given, and an exception costs one round, never the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.task import LoopingCall, deferLater

from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

LATE = 1.0  # seconds


class PeriodicService(Service):
    """Calls `body` at once and then every `interval` seconds. A Deferred it returns holds the next round back.

    A round that is late by an interval, and a second or more (the process slept, or the machine stood still), waits for the
    next turn of the reactor: what came in meanwhile is read first, so that nobody says that all is well over what is unread.
    """

    log = Logger()

    def __init__(self, name: str, interval: float, body: Callable[[], Any], clock: Clock) -> None:
        self.setName(name)
        self._interval = interval
        self._body = body
        self._clock: Any = clock
        self._loop = LoopingCall.withCount(self._due)
        self._loop.clock = clock  # type: ignore[assignment]

    def _due(self, rounds: int) -> Any:
        late = (rounds - 1) * self._interval >= LATE
        return deferLater(self._clock, 0, self._late_round) if late else self._round()

    def _late_round(self) -> Any:
        return self._round() if self.running else None

    def _round(self) -> Any:
        # A plain try: this wraps what a LoopingCall would die of.
        try:
            result = self._body()
        except Exception:
            self.log.failure("{name} failed this time", name=self.name)
            return None
        if hasattr(result, "addErrback"):
            result.addErrback(lambda failure: self.log.failure("{name} failed this time", failure, name=self.name))
        return result

    def startService(self) -> None:
        super().startService()
        self._loop.start(self._interval).addErrback(
            lambda failure: self.log.failure("{name} has ended", failure, name=self.name)
        )

    def stopService(self) -> None:
        super().stopService()
        if self._loop.running:
            self._loop.stop()
