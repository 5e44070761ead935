"""Options exercised and let go: what TWS refuses, the order that stands for it, and what it leaves in the account."""

from fractions import Fraction

import pytest

from tests.kit.ibapi_names import MODERN
from tests.sim.kit.bench import AAPL, Bench
from tests.sim.kit.trader import Trader, contract_of, pair

AFTER = 2.0  # settings.exercise_after


def option(bench, right="C", money=20.0, under=AAPL):
    """An option of AAPL that is in the money by about so much, of two in the account at a cost of 500 each."""
    instruments = bench.simulator.office.catalogue.instruments
    price = bench.simulator.office.market.walk(instruments[under], bench.clock.seconds()).mark()
    wanted = price - money * (1 if right == "C" else -1)
    known = [one for one in instruments.values() if one.under_con_id == under and one.sec_type == "OPT" and one.right == right]
    found = min(known, key=lambda one: (abs(one.strike - wanted), one.expiry))
    account(bench).set_position(found, 2, 500.0)
    return found


def account(bench, name="DU1000001"):
    return bench.simulator.office.accounts[name]


def held(bench, con_id):
    return account(bench).positions[con_id].amount


def exercise(trader, one, action=1, quantity=1, name="", override=0, exchange="CBOE", order_id=None):
    if order_id is None:
        order_id, trader.next_id = trader.next_id, trader.next_id + 1
    more = ("", "", False) if MODERN else ()
    return trader.ask("exerciseOptions", order_id, contract_of(one, exchange), action, quantity, name, override, *more)


@pytest.fixture
def trader(bench):
    return Trader(bench)


@pytest.mark.parametrize(("right", "sign"), [("C", 1), ("P", -1)])
def test_an_exercise_is_an_order_at_0_and_the_night_brings_the_shares_at_the_strike(trader, bench, right, sign):
    one = option(bench, right)
    assert exercise(trader, one.con_id) == pair(1, "PreSubmitted", 0, 1)
    order = trader.order()
    assert (order.action, order.lmtPrice, order.totalQuantity) == ("BUY", 0.0, 1)
    shares, cash = held(bench, AAPL), account(bench).cash["USD"]
    bench.advance(AFTER + 0.1)
    heard = trader.heard()
    assert ("execDetails", 1, 1, 0.0) in heard and ("orderStatus", 1, "Filled", 1, 0) in heard
    assert trader.last("execDetails")[2].side == "SLD", "the option leaves the account"
    assert held(bench, one.con_id) == 1 and held(bench, AAPL) == shares + sign * 100
    assert account(bench).cash["USD"] == pytest.approx(cash - sign * 100 * one.strike), "and no commission"


def test_what_lapses_leaves_nothing(trader, bench):
    one = option(bench, money=-20.0)
    shares, cash = held(bench, AAPL), account(bench).cash["USD"]
    assert exercise(trader, one.con_id, action=2, quantity=7) == pair(1, "PreSubmitted", 0, 2), "no more than there is"
    bench.advance(AFTER + 0.1)
    assert (held(bench, one.con_id), held(bench, AAPL), account(bench).cash["USD"]) == (0, shares, cash)


def test_it_can_be_cancelled_but_not_changed(trader, bench):
    one = option(bench)
    exercise(trader, one.con_id)
    about = contract_of(one.con_id, "CBOE")
    assert trader.place("BUY", 1, "LMT", 5.0, order_id=1, about=about) == [("error", 1, 105)]
    assert trader.ask("cancelOrder", 1) == [("orderStatus", 1, "Cancelled", 0, 1), ("error", 1, 202)]
    bench.advance(AFTER + 0.1)
    assert held(bench, one.con_id) == 2


def test_what_tws_refuses(trader, bench):
    one, far = option(bench), option(bench, money=-20.0)
    nobody = option(bench, "P", 5.0)
    account(bench).set_position(nobody, -3, 100.0)
    refused = [
        ({"one": nobody.con_id}, 322),
        ({"one": AAPL, "exchange": "NASDAQ"}, 322),
        ({"one": one.con_id, "exchange": "SMART"}, 322),
        ({"one": far.con_id}, 322),
        ({"one": one.con_id, "action": 2}, 322),
        ({"one": one.con_id, "name": "DU9"}, 322),
        ({"one": one.con_id, "action": 3}, 321),
        ({"one": one.con_id, "quantity": 0}, 321),
        ({"one": 1}, 200),
    ]
    for said, code in refused:
        assert exercise(trader, order_id=9, **said) == [("error", 9, code)], said
    assert exercise(trader, far.con_id, override=1, order_id=9) == pair(9, "PreSubmitted", 0, 1)
    assert exercise(trader, one.con_id, order_id=9) == [("error", 9, 103)]
    assert exercise(trader, far.con_id, quantity=5, override=1, order_id=10) == pair(10, "PreSubmitted", 0, 1), "one is left"
    assert exercise(trader, far.con_id, override=1, order_id=11) == [("error", 11, 322)]


def test_a_login_of_several_accounts_has_to_name_one():
    with_two = Bench(accounts=("DU1", "DU2"))
    trader = Trader(with_two)
    one = with_two.simulator.office.catalogue.instruments[700000101]
    account(with_two, "DU2").set_position(one, Fraction(1), 10.0)
    assert exercise(trader, one.con_id, order_id=5) == [("error", 5, 321)]
    assert exercise(trader, one.con_id, order_id=5, name="DU9") == [("error", 5, 321)]
    assert exercise(trader, one.con_id, order_id=5, name="DU1") == [("error", 5, 322)]
    assert exercise(trader, one.con_id, order_id=5, name="DU2", override=1)[0][0] == "openOrder"


def test_a_read_only_tws_exercises_nothing():
    bench = Bench(read_only=True)
    assert exercise(Trader(bench), 700000101, order_id=5) == [("error", 5, 321)]
