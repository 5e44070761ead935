"""The numbers by which TWS says "none given" are refused wherever a bot can give a number: TWS would read an order without it."""

import pytest

from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.model.errors import BAD_PARAMS, CommandError
from ibgw_tx.model.order_members import CONDITIONS, FIELDS, NEVER_SENT
from ibgw_tx.orders.entry.exercise import parse_instruction
from ibgw_tx.orders.entry.parse import VOCABULARY, parse_place_order

STOCK = {"conId": 265598, "exchange": "SMART"}
UNSET = [2147483647, 2147483647.0, 2**63 - 1, float(2**63), 2**127 - 1, 1.7976931348623157e308]
NUMBERS = sorted(name for name, kind in FIELDS.items() if kind in ("float", "int", "quantity") and name not in NEVER_SENT)
WORDS = [*NUMBERS, *(word for word, name in VOCABULARY.items() if name in NUMBERS)]


def refused(do, given):
    with pytest.raises(CommandError) as caught:
        do(given)
    assert caught.value.code == BAD_PARAMS
    return caught.value.text


def refused_order(**order):
    return refused(parse_place_order, {"contract": STOCK, "order": order})


@pytest.mark.parametrize("unset", UNSET)
@pytest.mark.parametrize("word", WORDS)
def test_no_member_of_an_order_takes_one(word, unset):
    assert word in refused_order(**{word: unset})


@pytest.mark.parametrize("unset", UNSET)
@pytest.mark.parametrize(
    ("word", "member"),
    [(w, m) for w, found in CONDITIONS.items() for m, (kind, _) in found.members.items() if kind in ("float", "int", "quantity")],
)
def test_no_condition_takes_one(word, member, unset):
    found = CONDITIONS[word]
    kinds = {"float": 1.5, "int": 1, "quantity": 1, "bool": True, "str": "A", "time": "20300105-15:30:00"}
    item = {"condType": word, **{name: kinds[kind] for name, (kind, _) in found.members.items()}, member: unset}
    assert f"conditions[0].{member}" in refused_order(conditions=[item])


@pytest.mark.parametrize("unset", [*UNSET, "2147483647", "9223372036854775807", "1.7976931348623157E308"])
@pytest.mark.parametrize("name", ["algoParams", "smartComboRoutingParams", "orderMiscOptions"])
def test_no_parameter_takes_one_as_a_text_either(name, unset):
    assert f"{name}[0].value" in refused_order(**{name: [{"tag": "maxPctVol", "value": unset}]})


@pytest.mark.parametrize("unset", UNSET)
def test_no_price_of_a_leg_is_one(unset):
    assert "orderComboLegs[0].price" in refused_order(orderComboLegs=[{"price": unset}])


def test_numbers_beside_them_are_numbers():
    order = {"T": "buy", "s": 2147483648, "p": 2147483646.5, "algoParams": [{"tag": "a", "value": "2147483646"}]}
    (asked,) = parse_place_order({"contract": STOCK, "order": order}).orders
    assert (asked.members["totalQuantity"], asked.members["lmtPrice"]) == (2147483648, 2147483646.5)


def test_an_order_that_would_have_none_in_a_group_is_named():
    orders = [{"contract": STOCK, "order": {"T": "buy", "s": 1, "p": price}} for price in (1, 2147483647)]
    text = refused(parse_place_order, {"orders": orders})
    assert text == "orders[1].p 2147483647 is how TWS says that none is given; leave a member out to leave it unset"


def test_as_many_options_are_not_exercised():
    assert "quantity 2147483647" in refused(parse_instruction, {"quantity": 2147483647, "action": "exercise"})


@pytest.mark.parametrize("given", [2147483647, 2147483647.0, "2147483647"])
@pytest.mark.parametrize("member", ["conId", "strike"])
def test_no_contract_has_one(member, given):
    option = {"symbol": "AAPL", "secType": "OPT", "exchange": "SMART", "currency": "USD", member: given}
    assert f"contract.{member} 2147483647" in refused(contract_from_json, option)


@pytest.mark.parametrize("number", [0, -1, 2147483647, 2**40, 2**63 - 1])
@pytest.mark.parametrize("member", ["conId", "ratio"])
def test_no_leg_of_a_combo_has_one(member, number):
    leg = {"conId": 1, "ratio": 1, "action": "BUY", "exchange": "SMART", member: number}
    said = refused(contract_from_json, {"symbol": "A", "secType": "BAG", "exchange": "SMART", "comboLegs": [leg]})
    assert said == "a combo leg's conId and ratio lie between 1 and 2147483646"
