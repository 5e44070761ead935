"""Level 1 of one contract: the best bid and ask, and trades."""

import pytest

from ibgw_tx.books.top_of_book import TopOfBook
from ibgw_tx.books.trades import Trades


@pytest.fixture
def rows():
    made = TopOfBook(Trades("ticks"))
    made.price("bid", 10.0, 5)
    made.price("ask", 10.5, 7)
    return made


def told(rows, factor=1):
    levels = rows.levels(factor)
    return None if levels is None else [[(level["p"], level["s"]) for level in side] for side in levels]


def test_one_level_a_side(rows):
    assert told(rows) == [[(10.0, 5)], [(10.5, 7)]] and told(rows, 100) == [[(10.0, 500)], [(10.5, 700)]]


@pytest.mark.parametrize("price", [-1, None])
def test_no_price_takes_the_level_away(rows, price):
    assert rows.price("bid", price, 0)
    assert told(rows) == [[], [(10.5, 7)]]


def test_what_is_no_number_is_no_price_whatever_its_size(rows):
    rows.price("bid", None, 5)
    assert told(rows) == [[], [(10.5, 7)]]


def test_what_is_no_number_is_no_size_whatever_its_price(rows):
    rows.price("bid", 10.1, None)
    rows.size("ask", None)
    assert told(rows) == [[], []] and rows.quotes() == (10.1, 10.5)


def test_a_size_of_zero_is_no_level_and_its_price_is_kept(rows):
    rows.size("bid", 0)
    assert told(rows) == [[], [(10.5, 7)]]
    rows.size("bid", 3)
    assert told(rows) == [[(10.0, 3)], [(10.5, 7)]]


def test_a_price_of_minus_one_with_a_size_is_a_price(rows):
    rows.price("bid", -1, 5)
    assert told(rows)[0] == [(-1, 5)]


def test_a_crossed_quote_is_no_book(rows):
    rows.price("bid", 11.0, 5)
    assert told(rows) is None


def test_a_repetition_is_no_news(rows):
    assert not rows.price("bid", 10.0, 5) and not rows.size("bid", 5) and rows.size("bid", 6)


def test_clear_forgets_the_quotes(rows):
    rows.clear()
    assert told(rows) == [[], []] and not rows
