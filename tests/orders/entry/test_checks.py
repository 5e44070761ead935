"""The last paragraph of section 8: what is refused before a byte leaves, and what passes."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.contracts.market_rule import flat_rule, parse_rule
from ibgw_tx.model.errors import BAD_PARAMS, CommandError
from ibgw_tx.model.order_members import FIELDS
from ibgw_tx.model.order_types import TYPES
from ibgw_tx.orders.entry.checks import ContractFacts, check_client_oid, checked
from ibgw_tx.orders.entry.parse import DEFAULTS, VOCABULARY, parse_place_order

STOCK = ContractFacts("STK", flat_rule(0.01))
FUTURE = ContractFacts("FUT", flat_rule(0.25))
CORN = ContractFacts("FUT", flat_rule(0.0025), magnifier=100)
HONG_KONG = ContractFacts(
    "STK", parse_rule([{"low_edge": 0, "price_increment": 0.01}, {"low_edge": 10, "price_increment": 0.02}])
)
COMBO = ContractFacts("BAG", (), legs=2)


def checked_order(facts=STOCK, accounts=("DU1",), default="", now=0, **order):
    words = {"T": "buy", "s": 100, **order}
    if "action" in order:
        del words["T"]
    params = {"contract": {"conId": 1}, "order": words}
    (terms,) = parse_place_order(params).orders
    return checked(terms, facts, accounts, default, now)


def refused(facts=STOCK, accounts=("DU1",), **order):
    with pytest.raises(CommandError) as caught:
        checked_order(facts, accounts, **order)
    assert caught.value.code == BAD_PARAMS
    return caught.value.text


def test_a_plain_limit_order_passes_with_its_account():
    assert checked_order(p=150.25).members == {
        "action": "BUY", "totalQuantity": 100, "lmtPrice": 150.25, "account": "DU1", **DEFAULTS,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("order_type", "prices"),
    [
        ("MKT", {}), ("MOC", {}), ("MTL", {}), ("MKT PRT", {}), ("LMT", {"p": 1}), ("LOC", {"p": 1}), ("STP", {"aux": 1}),
        ("MIT", {"aux": 1}), ("STP PRT", {"aux": 1}), ("STP LMT", {"p": 1, "aux": 1}), ("LIT", {"p": 1, "aux": 1}),
        ("TRAIL", {"aux": 0.5}), ("TRAIL", {"trailingPercent": 5, "trailStopPrice": 9}),
        ("TRAIL LIMIT", {"aux": 0.5, "lmtPriceOffset": 0.1, "trailStopPrice": 9}),
        ("TRAIL LIMIT", {"trailingPercent": 5, "p": 9}), ("REL", {"p": 1, "percentOffset": 0.01}), ("PEG MID", {}),
        ("PEG BENCH", {"referenceContractId": 5, "startingPrice": 1}), ("VOL", {"volatility": 0.2, "volatilityType": 2}),
        ("MIDPRICE", {"p": 5}), ("SNAP MKT", {"aux": 0.01}),
    ],
)  # fmt: skip
def test_each_order_type_with_the_prices_it_takes(order_type, prices):
    order = checked_order(orderType=order_type, **prices).members
    assert order["orderType"] == order_type
    assert {VOCABULARY.get(name, name) for name in prices} <= set(order)


@pytest.mark.parametrize(
    ("order_type", "prices", "text"),
    [
        ("LMT", {}, "a LMT order needs p (lmtPrice)"),
        ("STP", {}, "a STP order needs aux (auxPrice)"),
        ("STP LMT", {"p": 1}, "a STP LMT order needs aux (auxPrice)"),
        ("STP LMT", {"aux": 1}, "a STP LMT order needs p (lmtPrice)"),
        ("TRAIL", {}, "a TRAIL order needs exactly one of aux (auxPrice) and trailingPercent"),
        ("TRAIL", {"aux": 1, "trailingPercent": 1}, "a TRAIL order needs exactly one of"),
        ("TRAIL LIMIT", {"aux": 1, "p": 1, "lmtPriceOffset": 1}, "a TRAIL LIMIT order needs exactly one of p (lmtPrice) and"),
        ("MKT", {"p": 10}, "a MKT order takes no p (lmtPrice), but 10 was given"),
        ("LMT", {"p": 10, "aux": 9.5}, "a LMT order takes no aux (auxPrice), but 9.5 was given"),
        ("STP", {"p": 10, "aux": 9}, "a STP order takes no p (lmtPrice), but 10 was given"),
        ("LMT", {"p": 10, "trailingPercent": 1}, "a LMT order takes no trailingPercent"),
    ],
)
def test_a_price_too_few_or_too_many_is_named_with_the_type(order_type, prices, text):
    assert refused(orderType=order_type, **prices).startswith(text)


def test_a_zero_that_a_type_does_not_take_is_left_out():
    assert "lmtPrice" not in checked_order(orderType="MKT", p=0).members


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"T": None}, "an order needs T (action): buy or sell"),
        ({"T": ""}, "an order needs T (action)"),
        ({"T": "hold"}, "T (action) 'HOLD' is none of BUY, SELL, SSHORT, SLONG"),
        ({"s": None}, "an order needs s (totalQuantity)"),
        ({"s": 0}, "s (totalQuantity) must be above zero, not 0"),
        ({"s": -5}, "s (totalQuantity) must be above zero, not -5"),
        ({"tif": "GTX"}, "tif 'GTX' is none of DAY, GTC, IOC, GTD, OPG, FOK, DTC, AUC"),
        ({"tif": ""}, "tif '' is none of"),
        ({"tif": "GTD"}, "tif GTD needs goodTillDate"),
        ({"tif": "GTD", "goodTillDate": "20260105 15:30:00"}, "goodTillDate '20260105 15:30:00' must be a time with its zone"),
        ({"tif": "GTD", "goodTillDate": "20260105"}, "goodTillDate '20260105' must be a time with its zone"),
        ({"tif": "GTD", "goodTillDate": "20260231-15:30:00"}, "goodTillDate '20260231-15:30:00' must be a time"),
        ({"tif": "GTD", "goodTillDate": "20260105 25:30:00 UTC"}, "goodTillDate '20260105 25:30:00 UTC' must be a time"),
        ({"goodTillDate": "20260105-15:30:00"}, "goodTillDate '20260105-15:30:00' needs tif GTD, not DAY"),
        ({"goodAfterTime": "tomorrow"}, "goodAfterTime 'tomorrow' must be a time with its zone"),
        ({"p": 150.255}, "p (lmtPrice) 150.255 is not on the tick of 0.01: nearest are 150.25 and 150.26"),
        ({"p": 0}, "p (lmtPrice) must be above zero for STK, not 0"),
        ({"p": -1}, "p (lmtPrice) must be above zero for STK, not -1"),
        ({"ocaType": 4}, "ocaType 4 is none of 0, 1, 2, 3"),
        ({"triggerMethod": 5}, "triggerMethod 5 is none of"),
        ({"openClose": "X"}, "openClose 'X' is none of '', O, C"),
        ({"minQty": 0}, "minQty must be above zero, not 0"),
        ({"cashQty": -5}, "cashQty must be above zero, not -5"),
        ({"displaySize": -1}, "displaySize must not be below zero, not -1"),
        ({"scalePriceIncrement": 0}, "scalePriceIncrement must be above zero, not 0"),
        ({"algoParams": [{"tag": "a", "value": "b"}]}, "algoParams has no effect without algoStrategy"),
        ({"hedgeParam": "beta=1"}, "hedgeParam has no effect without hedgeType"),
        ({"conditionsCancelOrder": True}, "conditionsCancelOrder has no effect without conditions"),
        ({"scaleProfitOffset": 1}, "scaleProfitOffset has no effect without scalePriceIncrement"),
        ({"deltaNeutralConId": 5}, "deltaNeutralConId has no effect without deltaNeutralOrderType"),
        ({"referenceContractId": 5}, "referenceContractId has no effect on a LMT order, only on PEG BENCH"),
        ({"whatIf": True, "transmit": False}, "whatIf needs transmit true"),
        ({"orderComboLegs": [{"price": 1}]}, "orderComboLegs is for combos (BAG), not for STK"),
        ({"smartComboRoutingParams": [{"tag": "a"}]}, "smartComboRoutingParams is for combos (BAG), not for STK"),
        ({"adjustedOrderType": "STP", "triggerPrice": 9.999}, "triggerPrice 9.999 is not on the tick"),
        ({"adjustedStopPrice": 9.999}, "adjustedStopPrice 9.999 is not on the tick"),
        ({"account": "DU2"}, "account 'DU2' is none of the managed accounts DU1"),
    ],
)  # fmt: skip
def test_what_may_not_leave_is_named_with_its_value(order, text):
    assert refused(**{"p": 10, **order}).startswith(text)


@pytest.mark.parametrize(
    "order",
    [
        {"tif": "gtd", "goodTillDate": "20260105 15:30:00 US/Eastern"},
        {"tif": "GTD", "goodTillDate": "20260105-15:30:00"},
        {"tif": "GTD", "goodTillDate": "20260105-15:30:00 UTC"},
        {"goodAfterTime": "20260105 15:30:00 EST5EDT"},
        {"s": 0, "cashQty": 1000},
        {"s": None, "cashQty": 1000},
        {"s": 0, "hedgeType": "F", "parentId": 51},
        {"s": None, "faGroup": "all", "faMethod": "PctChange", "faPercentage": "10"},
        {"action": "SSHORT", "shortSaleSlot": 1},
        {"algoStrategy": "Adaptive", "algoParams": [{"tag": "adaptivePriority", "value": "Normal"}]},
        {"scalePriceIncrement": 0.5, "scaleProfitOffset": 1, "scaleInitLevelSize": 10},
        {"whatIf": True},
        {"eTradeOnly": True},
        {"client_oid": "A-1.b_2/3 x"},
        {"conditions": [{"condType": "Margin", "isMore": False, "percent": 30}], "conditionsCancelOrder": True},
    ],
)  # fmt: skip
def test_what_may_leave(order):
    sent = checked_order(**{"p": 10, **order}).members
    assert sent.get("account") == (None if "faGroup" in order else "DU1")


@pytest.mark.parametrize("word", ["t", "1", "1234567890123", "", " a", "a ", "a:b", "x" * 65])
def test_a_client_oid_that_would_be_mistaken_is_refused(word):
    assert refused(p=10, client_oid=word).startswith("client_oid ")


@pytest.mark.parametrize("word", ["T", "a", "1a", "-1", "1.5", "x" * 64, "0x10", "bot 7#12"])
def test_other_client_oids_pass(word):
    check_client_oid(word)
    check_client_oid(None)


@pytest.mark.parametrize(
    ("facts", "price", "good"),
    [
        (HONG_KONG, 9.99, True), (HONG_KONG, 10.01, False), (HONG_KONG, 10.02, True), (FUTURE, -37.5, True), (FUTURE, 0, True),
        (FUTURE, -37.6, False), (CORN, 452.25, True), (CORN, 452.3, False), (COMBO, -1.2345, True), (COMBO, 0, True),
        (attrs.evolve(STOCK, rule=()), 1.23456, True), (ContractFacts("OPT"), -1, False), (ContractFacts("CASH"), 0, False),
    ],
)  # fmt: skip
def test_prices_are_held_against_the_contract(facts, price, good):
    if good:
        assert checked_order(facts, p=price).members["lmtPrice"] == price
    else:
        assert refused(facts, p=price).startswith("p (lmtPrice) ")


def test_a_stop_is_a_price_and_a_trailing_amount_is_a_distance():
    assert refused(orderType="STP", aux=10.005).startswith("aux (auxPrice) 10.005 is not on the tick")
    assert checked_order(orderType="TRAIL", aux=0.00002).members["auxPrice"] == 0.00002


def test_a_combo_may_have_a_price_for_each_leg_in_place_of_its_own():
    order = checked_order(COMBO, orderComboLegs=[{"price": 1.5}, {"price": None}])
    assert len(order.members["orderComboLegs"]) == 2 and "lmtPrice" not in order.members
    assert refused(COMBO, orderComboLegs=[{"price": 1.5}]) == "orderComboLegs has 1 prices for 2 legs"


@pytest.mark.parametrize(
    ("accounts", "default", "order", "account"),
    [
        (("DU1",), "", {}, "DU1"),
        (("DU1", "DU2"), "DU2", {}, "DU2"),
        (("DU1", "DU2"), "DU2", {"account": "DU1"}, "DU1"),
        (("DU1", "DU2"), "", {"account": ""}, None),
        (("DU1", "DU2"), "", {}, None),
        (("DU1", "DU2"), "DU9", {}, None),
        ((), "", {}, None),
        (("F1", "DU2"), "", {"faGroup": "all"}, ""),
        (("F1", "DU2"), "", {"modelCode": "m", "account": "F1"}, "F1"),
    ],
)
def test_the_account_is_always_said(accounts, default, order, account):
    if account is None:
        assert "account" in refused(accounts=accounts, p=1, **order)
    else:
        assert checked_order(accounts=accounts, default=default, p=1, **order).members.get("account", "") == account


numbers = st.sampled_from([0, 1, -1, 0.5, 10.25, 1e-9, 100])
texts = st.sampled_from(["", "buy", "SELL", "DU1", "GTD", "a", "20260105-15:30:00", *TYPES])
order_values = st.none() | st.booleans() | numbers | texts
whole_orders = st.dictionaries(st.sampled_from([*FIELDS, *VOCABULARY]), order_values, max_size=8)
every_facts = st.sampled_from([STOCK, FUTURE, CORN, HONG_KONG, COMBO])


@given(whole_orders, every_facts, st.sampled_from([(), ("DU1",), ("DU1", "DU2")]))
def test_any_order_passes_whole_or_is_refused_in_one_sentence(order, facts, accounts):
    try:
        terms = checked_order(facts, accounts, **{"p": 1, **order})
    except CommandError as error:
        assert error.code == BAD_PARAMS and error.text
        return
    sent = terms.members
    assert sent["action"] and sent["orderType"] in TYPES and sent["tif"] and "transmit" in sent
    assert sent.get("account") or sent.get("faGroup") or sent.get("faProfile") or sent.get("modelCode")
    assert sent.get("totalQuantity", 0) > 0 or sent.get("cashQty") or sent.get("hedgeType") or sent.get("faMethod")


NOW = 1_767_600_000_000  # 2026-01-05 08:00:00 UTC


def timed(**order):
    return checked_order(p=1, now=NOW, **order).members


@pytest.mark.parametrize(
    ("until", "text"),
    [
        ("20260105-07:59:59", "goodTillDate '20260105-07:59:59' is in the past"),
        ("20260105-08:00:00 UTC", "goodTillDate '20260105-08:00:00 UTC' is in the past"),
        ("20260105 02:59:59 US/Eastern", "goodTillDate '20260105 02:59:59 US/Eastern' is in the past"),
        ("20260105 15:59:59 Asia/Hong_Kong", "goodTillDate '20260105 15:59:59 Asia/Hong_Kong' is in the past"),
        ("20260105 15:30:00 Mars/Olympus", "goodTillDate names the time zone 'Mars/Olympus', which is not known"),
        ("20260105 15:30:00 US", "goodTillDate names the time zone 'US', which is not known"),
    ],
)
def test_a_date_that_is_over_or_nowhere_is_refused_by_name(until, text):
    with pytest.raises(CommandError) as caught:
        timed(tif="GTD", goodTillDate=until)
    assert caught.value.code == BAD_PARAMS and caught.value.text.startswith(text)


@pytest.mark.parametrize(
    "until",
    ["20260105-08:00:01", "20260105 03:00:01 US/Eastern", "20260105 16:00:01 Asia/Hong_Kong", "20260105 17:00:01 JST"],
)
def test_a_date_to_come_is_taken_in_any_zone(until):
    assert timed(tif="GTD", goodTillDate=until)["goodTillDate"] == until


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"goodAfterTime": "20260105 15:30:00 Mars/Olympus"}, "goodAfterTime names the time zone 'Mars/Olympus'"),
        ({"activeStopTime": "20260105-07:00:00"}, "activeStopTime '20260105-07:00:00' is in the past"),
        (
            {"conditions": [{"condType": "Time", "isMore": True, "time": "20260105 15:30:00 Mars/Olympus"}]},
            "conditions[0].time names the time zone 'Mars/Olympus'",
        ),
    ],
)
def test_other_times_have_a_zone_that_is_known_too(order, text):
    with pytest.raises(CommandError) as caught:
        timed(**order)
    assert caught.value.text.startswith(text)
