"""Level 1 from frames to messages: one-level books, trades, silence below depth, what is kept while Redis is away."""

import json

import pytest

from ibgw_tx.books.live_book import LiveBook
from ibgw_tx.books.shelf import BookShelf
from ibgw_tx.books.top_shelf import MAX_TRADES, TopBook, TopShelf
from tests.kit.fakes import AAPL, check_book


@pytest.fixture
def above():
    return BookShelf()


@pytest.fixture
def shelf(above):
    shelf = TopShelf(above, lambda: 1234)
    shelf.add(TopBook(AAPL, 1))
    shelf.feed(book(shelf), 9)
    list(shelf.take_messages(1))
    return shelf


def book(shelf):
    return next(iter(shelf.books.values()))


def fields(*items):
    return [*(str(item).encode() for item in items), b""]


def price(shelf, tick, value, size="5", req=9):
    shelf.tick_price(fields(1, 6, req, tick, value, size, 0))


def quote(shelf, bid=10.0, ask=10.5):
    price(shelf, 1, bid)
    price(shelf, 2, ask)


def books(shelf, now=5):
    return [check_book(json.loads(message)) for _, message in shelf.take_messages(now)]


def trades(shelf, now=5):
    return [json.loads(message) for _, message in shelf.take_trades(now)]


def test_prices_and_sizes_make_a_book(shelf):
    quote(shelf)
    shelf.tick_size(fields(2, 6, 9, 0, 8))
    assert books(shelf) == [([(10.0, 8)], [(10.5, 5)])] and not books(shelf)


def test_delayed_ticks_stand_for_live_ones(shelf):
    price(shelf, 66, 10.0)
    price(shelf, 67, 10.5)
    shelf.tick_size(fields(2, 6, 9, 70, 3))
    assert books(shelf) == [([(10.0, 5)], [(10.5, 3)])]


@pytest.mark.parametrize(("value", "size"), [(-1, 0), (-1, ""), (0, 0), ("1.7976931348623157E308", 0)])
def test_what_is_no_price_is_no_level(shelf, value, size):
    quote(shelf)
    price(shelf, 1, value, size)
    assert books(shelf)[-1] == ([], [(10.5, 5)])


def test_an_empty_size_is_none(shelf):
    price(shelf, 1, 10.0, "")
    assert books(shelf) == [([], [])]


@pytest.mark.parametrize("tick", [6, 7, 9, 14, 37, 221])
def test_ticks_of_other_kinds_are_nothing(shelf, tick):
    price(shelf, tick, 10.0)
    shelf.tick_size(fields(2, 6, 9, 8, 1000))
    assert not shelf.has_news


@pytest.mark.parametrize(("value", "size"), [("x", "5"), ("1", "x"), ("1", "inf"), ("1", "nan")])
def test_a_broken_tick_is_an_error_and_changes_nothing(shelf, value, size):
    with pytest.raises((ValueError, OverflowError)):
        price(shelf, 1, value, size)
    assert not shelf.has_news


def test_ticks_of_ended_requests_are_strays(shelf):
    price(shelf, 1, 10.0, req=8)
    shelf.tick_size(fields(2, 6, 8, 0, 1))
    assert shelf.strays == 2 and not shelf.has_news


# Trades.


def test_a_last_price_with_a_size_is_a_trade_now(shelf):
    quote(shelf)
    price(shelf, 4, 10.5, "3")
    assert trades(shelf) == [[[{"T": "buy", "p": 10.5, "s": 3, "t": 1234}], 5]] and not trades(shelf)


@pytest.mark.parametrize(("value", "size"), [(-1, 3), (10.5, 0), (10.5, ""), ("1.7976931348623157E308", 3)])
def test_a_last_price_without_a_number_or_a_size_is_no_trade(shelf, value, size):
    price(shelf, 4, value, size)
    assert not trades(shelf)


def test_where_tws_tells_trades_with_their_time_last_prices_are_not_counted_too(shelf):
    shelf.tick_string(fields(46, 6, 9, 48, "10.5;3;1700000000123;100;10;true"))
    price(shelf, 4, 10.5, "3")
    ((told, _),) = trades(shelf)
    assert [trade["t"] for trade in told] == [1700000000123]


def test_an_rt_volume_without_a_price_is_no_trade_but_counts_as_there(shelf):
    shelf.tick_string(fields(46, 6, 9, 48, ";;1700000000123;100;10;true"))
    price(shelf, 4, 10.5, "3")
    assert not trades(shelf)


def test_strings_of_other_kinds_are_nothing(shelf):
    shelf.tick_string(fields(46, 6, 9, 45, "1700000000"))
    assert not shelf.has_news


def test_trades_while_redis_has_no_room_are_bounded(shelf):
    for number in range(MAX_TRADES + 5):
        price(shelf, 4, 10 + number, "1")
    ((told, _),) = trades(shelf)
    assert len(told) == MAX_TRADES and told[0]["p"] == 15 and shelf.trades_dropped == 5


def test_old_trades_are_no_news_when_redis_is_back(shelf):
    quote(shelf)
    books(shelf)
    price(shelf, 4, 10.5, "3")
    shelf.retell_all()
    assert not trades(shelf) and shelf.trades_dropped == 1 and len(books(shelf)) == 1


# Depth above.


def test_books_are_silent_while_depth_is_on_and_trades_are_not(above, shelf):
    above.add(LiveBook(AAPL, 1))
    quote(shelf)
    price(shelf, 4, 10.5, "3")
    assert not books(shelf) and len(trades(shelf)) == 1


def test_a_distrusted_book_is_told_empty_and_hears_no_more(shelf):
    quote(shelf)
    books(shelf)
    shelf.distrust_all()
    assert books(shelf) == [([], [])]
    quote(shelf)
    assert not shelf.has_news and shelf.strays
