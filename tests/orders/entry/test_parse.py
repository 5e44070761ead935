"""PLACE_ORDER's params: both vocabularies, defaults, refusals by name, and nothing but CommandError for anything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.errors import BAD_PARAMS, CommandError
from ibgw_tx.model.order_members import ATTACHED, FIELDS, GATEWAY_OWNED, NEVER_SENT, Condition, LegPrice, Tag, Tier
from ibgw_tx.orders.entry.parse import DEFAULTS, MAX_GROUP, VOCABULARY, parse_place_order

STOCK = {"conId": 265598, "exchange": "SMART"}


def parsed(**order):
    (terms,) = parse_place_order({"contract": STOCK, "order": order}).orders
    return terms


def members(**order):
    """The members beside the defaults."""
    return {name: value for name, value in parsed(**order).members.items() if DEFAULTS.get(name) != value}


def refused(params):
    with pytest.raises(CommandError) as caught:
        parse_place_order(params)
    assert caught.value.code == BAD_PARAMS
    assert "\n" not in caught.value.text and len(caught.value.text) < 700
    caught.value.text.encode()
    return caught.value.text


def refused_order(**order):
    return refused({"contract": STOCK, "order": order})


def test_the_bots_words_become_ibapis():
    order = parsed(T="buy", s=100, p=150.25, client_oid="bot-1", account="DU1", tif="gtc", orderType="lmt")
    assert order.contract == STOCK and not order.is_modify
    assert order.members == {
        "action": "BUY", "totalQuantity": 100, "lmtPrice": 150.25, "orderRef": "bot-1", "account": "DU1", "tif": "GTC",
        "orderType": "LMT", "outsideRth": False, "eTradeOnly": False, "firmQuoteOnly": False, "transmit": True,
    }  # fmt: skip


def test_a_new_order_says_for_itself_what_tws_would_otherwise_decide():
    assert parsed(T="sell", s=1, p=2).members == {"action": "SELL", "totalQuantity": 1, "lmtPrice": 2.0, **DEFAULTS}
    assert DEFAULTS["orderType"] == "LMT", "never a market order by omission"
    assert DEFAULTS["eTradeOnly"] is False and DEFAULTS["firmQuoteOnly"] is False


def test_both_vocabularies_give_the_same_order():
    ours = parsed(T="buy", s=100, p=1.5, aux=1.25, client_oid="a", orderType="STP LMT")
    theirs = parsed(action="BUY", totalQuantity=100, lmtPrice=1.5, auxPrice=1.25, orderRef="a", orderType="stp_lmt")
    assert ours == theirs


def test_what_a_bot_says_explicitly_stands():
    assert members(eTradeOnly=True, transmit=False, whatIf=True, outsideRth=True) == {
        "eTradeOnly": True, "transmit": False, "whatIf": True, "outsideRth": True,
    }  # fmt: skip


def test_one_word_twice_is_fine_when_both_agree_and_named_when_not():
    assert members(T="buy", action="BUY", s=5, totalQuantity=5.0) == {"action": "BUY", "totalQuantity": 5}
    assert refused_order(T="buy", action="SELL") == "T 'buy' and action 'SELL' contradict each other"
    assert refused_order(p=10, lmtPrice=10.5) == "p 10 and lmtPrice 10.5 contradict each other"


def test_null_means_not_given():
    assert members(p=None, i=None, apiOrderId=None, foo_none=None) == {}
    assert parse_place_order({"contract": STOCK, "order": {}, "orders": None, "i": None}).grouped is False


@pytest.mark.parametrize("name", ["foo", "price", "lmtprice", "t", "", "order", "a" * 5000, "\ud800"])
def test_an_unknown_member_is_refused_by_name(name):
    text = refused({"contract": STOCK, "order": {name: 1}})
    assert text.startswith("order has no member ") and (len(name) > 50 or repr(name) in text)


@pytest.mark.parametrize("name", sorted(set(FIELDS) - GATEWAY_OWNED - NEVER_SENT - ATTACHED))
def test_every_member_of_ibapis_order_is_reachable_by_its_own_name(name):
    samples = {
        "quantity": (7, 7), "float": (1.25, 1.25), "int": (5, 5), "bool": (True, True), "str": ("X", "X"),
        "tags": ([{"tag": "a", "value": "b"}], (Tag("a", "b"),)),
        "legs": ([{"price": 1.5}, {"price": None}, {}], (LegPrice(1.5), LegPrice(None), LegPrice(None))),
        "tier": ({"name": "n", "val": "v", "displayName": "d"}, Tier("n", "v")),
        "conditions": (
            [{"condType": "Time", "isMore": True, "time": "20260105-15:30:00"}],
            (Condition(3, {"isConjunctionConnection": True, "isMore": True, "time": "20260105-15:30:00"}),),
        ),
    }  # fmt: skip
    given_, expected = samples[FIELDS[name]]
    if name == "orderType":
        given_ = expected = "MKT"
    assert parsed(**{name: given_}).members[name] == expected


@pytest.mark.parametrize("name", sorted(GATEWAY_OWNED))
def test_ids_are_the_gateways_and_only_their_untouched_default_passes(name):
    assert "is given by the gateway" in refused_order(**{name: 77})
    assert members(**{name: 0}) == {}


@pytest.mark.parametrize("name", sorted(ATTACHED))
def test_orders_that_tws_would_attach_are_to_be_sent_as_orders(name):
    assert f"{name} would make orders with ids that are not the gateway's" in refused_order(**{name: 7})
    assert members(**{name: 0}) == {}


@pytest.mark.parametrize("name", sorted(NEVER_SENT))
def test_what_tws_never_gets_is_refused_rather_than_dropped(name):
    assert f"{name} is told by TWS but never sent" in refused_order(**{name: 1})
    assert members(**{name: False}) == {}


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"s": "100"}, "s must be a number, not '100'"),
        ({"s": True}, "s must be a number, not true"),
        ({"p": [1]}, "p must be a number, not a list"),
        ({"p": {}}, "p must be a number, not an object"),
        ({"p": float("nan")}, "p must be a finite number, not nan"),
        ({"p": float("-inf")}, "p must be a finite number, not -inf"),
        ({"lmtPrice": 1.7976931348623157e308}, "lmtPrice 1.7976931348623157e+308 is no size that an order can have"),
        ({"s": 10**400}, "s a number of 1329 bits is no size"),
        ({"minQty": 2147483648}, "minQty must be a whole number within ±2147483646, not 2147483648"),
        ({"ocaType": 1.5}, "ocaType must be a whole number"),
        ({"ocaType": False}, "ocaType must be a number, not false"),
        ({"outsideRth": 1}, "outsideRth must be true or false, not 1"),
        ({"whatIf": "true"}, "whatIf must be true or false, not 'true'"),
        ({"client_oid": 123}, "client_oid must be a text, not 123"),
        ({"client_oid": "cmds-5-0"}, "client_oid may not begin with cmds-"),
        ({"account": "Дю"}, "account 'Дю' must be printable ASCII"),
        ({"client_oid": "a\nb"}, "client_oid 'a\\nb' must be printable ASCII"),
        ({"client_oid": "a\x7f"}, "client_oid 'a\\x7f' must be printable ASCII"),
        ({"ocaGroup": "g" * 1001}, "ocaGroup has 1001 characters, 1000 at most are allowed"),
        ({"orderType": "LIMIT"}, "orderType 'LIMIT' is not known; known are MKT, "),
        ({"parent": 0}, "parent names an order of the same command and is for orders:[...]"),
        ({"algoParams": {"a": 1}}, "algoParams must be a list, not an object"),
        ({"algoParams": [5]}, "algoParams[0] must be an object, not 5"),
        ({"algoParams": [{"tag": "a", "val": "b"}]}, "algoParams[0] has no member 'val'"),
        ({"algoParams": [{"value": "b"}]}, "algoParams[0] lacks its tag"),
        ({"algoParams": [{"tag": "a", "value": []}]}, "algoParams[0].value must be a text, not a list"),
        ({"algoParams": [{}] * 101}, "algoParams has 101 entries, 100 at most are allowed"),
        ({"orderMiscOptions": [{"tag": "a", "value": "b;c"}]}, "orderMiscOptions[0] 'a' may not contain '=' or ';'"),
        ({"orderComboLegs": [1.5]}, "orderComboLegs[0] must be an object, not 1.5"),
        ({"softDollarTier": "x"}, "softDollarTier must be an object, not 'x'"),
        ({"softDollarTier": {"value": "x"}}, "softDollarTier has no member 'value'"),
        ({"conditions": [{}]}, "conditions[0].condType null is none of Price, Time, Margin, Execution, Volume, PercentChange"),
        ({"conditions": [{"condType": True}]}, "conditions[0].condType true is none of"),
        ({"conditions": [{"condType": "Margin", "isMore": True}]}, "conditions[0] lacks percent"),
        ({"conditions": [{"condType": "Margin", "isMore": True, "price": 1}]}, "conditions[0] has no member 'price'"),
        ({"conditions": [{"condType": "Time", "isMore": True, "time": "20260105 15:30:00"}]}, "conditions[0].time '2026"),
        ({"i": "x1"}, "i must be a permId, digits as a text, not 'x1'"),
        ({"i": -5}, "i must be a permId"),
        ({"i": 0}, "i must be a permId"),
        ({"i": True}, "i must be a permId"),
        ({"apiOrderId": 0}, "apiOrderId 0 names no order"),
        ({"apiOrderId": 2**31}, "apiOrderId must be a whole number"),
        ({"apiOrderId": []}, "apiOrderId must be a number, not a list"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_member(order, text):
    assert refused_order(**order).startswith(text)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (None, "params must be an object, not null"),
        ([], "params must be an object, not a list"),
        ({}, "order is missing"),
        ({"order": {"T": "buy"}}, "contract must be an object, not null"),
        ({"contract": {}, "order": {}}, "contract is missing"),
        ({"contract": {"conId": None}, "order": {}}, "contract is missing"),
        ({"contract": STOCK, "order": []}, "order must be an object, not a list"),
        ({"contract": STOCK, "order": {}, "T": "buy"}, "params has no member 'T'"),
        ({"contract": STOCK, "orders": []}, "params has both orders and single order's members"),
        ({"orders": []}, "orders must have 1 to 20 entries, not 0"),
        ({"orders": [{}] * (MAX_GROUP + 1)}, "orders must have 1 to 20 entries, not 21"),
        ({"orders": {"0": 1}}, "orders must be a list, not an object"),
        ({"orders": [5]}, "orders[0] must be an object, not 5"),
        ({"orders": [{"contract": STOCK, "order": {"foo": 1}}]}, "orders[0].order has no member 'foo'"),
        ({"orders": [{"contract": STOCK, "order": {"s": "1"}}]}, "orders[0].s must be a number, not '1'"),
        ({"orders": [{"contract": STOCK, "order": {}, "x": 1}]}, "orders[0] has no member 'x'"),
        ({"orders": [{"order": {}}]}, "orders[0].contract must be an object, not null"),
        ({"orders": [{"contract": STOCK, "order": {"i": "5"}}]}, "orders[0].order names a live order"),
        ({"orders": [{"contract": STOCK, "order": {"parent": 1.5}}]}, "parent must be a text, not 1.5"),
        ({"i": "5", "order": {"i": "6", "p": 1}}, "i is '5' beside the order and '6' in it"),
    ],
)
def test_a_wrong_shape_is_named(params, text):
    assert refused(params).startswith(text)


@pytest.mark.parametrize(
    ("params", "contract"),
    [
        ({"exchange": "NASDAQ", "showName": "USD-AAPL"}, {"exchange": "NASDAQ", "showName": "USD-AAPL"}),
        ({"shownName": "CME/FUT/USD-ES@203503@50"}, {"exchange": "", "showName": "CME/FUT/USD-ES@203503@50"}),
    ],
)
def test_a_show_name_stands_for_the_contract(params, contract):
    order = {"T": "buy", "s": 1, "p": 1}
    assert parse_place_order({**params, "order": order}).orders[0].contract == contract
    assert parse_place_order({"orders": [{**params, "order": order}]}).orders[0].contract == contract


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"exchange": "NASDAQ", "showName": "USD-AAPL", "contract": STOCK}, "params has both a contract and a showName"),
        ({"showName": "USD-AAPL", "shownName": "USD-AAPL"}, "showName and shownName are the same"),
        ({"exchange": "NASDAQ"}, "showName is missing"),
        ({"showName": 5}, "showName must be a text"),
        ({"showname": "USD-AAPL"}, "params has no member 'showname'; did you mean showName?"),
    ],
)
def test_a_contract_has_one_name(params, text):
    assert refused({**params, "order": {"T": "buy", "s": 1, "p": 1}}).startswith(text)


def test_without_a_contract_a_client_oid_names_a_live_order():
    (order,) = parse_place_order({"order": {"client_oid": "a", "p": 10.5}}).orders
    assert order.is_modify and order.live_oid == "a" and order.members == {"lmtPrice": 10.5} and order.client_oid == ""
    (order,) = parse_place_order({"order": {"i": "5", "client_oid": "a", "p": 10.5}}).orders
    assert (order.permId, order.live_oid, order.members["orderRef"]) == ("5", "", "a")
    assert refused({"orders": [{"order": {"client_oid": "a", "p": 1}}]}).startswith("orders[0].contract must be an object")


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("side", "T (action)"), ("Side", "T (action)"), ("qty", "s (totalQuantity)"), ("price", "p (lmtPrice)"),
        ("stop_price", "aux (auxPrice)"), ("clientOid", "client_oid (orderRef)"), ("lmtprice", "lmtPrice"), ("type", "orderType"),
        ("timeInForce", "tif"), ("outsideRTH", "outsideRth"), ("ocagroup", "ocaGroup"), ("trailingpct", "trailingPercent"),
    ],
)  # fmt: skip
def test_a_member_that_there_is_not_is_refused_with_the_nearest(word, near):
    text = refused({"contract": STOCK, "order": {"T": "buy", "s": 1, "p": 1, word: 1}})
    assert text == f"order has no member {word!r}; did you mean {near}?"


def test_nothing_is_suggested_when_nothing_is_near():
    assert refused({"contract": STOCK, "order": {"xyzzy": 1}}) == "order has no member 'xyzzy'"


@pytest.mark.parametrize("target", [{"i": "1234567890123"}, {"i": 1234567890123}, {"i": "0001234567890123"}])
def test_i_names_a_live_order_to_modify_and_brings_no_defaults(target):
    order = parsed(p=10.5, **target)
    assert order.is_modify and order.permId == "1234567890123" and order.members == {"lmtPrice": 10.5}


def test_an_api_order_id_names_a_live_order_too_inside_or_beside_the_order():
    (beside,) = parse_place_order({"apiOrderId": 51, "order": {"p": 10.5}}).orders
    assert beside.apiOrderId == 51 and beside.contract is None and beside.members == {"lmtPrice": 10.5}
    assert parsed(apiOrderId="51").apiOrderId == parsed(apiOrderId=51.0).apiOrderId == 51
    assert parsed(apiOrderId=-7).apiOrderId == -7, "an order placed by hand and bound"


def test_numbers_leave_without_noise_and_whole_quantities_as_integers():
    order = parsed(s=100.0, p=0.1 + 0.2).members
    assert type(order["totalQuantity"]) is int
    assert repr(order["lmtPrice"]) == "0.3"
    assert parsed(s=0.5).members["totalQuantity"] == 0.5
    json.dumps(order)


def test_numbers_and_booleans_of_an_algo_become_the_text_that_tws_reads():
    values = [1, 1.0, 0.00002, True, "Normal"]
    order = parsed(algoParams=[{"tag": "x", "value": value} for value in values])
    assert [tag.value for tag in order.members["algoParams"]] == ["1", "1", "0.00002", "1", "Normal"]


def test_a_price_condition_in_full():
    given_ = {"condType": 1, "isMore": False, "conId": 1, "exchange": "SMART", "price": 1.1 * 3, "isConjunctionConnection": False}
    (condition,) = parsed(conditions=[given_]).members["conditions"]
    assert condition == Condition(1, {
        "isConjunctionConnection": False, "isMore": False, "conId": 1, "exchange": "SMART", "price": 3.3, "triggerMethod": 0,
    })  # fmt: skip


def test_an_oca_group_without_a_type_cancels_the_others():
    assert members(ocaGroup="g")["ocaType"] == 1
    assert members(ocaGroup="g", ocaType=3)["ocaType"] == 3
    assert "ocaType" not in parsed(ocaGroup="g", i="5").members


def test_a_group_keeps_the_bots_sequence():
    command = parse_place_order({"orders": [{"contract": STOCK, "order": {"s": s}} for s in (1, 2, 3)]})
    assert command.grouped and [terms.members["totalQuantity"] for terms in command.orders] == [1, 2, 3]


words = st.sampled_from([*FIELDS, *VOCABULARY, "i", "apiOrderId", "parent", "contract", "order", "orders", "condType", "price"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["LMT", "buy", "5"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip
orders = st.dictionaries(words, values, max_size=8)
entries = st.fixed_dictionaries({"contract": st.just(STOCK) | values, "order": orders})


@given(values | entries | st.fixed_dictionaries({"orders": st.lists(entries, max_size=4)}))
def test_any_json_gives_terms_or_one_refusal(params):
    try:
        command = parse_place_order(params)
    except CommandError as error:
        assert error.code == BAD_PARAMS and error.text
        error.text.encode()
    else:
        assert all(set(terms.members) <= set(FIELDS) for terms in command.orders)
        assert all(value is not None for terms in command.orders for value in terms.members.values())


def test_an_order_of_the_stream_can_be_changed_by_its_name():
    (order,) = parse_place_order({"order": {"client_oid": "cmds-5-0", "p": 10.5}}).orders
    assert order.is_modify and order.live_oid == "cmds-5-0"
