"""The log's lines about TWS's farms: those that go or come together, as in a nightly reset, are one line."""

from __future__ import annotations

from typing import Any

from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: Seconds within which farms go and come together.
TOGETHER = 5.0


class FarmLog:
    """`address` is TWS's host:port. What is gathered is told TOGETHER after the first of it, or by `tell`."""

    log = Logger()

    def __init__(self, clock: Clock, address: str) -> None:
        self._clock = clock
        self._address = address
        #: `farm (code)`, in the order in which they were heard of.
        self._broken: list[str] = []
        self._back: list[str] = []
        self._call: Any = None

    def changed(self, farm: str, code: int, works: bool) -> None:
        """A farm is broken, or connected again."""
        (self._back if works else self._broken).append(f"{farm or '?'} ({code})")
        if self._call is None:
            self._call = self._clock.callLater(TOGETHER, self.tell)

    def tell(self) -> None:
        """Say what has been gathered, now."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        broken, back = ", ".join(self._broken), ", ".join(self._back)
        self._broken, self._back, self._call = [], [], None
        if broken and back:
            text = "TWS at {address}: farms broken: {broken}; connected again: {back}"
            self.log.info(text, address=self._address, broken=broken, back=back)
        elif broken:
            self.log.info("TWS at {address}: farms broken: {broken}", address=self._address, broken=broken)
        elif back:
            self.log.info("TWS at {address}: farms connected again: {back}", address=self._address, back=back)
