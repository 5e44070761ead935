"""Level 1 from frames to messages: one-level books and trades, and what is kept while Redis is away."""

import json

import pytest

from ibgw_tx.books.trades import MAX_TRADES
from tests.kit.books import NOW, BookPath, check_book
from tests.kit.contracts import AAPL, HK1137


@pytest.fixture
def path():
    made = BookPath(lambda: 1234)
    made.fed_top(AAPL, 9)
    return made


@pytest.fixture
def top(path):
    """A level-1 request whose first last price, a repetition, is behind it."""
    price(path.top, 4, 10.5, "1")
    return path.top


def fields(*items):
    return [*(str(item).encode() for item in items), b""]


def price(top, tick, value, size="5", req=9):
    top.tick_price(fields(1, 6, req, tick, value, size, 0))


def quote(top, bid=10.0, ask=10.5):
    price(top, 1, bid)
    price(top, 2, ask)


def rows(path):
    (feed,) = path.top.feeds.by_request.values()
    return feed.rows


def books(path, now=5):
    return [check_book(message) for _, message in path.told(now)]


def trades(top, now=5):
    return [json.loads(message) for _, message in top.take_trades(now)]


def test_prices_and_sizes_make_a_book(path, top):
    quote(top)
    top.tick_size(fields(2, 6, 9, 0, 8))
    assert books(path) == [([(10.0, 8)], [(10.5, 5)])] and not books(path)


def test_delayed_ticks_stand_for_live_ones(path, top):
    price(top, 66, 10.0)
    price(top, 67, 10.5)
    top.tick_size(fields(2, 6, 9, 70, 3))
    assert books(path) == [([(10.0, 5)], [(10.5, 3)])]


@pytest.mark.parametrize(("value", "size"), [(-1, 0), (-1, ""), (0, 0), ("1.7976931348623157E308", 0)])
def test_what_is_no_price_is_no_level(path, top, value, size):
    quote(top)
    price(top, 1, value, size)
    assert books(path)[-1] == ([], [(10.5, 5)])


def test_an_empty_size_is_none(path, top):
    price(top, 1, 10.0, "")
    assert books(path) == [([], [])] and books(path) == []


@pytest.mark.parametrize("unset", ["2147483647", "1.7e38", "1.7976931348623157E308", "170141183460469231731687303715884105727"])
def test_a_size_that_is_unset_is_no_level(path, top, unset):
    quote(top)
    books(path)
    top.tick_size(fields(2, 6, 9, 0, unset))
    price(top, 2, 10.6, unset)
    assert books(path) == [([], [])]
    top.tick_size(fields(2, 6, 9, 0, 4))
    assert books(path) == [([(10.0, 4)], [])]


@pytest.mark.parametrize("tick", [6, 7, 9, 14, 37, 221])
def test_ticks_of_other_kinds_are_nothing(path, top, tick):
    price(top, tick, 10.0)
    top.tick_size(fields(2, 6, 9, 8, 1000))
    assert not path.channels.has_news


@pytest.mark.parametrize(("value", "size"), [("x", "5"), ("1", "x"), ("nan", "1"), ("1", "nan")])
def test_a_broken_tick_is_an_error_and_changes_nothing(path, top, value, size):
    with pytest.raises((ValueError, OverflowError)):
        price(top, 1, value, size)
    assert not path.channels.has_news


def test_ticks_of_ended_requests_are_strays(path, top):
    price(top, 1, 10.0, req=8)
    top.tick_size(fields(2, 6, 8, 0, 1))
    assert top.strays == 2 and not path.channels.has_news


# Trades.


def test_a_last_price_with_a_size_is_a_trade_now(top):
    quote(top)
    price(top, 4, 10.5, "3")
    assert trades(top) == [[[{"T": "buy", "p": 10.5, "s": 3, "t": 1234}], 5]] and not trades(top)


@pytest.mark.parametrize(("value", "size"), [(-1, 3), (10.5, 0), (10.5, ""), ("1.7976931348623157E308", 3)])
def test_a_last_price_without_a_number_or_a_size_is_no_trade(top, value, size):
    price(top, 4, value, size)
    assert not trades(top)


def test_where_tws_tells_trades_with_their_time_last_prices_are_not_counted_too(top):
    top.tick_string(fields(46, 6, 9, 48, "10.5;3;1700000000123;100;10;true"))
    price(top, 4, 10.5, "3")
    ((told, _),) = trades(top)
    assert [trade["t"] for trade in told] == [1700000000123]


def test_an_rt_volume_without_a_price_is_no_trade_but_counts_as_there(top):
    top.tick_string(fields(46, 6, 9, 48, ";;1700000000123;100;10;true"))
    price(top, 4, 10.5, "3")
    assert not trades(top)


def test_strings_of_other_kinds_are_nothing(top):
    top.tick_string(fields(46, 6, 9, 32, "KPQ"))
    assert not top.has_trades


def test_trades_while_redis_has_no_room_are_bounded(path, top):
    for number in range(MAX_TRADES + 5):
        price(top, 4, 10 + number, "1")
    ((told, _),) = trades(top)
    assert len(told) == MAX_TRADES and told[0]["p"] == 15 and rows(path).trades.dropped == 5


def test_old_trades_are_no_news_when_redis_is_back(path, top):
    price(top, 4, 10.5, "3")
    top.forget_trades()
    assert not trades(top) and rows(path).trades.dropped == 1


@pytest.mark.parametrize("size", ["2147483647", "1.7e38", "1.7976931348623157E308"])
def test_a_trade_whose_size_is_unset_is_none(top, size):
    price(top, 4, 10.5, size)
    top.tick_string(fields(46, 6, 9, 48, f"10.5;{size};1700000000123;100;10;true"))
    assert not trades(top)


@pytest.mark.parametrize("time", ["12345678901234567890", "-1", "x", "99999999999999999"])
def test_a_trade_with_a_time_that_is_none_is_a_broken_message_and_loses_nothing_else(path, top, time):
    quote(top)
    with pytest.raises(ValueError):
        top.tick_string(fields(46, 6, 9, 48, f"10.5;3;{time};100;10;true"))
    assert books(path) == [([(10.0, 5)], [(10.5, 5)])] and not trades(top)


def test_trades_that_cannot_be_told_hold_no_others_back(path, top):
    path.fed_top(HK1137, 10)
    for req_id in (10, 10, 9):
        price(top, 4, 10.5, "3", req_id)
    rows_of_9 = path.top.feeds.by_request[b"9"].rows
    rows_of_9.trades.waiting[0]["t"] = 10**30
    assert [json.loads(message)[0][0]["p"] for _, message in top.take_trades(NOW)] == [10.5]
    ((channel, _),) = top.broken
    assert channel == rows_of_9.trades.channel and not top.has_trades
