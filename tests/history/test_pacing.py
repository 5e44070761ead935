"""When a question about history may be asked, and which answers still serve."""

import pytest

from ibgw_tx.history.pacing import LONG_LIMIT, HistoryPacing


def sent(pacing, times, what="TRADES", contract="c"):
    for now in times:
        pacing.sent(contract, what, now)


@pytest.mark.parametrize(
    ("what", "count", "wait"), [("TRADES", 59, 0.0), ("TRADES", 60, 600.0), ("BID_ASK", 29, 0.0), ("BID_ASK", 30, 600.0)]
)
def test_sixty_in_ten_minutes_and_bid_ask_counts_double(what, count, wait):
    pacing = HistoryPacing()
    for number in range(count):
        pacing.sent(number, what, 1000.0)
    assert pacing.wait("new", what, 1000.0) == wait


def test_the_window_moves():
    pacing = HistoryPacing()
    for number in range(60):
        pacing.sent(number, "TRADES", 1000.0 + number)
    assert pacing.wait("new", "TRADES", 1100.0) == 500.0
    assert pacing.wait("new", "TRADES", 1600.0) == 0.0


def test_fewer_than_six_of_one_contract_and_kind_within_two_seconds():
    pacing = HistoryPacing()
    sent(pacing, [1000.0] * 5)
    assert pacing.wait("c", "TRADES", 1000.5) == 1.5
    assert pacing.wait("c", "MIDPOINT", 1000.5) == 0 == pacing.wait("d", "TRADES", 1000.5) == pacing.wait("c", "TRADES", 1002.0)


def test_what_is_open_is_counted_until_it_has_ended_well_or_badly():
    pacing = HistoryPacing()
    sent(pacing, [1.0, 1.0])
    pacing.ended("q", None, 2.0)
    pacing.ended("q", [], 2.0)
    assert pacing.open == 0


def test_an_answer_serves_for_fifteen_seconds_also_when_it_is_empty():
    pacing = HistoryPacing()
    sent(pacing, [1.0, 1.0])
    pacing.ended("failed", None, 10.0)
    pacing.ended("q", [], 10.0)
    assert pacing.last_answer("q", 24.9) == [] and pacing.last_answer("failed", 10.0) is None
    assert pacing.last_answer("q", 25.0) is None and not pacing._answers


def test_memory_is_bounded_by_the_windows():
    windows = HistoryPacing()
    for number in range(1000):
        windows.wait(number, "TRADES", float(number * 10))
        windows.sent(number, "TRADES", float(number * 10))
    assert len(windows._short) <= 2 and len(windows._long) <= LONG_LIMIT + 1
