"""Signs of life of TWS: any byte is one.

A link silent for PROBE_AFTER seconds is asked for the time (TWS itself answers), one silent for DEAD_AFTER is given up: a
half-open socket looks healthy for days.

The first byte after a silence says that the line is whole, and not that all is known: what TWS has said meanwhile comes behind
it, in many reads. TWS answers in order; so it is asked for the time once more, and what that answer is behind has been read.
The answer carries no id: as many answers as questions have to have come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import LoopingCall

from ibgw_tx.model.errors import PacingFull
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient

PROBE_AFTER = 4.0  # seconds of silence after which TWS is asked for a sign of life
ALIVE_WITHIN = 10.0  # seconds of silence up to which the feed counts as alive
DEAD_AFTER = 30.0  # seconds of silence after which the link is dropped
#: Seconds from the end of a silence after which all is taken for read, should TWS have dropped a question (its code 100).
CAUGHT_UP_WITHIN = 10.0


class Liveness:
    """`client` asks TWS for its time (it may raise PacingFull); `dead(seconds)` is told of a silence that is too long.

    `is_behind`: a silence of ALIVE_WITHIN is over, and what was said in it has not all been read.
    """

    log = Logger()

    def __init__(self, clock: Clock, client: TWSClient, dead: Callable[[float], None]) -> None:
        self._clock = clock
        self._client = client
        self._dead = dead
        self._heard_at = self._again_at = clock.seconds()
        self.is_behind = False
        #: The question for the time whose answer is behind all that was said in a silence; None: not asked yet.
        self._question: int | None = None
        self._answered = 0
        check: Any = LoopingCall(self._look)
        check.clock = clock
        self._check = check

    def heard(self) -> None:
        """Something has come from TWS."""
        now = self._clock.seconds()
        if now - self._heard_at >= ALIVE_WITHIN and self._check.running:
            self.is_behind, self._again_at, self._question = True, now, None
            self._ask_how_far()
        self._heard_at = now

    def told_time(self) -> None:
        """TWS has told its time."""
        self._answered += 1
        if self._question is not None and self._answered >= self._question:
            self.is_behind, self._question = False, None

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
            self._probe()
        elif self.is_behind and self._clock.seconds() - self._again_at >= CAUGHT_UP_WITHIN:
            self.is_behind, self._question = False, None
            self._answered = self._client.times_asked
        elif self.is_behind and self._question is None:
            self._ask_how_far()

    def _ask_how_far(self) -> None:
        if self._probe():
            self._question = self._client.times_asked

    def _probe(self) -> bool:
        try:
            self._client.ask_current_time()
        except PacingFull:
            # So much waits to be said that TWS will answer some of it; the check itself must go on.
            self.log.debug("no room to ask TWS for a sign of life")
            return False
        return True
