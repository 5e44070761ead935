"""Signs of life of TWS: any byte is one.

A link silent for PROBE_AFTER seconds is asked for the time (TWS itself answers), one silent for DEAD_AFTER is given up: a
half-open socket looks healthy for days.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import LoopingCall

from ibgw_tx.model.errors import PacingFull
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

PROBE_AFTER = 4.0  # seconds of silence after which TWS is asked for a sign of life
ALIVE_WITHIN = 10.0  # seconds of silence up to which the feed counts as alive
DEAD_AFTER = 30.0  # seconds of silence after which the link is dropped


class Liveness:
    """`probe` asks TWS for a sign of life (it may raise PacingFull); `dead(seconds)` is told of a silence that is too long."""

    log = Logger()

    def __init__(self, clock: Clock, probe: Callable[[], None], dead: Callable[[float], None]) -> None:
        self._clock = clock
        self._probe = probe
        self._dead = dead
        self._heard_at = clock.seconds()
        check: Any = LoopingCall(self._look)
        check.clock = clock
        self._check = check

    def heard(self) -> None:
        """Something has come from TWS."""
        self._heard_at = self._clock.seconds()

    @property
    def silence(self) -> float:
        """Seconds since the last byte from TWS."""
        return self._clock.seconds() - self._heard_at

    def start(self) -> None:
        """Look once a second from now on."""
        self._check.start(1.0, now=False).addErrback(lambda failure: self.log.failure("the liveness check ended", failure))

    def stop(self) -> None:
        """Look no more."""
        if self._check.running:
            self._check.stop()

    def _look(self) -> None:
        silence = self.silence
        if silence >= DEAD_AFTER:
            self._dead(silence)
        elif silence >= PROBE_AFTER and int(silence) % int(PROBE_AFTER) == 0:
            try:
                self._probe()
            except PacingFull:
                # So much waits to be said that TWS will answer some of it; the check itself must go on.
                self.log.debug("no room to ask TWS for a sign of life")
