"""What TWS, and the way to it, does to a gateway."""

from __future__ import annotations

import time

from tests.faults.scenario import fault
from tests.faults.stage import Stage


@fault("the socket to TWS is cut",
       "Flags and status go at once; a new session within 25 s has every order and fill as TWS has it")  # fmt: skip
def socket_cut(stage: Stage) -> None:
    begun = time.time()
    stage.tws_cable.cut()
    stage.gap(begun, bytes=True)


@fault("the link to TWS is silent (half-open) for 40 s",
       "The status is false after 10 s of silence, the connection is dropped after 30 s; what was sent into the silence is told "
       "as it is, or as Unknown", within=45)  # fmt: skip
def silent_link(stage: Stage) -> None:
    begun = time.time()
    stage.watch.allow = 12.0  # a silence is known as one after 10 s
    stage.tws_cable.flows.clear()
    stage.wait(40)
    stage.tws_cable.flows.set()
    stage.gap(begun, bytes=True)


@fault("the nightly reset (1100, farms, 1102)",
       "Nothing is trusted while IB is away; books and orders are asked anew when it is back")  # fmt: skip
def nightly(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("nightly 15")
    stage.wait(15)
    stage.gap(begun, bytes=True)
