"""Executions that IB takes back or corrects around the end of a gateway: the installed program, killed and ended, on ibsim."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.program import wait_for

from .test_program_exotic import HASH, Stage, in_thread, stage

__all__ = ["stage"]

FIGURES = ("s", "executed", "remained", "avg_price", "last_price", "status")


def figures(stage: Stage, name: str) -> list[Any]:
    order = stage.program.order(HASH, name)
    return [order.get(figure) for figure in FIGURES]


@pytest.mark.parametrize("hard", [True, False])
@in_thread
def test_what_was_taken_back_or_corrected_is_so_in_the_next_life(stage: Stage, hard: bool) -> None:
    trouble = stage.world.sim.trouble.orders
    names = ("bust", "less", "bust-away", "less-away", "alive", "alive-away")
    perms = {name: int(stage.place(name)["i"]) for name in names}
    fills = {
        name: stage.sim(trouble.fill, perm, 40 if name.startswith("alive") else 100, 100.0) for name, perm in perms.items()
    }
    for name in names:
        wait_for(lambda name=name: stage.program.order(HASH, name)["executed"] in (40, 100))

    def correct(away: bool) -> None:
        for name in names:
            if name.endswith("away") == away:
                less = name.startswith("less")
                stage.sim(trouble.correct, fills[name], 60 if less else 0, 99.0 if less else None)

    correct(away=False)
    wait_for(lambda: figures(stage, "alive")[1] == 0 and figures(stage, "less")[1] == 60)
    stage.program.stop(hard)
    correct(away=True)
    stage.program.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")
    for name in ("bust", "bust-away"):
        assert figures(stage, name) == [100, 0, 100, None, None, "Filled"], name
    for name in ("less", "less-away"):
        assert figures(stage, name) == [100, 60, 40, 99, 99, "Filled"], name
    for name in ("alive", "alive-away"):
        assert figures(stage, name) == [100, 0, 100, None, None, "Submitted"], name
        stage.sim(trouble.fill, perms[name], 70, 98.0)
        stage.shown(name, "Submitted", executed=70, avg_price=98, last_price=98)
    told = [text for channel, text in stage.program.listen() if channel.endswith("O_channel") and text.get("recovered")]
    assert {text["client_oid"] for text in told if text.get("corrected")} == {name for name in names if name.endswith("away")}
    sums: dict[str, dict[str, Any]] = {name: {} for name in names}
    for channel, fill in stage.program.listen():
        if channel.endswith(":fills") and not fill.get("update"):  # a commission may come after the correction
            sums[fill["client_oid"]].pop(fill.get("corrects"), None)
            sums[fill["client_oid"]][fill["execId"]] = fill["s"]
    assert {name: sum(each.values()) for name, each in sums.items()} == {name: figures(stage, name)[1] for name in names}
