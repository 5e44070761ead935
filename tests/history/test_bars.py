"""Bars as TWS sends them."""

import pytest

from ibgw_tx.history.bars import bar_time, parse_bars


def frame(*bars, count=None):
    fields = ["17", "1000000001", "start", "end", str(len(bars) if count is None else count)]
    return [text.encode() for text in fields + [part for bar in bars for part in bar]] + [b""]


BAR = ("1700000000", "1", "2", "0.5", "1.5", "100", "1.2", "7")


def test_bars_are_read():
    assert parse_bars(frame(BAR)) == (1000000001, [[1700000000000, 1.0, 2.0, 0.5, 1.5, 100, 1.2, 7]])
    assert parse_bars(frame()) == (1000000001, [])


def test_bars_are_read_without_the_dates_that_196_took_away():
    fields = [b"17", b"1000000001", b"2", *(text.encode() for text in (*BAR, *BAR)), b""]
    assert parse_bars(fields) == (1000000001, [[1700000000000, 1.0, 2.0, 0.5, 1.5, 100, 1.2, 7]] * 2)
    assert parse_bars([b"17", b"1000000001", b"0", b""]) == (1000000001, [])
    fractions = ("20240430", *BAR[1:5], "0.00012345", "1.2", "7")
    assert str(parse_bars([b"17", b"7", b"1", *(text.encode() for text in fractions), b""])[1][0][5]) == "0.00012345"


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
