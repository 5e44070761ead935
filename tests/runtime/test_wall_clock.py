"""Durations do not follow the wall clock, times that bots read do."""

import pytest
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock, LoopingCall

from ibgw_tx.model.moment import Moment, steady
from ibgw_tx.runtime.wall_clock import WallClock, make_steady

HOUR = 3600.0


class Host:
    """A host whose wall clock somebody sets."""

    def __init__(self):
        self.steady, self.wall = 50.0, 1_700_000_000.0

    def passes(self, seconds):
        self.steady += seconds
        self.wall += seconds


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 120.0])
def test_a_reactor_goes_on_calling_when_the_wall_clock_is_set(jump):
    host = Host()
    reactor = SelectReactor()
    reactor.seconds = lambda: host.wall  # as Twisted has it
    early = reactor.callLater(5, lambda: called.append("early"))
    make_steady(reactor, lambda: host.steady)
    called = []
    loop = LoopingCall(lambda: called.append("loop"))
    loop.clock = reactor
    loop.start(1.0, now=False)
    host.wall += jump
    host.passes(1.01)
    reactor.runUntilCurrent()
    assert called == ["loop"]
    host.passes(4.0)
    reactor.runUntilCurrent()
    assert "early" in called and not early.active()
    loop.stop()
    # A reactor that only looked at the wall clock would not have called, or called too early.
    reactor.removeAll()


def test_a_moment_is_epoch_ms_and_knows_the_steady_ms():
    moment = Moment(1_700_000_000_123, 50_000)
    assert moment == 1_700_000_000_123 and steady(moment) == 50_000 and steady(7) == 7
    assert b"[%d]" % moment == b"[1700000000123]"


@pytest.mark.parametrize(("jump", "says"), [(HOUR, "forward by 3600 s"), (-HOUR, "back by 3600 s")])
def test_a_jump_is_said_once(jump, says, lines):
    clock, ahead = Clock(), [1_700_000_000.0]
    wall = WallClock(clock, lambda: clock.seconds() + ahead[0])
    wall.look()
    clock.advance(1)
    ahead[0] += jump
    before = wall.steady_ms()
    wall.look()
    wall.look()
    assert wall.steady_ms() == before and steady(wall.now_ms()) == before
    assert [line for line in lines if says in line] == lines and len(lines) == 1


def test_a_clock_that_drifts_is_not_told(lines):
    clock, ahead = Clock(), [1_700_000_000.0]
    wall = WallClock(clock, lambda: clock.seconds() + ahead[0])
    for _ in range(100):
        clock.advance(1)
        ahead[0] += 0.01
        wall.look()
    assert not lines
