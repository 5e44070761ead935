"""Farms that go or come together are one line."""

import pytest
from twisted.internet.task import Clock

from ibgw_tx.tws.shell.farm_log import TOGETHER, FarmLog


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def farms(clock):
    return FarmLog(clock, "tws:4002")


def test_a_night_of_farms_is_one_line_each_way(farms, clock, lines):
    for farm, code in (("usfarm", 2103), ("hfarm", 2103), ("ushmds", 2105), ("secdefil", 2157)):
        farms.changed(farm, code, works=False)
        clock.advance(1)
    assert not lines
    clock.advance(TOGETHER)
    for farm, code in (("usfarm", 2104), ("hfarm", 2104)):
        farms.changed(farm, code, works=True)
    clock.advance(TOGETHER)
    assert lines == [
        "info TWS at tws:4002: farms broken: usfarm (2103), hfarm (2103), ushmds (2105), secdefil (2157)",
        "info TWS at tws:4002: farms connected again: usfarm (2104), hfarm (2104)",
    ]


def test_a_farm_that_is_gone_for_a_moment_is_one_line(farms, clock, lines):
    farms.changed("usfarm", 2103, works=False)
    farms.changed("usfarm", 2104, works=True)
    clock.advance(TOGETHER)
    assert lines == ["info TWS at tws:4002: farms broken: usfarm (2103); connected again: usfarm (2104)"]


def test_the_end_of_a_session_tells_what_was_gathered_once(farms, clock, lines):
    farms.changed("", 2103, works=False)
    farms.tell()
    assert lines == ["info TWS at tws:4002: farms broken: ? (2103)"]
    farms.tell()
    clock.advance(TOGETHER)
    assert len(lines) == 1 and not clock.getDelayedCalls()
