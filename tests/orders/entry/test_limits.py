"""The gateway's limits: off unless set, each refusal with the limit's name and value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import LIMIT
from ibgw_tx.orders.entry.limits import Exposure, Limits, RateWindow, exposure_of, halted

AAPL = Contract(conId=265598, symbol="AAPL", secType="STK", exchange="SMART", primaryExchange="NASDAQ", currency="USD")
BRR = Contract(
    symbol="BRR", secType="FUT", exchange="CMECRYPTO", currency="USD", lastTradeDateOrContractMonth="20210625", multiplier="5"
)


def order(contract=AAPL, magnifier=1, **members):
    return exposure_of({"action": "BUY", "totalQuantity": 100, "orderType": "LMT", **members}, contract, magnifier)


def told(refusal):
    error = refusal.error()
    assert error.code == LIMIT
    return error.text


def test_without_settings_nothing_is_refused():
    limits = Limits()
    assert limits.order(order(totalQuantity=10**9, lmtPrice=1e6)) is None
    assert limits.open_orders(10**6, 10**6) is None
    assert RateWindow(None).refusal(0.0, 10**6) is None
    assert halted(None) is None


@pytest.mark.parametrize(
    ("quantity", "text"), [(100, None), (101, "max_quantity: 101 is above 100"), (100.5, "max_quantity: 100.5")]
)
def test_max_quantity(quantity, text):
    refusal = Limits(max_quantity=100).order(order(totalQuantity=quantity, lmtPrice=1.0))
    assert refusal is None if text is None else told(refusal).startswith(text)


@pytest.mark.parametrize(
    ("found", "bid", "ask", "text"),
    [
        (order(lmtPrice=100.0), None, None, None),
        (order(lmtPrice=100.01), None, None, "max_notional: 10001 is above 10000"),
        (order(orderType="STP", auxPrice=101.0), None, None, "max_notional: 10100 is above"),
        (order(orderType="MKT"), 99.0, 100.0, None),
        (order(orderType="MKT"), 99.0, 100.5, "max_notional: 10050 is above"),
        (order(orderType="MKT", action="SELL"), 99.0, 100.5, None),
        (order(orderType="MKT"), 101.0, None, "max_notional: 10100 is above"),
        (order(orderType="MKT"), None, None, "max_notional: the order has no price and no book is known"),
        (order(BRR, totalQuantity=1, lmtPrice=2000.0), None, None, None),
        (order(BRR, totalQuantity=1, lmtPrice=2005.0), None, None, "max_notional: 10025 is above"),
        (order(BRR, 100, totalQuantity=5, lmtPrice=40000.0), None, None, None),
        (order(BRR, totalQuantity=1, lmtPrice=-2005.0), None, None, "max_notional: 10025 is above"),
        (order(totalQuantity=0, cashQty=10001.0, orderType="MKT"), None, None, "max_notional: 10001 is above"),
    ],
)
def test_max_notional(found, bid, ask, text):
    refusal = Limits(max_notional=10000).order(found, bid, ask)
    assert refusal is None if text is None else told(refusal).startswith(text)


@pytest.mark.parametrize(
    ("members", "bid", "ask", "text"),
    [
        ({"lmtPrice": 105.0}, 99.0, 100.0, None),
        ({"lmtPrice": 105.01}, 99.0, 100.0, "price_collar: 105.01 is more than 5 percent above 100"),
        ({"lmtPrice": 10.0}, 99.0, 100.0, None),
        ({"action": "SELL", "lmtPrice": 95.0}, 100.0, 101.0, None),
        ({"action": "SELL", "lmtPrice": 94.99}, 100.0, 101.0, "price_collar: 94.99 is more than 5 percent below 100"),
        ({"action": "SELL", "lmtPrice": 500.0}, 100.0, 101.0, None),
        ({"lmtPrice": 106.0}, 100.0, None, "price_collar: 106 is more than 5 percent above 100"),
        ({"lmtPrice": 100.0}, None, None, "price_collar: no book is known to measure the price by"),
        ({"orderType": "MKT"}, None, None, None),
        ({"orderType": "STP", "auxPrice": 500.0}, None, None, None),
        ({"orderType": "STP LMT", "auxPrice": 120.0, "lmtPrice": 121.0}, 99.0, 100.0, None),
        ({"orderType": "STP LMT", "auxPrice": 120.0, "lmtPrice": 130.0}, 99.0, 100.0, "price_collar: 130 is more than"),
        ({"lmtPrice": -9.5}, -11.0, -10.0, None),
        ({"lmtPrice": -9.0}, -11.0, -10.0, "price_collar: -9 is more than 5 percent above -10"),
    ],
)
def test_price_collar_holds_the_side_that_costs_money(members, bid, ask, text):
    refusal = Limits(price_collar=5).order(order(**members), bid, ask)
    assert refusal is None if text is None else told(refusal).startswith(text)


@pytest.mark.parametrize(
    ("names", "contract", "allowed"),
    [
        (["aapl"], AAPL, True), (["USD-AAPL"], AAPL, True), (["NASDAQ:USD-AAPL"], AAPL, True), (["SEHK:USD-AAPL"], AAPL, False),
        (["HKD-AAPL", "MSFT"], AAPL, False), (["USD-BRR@20210625@5"], BRR, True), (["USD-BRR@20210625"], BRR, False),
        ([" brr "], BRR, True), ([], AAPL, True), ([""], AAPL, True), (["A:B"], Contract(symbol="A:B"), True),
        (["X"], Contract(), False),
    ],
)  # fmt: skip
def test_allowed_symbols(names, contract, allowed):
    refusal = Limits(allowed_symbols=names).order(order(contract, lmtPrice=1.0))
    assert refusal is None if allowed else "allowed_symbols: " in told(refusal)


def test_max_open_orders_counts_a_group_whole():
    limits = Limits(max_open_orders=10)
    assert limits.open_orders(7, 3) is None
    assert told(limits.open_orders(8, 3)) == "max_open_orders: 8 orders are live and 3 more would pass 10"
    assert limits.open_orders(50, 0) is None, "a modify brings no new order"


def test_the_rate_is_counted_over_the_last_second():
    window = RateWindow(3)
    for now in (0.0, 0.4, 0.9):
        assert window.refusal(now) is None
        window.note(now)
    text = "max_orders_per_second: 3 orders went within the last second and 1 more would pass 3"
    assert told(window.refusal(0.99)) == text
    assert window.refusal(1.0) is None
    assert window.refusal(1.0, 2) is not None, "a group goes whole or not at all"
    assert window.refusal(1.5, 2) is None
    assert window.refusal(5.0, 4) is not None, "and one that is too large never"


def test_halt_refuses_with_its_reason():
    assert told(halted("fat finger")) == "halt: new orders are refused until RESUME (fat finger)"
    assert told(halted("")) == "halt: new orders are refused until RESUME"


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_quantity", 0), ("max_notional", -1), ("price_collar", float("nan")), ("price_collar", float("inf")),
     ("max_orders_per_second", 0), ("max_orders_per_second", 0.5), ("max_open_orders", -3), ("max_open_orders", 1.5)],
)  # fmt: skip
def test_a_limit_that_is_no_limit_is_named(name, value):
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})


@pytest.mark.parametrize("multiplier", ["", "x", "0", "nan", "1"])
def test_a_multiplier_that_says_nothing_counts_as_one(multiplier):
    contract = Contract(symbol="A", currency="USD", multiplier=multiplier)
    assert order(contract, lmtPrice=2.0).notional(None, None) == 200


def test_a_trailing_limit_is_measured_from_its_stop():
    found = order(orderType="TRAIL LIMIT", auxPrice=1.0, trailStopPrice=120.0, lmtPrice=121.0)
    assert (found.limit, found.stop) == (121.0, 120.0)
    assert order(orderType="TRAIL", auxPrice=1.0).stop is None


@given(st.lists(st.tuples(st.floats(0, 0.7), st.integers(1, 4)), max_size=40), st.integers(1, 6))
def test_no_second_ever_has_more_orders_than_allowed(steps, most):
    window, now, sent = RateWindow(most), 0.0, []
    for wait, count in steps:
        now += wait
        if window.refusal(now, count) is None:
            window.note(now, count)
            sent += [now] * count
        assert len([time for time in sent if time > now - 1.0]) <= most


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.floats(0.1, 50), st.booleans())
def test_a_price_at_the_book_is_never_outside_the_collar(bid, spread, percent, buys):
    ask = bid + spread
    found = Exposure(buys, 1, ask if buys else bid, None, frozenset({"A"}))
    assert Limits(price_collar=percent).order(found, bid, ask) is None
