"""Executions, commissions, and what the executed quantity is made of."""

import attrs
import pytest

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import charge, number_or_none, order_id, tidy
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.intake import EARLY
from tests.kit.order_events import (
    CLIENT,
    COMBO,
    LIMIT,
    NOW,
    TSLA,
    TSLA_FULL,
    asks,
    completed,
    fill,
    notes,
    opened,
    paid,
    query,
    running,
    status,
    told,
    wants,
)


@pytest.fixture
def cache():
    found = running()
    found.apply(opened(), NOW)
    return found


def last(cache):
    return cache.orders.by_perm_id(5001)


def test_executions_add_up_to_quantity_and_average(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    cache.apply(fill("a.b.02.01", 10, 205.0), NOW)
    order = last(cache)
    assert (order["executed"], order["remained"], order["avg_price"], order["last_price"]) == (
        50,
        50,
        201,
        205,
    )


def test_the_same_execution_twice_counts_once(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    assert cache.apply(fill("a.b.01.01", 40, 200.0), NOW) == ()


def test_a_correction_replaces_and_an_older_version_is_late(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    changes = cache.apply(fill("a.b.01.02", 40, 199.0), NOW)
    assert notes(changes) == ["an execution was corrected"]
    assert [(order["executed"], order["avg_price"], order["last_price"]) for order in told(changes)] == [(40, 199, 199)]
    assert cache.apply(fill("a.b.01.01", 40, 200.0), NOW) == ()


def test_a_correction_to_less_lowers_the_executed_quantity_and_says_so(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0, cumQty=40), NOW)
    (order,) = told(cache.apply(fill("a.b.01.02", 10, 200.0, cumQty=40), NOW))
    assert (order["executed"], order["remained"], order["corrected"], order["alive"]) == (10, 90, True, True)
    (order,) = told(cache.apply(fill("a.b.01.03", 0, 0.0), NOW))
    assert (order["executed"], order["avg_price"], order["last_price"], order["corrected"]) == (0, None, None, True)
    (order,) = told(cache.apply(fill("a.b.02.01", 5, 200.0), NOW))
    assert order["executed"] == 5 and "corrected" not in order


def test_what_was_stated_before_a_correction_does_not_undo_it(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    cache.apply(status("Submitted", 40, avg=200.0), NOW)
    cache.apply(fill("a.b.01.02", 10, 200.0), NOW)
    cache.apply(status("Submitted", 40, avg=200.0), NOW)
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    assert last(cache)["executed"] == 10
    # New executions, and statements beyond what was known, count as ever.
    cache.apply(fill("a.b.02.01", 25, 201.0), NOW)
    assert last(cache)["executed"] == 35
    cache.apply(status("Submitted", 60, avg=200.5), NOW)
    assert last(cache)["executed"] == 60


def test_a_correction_made_while_the_gateway_was_away_is_believed_when_tws_is_asked():
    cache = running()
    cache.apply(opened(), NOW)
    cache.apply(status("Submitted", 40, avg=200.0), NOW)
    query(cache, NOW, opened(), status("Submitted", 10, avg=200.0), fill("a.b.01.02", 10, 200.0))
    changes = query(cache, NOW, opened(), status("Submitted", 10, avg=200.0))
    (order,) = told(changes)
    assert (order["executed"], order["corrected"]) == (10, True)


def test_the_quantity_is_the_greatest_that_any_source_says(cache):
    cache.apply(status("Submitted", 60, avg=201.0), NOW)
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    order = last(cache)
    assert (order["executed"], order["avg_price"]) == (60, 201)
    assert told(cache.apply(status("Submitted", 40, avg=200.0), NOW)) == []


def test_a_missed_execution_shows_in_the_cumulative_quantity_of_the_next(cache):
    cache.apply(fill("a.b.02.01", 10, 205.0, cumQty=50, avgPrice=201.0), NOW)
    assert (last(cache)["executed"], last(cache)["avg_price"]) == (50, 201)


def test_an_older_execution_that_comes_later_is_not_the_last_price(cache):
    cache.apply(fill("a.b.02.01", 10, 205.0, cumQty=50), NOW)
    cache.apply(fill("a.b.01.01", 40, 200.0, cumQty=40), NOW)
    assert (last(cache)["last_price"], last(cache)["avg_price"]) == (205, 201)


def test_fractions_add_up_without_noise(cache):
    for number_ in (1, 2, 3):
        cache.apply(fill(f"a.b.0{number_}.01", 0.1, 200.0), NOW)
    assert jsontext.text([last(cache)["executed"], last(cache)["remained"]]) == "[0.3,99.7]"


def test_a_commission_comes_in_its_own_update(cache):
    assert told(cache.apply(fill("a.b.01.01", 40, 200.0), NOW))[0]["commission"] is None
    (order,) = told(cache.apply(paid("a.b.01.01", 1.25), NOW))
    assert (order["commission"], order["commissionCurrency"]) == (1.25, "USD")
    assert cache.apply(paid("a.b.01.01", 1.25), NOW) == ()


def test_a_commission_may_come_before_its_execution(cache):
    assert cache.apply(paid("a.b.01.01", 1.25), NOW) == ()
    (order,) = told(cache.apply(fill("a.b.01.01", 40, 200.0), NOW))
    assert (order["executed"], order["commission"]) == (40, 1.25)


def test_commissions_without_executions_are_bounded(cache):
    for index in range(EARLY + 50):
        cache.apply(paid(f"x.{index}.01.01"), NOW)
    cache.apply(fill("x.0.01.01", 10, 200.0), NOW)
    assert last(cache)["commission"] is None
    cache.apply(fill(f"x.{EARLY + 49}.01.01", 10, 200.0), NOW)
    assert last(cache)["commission"] == 1


def test_a_correction_keeps_the_commission_until_its_own_comes(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    cache.apply(paid("a.b.01.01", 1.0), NOW)
    cache.apply(fill("a.b.01.02", 40, 199.0), NOW)
    assert last(cache)["commission"] == 1
    cache.apply(paid("a.b.01.02", 1.5), NOW)
    cache.apply(paid("a.b.01.01", 1.0), NOW)
    assert last(cache)["commission"] == 1.5


def test_commissions_in_two_currencies_are_no_sum(cache):
    for exec_id, currency in (("a.b.01.01", "USD"), ("a.b.02.01", "EUR")):
        cache.apply(fill(exec_id, 10, 200.0), NOW)
        cache.apply(paid(exec_id, 1.0, currency), NOW)
    assert (last(cache)["commission"], last(cache)["commissionCurrency"]) == (None, None)


def test_the_commission_of_a_filled_open_order_stands_in_for_reports_that_do_not_come(cache):
    cache.apply(fill("a.b.01.01", 60, 200.0), NOW)
    cache.apply(paid("a.b.01.01", 1.0), NOW)
    cache.apply(status("Filled", 100, avg=200.0), NOW)
    (order,) = told(cache.apply(opened("Filled", commission=2.5, commissionCurrency="USD"), NOW))
    assert order["commission"] == 2.5


def test_a_combo_counts_its_own_rows_and_the_commissions_of_its_legs():
    cache = running()
    cache.apply(opened(contract=COMBO, terms=Terms("BUY", 10, "LMT", 5.45)), NOW)
    leg = Contract(9408, "MCD", "STK", "NYSE", "", "USD")
    other = attrs.evolve(leg, conId=43645865, symbol="IBKR")
    cache.apply(fill("a.b.01.01.01", 10, 250.0, contract=leg, side="SLD"), NOW)
    cache.apply(fill("a.b.01.01.02", 10, 255.0, contract=other), NOW)
    assert last(cache)["executed"] == 0
    (order,) = told(cache.apply(fill("a.b.01.01", 10, 5.0, contract=COMBO), NOW))
    assert (order["executed"], order["status"], order["avg_price"]) == (10, "Filled", 5)
    cache.apply(paid("a.b.01.01.01", 1.0), NOW)
    cache.apply(paid("a.b.01.01.02", 0.5), NOW)
    assert last(cache)["commission"] == 1.5


@pytest.mark.parametrize("own", [0.0, None])
def test_the_combos_own_charge_of_nothing_silences_no_leg(own):
    cache = running()
    cache.apply(opened(contract=COMBO, terms=Terms("BUY", 10, "LMT", 5.45)), NOW)
    leg = Contract(9408, "MCD", "STK", "NYSE", "", "USD")
    cache.apply(fill("a.b.01.01.01", 10, 250.0, contract=leg, side="SLD"), NOW)
    cache.apply(fill("a.b.01.01", 10, 5.0, contract=COMBO), NOW)
    cache.apply(paid("a.b.01.01.01", 4.0), NOW)
    if own is not None:
        cache.apply(paid("a.b.01.01", own), NOW)
    assert last(cache)["commission"] == 4


def test_a_combos_commission_survives_a_restart_whatever_comes_first():
    first = running()
    first.apply(opened(contract=COMBO, terms=Terms("BUY", 10, "LMT", 5.45)), NOW)
    leg = Contract(9408, "MCD", "STK", "NYSE", "", "USD")
    rows = [fill("a.b.01.01", 10, 5.0, contract=COMBO), fill("a.b.01.01.01", 10, 250.0, contract=leg, side="SLD")]
    for event in (*rows, paid("a.b.01.01", 0.0), paid("a.b.01.01.01", 4.0)):
        first.apply(event, NOW)
    again = OrderCache(100)
    again.begin(NOW)
    again.seed([last(first)])
    for event in (rows[0], paid("a.b.01.01", 0.0)):
        again.apply(event, NOW)
    assert last(again)["commission"] == 4


def test_legs_that_come_before_their_combo_is_known_do_not_count():
    cache = running()
    leg = Contract(9408, "MCD", "STK", "NYSE", "", "USD")
    cache.apply(fill("a.b.01.01.01", 10, 250.0, contract=leg, side="SLD"), NOW)
    (order,) = told(cache.apply(opened(contract=COMBO, terms=Terms("BUY", 10, "LMT", 5.45)), NOW))
    assert (order["executed"], order["T"], order["pair"], order["secType"]) == (
        0,
        "buy",
        "USD-IECombo",
        "BAG",
    )


def test_a_five_part_execution_of_an_ordinary_order_counts(cache):
    cache.apply(fill("a.b.01.01.01", 10, 200.0), NOW)
    assert last(cache)["executed"] == 10


@pytest.mark.parametrize("account", ["F1", ""])
def test_an_advisors_order_counts_the_master_and_not_the_allocations_again(account):
    cache = running()
    cache.apply(opened(terms=attrs.evolve(LIMIT, account=account)), NOW)
    cache.apply(fill("a.b.01.01", 50, 200.0, acctNumber="F1"), NOW)
    cache.apply(fill("a.c.01.01", 30, 200.0, acctNumber="U1"), NOW)
    cache.apply(fill("a.d.01.01", 20, 200.0, acctNumber="U2"), NOW)
    assert last(cache)["executed"] == 50


def test_allocations_alone_add_up():
    cache = running()
    cache.apply(opened(terms=attrs.evolve(LIMIT, account="F1")), NOW)
    cache.apply(fill("a.c.01.01", 30, 200.0, acctNumber="U1"), NOW)
    cache.apply(fill("a.d.01.01", 20, 200.0, acctNumber="U2"), NOW)
    assert last(cache)["executed"] == 50


def test_a_liquidation_by_the_broker_is_noted(cache):
    assert notes(cache.apply(fill("a.b.01.01", 10, 200.0, liquidation=True), NOW)) == ["the broker has liquidated"]


# Orders known by executions only.


def test_an_execution_before_its_open_order_waits_for_it():
    cache = running()
    assert told(cache.apply(fill("a.b.01.01", 40, 200.0), NOW)) == []
    (order,) = told(cache.apply(opened(), NOW + 3))
    assert (order["executed"], order["status"], order["alive"]) == (40, "Submitted", True)
    assert cache.due(NOW + 60_000) == ()


def test_an_execution_without_any_order_is_asked_about_and_told_as_unknown():
    cache = running()
    other = Contract(8, "F", "STK", "ISLAND", "", "USD")
    assert wants(cache.apply(fill("a.b.01.01", 40, 12.0, order_id=0, contract=other, side="SLD"), NOW)) == [8]
    cache.contract_known(8, Contract(8, "F", "STK", "SMART", "NYSE", "USD"), NOW)
    assert len(asks(cache.due(NOW + 2_000))) == 1
    (order,) = told(query(cache, NOW + 2_500))
    found = [order[key] for key in ("i", "status", "alive", "executed", "s", "remained", "market", "T", "account")]
    assert found == ["5001", "Unknown", False, 40, None, None, "NYSE", "sell", "DU1"]


def test_a_filled_order_of_somebody_else_is_completed_by_the_answer():
    cache = running()
    cache.apply(fill("a.b.01.01", 100, 200.0, clientId=7), NOW)
    cache.due(NOW + 2_000)
    (order,) = told(query(cache, NOW + 2_500, completed("Filled", 100)))
    assert (order["status"], order["executed"], order["s"], order["clientId"]) == ("Filled", 100, 100, 7)


def test_an_execution_of_an_unknown_order_is_asked_about(cache):
    cache.apply(opened("PreSubmitted"), NOW)
    cache.apply(status("Inactive"), NOW)
    cache.due(NOW + 3_000)
    query(cache, NOW + 3_000)
    assert asks(cache.apply(fill("a.b.01.01", 40, 200.0), NOW)) == ["an unknown order was executed"]


def test_a_message_that_names_no_order_is_noted(cache):
    for event in (
        fill("a.b.01.01", 40, 200.0, order_id=2147483647, perm=0),
        status("Submitted", order_id=0, perm=0),
    ):
        assert notes(cache.apply(event, NOW)) == ["a message names no order"]
    assert notes(cache.apply(opened(order_id=0, perm=0), NOW)) == ["a message names no order"]
    assert notes(cache.apply(completed("Filled", perm=0), NOW)) == ["a message names no order"]


# Sentinels.

UNSET = [
    None,
    "",
    "None",
    "NaN",
    "Infinity",
    float("nan"),
    float("-inf"),
    1.7976931348623157e308,
    "1.7976931348623157E308",
    2147483647,
    "2147483647",
    2**63 - 1,
    2**127 - 1,
    [],
    10**400,
]


@pytest.mark.parametrize("value", UNSET)
def test_every_way_of_saying_unset_is_none(value):
    assert number_or_none(value) is charge(value) is None


@pytest.mark.parametrize(("value", "expected"), [("5.45", 5.45), (100.0, 100), ("0", 0), (-1, -1), (-0.5, -0.5)])
def test_numbers_stay(value, expected):
    assert number_or_none(value) == expected and type(number_or_none(value)) is type(expected)


def test_a_commission_of_minus_one_is_none_yet():
    assert charge(-1.0) is None and charge(-0.25) == -0.25


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (None, 0), (2147483647, 0), (2**63 - 1, 0), (-5, -5), (51, 51)])
def test_ids_that_mean_none_are_zero(value, expected):
    assert order_id(value) == expected


def test_tidy_is_an_int_when_it_can_be():
    assert repr([tidy(100.0), tidy(0.1 + 0.2), tidy(33.333333333333336)]) == "[100, 0.3, 33.3333333333]"


def test_the_kit_speaks_of_the_same_contract():
    assert TSLA_FULL.conId == TSLA and CLIENT == 100
