"""A loop that one exception cannot end."""

from itertools import pairwise

from twisted.internet.defer import Deferred, fail

from ibgw_tx.runtime.periodic import PeriodicService


def service(clock, body, interval=1.0):
    made = PeriodicService("x", interval, body, clock)
    made.startService()
    return made


def test_it_is_called_at_once_and_then_every_interval(clock):
    calls = []
    service(clock, lambda: calls.append(clock.seconds()))
    assert len(calls) == 1
    clock.pump([1.0] * 3)
    assert [b - a for a, b in pairwise(calls)] == [1.0] * 3


def test_an_exception_costs_one_round(clock, failures):
    calls = []

    def body():
        calls.append(1)
        if len(calls) == 2:
            raise ValueError("once")

    service(clock, body)
    clock.pump([1.0] * 3)
    assert len(calls) == 4 and len(failures) == 1
    failures.clear()


def test_a_failed_deferred_costs_one_round(clock, failures):
    calls = []
    service(clock, lambda: calls.append(1) or fail(ValueError("again")))
    clock.pump([1.0] * 3)
    assert len(calls) == len(failures) == 4
    failures.clear()


def test_a_round_under_way_holds_the_next_back(clock):
    waiting = []

    def body():
        waiting.append(Deferred())
        return waiting[-1]

    service(clock, body)
    clock.pump([1.0] * 5)
    assert len(waiting) == 1
    waiting[0].callback(None)
    clock.advance(1.0)
    assert len(waiting) == 2


def test_stop_ends_it(clock):
    calls = []
    made = service(clock, lambda: calls.append(1))
    made.stopService()
    clock.pump([1.0] * 3)
    assert len(calls) == 1 and not clock.getDelayedCalls()
    made.stopService()


def test_a_late_round_waits_until_what_came_meanwhile_is_read(clock):
    order = []
    made = service(clock, lambda: order.append("round"))
    clock.callLater(5.0, order.append, "read")
    clock.advance(5.0)
    assert order == ["round", "read", "round"]
    clock.advance(1.0)
    assert order == ["round", "read", "round", "round"]
    made.stopService()
    clock.advance(5.0)
    assert len(order) == 4


def test_a_late_round_does_not_come_after_the_stop(clock):
    calls = []
    made = service(clock, lambda: calls.append(1))
    clock.callLater(5.0, made.stopService)
    clock.advance(5.0)
    assert calls == [1]
