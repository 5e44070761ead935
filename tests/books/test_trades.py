"""Trades from level 1: what is new, when it was, who took."""

import pytest

from ibgw_tx.books.trades import DELAYED_LAST, LAST, LAST_TIME, Trades, parse_rt_volume

ASKED = 1_700_000_000_500
LIVE_TIME, DELAYED_TIME = LAST_TIME
QUOTES = (10.0, 10.5)


@pytest.fixture
def trades():
    made = Trades("ticks")
    made.start(ASKED)
    return made


def last(trades, price=10.5, size=3, t=ASKED + 1000, tick=LAST):
    return trades.last(tick, price, size, t, QUOTES, 1)


def last_time(trades, seconds, tick=LIVE_TIME, t=ASKED + 1000):
    return trades.last_time(tick, seconds, t, QUOTES, 1)


def rt_volume(trades, t, price=10.5):
    return trades.rt_volume(f"{price};3;{t};100;10.1;true", QUOTES, 1)


def told(trades):
    return [(trade["p"], trade["t"]) for trade in trades.take()]


# What TWS repeats on a new subscription.


def test_the_first_last_price_of_a_request_is_no_trade_and_the_next_one_is(trades):
    assert not last(trades) and last(trades, 10.4)
    assert told(trades) == [(10.4, ASKED + 1000)]


def test_five_requests_one_after_the_other_make_no_trade(trades):
    for _ in range(5):
        trades.start(ASKED)
        last(trades)
        rt_volume(trades, ASKED - 60_000)
    assert told(trades) == []


def test_a_first_trade_whose_own_time_is_after_the_question_is_new(trades):
    assert rt_volume(trades, ASKED + 1) and told(trades) == [(10.5, ASKED + 1)]


def test_an_rt_volume_behind_the_first_is_a_trade_whatever_its_time(trades):
    rt_volume(trades, ASKED - 60_000)
    assert rt_volume(trades, ASKED - 100), "clocks differ a little"


@pytest.mark.parametrize("order", ["time first", "price first"])
@pytest.mark.parametrize(("seconds", "new"), [(ASKED // 1000 - 60, False), (ASKED // 1000, True), (ASKED // 1000 + 5, True)])
def test_tick_45_tells_whether_the_first_last_price_is_new(trades, order, seconds, new):
    if order == "time first":
        last_time(trades, seconds)
    last(trades)
    if order == "price first":
        last_time(trades, seconds)
    assert told(trades) == ([(10.5, seconds * 1000)] if new else [])


# When it was.


@pytest.mark.parametrize("order", ["time first", "price first"])
def test_a_last_price_has_the_time_of_tick_45_beside_it(trades, order):
    last(trades, t=ASKED - 9000)
    for seconds, price in ((1_700_000_100, 10.1), (1_700_000_107, 10.2)):
        if order == "time first":
            last_time(trades, seconds)
        last(trades, price)
        if order == "price first":
            last_time(trades, seconds)
        assert told(trades) == [(price, seconds * 1000)]


def test_a_last_price_without_a_time_was_when_it_came(trades):
    last(trades)
    last(trades, t=ASKED + 7000)
    assert told(trades) == [(10.5, ASKED + 7000)]


@pytest.mark.parametrize("seconds", [0, -1, 10**12])
def test_a_time_that_is_none_is_an_error(trades, seconds):
    with pytest.raises(ValueError):
        last_time(trades, seconds)


# The two ways.


def test_where_rt_volume_comes_live_last_prices_and_their_times_are_not_counted_too(trades):
    rt_volume(trades, ASKED + 1)
    last(trades)
    last_time(trades, ASKED // 1000 + 5)
    last(trades)
    assert told(trades) == [(10.5, ASKED + 1)]


def test_a_delayed_feed_after_one_with_rt_volume_tells_its_trades(trades):
    rt_volume(trades, ASKED + 1)
    trades.take()
    trades.start(ASKED)
    for price in (10.1, 10.2, 10.3, 10.4, 10.5):
        last(trades, price, tick=DELAYED_LAST)
    assert [price for price, _ in told(trades)] == [10.2, 10.3, 10.4, 10.5]


def test_data_that_turns_delayed_in_the_same_request_tells_its_trades(trades):
    rt_volume(trades, ASKED + 1)
    trades.take()
    last(trades, 10.1, tick=DELAYED_LAST)
    last(trades, 10.2, tick=DELAYED_LAST)
    last_time(trades, 1_700_000_100, DELAYED_TIME)
    assert told(trades) == [(10.2, 1_700_000_100_000)]


# Who took.


@pytest.mark.parametrize(
    ("prices", "sides"),
    [
        ([10.5, 10.6], ["buy", "buy"]),
        ([10.0, 9.9], ["sell", "sell"]),
        ([10.2, 10.3, 10.3, 10.1, 10.1], ["buy", "buy", "buy", "sell", "sell"]),
    ],
)
def test_who_took_is_told_by_the_quote_then_by_the_direction(trades, prices, sides):
    for price in prices:
        rt_volume(trades, ASKED + 1, price)
    assert [trade["T"] for trade in trades.take()] == sides


def test_what_is_repeated_first_gives_the_direction_too(trades):
    last(trades, 10.1)
    last(trades, 10.2)
    last(trades, 10.15)
    assert [trade["T"] for trade in trades.take()] == ["buy", "sell"]


def test_a_trade_is_told_in_the_books_units_with_four_members(trades):
    last(trades)
    trades.last(LAST, 10.5, 2, 99, QUOTES, 100)
    assert trades.take() == [{"T": "buy", "p": 10.5, "s": 200, "t": 99}]


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("10.5;3;1700000000123;100;10.1;true", (10.5, 3, 1700000000123)),
        ("10.5;0.5;1700000000123;100;10.1;true", (10.5, 0.5, 1700000000123)),
        (";3;1700000000123;100;10.1;true", None),
        ("10.5;;1;1;1;true", None),
        ("10.5;0;1;1;1;true", None),
        ("10.5;2147483647;1;1;1;true", None),
        ("1.7976931348623157E308;1;1;1;1;true", None),
        ("10.5;3", None),
        ("", None),
    ],
)
def test_rt_volume_texts(text, trade):
    assert parse_rt_volume(text) == trade


@pytest.mark.parametrize("text", ["x;1;1;", "1;x;1;", "1;1;x;", "1;1;12345678901234567890;", "nan;1;1;", "1;1;-1;"])
def test_a_broken_rt_volume_is_an_error(text):
    with pytest.raises(ValueError):
        parse_rt_volume(text)
