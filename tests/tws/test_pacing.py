"""Never over 45 messages in any second, and cancels first."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.errors import PacingFull
from ibgw_tx.tws.pacing import CAPACITY, CEILING, PATIENCE, WINDOW, Lane, Pacer, ceilings

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
            try:
                pacer.offer(lane, message)
            except PacingFull:
                assert lane is Lane.QUESTION
                break
            offered[lane].append(message)
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
            with suppress(PacingFull):
                pacer.offer(lane, b"m")
        pacer.release(now)
        wait = pacer.wait(now)
        assert (wait is None) == (pacer.waiting() == 0)
        assert wait is None or 0 <= wait <= WINDOW + 1e-6
        now += pause


def test_a_cancel_overtakes_orders_and_requests():
    pacer = Pacer()
    for lane in reversed(Lane):
        pacer.offer(lane, lane.name.encode())
    assert pacer.release(0.0) == [b"CANCEL", b"ORDER", b"OWN", b"FEED", b"QUESTION"]


def test_a_burst_of_requests_leaves_room_for_orders_and_one_of_orders_for_cancels():
    pacer = Pacer()
    for lane in reversed(Lane):
        for _ in range(60):
            pacer.offer(lane, lane.name.encode())
        expected = {Lane.QUESTION: 28, Lane.FEED: 4, Lane.OWN: 6, Lane.ORDER: 4, Lane.CANCEL: 3}[lane]
        assert pacer.release(0.0) == [lane.name.encode()] * expected
    assert CEILING[Lane.CANCEL] == LIMIT


def test_a_cancel_waits_no_longer_than_the_oldest_message_counts():
    pacer = Pacer()
    for _ in range(60):
        pacer.offer(Lane.CANCEL, b"c")
    pacer.release(10.0)
    assert pacer.wait(10.5) == pytest.approx(WINDOW - 0.5)


@pytest.mark.parametrize("lane", [lane for lane in Lane if lane is not Lane.QUESTION])
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


@pytest.mark.parametrize("ahead", list(Lane))
def test_a_bots_question_is_refused_when_it_would_wait_longer_than_a_few_seconds(ahead):
    pacer = Pacer()
    for _ in range(CEILING[Lane.CANCEL] + 5 * CEILING[Lane.QUESTION]):
        with suppress(PacingFull):
            pacer.offer(ahead, b"m")
    pacer.release(0.0)
    with pytest.raises(PacingFull, match="ask again later"):
        for _ in range(int(PATIENCE * CEILING[Lane.QUESTION]) + 1):
            pacer.offer(Lane.QUESTION, b"q")
    pacer.offer(Lane.OWN, b"own")


def test_the_end_of_a_subscription_is_never_refused():
    pacer = Pacer()
    pacer.offer(Lane.OWN, *[b"m"] * CAPACITY[Lane.OWN])
    pacer.offer_end(b"end")
    assert pacer.waiting_in(Lane.OWN)[-1] == b"end"


@pytest.mark.parametrize("rate", [5, 20, 100, 500])
def test_a_rate_of_another_account_holds_for_every_lane(rate):
    pacer = Pacer(rate)
    for lane in Lane:
        for _ in range(60 if lane is Lane.QUESTION else 1000):
            with suppress(PacingFull):
                pacer.offer(lane, b"m")
    now, times = 0.0, []
    while (wait := pacer.wait(now)) is not None:
        now += max(wait, 0.001)
        times += [now] * len(pacer.release(now))
    assert most_in_a_second(times[:2000]) <= rate
    assert sorted(ceilings(rate).values(), reverse=True) == list(ceilings(rate).values()) and min(ceilings(rate).values()) >= 1
