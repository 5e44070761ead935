"""SIGTERM and SIGINT end the process in order, with exit status 0.

twistd's own way is to stop the reactor and then die of the same signal, so that a supervisor sees a killed process where a
clean stop has taken place.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from typing import Any

from twisted.application.service import Service

from ibgw_tx.runtime.log import Logger


class CleanExit(Service):
    """Takes the two signals over once the reactor runs (it installs its own handlers when it starts)."""

    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self.setName("clean exit")
        self._reactor = reactor
        self._failed = False

    def startService(self) -> None:
        super().startService()
        self._reactor.callWhenRunning(self._install)

    def _install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._received)

    def fail(self, status: int) -> None:
        """Stop in order, then end with this exit status (twistd itself knows only 0 once the reactor has run)."""
        if not self._failed:
            self._failed = True
            atexit.register(_end, status)
            if self._reactor.running:
                self._reactor.stop()

    def _received(self, number: int, frame: Any) -> None:
        # A signal handler may run between any two bytecodes: leave the rest to the reactor's turn.
        self._reactor.callFromThread(self._stop, signal.Signals(number).name)

    def _stop(self, name: str) -> None:
        self.log.info("{signal}: stopping", signal=name)
        if self._reactor.running:
            self._reactor.stop()


def _end(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
