"""What a fault is to the campaign, and how it is played. A new one is a function with `@fault(…)` above it, in one of the modules
that `scenarios` names:

    @fault("the socket is cut", "OMS and status are false within a second; all is back within 25 s")
    def socket_cut(stage: Stage) -> None:
        begun = time.time()
        stage.sim.ask("drop")
        stage.gap(begun, bytes=True)

The function does the fault to a stage with a busy day on it, waits as long as it lasts, and undoes it; orders are placed, filled,
changed and cancelled all the while. What the fault allows by its nature it says itself: `stage.gap(begun, acks=…, bytes=…)` for
words lost on their way, `stage.forgot` when Redis has lost its data, `stage.watch.allow` for a TWS that is itself late,
`stage.say(…)` for what stands in the table. `stage.wait(s)` waits and fails on what the observer sees meanwhile. Everything else
is held by `play`.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from attrs import define, field, frozen

from tests.faults import checks
from tests.faults.stage import Stage, Violation
from tests.faults.view import TRADED

BEFORE = 3.0  # seconds of a busy day before the fault
AFTER = 3.0  # and after it
SETTLED = 2.0  # seconds until what a fault has broken is known to be


@frozen
class Scenario:
    """`within`: seconds after the fault's end until all is whole. `settles`: seconds more until every order is settled (one
    without an answer is told as Unknown after 60 s). `once`: whatever the server version. `dies`: its process may end. `odd`:
    messages that cannot be read are part of it, and each has its traceback in the log."""

    name: str
    promise: str
    deed: Callable[[Stage], None]
    group: str = ""
    within: float = 30.0
    settles: float = 90.0
    once: bool = False
    dies: bool = False
    odd: bool = False
    options: dict[str, Any] = field(factory=dict)  # of the Stage
    env: dict[str, str] = field(factory=dict)  # of the gateway


SCENARIOS: list[Scenario] = []


def fault(name: str, promise: str, **more: Any) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Put a deed into the campaign."""

    def known(deed: Callable[[Stage], None]) -> Callable[[Stage], None]:
        SCENARIOS.append(Scenario(name, promise, deed, group=deed.__module__.rpartition(".")[2], **more))
        return deed

    return known


@define
class Row:
    """A line of the table. `seconds`: from the fault's end until whole."""

    scenario: Scenario
    version: int
    seen: str = ""
    seconds: float | None = None
    wrong: str = ""

    @property
    def line(self) -> str:
        took = "" if self.seconds is None else f", whole after {self.seconds:.1f} s"
        return f"{'ok   ' if not self.wrong else 'WRONG'} {self.scenario.name} ({self.version}): {self.seen}{took}" + (
            f"\n{self.wrong}" if self.wrong else ""
        )


def play(scenario: Scenario, version: int, seed: int) -> Row:
    """One fault on a stage of its own."""
    row = Row(scenario, version)
    with Stage(seed, version, **scenario.options) as stage:
        stage.env.update(scenario.env)
        stage.gateway.env.update(scenario.env)
        try:
            _play(stage, row)
        except Exception as found:
            row.wrong = str(found) if isinstance(found, Violation) else "the campaign itself failed:\n" + traceback.format_exc()
            if hasattr(stage, "bot"):
                folder = stage.dump(Path("build/faults") / f"{scenario.deed.__name__}-{seed}-{version}")
                row.wrong += f"\nall of it: {folder}"
        if hasattr(stage, "bot"):
            row.seen = _seen(stage, row.seen)
    return row


def _play(stage: Stage, row: Row) -> None:
    scenario = row.scenario
    stage.begin()
    stage.wait(BEFORE)
    gateway, memory, lines = stage.gateway, stage.gateway.memory, len(stage.gateway.lines())
    begun = time.time()
    scenario.deed(stage)
    ended = time.time()
    whole = "trusted orders and running books after the fault"
    stage.until(lambda: _works(stage, ended + SETTLED), scenario.within + SETTLED, whole)
    back = stage.watch.turns[-1][0]
    row.seconds = max(0.0, back - ended)
    ceased = stage.watch.ceased(begun)
    if ceased is not None:
        # Until the gateway has noticed, words go into nothing.
        stage.gaps = [attrs.evolve(gap, end=max(gap.end, begun + ceased + 1)) for gap in stage.gaps]
    row.seen = "trusted all the time" if ceased is None else f"not trusted {ceased:.1f} s after its beginning"
    stage.wait(AFTER)
    stage.whole(scenario.settles)
    stage.fail_on(stage.watch.wrong)
    log = stage.gateway.lines()[lines if gateway is stage.gateway else 0 :]
    stage.fail_on(checks.log(log, len(stage.bot.commands), scenario.odd))
    if not scenario.dies:
        stage.fail_on([] if gateway.alive else ["the process has ended"])
        grown = gateway.memory - memory
        stage.fail_on([] if grown < checks.MEMORY else [f"memory has grown by {grown:.0f} MB"])


def _works(stage: Stage, since: float) -> bool:
    """Orders are trusted by a status said after `since`, and both books have rows."""
    view = stage.view
    return view is not None and view.whole and view.status[1] > since and all(
        (book := view.books.get(each.con_id)) and book[0] and book[1] for each in TRADED
    )


def _seen(stage: Stage, first: str) -> str:
    ledger = stage.watch.ledger
    counts = f"{len(ledger.orders)} orders, {len(ledger.fills)} fills, {len(stage.bot.commands)} commands"
    return "; ".join(each for each in (first, *stage.noted, counts) if each)
