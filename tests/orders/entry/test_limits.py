"""The gateway's limits: off unless set, each refusal with the limit's name and value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.errors import LIMIT
from ibgw_tx.model.order_members import LegPrice
from ibgw_tx.orders.entry.exposure import Exposure, KnownLeg, exposure_of
from ibgw_tx.orders.entry.limits import Limits, RateWindow, halted

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


BOOK = (149.9, 150.0)


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ({"action": "SELL", "totalQuantity": 1_000_000, "lmtPrice": 0.01}, 149_900_000),
        ({"action": "SELL", "lmtPrice": 200.0}, 20_000),
        ({"lmtPrice": 0.01}, 15_000),
        ({"lmtPrice": 200.0}, 20_000),
        ({"orderType": "STP", "totalQuantity": 20_000, "auxPrice": 0.5}, 3_000_000),
        ({"action": "SELL", "orderType": "STP", "auxPrice": 0.5}, 14_990),
        ({"orderType": "STP LMT", "auxPrice": 0.5, "lmtPrice": 0.6}, 15_000),
        ({"orderType": "TRAIL", "auxPrice": 1.0, "trailStopPrice": 0.5}, 15_100),
        ({"orderType": "TRAIL", "auxPrice": 1.0}, 15_100),
        ({"action": "SELL", "orderType": "TRAIL", "auxPrice": 1.0}, 14_990),
        ({"orderType": "TRAIL", "trailingPercent": 10.0}, 16_500),
        ({"orderType": "STP", "auxPrice": 151.0, "adjustedOrderType": "STP", "adjustedStopPrice": 180.0}, 18_000),
        ({"lmtPrice": 150.0, "discretionaryAmt": 50.0}, 20_000),
        ({"orderType": "MKT", "totalQuantity": 0, "cashQty": 1_000_000.0}, 1_000_000),
        ({"orderType": "MKT", "totalQuantity": 1, "cashQty": 1_000_000.0}, 1_000_000),
        ({"orderType": "MKT", "totalQuantity": 100, "cashQty": 1.0}, 15_000),
    ],
)
def test_an_order_is_worth_the_worse_of_its_price_and_the_market(members, value):
    assert order(**members).notional(*BOOK) == pytest.approx(value)
    assert Limits(max_notional=value).order(order(**members), *BOOK) is None
    assert Limits(max_notional=value * 0.99).order(order(**members), *BOOK) is not None


def test_an_order_without_quantity_and_cash_cannot_be_valued():
    refusal = Limits(max_notional=1e9).order(order(totalQuantity=0, lmtPrice=1.0, hedgeType="D"), *BOOK)
    assert "neither a quantity nor a cash quantity" in told(refusal)


@pytest.mark.parametrize("members", [{"orderType": "MKT"}, {"orderType": "TRAIL", "auxPrice": 1.0}, {"orderType": "PEG MID"}])
def test_an_order_without_price_and_book_cannot_be_valued(members):
    assert "no price and no book" in told(Limits(max_notional=1e9).order(order(**members)))


# Combos.

MSFT = Contract(conId=272093, symbol="MSFT", secType="STK", exchange="SMART", primaryExchange="NASDAQ", currency="USD")
CALL = Contract(
    conId=5, symbol="AAPL", secType="OPT", exchange="SMART", currency="USD", lastTradeDateOrContractMonth="20350119",
    strike=250.0, right="C", multiplier="100",
)  # fmt: skip
COMBO = Contract(
    symbol="AAPL", secType="BAG", exchange="SMART", currency="USD",
    comboLegs=(ComboLeg(265598, 100, "BUY", "SMART"), ComboLeg(5, 1, "SELL", "SMART")),
)  # fmt: skip
LEGS = (KnownLeg(AAPL, 1, 149.9, 150.0), KnownLeg(CALL, 1, 2.0, 2.5))


def combo(*legs, **members):
    order = {"action": "BUY", "totalQuantity": 2, "orderType": "LMT", "lmtPrice": 0.05, **members}
    return exposure_of(order, COMBO, 1, legs)


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ({}, 2 * (100 * 150.0 + 100 * 2.0)),
        ({"action": "SELL"}, 2 * (100 * 149.9 + 100 * 2.5)),
        ({"lmtPrice": 1000.0}, 2 * 100 * 1000.0),
        ({"lmtPrice": None, "orderComboLegs": (LegPrice(160.0), LegPrice(None))}, 2 * (100 * 160.0 + 100 * 2.0)),
    ],
)
def test_a_combo_is_worth_its_legs_or_its_own_price(members, value):
    assert combo(*LEGS, **members).notional(None, None) == pytest.approx(value)


@pytest.mark.parametrize("legs", [(), (LEGS[0],), (LEGS[0], None), (LEGS[0], KnownLeg(CALL))])
def test_a_combo_whose_legs_are_not_known_cannot_be_valued(legs):
    refusal = Limits(max_notional=1e12).order(combo(*legs, lmtPrice=1.0))
    assert told(refusal) == "max_notional: the combo has a leg that is not known or of which no book is known to value it by"
    assert Limits(max_quantity=5).order(combo(*legs)) is None, "a limit that is not on value lets it pass"


@pytest.mark.parametrize(
    ("allowed", "legs", "text"),
    [
        (["AAPL"], LEGS, None),
        (["NASDAQ:USD-AAPL", "USD-AAPL@20350119@100C250"], LEGS, None),
        (["AAPL"], (KnownLeg(MSFT), LEGS[1]), "MSFT is not among them"),
        (["AAPL"], (LEGS[0], KnownLeg(MSFT)), "MSFT is not among them"),
        (["AAPL"], (LEGS[0], None), "the legs of the combo are not known"),
        (["AAPL"], (), "the legs of the combo are not known"),
    ],
)
def test_each_leg_of_a_combo_is_held_to_the_allowed_symbols(allowed, legs, text):
    refusal = Limits(allowed_symbols=allowed).order(combo(*legs))
    assert refusal is None if text is None else text in told(refusal)


def test_the_price_of_a_leg_is_collared_by_its_own_book():
    limits = Limits(price_collar=5)
    fair, far = (LegPrice(150.0), LegPrice(2.0)), (LegPrice(150.0), LegPrice(1.0))
    assert limits.order(combo(*LEGS, lmtPrice=None, orderComboLegs=fair)) is None
    assert told(limits.order(combo(*LEGS, lmtPrice=None, orderComboLegs=far))).startswith("price_collar: 1 is more than")


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"lmtPrice": 155.0}, None),
        ({"lmtPrice": 156.0}, "156 is more than 5 percent above 148"),
        ({"action": "SELL", "lmtPrice": 141.0}, None),
        ({"action": "SELL", "lmtPrice": 140.0}, "140 is more than 5 percent below 147.4"),
    ],
)
def test_a_combo_is_collared_by_what_its_legs_cost(members, text):
    stock = (1.0, 1.1)  # a book of the symbol by which the combo goes is not the combo's
    refusal = Limits(price_collar=5).order(combo(*LEGS, **members), *stock)
    assert refusal is None if text is None else told(refusal) == f"price_collar: {text}"
    assert "no book is known" in told(Limits(price_collar=5).order(combo(LEGS[0], None, **members), *stock))


@pytest.mark.parametrize(
    ("members", "bid", "ask", "text"),
    [
        ({"orderType": "LIT", "auxPrice": 1000.0, "lmtPrice": 1000.0}, 99.0, 100.0, "1000 is more than 5 percent above 100"),
        ({"orderType": "LIT", "auxPrice": 90.0, "lmtPrice": 91.0}, 99.0, 100.0, None),
        ({"orderType": "LIT", "auxPrice": 90.0, "lmtPrice": 99.0}, 99.0, 100.0, "99 is more than 5 percent above 90"),
        ({"orderType": "LIT", "auxPrice": 90.0, "lmtPrice": 90.0}, None, None, "no book is known"),
        ({"orderType": "MIT", "auxPrice": 1000.0}, 99.0, 100.0, "1000 is more than 5 percent above 100"),
        ({"orderType": "MIT", "auxPrice": 90.0}, 99.0, 100.0, None),
        ({"action": "SELL", "orderType": "LIT", "auxPrice": 1.0, "lmtPrice": 1.0}, 100.0, 101.0, "1 is more than 5 percent"),
        ({"orderType": "STP LMT", "auxPrice": 1.0, "lmtPrice": 101.0}, 99.0, 100.0, None),
        ({"orderType": "STP LMT", "auxPrice": 1.0, "lmtPrice": 110.0}, 99.0, 100.0, "110 is more than 5 percent above 100"),
        ({"lmtPrice": 100.0, "discretionaryAmt": 6.0}, 99.0, 100.0, "106 is more than 5 percent above 100"),
        ({"action": "SELL", "lmtPrice": 100.0, "discretionaryAmt": 6.0}, 100.0, 101.0, "94 is more than 5 percent below 100"),
        ({"orderType": "TRAIL LIMIT", "auxPrice": 1.0, "lmtPriceOffset": 9.0}, 99.0, 100.0, "109 is more than"),
        ({"orderType": "TRAIL LIMIT", "auxPrice": 1.0, "lmtPriceOffset": 1.0, "trailStopPrice": 120.0}, 99.0, 100.0, None),
        ({"orderType": "STP", "auxPrice": 101.0, "adjustedStopPrice": 110.0, "adjustedStopLimitPrice": 140.0}, 99.0, 100.0,
         "140 is more than 5 percent above 110"),
        ({"orderType": "REL", "lmtPrice": 120.0, "auxPrice": 0.01}, 99.0, 100.0, "120 is more than 5 percent above"),
    ],
)  # fmt: skip
def test_every_price_is_collared_where_the_order_comes_alive(members, bid, ask, text):
    refusal = Limits(price_collar=5).order(order(**members), bid, ask)
    assert refusal is None if text is None else told(refusal).startswith(f"price_collar: {text}")


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
