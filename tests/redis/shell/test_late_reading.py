"""Replies of books are read late, and never later than that: behind a sending, by a look, by the reactor when it is quiet."""

import pytest
from twisted.internet.task import Clock

from ibgw_tx.redis.shell.late_reading import LOOK, LateReading


class Wire:
    """A TCP transport as far as reading goes. `ending` is what a read finds when the other side has closed."""

    def __init__(self):
        self.connected, self.disconnecting = True, False
        self.watched, self.reads, self.ending = True, 0, None

    def stopReading(self):
        self.watched = False

    def startReading(self):
        self.watched = True

    def doRead(self):
        self.reads += 1
        return self.ending


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def late(wire, clock):
    return LateReading(wire, clock.callLater)


def test_while_commands_leave_only_many_unanswered_ones_are_read_behind_a_sending(late, wire):
    late.sent(many=True)
    assert not wire.watched and wire.reads == 0
    late.sent(many=False)
    assert wire.reads == 0
    late.sent(many=True)
    assert wire.reads == 1


def test_a_look_reads_what_no_sending_has(late, wire, clock):
    late.sent(many=True)
    clock.advance(LOOK)
    assert wire.reads == 1 and not wire.watched


def test_the_reactor_watches_again_when_nothing_left_between_two_looks(late, wire, clock):
    late.sent(many=True)
    clock.advance(LOOK)
    clock.advance(LOOK)
    assert wire.watched and not clock.getDelayedCalls()
    late.sent(many=True)
    assert not wire.watched


def test_who_waits_for_room_has_the_reactor_read(late, wire, clock):
    late.sent(many=True)
    late.watch()
    assert wire.watched and not clock.getDelayedCalls()


@pytest.mark.parametrize("find", [lambda late, clock: late.sent(many=True), lambda late, clock: clock.advance(LOOK)])
def test_a_connection_that_was_closed_is_the_reactors_to_end(late, wire, clock, find):
    late.sent(many=True)
    wire.ending = ConnectionError()
    find(late, clock)
    assert wire.watched


@pytest.mark.parametrize("closing", [{"connected": False}, {"disconnecting": True}])
def test_one_that_is_closing_is_neither_read_nor_watched(late, wire, clock, closing):
    late.sent(many=True)
    vars(wire).update(closing)
    late.sent(many=True)
    clock.advance(LOOK)
    assert wire.reads == 0 and not wire.watched and not clock.getDelayedCalls()


def test_nothing_is_left_of_one_that_is_gone(late, wire, clock):
    late.sent(many=True)
    late.stop()
    late.sent(many=True)
    late.watch()
    assert not clock.getDelayedCalls() and wire.reads == 0 and not wire.watched


def test_over_any_other_transport_nothing_is_done(clock):
    late = LateReading(object(), clock.callLater)
    late.sent(many=True)
    late.watch()
    assert not clock.getDelayedCalls()
