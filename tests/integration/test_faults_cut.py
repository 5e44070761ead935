"""A short cut of the fault campaign (`make faults`): three faults and three kills of a busy day, looked at from outside."""

import pytest

from tests.faults import kills
from tests.faults.scenarios import SCENARIOS, play
from tests.faults.stage import Stage

CUT = ("the socket to TWS is cut", "Redis restarts empty")


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each.name in CUT], ids=lambda each: each.deed.__name__)
def test_a_fault_breaks_no_promise(scenario):
    row = play(scenario, 226, seed=2)
    assert not row.wrong, row.line


def test_three_kills_of_a_busy_day_lose_double_and_resend_nothing():
    with Stage(3, 157, cables=False) as stage:
        tally = kills.day(stage, 3)
    assert tally.strokes >= 3 and tally.orders > 3 and tally.fills
