"""Wall time for what bots read, and a clock that never jumps for everything that lasts.

Twisted's reactor takes its seconds from the wall clock: set back an hour, it calls nothing for an hour while the process looks
well. `make_steady` gives it the monotonic clock before anything is scheduled.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ibgw_tx.model.moment import Moment
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: Seconds by which wall time may gain or lose on the steady clock between two looks before it counts as set.
JUMP = 2.0


def make_steady(reactor: Any, seconds: Callable[[], float] = time.monotonic) -> None:
    """Let the reactor run on the monotonic clock; what is scheduled already keeps its distance."""
    shift = seconds() - reactor.seconds()
    for call in reactor.getDelayedCalls():
        call.time += shift
    reactor.seconds = seconds


class WallClock:
    """Epoch time beside a steady clock. `wall` gives epoch seconds; None takes the clock's own (a clock of tests is both)."""

    log = Logger()

    def __init__(self, clock: Clock, wall: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._wall = wall or clock.seconds
        self._ahead = self._wall() - clock.seconds()

    def now_ms(self) -> Moment:
        """Epoch ms, and the steady ms beside it."""
        return Moment(int(self._wall() * 1000), self.steady_ms())

    def wall_ms(self) -> int:
        """Epoch ms, for what is told and nothing else."""
        return int(self._wall() * 1000)

    def steady_ms(self) -> int:
        """Ms of the steady clock, for what is a duration and nothing else."""
        return int(self._clock.seconds() * 1000)

    def look(self) -> None:
        """Say when the wall clock has been set since the last look: times that bots read have jumped, nothing else."""
        ahead = self._wall() - self._clock.seconds()
        if abs(ahead - self._ahead) > JUMP:
            self.log.warn(
                "the wall clock was set {direction} by {seconds:.0f} s: times in messages follow it, durations do not",
                direction="forward" if ahead > self._ahead else "back",
                seconds=abs(ahead - self._ahead),
            )
        self._ahead = ahead
