"""A thousand seeded kills: busy days with several of them each."""

from __future__ import annotations

import random
import time

from tests.faults import checks
from tests.faults.lanes import Campaign, Tally
from tests.faults.nursery import Nursery
from tests.faults.stage import Stage

TRUSTED = 240.0  # seconds from a restart to trusted orders: patience with a busy machine; what it took is told
GRACE = 3.0  # seconds before a kill in which a command may have been under way


def day(stage: Stage, kills: int) -> Tally:
    """One busy day with so many kills. Raises Violation."""
    dice = random.Random(stage.seed)
    tally = Tally(days=1)
    stage.begin()
    while tally.strokes < kills:
        _moment(stage, dice)
        _kill(stage)
        time.sleep(dice.choice((0.0, 0.0, dice.uniform(0.0, 2.0), dice.uniform(0.0, 6.0))))
        stage.gateway.start()
        tally.strokes += 1
        # Now and then the next one comes while this start is not over.
        if tally.strokes < kills and dice.random() < 0.25:
            time.sleep(dice.uniform(0.1, 2.0))
            _kill(stage)
            stage.gateway.start()
            tally.strokes += 1
        tally.seconds.append(_trusted(stage))
        stage.fail_on(stage.watch.wrong)
    time.sleep(dice.uniform(0.2, 1.0))
    stage.whole()
    stage.fail_on(stage.watch.wrong)
    stage.fail_on(checks.log(stage.gateway.lines(), len(stage.bot.commands)))
    tally.count(stage)
    return tally


def _moment(stage: Stage, dice: random.Random) -> None:
    """Until the kill: some time of the day, or right behind a handful of commands."""
    time.sleep(dice.uniform(0.1, 2.0))
    if dice.random() < 0.6:
        stage.bot.burst(dice.randint(1, 6))
        time.sleep(dice.choice((0.0, dice.uniform(0.0, 0.02), dice.uniform(0.0, 0.1))))


def _kill(stage: Stage) -> None:
    begun = time.time()
    stage.gateway.kill()
    stage.gap(begun, acks=True, grace=GRACE + stage.watch.late)


def _trusted(stage: Stage) -> float:
    """Seconds until the new life is trusted by its own word; what a killed one has left is not waited for."""
    begun = stage.gateway.started
    stage.until(
        lambda: stage.view is not None and stage.view.whole and stage.view.status[1] > begun, TRUSTED, "trusted after a kill"
    )
    return time.time() - begun


def _stage(seed: int, version: int, lane: int) -> Stage:
    return Stage(seed, version, cables=False, nursery=Nursery())


KILLS = Campaign("kills", _stage, day, 5)
