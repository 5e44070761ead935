"""A thousand seeded kills: days with several of them each, in lanes side by side, until the first violation."""

from __future__ import annotations

import multiprocessing
import random
import time
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.faults import checks
from tests.faults.nursery import Nursery
from tests.faults.stage import Stage, Violation

A_DAY = 5  # kills
TRUSTED = 60.0  # seconds from a restart to trusted orders, at most, on a busy machine
GRACE = 3.0  # seconds before a kill in which a command may have been under way
DUMPS = Path("build/faults")


@define
class Tally:
    """What a number of days have shown."""

    days: int = 0
    kills: int = 0
    orders: int = 0
    fills: int = 0
    commands: int = 0
    looks: int = 0
    seconds: list[float] = field(factory=list)  # from each restart to trusted orders
    wrong: str = ""

    def add(self, other: Tally) -> None:
        for name in ("days", "kills", "orders", "fills", "commands", "looks"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds += other.seconds


def day(stage: Stage, kills: int) -> Tally:
    """One busy day with so many kills. Raises Violation."""
    dice = random.Random(stage.seed)
    tally = Tally(days=1)
    stage.begin()
    while tally.kills < kills:
        _moment(stage, dice)
        _kill(stage)
        time.sleep(dice.choice((0.0, 0.0, dice.uniform(0.0, 2.0), dice.uniform(0.0, 6.0))))
        stage.gateway.start()
        tally.kills += 1
        # Now and then the next one comes while this start is not over.
        if tally.kills < kills and dice.random() < 0.25:
            time.sleep(dice.uniform(0.5, 3.0))
            _kill(stage)
            stage.gateway.start()
            tally.kills += 1
        tally.seconds.append(_trusted(stage))
        stage.fail_on(stage.watch.wrong)
    time.sleep(dice.uniform(0.2, 1.0))
    stage.whole()
    stage.fail_on(stage.watch.wrong)
    stage.fail_on(checks.log(stage.gateway.lines(), len(stage.bot.commands)))
    ledger = stage.watch.ledger
    tally.orders, tally.fills, tally.looks = len(ledger.orders), len(ledger.fills), stage.watch.looks
    tally.commands = len(stage.bot.commands)
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
    stage.gap(begun, acks=True, grace=GRACE)


def _trusted(stage: Stage) -> float:
    """Seconds until the new life is trusted by its own word; what a killed one has left is not waited for."""
    begun = stage.gateway.started
    stage.until(
        lambda: stage.view is not None and stage.view.whole and stage.view.status[1] > begun, TRUSTED, "trusted after a kill"
    )
    return time.time() - begun


def _lane(seeds: Any, version: int, told: Any, stopped: Any) -> None:
    """Days one after the other until there is no seed or somebody has found something."""
    nursery = Nursery()
    stage: Stage | None = None
    try:
        while not stopped.is_set() and (job := seeds.get()) is not None:
            seed, kills = job
            if stage is None:
                stage = Stage(seed, version, cables=False, nursery=nursery)
                stage.__enter__()
            else:
                stage.next_day(seed)
            try:
                told.put((seed, version, day(stage, kills)))
            except Violation as found:
                told.put((seed, version, Tally(wrong=f"{found}\nall of it: {stage.dump(DUMPS / f'kill-{seed}-{version}')}")))
                return
    except BaseException as error:
        told.put((-1, version, Tally(wrong=f"the lane failed: {error!r}")))
        raise
    finally:
        if stage is not None:
            stage.end()
        nursery.close()
        told.put(None)


def run(kills: int, seed: int, versions: list[int], lanes: int, say: Any = print) -> Tally:
    """So many kills from this seed on. Stops at the first violation, which is in `wrong` then."""
    context = multiprocessing.get_context("fork")
    seeds, told, stopped = context.Queue(), context.Queue(), context.Event()
    jobs = [(seed + number, min(A_DAY, kills - number * A_DAY)) for number in range(-(-kills // A_DAY))]
    for job in [*jobs, *[None] * lanes]:
        seeds.put(job)
    processes = [
        context.Process(target=_lane, args=(seeds, versions[number % len(versions)], told, stopped)) for number in range(lanes)
    ]
    for process in processes:
        process.start()
    tally, running, begun = Tally(), lanes, time.monotonic()
    while running:
        found = told.get()
        if found is None:
            running -= 1
            continue
        which, version, one = found
        tally.add(one)
        if one.wrong and not tally.wrong:
            tally.wrong = f"seed {which}, server version {version}:\n{one.wrong}"
            stopped.set()
            say(tally.wrong, flush=True)
        elif not one.wrong:
            took = ", ".join(f"{each:.1f}" for each in one.seconds)
            say(f"seed {which} ({version}): {one.kills} kills, {one.orders} orders, {one.fills} fills, trusted again after "
                f"{took} s; {tally.kills} kills in {time.monotonic() - begun:.0f} s", flush=True)  # fmt: skip
    for process in processes:
        process.join(30)
    return tally
