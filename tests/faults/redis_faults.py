"""What Redis, and the way to it, does to a gateway."""

from __future__ import annotations

import time

from tests.faults.scenario import fault
from tests.faults.stage import Stage


@fault("Redis restarts empty",
       "All is written again before the status is true; reserved names, told fills and HALT are gone with it")  # fmt: skip
def restarted_empty(stage: Stage) -> None:
    begun = time.time()
    stage.forgot = True
    stage.server.stop()
    stage.server.start()
    stage.wait(2)
    stage.gap(begun, acks=True)
