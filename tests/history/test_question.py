"""FIND_HISTORY without I/O: what may be asked, when, and how bars are read."""

import pytest

from ibgw_tx.history.bars import bar_time, parse_bars
from ibgw_tx.history.pacing import LONG_LIMIT, HistoryPacing
from ibgw_tx.history.question import Question, question_of
from ibgw_tx.model.errors import CommandError

GOOD = {"duration": "2 D", "barSize": "1 min"}


@pytest.mark.parametrize(
    ("more", "question"),
    [
        ({}, ("", "2 D", "1 min", "TRADES", True)),
        ({"endDateTime": None}, ("", "2 D", "1 min", "TRADES", True)),
        ({"endDateTime": "20240430 10:30:00 US/Eastern"}, ("20240430 10:30:00 US/Eastern", "2 D", "1 min", "TRADES", True)),
        ({"endDateTime": "20240430-14:30:00", "useRTH": False}, ("20240430-14:30:00", "2 D", "1 min", "TRADES", False)),
        ({"whatToShow": "BID_ASK", "barSize": "1 day"}, ("", "2 D", "1 day", "BID_ASK", True)),
    ],
)
def test_a_question_that_ib_takes(more, question):
    assert question_of({**GOOD, **more}) == Question(*question)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("duration", None), ("duration", "2D"), ("duration", "0 D"), ("duration", "2 H"), ("duration", 2), ("duration", "2 D\n"),
        ("barSize", None), ("barSize", "7 mins"), ("barSize", []), ("barSize", 60),
        ("whatToShow", "EVERYTHING"), ("whatToShow", None), ("whatToShow", {}),
        ("useRTH", 1), ("useRTH", "true"), ("useRTH", None),
        ("endDateTime", "yesterday"), ("endDateTime", "20240430 10:30:00"), ("endDateTime", "20240430"),
        ("endDateTime", "2024-04-30"), ("endDateTime", 5), ("endDateTime", "20240430 10:30:00 \n"),
    ],
)  # fmt: skip
def test_a_question_that_ib_would_refuse_is_refused_here_by_name(member, value):
    with pytest.raises(CommandError) as refused:
        question_of({**GOOD, member: value})
    assert member in refused.value.text


# Pacing.


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


# Bars.


def frame(*bars, count=None):
    fields = ["17", "1000000001", "start", "end", str(len(bars) if count is None else count)]
    return [text.encode() for text in fields + [part for bar in bars for part in bar]] + [b""]


BAR = ("1700000000", "1", "2", "0.5", "1.5", "100", "1.2", "7")


def test_bars_are_read():
    assert parse_bars(frame(BAR)) == (1000000001, [[1700000000000, 1.0, 2.0, 0.5, 1.5, 100]])
    assert parse_bars(frame()) == (1000000001, [])


def test_an_unknown_volume_is_none():
    assert parse_bars(frame((*BAR[:5], "-1", "0", "0")))[1][0][5] is None


@pytest.mark.parametrize("fields", [frame(BAR, count=2), frame(("junk", *BAR[1:])), [b"17"], frame((*BAR[:1], "x", *BAR[2:]))])
def test_a_broken_frame_is_an_error(fields):
    with pytest.raises((ValueError, IndexError)):
        parse_bars(fields)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("20240430", 1714435200000),
        ("1714435200", 1714435200000),
        ("20240430 10:00:00", 1714471200000),
        ("20240430  10:00:00", 1714471200000),
    ],
)
def test_times_of_bars(text, ms):
    assert bar_time(text) == ms


@pytest.mark.parametrize("figure", ["nan", "1.7976931348623157E308", "2147483647", "inf"])
def test_a_price_that_is_no_figure_is_none_of_a_bar(figure):
    assert parse_bars(frame((BAR[0], figure, *BAR[2:])))[1][0][1:5] == [None, 2.0, 0.5, 1.5]
