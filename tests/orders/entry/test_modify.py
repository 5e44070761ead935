"""A modify: the live order whole, with what the bot changes and nothing else."""

import pytest

from ibgw_tx.contracts.market_rule import flat_rule
from ibgw_tx.model.errors import BAD_PARAMS, UNAVAILABLE, CommandError
from ibgw_tx.orders.entry.checks import ContractFacts, checked
from ibgw_tx.orders.entry.echo import usable
from ibgw_tx.orders.entry.modify import FIXED, modified
from ibgw_tx.orders.entry.parse import parse_place_order

UNSET = 1.7976931348623157e308
LIVE = {
    "action": "BUY", "totalQuantity": 100, "orderType": "LMT", "lmtPrice": 10.25, "tif": "GTC", "account": "DU1",
    "orderRef": "bot-1", "outsideRth": True, "transmit": True, "parentId": 0, "eTradeOnly": False, "firmQuoteOnly": False,
}  # fmt: skip
#: The same order as 9.81.1 reads TWS's echo of it, with the fields that TWS fills in (tws-facts 4.5, 9.4).
ECHO = {
    **LIVE, "totalQuantity": 100.0, "orderId": 51, "permId": 1234, "clientId": 0, "auxPrice": 0.0, "trailStopPrice": 11.25,
    "triggerPrice": 0.0, "lmtPriceOffset": 0.0, "adjustedStopPrice": 0.0, "cashQty": 0.0, "minQty": 2147483647,
    "percentOffset": UNSET, "trailingPercent": None, "filledQuantity": 0.0, "openClose": "?", "volatilityType": 0,
    "deltaNeutralOrderType": "None", "shareholder": "Not an insider or substantial shareholder", "scalePriceIncrement": UNSET,
}  # fmt: skip
FACTS = ContractFacts("STK", flat_rule(0.01))


def change(**order):
    (terms,) = parse_place_order({"order": {"i": "1234", **order}}).orders
    return terms


def refused(live, filled=0, **order):
    with pytest.raises(CommandError) as caught:
        checked(modified(live, change(**order), filled), FACTS, ("DU1",))
    return caught.value


@pytest.mark.parametrize("live", [LIVE, usable(ECHO)])
def test_what_the_bot_does_not_name_stays_as_it_is(live):
    terms = checked(modified(live, change(p=10.5)), FACTS, ("DU1",))
    kept = {name: value for name, value in LIVE.items() if name not in ("lmtPrice", "transmit", "parentId")}
    assert {**kept, "lmtPrice": 10.5, "transmit": True}.items() <= terms.members.items()
    assert type(terms.members["totalQuantity"]) is int
    assert not {"orderId", "permId", "auxPrice", "trailStopPrice", "triggerPrice", "cashQty", "shareholder"} & set(terms.members)
    assert all(value is not None and value not in (UNSET, 2147483647) for value in terms.members.values())


def test_a_held_member_of_a_group_is_changed_for_all_to_see():
    assert modified(LIVE, change(s=50)).members["transmit"] is True
    echo = {name: value for name, value in LIVE.items() if name != "transmit"}
    assert modified(echo, change(s=50)).members["transmit"] is True


def test_a_held_order_stays_held_until_the_change_says_otherwise():
    held = {**LIVE, "transmit": False}
    assert modified(held, change(s=50)).members["transmit"] is False
    assert refused(LIVE, transmit=False).text.startswith("transmit of a live order is true")
    assert modified(held, change(transmit=True)).members["transmit"] is True


def test_only_what_the_bot_says_is_held_against_the_rules():
    odd = {**usable(ECHO), "lmtPrice": 10.251, "ocaType": 9, "goodTillDate": "20260105 15:30:00", "orderRef": "12:3"}
    assert checked(modified(odd, change(s=50)), FACTS, ("DU1",)).members["lmtPrice"] == 10.251
    assert refused(odd, p=10.252).text.startswith("p (lmtPrice) 10.252 is not on the tick")
    assert refused(odd, goodTillDate="20350105-15:30:00").text == "goodTillDate '20350105-15:30:00' needs tif GTD, not GTC"


@pytest.mark.parametrize("tif", ["GTC", "DAY"])
def test_a_date_goes_with_gtd(tif):
    gtd = {**LIVE, "tif": "GTD", "goodTillDate": "20350105-15:30:00"}
    assert "goodTillDate" not in checked(modified(gtd, change(tif=tif)), FACTS, ("DU1",)).members
    assert modified(gtd, change(p=10.5)).members["goodTillDate"] == "20350105-15:30:00"
    assert "goodTillDate" not in modified({**gtd, "tif": "DAY"}, change(p=10.5)).members, "TWS shows one for DAY orders too"


@pytest.mark.parametrize(("parent", "sent"), [(51, 51), (52, 0), (0, 0)])
def test_a_parent_that_is_over_is_not_named(parent, sent):
    order = modified({**LIVE, "parentId": parent}, change(p=10.5), 0, lambda order_id: order_id == 51)
    assert order.members["parentId"] == sent


def test_an_order_by_cash_needs_no_size():
    cash = {**LIVE, "orderType": "MKT", "lmtPrice": None, "totalQuantity": None, "cashQty": 1000.0}
    assert modified(cash, change(cashQty=900)).members["totalQuantity"] == 0


def test_a_changed_type_takes_its_prices_with_it():
    terms = modified(LIVE, change(orderType="MKT"))
    assert terms.members["orderType"] == "MKT" and "lmtPrice" not in terms.members
    assert refused(LIVE, orderType="STP").text == "a STP order needs aux (auxPrice)"
    assert refused(LIVE, orderType="MKT", p=10).text.startswith("a MKT order takes no p (lmtPrice)")


TRAIL = {**LIVE, "orderType": "TRAIL", "lmtPrice": None, "auxPrice": 0.5, "trailingPercent": 0.0}


def test_of_two_distances_the_new_one_wins():
    assert "auxPrice" not in checked(modified(TRAIL, change(trailingPercent=5)), FACTS, ("DU1",)).members
    assert checked(modified(TRAIL, change(aux=0.75)), FACTS, ("DU1",)).members["auxPrice"] == 0.75
    kept = checked(modified(TRAIL, change(s=5)), FACTS, ("DU1",)).members
    assert kept["auxPrice"] == 0.5 and "trailingPercent" not in kept
    percent = {**TRAIL, "auxPrice": 0.0, "trailingPercent": 5.0}
    kept = checked(modified(percent, change(s=5)), FACTS, ("DU1",)).members
    assert kept["trailingPercent"] == 5 and "auxPrice" not in kept
    assert refused(TRAIL, aux=1, trailingPercent=1).text.startswith("a TRAIL order needs exactly one of")


@pytest.mark.parametrize("name", FIXED)
def test_what_tws_does_not_let_change_is_refused_here(name):
    value = 7 if name in ("parentId", "origin") else "SELL" if name == "action" else "other"
    assert "of a live order is" in refused(LIVE, **{name: value}).text


def test_naming_a_fixed_member_with_its_own_value_is_no_change():
    assert modified(LIVE, change(T="buy", account="DU1", client_oid="bot-1", parentId=0, p=10.5)).members["lmtPrice"] == 10.5


@pytest.mark.parametrize(
    ("order", "filled", "text"),
    [
        ({}, 0, "a modify names nothing to change"),
        ({"s": 40}, 40, "s (totalQuantity) 40 is the new total and must be above the 40 already executed"),
        ({"s": 0}, 0, "s (totalQuantity) 0 is the new total"),
        ({"p": 1, "whatIf": True}, 0, "whatIf asks about a new order"),
        ({"minQty": -1}, 0, "minQty must be above zero"),
        ({"ocaType": 7}, 0, "ocaType 7 is none of"),
    ],
)
def test_a_change_that_cannot_be(order, filled, text):
    error = refused(LIVE, filled, **order)
    assert error.code == BAD_PARAMS and error.text.startswith(text)


@pytest.mark.parametrize("name", ["action", "totalQuantity", "orderType", "tif"])
def test_an_order_of_which_too_little_is_known_is_not_guessed_at(name):
    error = refused({**LIVE, name: None}, p=1)
    assert error.code == UNAVAILABLE
    assert name in error.text and error.text.endswith("of the live order is not known, so it cannot be modified")
