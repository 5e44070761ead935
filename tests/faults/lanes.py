"""Days of trouble side by side, until the first violation: each lane is a process with its own Redis, ibsim and gateway."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.faults.stage import Stage, Violation

DUMPS = Path("build/faults")


@define
class Tally:
    """What a number of days have shown. `strokes`: kills, or cut cables."""

    days: int = 0
    strokes: int = 0
    orders: int = 0
    fills: int = 0
    commands: int = 0
    looks: int = 0
    stood: int = 0  # times that the machine stood still: words lost then are not held against anybody
    seconds: list[float] = field(factory=list)  # from each stroke, or restart, to trusted orders
    seen: dict[str, list[float]] = field(factory=dict)  # the same by kind of stroke
    wrong: str = ""

    def add(self, other: Tally) -> None:
        for name in ("days", "strokes", "orders", "fills", "commands", "looks", "stood"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds += other.seconds
        for kind, seconds in other.seen.items():
            self.seen.setdefault(kind, []).extend(seconds)

    def count(self, stage: Stage) -> None:
        """The day is over."""
        ledger = stage.watch.ledger
        self.orders, self.fills, self.looks = len(ledger.orders), len(ledger.fills), stage.watch.looks
        self.commands, self.stood = len(stage.bot.commands), len(stage.watch.stood)


@define
class Campaign:
    """`stage(seed, version, lane)` makes a lane's stage, `day(stage, strokes)` plays one."""

    name: str
    stage: Callable[[int, int, int], Stage]
    day: Callable[[Stage, int], Tally]
    a_day: int

    def run(self, strokes: int, seed: int, versions: list[int], lanes: int, say: Any = print) -> Tally:
        """So many strokes, from this seed on. Stops at the first violation, which is in `wrong` then."""
        context = multiprocessing.get_context("fork")
        seeds, told, stopped = context.Queue(), context.Queue(), context.Event()
        jobs = [(seed + number, min(self.a_day, strokes - number * self.a_day)) for number in range(-(-strokes // self.a_day))]
        for job in [*jobs, *[None] * lanes]:
            seeds.put(job)
        processes = [
            context.Process(target=self._lane, args=(number, versions[number % len(versions)], seeds, told, stopped))
            for number in range(lanes)
        ]
        for process in processes:
            process.start()
        tally = self._gather(told, stopped, lanes, say)
        for process in processes:
            process.join(30)
        return tally

    def _gather(self, told: Any, stopped: Any, running: int, say: Any) -> Tally:
        tally, begun = Tally(), time.monotonic()
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
                say(f"seed {which} ({version}): {one.strokes} {self.name}, {one.orders} orders, {one.fills} fills, trusted again "
                    f"after {took} s; {tally.strokes} {self.name} in {time.monotonic() - begun:.0f} s", flush=True)  # fmt: skip
        return tally

    def _lane(self, number: int, version: int, seeds: Any, told: Any, stopped: Any) -> None:
        """Days one after the other until there is no seed or somebody has found something."""
        stage: Stage | None = None
        try:
            while not stopped.is_set() and (job := seeds.get()) is not None:
                seed, strokes = job
                if stage is None:
                    stage = self.stage(seed, version, number)
                    stage.__enter__()
                else:
                    stage.next_day(seed)
                try:
                    told.put((seed, version, self.day(stage, strokes)))
                except Violation as found:
                    folder = DUMPS / f"{self.name}-{seed}-{version}"
                    if hasattr(stage, "bot"):
                        stage.dump(folder)
                    told.put((seed, version, Tally(wrong=f"{found}\nall of it: {folder}")))
                    return
        except BaseException as error:
            told.put((-1, version, Tally(wrong=f"the lane failed: {error!r}")))
            raise
        finally:
            if stage is not None:
                stage.end()
            told.put(None)
