"""Rows of books, and the last executions."""

from ibgw_tx.sight.fills import REMEMBERED, RecentFills
from ibgw_tx.sight.rows import LEVELS, book_row
from tests.kit.trading import fill


def sizes(fills):
    return [row["size"] for row in fills.rows()]


def test_a_book_shows_its_first_levels_as_bots_were_told():
    told = b'[[%b],[{"p":9,"s":1}],7]' % b",".join(b'{"p":%d,"s":2}' % price for price in range(8, 0, -1))
    row = book_row("SEHK", "HKD-1137", "speaking", 1.26, told)
    assert [each["p"] for each in row["bids"]] == [8, 7, 6, 5, 4] and len(row["bids"]) == LEVELS
    assert (row["asks"], row["age"], row["t"]) == ([{"p": 9, "s": 1}], 1.3, 7)


def test_the_newest_fill_is_first_and_one_told_again_is_one():
    fills = RecentFills()
    for told in (fill("a.1.01", 1), fill("b.1.01", 2), fill("a.1.01", 1)):
        fills.take(told)
    assert sizes(fills) == [1, 2]


def test_a_correction_takes_the_place_of_what_it_corrects_whichever_comes_first():
    for told in ((fill("a.1.01", 1), fill("a.1.02", 5)), (fill("a.1.02", 5), fill("a.1.01", 1))):
        fills = RecentFills()
        for each in told:
            fills.take(each)
        assert sizes(fills) == [5]


def test_no_more_than_the_last_are_remembered():
    fills = RecentFills()
    for number in range(1, REMEMBERED + 3):
        fills.take(fill(f"{number}x.1.01", number))
    assert sizes(fills) == list(range(REMEMBERED + 2, 2, -1))
