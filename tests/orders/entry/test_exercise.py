"""What EXERCISE asks for, and what IB would not take of it."""

from decimal import Decimal

import attrs
import pytest

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry.exercise import Instruction, check_instruction, exercised_at, parse_instruction, refuse_change

CALL = Contract(700000067, "AAPL", "OPT", "SMART", "", "USD", "20350119", 182.5, "C", "100")
ONE = Instruction(1, lapse=False)


def test_what_is_asked_for_is_read():
    asked = parse_instruction({"quantity": 2, "action": "Lapse", "account": "DU1", "override": True})
    assert asked == Instruction(2, True, "DU1", True)
    assert parse_instruction({"quantity": 1, "action": "exercise", "account": None, "override": None}) == ONE


@pytest.mark.parametrize(
    ("held", "said"),
    [(0, "holds no position"), (-2, "is short of"), (Decimal("0.5"), "holds 0.5 of USD-AAPL@20350119@100C182.5, fewer than 1")],
)
def test_only_what_is_held_is_exercised(held, said):
    with pytest.raises(CommandError, match=said):
        check_instruction(ONE, CALL, "DU1", held)
    check_instruction(ONE, CALL, "DU1", 1)


@pytest.mark.parametrize("kind", ["STK", "FUT", "EC", "BAG"])
def test_what_is_no_option_is_not_exercised(kind):
    with pytest.raises(CommandError, match=f"no option but {kind}"):
        check_instruction(ONE, attrs.evolve(CALL, secType=kind), "DU1", 5)


@pytest.mark.parametrize(
    ("exchange", "primary", "venues", "named"),
    [
        ("SMART", "", "SMART,AMEX,CBOE", "AMEX"),
        ("SMART", "CBOE", "SMART,AMEX,CBOE", "CBOE"),
        ("", "", "CBOE", "CBOE"),
        ("ISE", "CBOE", "SMART,AMEX", "ISE"),
        ("SMART", "", "", "SMART"),
    ],
)
def test_an_exercise_names_an_exchange_and_not_smart(exchange, primary, venues, named):
    contract = attrs.evolve(CALL, exchange=exchange, primaryExchange=primary)
    assert exercised_at(contract, venues) == attrs.evolve(contract, exchange=named)


def test_what_is_exercised_costs_the_strike_and_what_lapses_nothing():
    assert ONE.members(CALL)["lmtPrice"] == 182.5 and attrs.evolve(ONE, lapse=True).members(CALL)["lmtPrice"] == 0


def test_a_whole_number_may_be_written_with_a_point():
    asked = parse_instruction({"quantity": 1.0, "action": "exercise"})
    assert asked == ONE and type(asked.quantity) is int


@pytest.mark.parametrize("quantity", [1.5, 0.0, -1.0, 1e30, 2.0**31, float("inf"), float("nan")])
def test_a_number_with_a_point_is_whole_and_has_room(quantity):
    with pytest.raises(CommandError, match="whole number of options above zero"):
        parse_instruction({"quantity": quantity, "action": "exercise"})


BOUGHT = {"action": "BUY", "orderType": "LMT", "lmtPrice": 0.0}


@pytest.mark.parametrize("price", [0.0, 0, None])
def test_the_order_of_an_exercise_is_not_changed(price):
    with pytest.raises(CommandError, match="cannot be changed, only cancelled"):
        refuse_change({**BOUGHT, "lmtPrice": price}, CALL)


@pytest.mark.parametrize("other", [{"action": "SELL"}, {"lmtPrice": 0.05}, {"orderType": "MKT"}])
def test_other_orders_of_an_option_are(other):
    refuse_change({**BOUGHT, **other}, CALL)
    refuse_change(BOUGHT, attrs.evolve(CALL, secType="FUT"))
