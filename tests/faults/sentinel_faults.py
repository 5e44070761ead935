"""What becomes of a gateway when Sentinel makes another Redis the master."""

from __future__ import annotations

import os
import signal
import time

from tests.faults.scenario import fault
from tests.faults.stage import Stage

FOUND = 3.0  # seconds until bots have found the new master too
WITHIN = 15.0 - FOUND  # seconds: 15 from the promotion
REPLICATED = {"replicated": True, "cables": False}


def _promoted(stage: Stage, begun: float) -> None:
    assert stage.replicated is not None
    stage.replicated.promoted(stage.server)
    stage.say(f"promoted after {time.time() - begun:.1f} s")
    # What the old one had not passed on of the streams is lost by nature; what is lost of all else is written again.
    stage.forgot = True
    stage.wait(FOUND)
    stage.gap(begun, acks=True)


@fault("the master of Redis is killed, Sentinel promotes a replica",
       "All is whole on the new master within 15 s of the promotion, nothing is trusted before; no order or name is lost, of the "
       "streams only what the old one had not passed on",
       within=WITHIN, once=True, options=REPLICATED)  # fmt: skip
def master_killed(stage: Stage) -> None:
    begun = time.time()
    stage.server.kill()
    _promoted(stage, begun)


@fault("the master of Redis hangs and comes back as the old one",
       "The same; what the old one still holds is written by nobody, and it becomes a replica",
       within=WITHIN, once=True, options=REPLICATED)  # fmt: skip
def master_hangs(stage: Stage) -> None:
    begun = time.time()
    os.kill(stage.server.pid, signal.SIGSTOP)
    try:
        _promoted(stage, begun)
    finally:
        os.kill(stage.server.pid, signal.SIGCONT)
