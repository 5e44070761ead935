"""What befalls the gateway itself and its host."""

from __future__ import annotations

import signal
import time

from tests.faults.scenario import fault
from tests.faults.stage import Stage, Violation


@fault("SIGTERM, and a start", "It ends within 5 s with exit status 0 and leaves no mark of trust; the next life has every order",
       dies=True, once=True)  # fmt: skip
def sigterm(stage: Stage) -> None:
    begun = time.time()
    status = stage.gateway.stop(5)
    took = time.time() - begun
    view = stage.watch.look()
    if status or view.fresh or any(view.flags.values()):
        raise Violation(f"exit status {status}; status {view.status}, flags {view.flags} after a stop in order")
    stage.gap(begun, acks=True, grace=1.0)
    stage.say(f"ended in {took:.1f} s")
    stage.gateway.start()


@fault("SIGSTOP for a minute", "Nothing old is taken for true meanwhile; it goes on by itself when it is woken", within=60)
def sigstop(stage: Stage) -> None:
    begun = time.time()
    stage.gateway.signal(signal.SIGSTOP)
    stage.wait(60)
    stage.gateway.signal(signal.SIGCONT)
    stage.gap(begun, acks=True, bytes=True)
