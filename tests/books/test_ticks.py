"""Tick-by-tick trades from frames, and who tells the trades of a channel."""

import json

import pytest

from tests.kit.books import NOW, BookPath
from tests.kit.contracts import AAPL

SECOND = NOW // 1000


@pytest.fixture
def path():
    return BookPath()


@pytest.fixture
def ticks(path):
    return path.fed_ticks(AAPL, 20, asked_at=NOW)


def tick(path, price=10.5, size=3, seconds=SECOND, req_id=20, kind=2, exchange="ARCA", conditions="I"):
    fields = (99, req_id, kind, seconds, price, size, 0, exchange, conditions)
    path.top.tick_by_tick([*(str(item).encode() for item in fields), b""])


def trades(path):
    return [trade for _, message in path.top.take_trades(NOW) for trade in json.loads(message)[0]]


def test_each_print_is_told_with_its_conditions_and_its_exchange(path, ticks):
    path.fed_top(AAPL, 9)
    path.quote(9, 2, 10.5)
    tick(path)
    tick(path)
    assert trades(path) == 2 * [{"T": "buy", "p": 10.5, "s": 3, "t": SECOND * 1000, "c": "I", "x": "ARCA"}]


def test_sizes_count_as_in_the_book(path):
    path.fed_ticks(AAPL, 20, factor=100)
    tick(path)
    assert [trade["s"] for trade in trades(path)] == [300]


def test_what_is_repeated_first_is_no_trade(path, ticks):
    tick(path, seconds=SECOND - 60)
    tick(path, 10.6, seconds=SECOND - 1)
    assert [trade["p"] for trade in trades(path)] == [10.6]


@pytest.mark.parametrize(
    "odd",
    [{"price": 0, "size": 0}, {"size": "2147483647"}, {"price": "1.7976931348623157E308"}, {"kind": 3}, {"req_id": 8}],
)
def test_a_halt_an_unset_figure_or_a_quote_is_no_trade(path, ticks, odd):
    tick(path, **odd)
    assert trades(path) == []


@pytest.mark.parametrize("bad", [{"seconds": "x"}, {"seconds": 10**18}, {"price": "nan"}, {"size": "x"}])
def test_a_broken_print_is_an_error_and_changes_nothing(path, ticks, bad):
    with pytest.raises(ValueError):
        tick(path, **bad)
    assert trades(path) == []


def test_while_they_come_level_1_tells_no_trades_and_after_them_it_does(path, ticks):
    path.fed_top(AAPL, 9)
    for price in (10.1, 10.2):
        path.quote(9, 4, price)
    assert trades(path) == []
    tick(path)
    assert [trade["p"] for trade in trades(path)] == [10.5]
    path.top.tick_feeds.end(ticks)
    path.quote(9, 4, 10.3)
    tick(path, 10.4)
    assert [trade["p"] for trade in trades(path)] == [10.3] and path.top.strays == 1


def test_beside_odd_lots_level_1_tells_the_trades(path):
    path.fed_top(AAPL, 9)
    path.fed_odd_lots(AAPL, 11)
    for price in (10.1, 10.2):
        path.quote(9, 4, price)
    assert [trade["p"] for trade in trades(path)] == [10.2]


@pytest.mark.parametrize("first", ["ticks", "odd lots"])
def test_beside_odd_lots_tick_by_tick_tells_them_in_whatever_order_they_were_asked(path, first):
    """A restart asks in the order of a hash."""
    path.fed_top(AAPL, 9)
    feeds = [lambda: path.fed_ticks(AAPL, 20, asked_at=NOW), lambda: path.fed_odd_lots(AAPL, 11)]
    for feed in feeds if first == "ticks" else reversed(feeds):
        feed()
    tick(path)
    path.quote(9, 4, 10.4)
    assert [trade["p"] for trade in trades(path)] == [10.5]


def test_trades_of_one_channel_are_told_by_one_request_of_level_1(path):
    first, _ = path.fed_top(AAPL, 9), path.fed_top(AAPL, 10)
    for req_id in (9, 10, 9, 10):
        path.quote(req_id, 4, 10.5)
    assert len(trades(path)) == 1
    path.top.feeds.end(first)
    path.quote(10, 4, 10.6)
    assert [trade["p"] for trade in trades(path)] == [10.6]


def test_it_has_no_level_and_asks_for_no_row(path, ticks):
    assert ticks.rows and ticks.rows.texts(1) == (b"[]", b"[]") and path.channels.best(AAPL) == (None, None)
    path.top.tick_feeds.end(ticks)
    assert not ticks.rows
