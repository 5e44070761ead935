"""Never over 45 messages in any second, and cancels first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.errors import PacingFull
from ibgw_tx.tws.pacing import CAPACITY, CEILING, WINDOW, Lane, Pacer

LIMIT = 45
STEPS = st.lists(
    st.tuples(st.sampled_from(list(Lane)), st.integers(0, 60), st.sampled_from([0.0, 0.001, 0.1, 0.5, 0.99, 1.0, 1.05, 3.0])),
    max_size=40,
)


def most_in_a_second(times):
    return max((sum(1 for other in times if time <= other < time + 1.0) for time in times), default=0)


@given(STEPS)
def test_never_over_45_in_any_second_and_nothing_lost_and_order_kept(steps):
    pacer, now, sent, times = Pacer(), 1000.0, [], []
    offered = {lane: [] for lane in Lane}
    for lane, count, pause in steps:
        for _ in range(count):
            message = b"%d-%d" % (lane, len(offered[lane]))
            offered[lane].append(message)
            pacer.offer(lane, message)
        out = pacer.release(now)
        sent += out
        times += [now] * len(out)
        now += pause
    while (wait := pacer.wait(now)) is not None:
        now += max(wait, 0.001)
        out = pacer.release(now)
        sent += out
        times += [now] * len(out)
    assert most_in_a_second(times) <= LIMIT
    for lane in Lane:
        assert [message for message in sent if message.startswith(b"%d-" % lane)] == offered[lane]


@given(STEPS)
def test_the_wait_is_neither_too_long_nor_for_ever(steps):
    pacer, now = Pacer(), 1000.0
    for lane, count, pause in steps:
        for _ in range(count):
            pacer.offer(lane, b"m")
        pacer.release(now)
        wait = pacer.wait(now)
        assert (wait is None) == (pacer.waiting() == 0)
        assert wait is None or 0 <= wait <= WINDOW + 1e-6
        now += pause


def test_a_cancel_overtakes_orders_and_requests():
    pacer = Pacer()
    for lane, message in ((Lane.DATA, b"data"), (Lane.ORDER, b"order"), (Lane.CANCEL, b"cancel")):
        pacer.offer(lane, message)
    assert pacer.release(0.0) == [b"cancel", b"order", b"data"]


def test_a_burst_of_requests_leaves_room_for_orders_and_one_of_orders_for_cancels():
    pacer = Pacer()
    for lane in (Lane.DATA, Lane.ORDER, Lane.CANCEL):
        for _ in range(100):
            pacer.offer(lane, lane.name.encode())
        assert len(pacer.release(0.0)) == {Lane.DATA: 32, Lane.ORDER: 10, Lane.CANCEL: 3}[lane]
    assert CEILING[Lane.CANCEL] == LIMIT


def test_a_cancel_waits_no_longer_than_the_oldest_message_counts():
    pacer = Pacer()
    for _ in range(60):
        pacer.offer(Lane.CANCEL, b"c")
    pacer.release(10.0)
    assert pacer.wait(10.5) == pytest.approx(WINDOW - 0.5)


@pytest.mark.parametrize("lane", list(Lane))
def test_a_full_lane_refuses_and_keeps_what_it_has(lane):
    pacer = Pacer()
    for _ in range(CAPACITY[lane]):
        pacer.offer(lane, b"m")
    with pytest.raises(PacingFull, match=lane.name.lower()):
        pacer.offer(lane, b"one more")
    assert pacer.waiting() == CAPACITY[lane]


def test_a_clock_set_back_does_not_block_what_waits():
    pacer = Pacer()
    for _ in range(60):
        pacer.offer(Lane.CANCEL, b"c")
    assert len(pacer.release(10_000.0)) == LIMIT
    assert pacer.release(6400.0) == []
    assert pacer.wait(6400.0) == pytest.approx(WINDOW)
    assert len(pacer.release(6400.0 + WINDOW + 0.001)) == 15


def test_a_cancel_may_be_queued_behind_what_waits_in_another_lane_even_if_that_is_full():
    pacer = Pacer()
    pacer.offer(Lane.ORDER, *[b"order"] * CAPACITY[Lane.ORDER])
    for _ in range(CAPACITY[Lane.CANCEL]):
        pacer.offer_behind(Lane.ORDER, b"cancel")
    with pytest.raises(PacingFull):
        pacer.offer_behind(Lane.ORDER, b"cancel")
    assert pacer.waiting_in(Lane.ORDER)[-1] == b"cancel" and not pacer.waiting_in(Lane.CANCEL)
