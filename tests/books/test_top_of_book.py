"""Level 1 of one contract: the best bid and ask, and trades."""

import pytest

from ibgw_tx.books.top_of_book import TopRows, parse_rt_volume

UNSET = 1.7976931348623157e308


@pytest.fixture
def rows():
    made = TopRows()
    made.price("bid", 10.0, 5)
    made.price("ask", 10.5, 7)
    return made


def told(rows, factor=1):
    levels = rows.levels(factor)
    return None if levels is None else [[(level["p"], level["s"]) for level in side] for side in levels]


def test_one_level_a_side(rows):
    assert told(rows) == [[(10.0, 5)], [(10.5, 7)]] and told(rows, 100) == [[(10.0, 500)], [(10.5, 700)]]


@pytest.mark.parametrize("price", [-1, UNSET, float("nan"), float("inf")])
def test_no_price_takes_the_level_away(rows, price):
    assert rows.price("bid", price, 0)
    assert told(rows) == [[], [(10.5, 7)]]


@pytest.mark.parametrize("price", [UNSET, float("nan")])
def test_what_is_no_number_is_no_price_whatever_its_size(rows, price):
    rows.price("bid", price, 5)
    assert told(rows) == [[], [(10.5, 7)]]


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


@pytest.mark.parametrize(
    ("prices", "sides"),
    [
        ([10.5, 10.6], ["buy", "buy"]),
        ([10.0, 9.9], ["sell", "sell"]),
        ([10.2, 10.3, 10.3, 10.1, 10.1], ["buy", "buy", "buy", "sell", "sell"]),
    ],
)
def test_who_took_is_told_by_the_quote_then_by_the_direction(rows, prices, sides):
    assert [rows.trade(price, 1, 5, 1)["T"] for price in prices] == sides


def test_a_trade_is_told_in_the_books_units(rows):
    assert rows.trade(10.5, 2, 99, 100) == {"T": "buy", "p": 10.5, "s": 200, "t": 99}


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("10.5;3;1700000000123;100;10.1;true", (10.5, 3, 1700000000123)),
        ("10.5;0.5;1700000000123;100;10.1;true", (10.5, 0.5, 1700000000123)),
        (";3;1700000000123;100;10.1;true", None),
        ("10.5;;1;1;1;true", None),
        ("10.5;0;1;1;1;true", None),
        ("10.5;3", None),
        ("", None),
    ],
)
def test_rt_volume_texts(text, trade):
    assert parse_rt_volume(text) == trade


@pytest.mark.parametrize("text", ["x;1;1;", "1;x;1;", "1;1;x;"])
def test_a_broken_rt_volume_is_an_error(text):
    with pytest.raises(ValueError):
        parse_rt_volume(text)
