"""Which bars are told, as forming or as over, and how a gap is filled."""

import pytest

from ibgw_tx.history.bar_feed import MOST_HELD, BarFeed
from ibgw_tx.history.bar_request import BarRequest, bar_request
from ibgw_tx.model.errors import CommandError


def bar(t, close=1.0):
    return [t, 1.0, 2.0, 0.5, close, 10, 1.1, 3]


def test_the_forming_bar_and_the_finished_one_are_told_apart():
    feed = BarFeed()
    assert feed.forming(bar(10)) == [[*bar(10), False]]
    assert feed.forming(bar(10)) == []
    assert feed.forming(bar(10, 1.5)) == [[*bar(10, 1.5), False]]
    assert feed.forming(bar(20)) == [[*bar(10, 1.5), True], [*bar(20), False]]
    assert feed.forming(bar(10, 9)) == [] == feed.closed(bar(10))
    assert feed.last == 10


def test_a_bar_that_is_over_is_told_once():
    feed = BarFeed()
    assert feed.closed(bar(10)) == [[*bar(10), True]]
    assert feed.closed(bar(10)) == [] == feed.closed(bar(5))


def test_the_first_answer_of_history_is_no_gap():
    feed = BarFeed()
    feed.lost(filling=True)
    assert feed.filled([bar(10), bar(20), bar(30)], last_forms=True) == [[*bar(30), False]]
    assert feed.forming(bar(40)) == [[*bar(30), True], [*bar(40), False]]


def test_a_gap_is_filled_and_marked_and_what_came_meanwhile_follows():
    feed = BarFeed()
    feed.closed(bar(10))
    feed.lost(filling=True)
    assert feed.closed(bar(40)) == [] == feed.closed(bar(50))
    assert feed.filled([bar(10), bar(20), bar(30), bar(40, 7)], last_forms=False) == [
        [*bar(20), True, True], [*bar(30), True, True], [*bar(40, 7), True, True], [*bar(50), True]
    ]  # fmt: skip


def test_the_bar_that_formed_when_the_link_was_lost_is_told_by_history():
    feed = BarFeed()
    feed.forming(bar(10))
    feed.forming(bar(20))
    feed.lost(filling=True)
    assert feed.filled([bar(10), bar(20, 3), bar(30)], last_forms=True) == [[*bar(20, 3), True, True], [*bar(30), False]]


def test_without_an_answer_it_goes_on_with_what_came():
    feed = BarFeed(last=10)
    feed.lost(filling=True)
    for number in range(MOST_HELD + 5):
        feed.closed(bar(20 + number))
    told = feed.filled([], last_forms=False)
    assert [one[0] for one in told] == list(range(25, 20 + MOST_HELD + 5)) and told[0][8:] == [True]


@pytest.mark.parametrize(
    ("size", "last", "words"),
    [
        ("5 secs", None, "10 S"),
        ("5 secs", 100_000, "910 S"),
        ("5 secs", 1_000_000 - 10**8, "7200 S"),
        ("10 secs", None, "60 S"),
        ("1 min", 880_000, "240 S"),
        ("1 hour", 1_000_000 - 90_000_000, "3 D"),
        ("1 day", None, "3 D"),
        ("1 month", None, "63 D"),
        ("1 month", 1_000_000 - 40_000_000_000, "2 Y"),
    ],
)
def test_so_much_history_fills_a_gap(size, last, words):
    assert BarRequest(size).duration(last, 1_000_000) == words


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "barSize"),
        ({"barSize": "1 secs"}, "barSize"),
        ({"barSize": 5}, "barSize"),
        ({"barSize": "5 secs", "whatToShow": "ADJUSTED_LAST"}, "whatToShow"),
        ({"barSize": "5 secs", "whatToShow": ["TRADES"]}, "whatToShow"),
        ({"barSize": "5 secs", "useRTH": 1}, "useRTH"),
    ],
)
def test_what_ib_does_not_have_is_refused_by_name(params, text):
    with pytest.raises(CommandError, match=text):
        bar_request(params)
