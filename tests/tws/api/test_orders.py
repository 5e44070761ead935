"""Between ibapi's order objects and our records: every kind of member there, no sentinel back."""

import pytest
from ibapi import order_condition
from ibapi.execution import Execution as IBExecution
from ibapi.order import Order, OrderComboLeg
from ibapi.order_state import OrderState

from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.figures import UNSET_DOUBLE, UNSET_INTEGER
from ibgw_tx.model.order_members import FIELDS, NEVER_SENT, Condition, LegPrice, Tag, Tier
from ibgw_tx.orders.entry.sent import terms_of_members, without_details
from ibgw_tx.tws.api import orders as seam
from ibgw_tx.tws.api.contracts import contract_to_ib
from tests.kit.contracts import AAPL


def test_a_new_order_refuses_what_new_tws_refuse():
    order = seam.order_to_ib({})
    assert (order.eTradeOnly, order.firmQuoteOnly) == (False, False)
    assert seam.order_to_ib({"eTradeOnly": True}).eTradeOnly is True


@pytest.mark.parametrize(
    ("value", "text"), [(0.1 + 0.2, "0.3"), (0.00002, "0.00002"), (100.0, "100"), (150, "150"), ("DAY", "DAY"), (True, "True")]
)
def test_values_are_written_as_people_write_them(value, text):
    assert str(seam.order_to_ib({"lmtPrice": value}).lmtPrice) == text


def test_sub_objects_become_ibapis_own():
    order = seam.order_to_ib(
        {
            "algoParams": (Tag("a", "1"),),
            "orderComboLegs": (LegPrice(1.5), LegPrice(None)),
            "softDollarTier": Tier("n", "v"),
            "conditions": (Condition(1, {"price": 1.5, "isMore": True}),),
        }
    )
    assert (order.algoParams[0].tag, order.algoParams[0].value) == ("a", "1")
    assert order.orderComboLegs[0].price == 1.5 and order.orderComboLegs[1].price == UNSET_DOUBLE
    assert (order.softDollarTier.name, order.softDollarTier.val) == ("n", "v")
    assert order.conditions[0].price == 1.5 and order.conditions[0].isMore is True


def test_an_item_of_no_kind_is_an_error():
    with pytest.raises(TypeError):
        seam.order_to_ib({"algoParams": (1,)})


def test_terms_of_what_is_being_sent():
    terms = terms_of_members({"action": "BUY", "totalQuantity": 5, "orderType": "LMT", "lmtPrice": 1.5, "tif": "GTC"})
    assert (terms.action, terms.totalQuantity, terms.lmtPrice, terms.auxPrice, terms.tif) == ("BUY", 5, 1.5, None, "GTC")


def test_an_echo_has_what_is_set_and_no_sentinel():
    order = Order()
    order.action, order.totalQuantity, order.orderType, order.lmtPrice, order.permId = "BUY", 5, "LMT", 1.5, 77
    echo = seam.echo(order)
    assert echo["lmtPrice"] == 1.5 and "auxPrice" not in echo and "minQty" not in echo and "ocaGroup" not in echo
    assert UNSET_DOUBLE not in echo.values() and UNSET_INTEGER not in echo.values()
    assert not set(echo) & NEVER_SENT and set(echo) <= set(FIELDS)


ECHOED = {
    "conditions": (
        Condition(1, {"isConjunctionConnection": True, "isMore": True, "conId": 1, "exchange": "SMART", "price": 1.5,
                      "triggerMethod": 0}),
        Condition(3, {"isConjunctionConnection": False, "isMore": True, "time": "20350101-10:00:00"}),
        Condition(5, {"isConjunctionConnection": True, "secType": "STK", "exchange": "SMART", "symbol": "A"}),
    ),
    "algoParams": (Tag("adaptivePriority", "Normal"),),
    "smartComboRoutingParams": (Tag("NonGuaranteed", "1"),),
    "softDollarTier": Tier("n", "v"),
    "orderComboLegs": (LegPrice(1.5), LegPrice(None)),
    "conditionsCancelOrder": True,
}  # fmt: skip


@pytest.mark.parametrize("member", ECHOED)
def test_an_echo_is_read_whole(member):
    order = seam.order_to_ib({"action": "BUY", member: ECHOED[member]})
    assert seam.echo(order)[member] == ECHOED[member]


def test_the_percent_of_a_margin_condition_stays_whole():
    order, condition = Order(), order_condition.Create(order_condition.OrderCondition.Margin)
    condition.isMore, condition.percent = False, 30.0
    order.conditions = [condition]
    (found,) = seam.echo(order)["conditions"]
    assert found.members["percent"] == 30 and type(found.members["percent"]) is int


def test_legs_without_prices_and_lists_without_items_are_not_echoed():
    order = Order()
    order.orderComboLegs, order.conditions = [OrderComboLeg()], []
    assert not {"orderComboLegs", "conditions", "softDollarTier", "transmit"} & set(seam.echo(order))


def state(**members):
    made = OrderState()
    for name, value in members.items():
        setattr(made, name, value)
    return made


def test_an_open_order_without_a_single_known_figure():
    told = seam.open_order(5, contract_to_ib(AAPL), Order(), state())
    assert (told.orderId, told.clientId, told.permId, told.status) == (5, 0, 0, "")
    assert told.terms.lmtPrice is None and told.commission is None and not told.whatIf


def test_margins_are_numbers_or_nothing():
    told = seam.margins(state(initMarginChange="1234.5", maintMarginChange="1.7976931348623157E308", commission=UNSET_DOUBLE))
    assert told["initMarginChange"] == 1234.5 and told["maintMarginChange"] is None and told["commission"] is None
    assert told["warningText"] is None and told["commissionCurrency"] is None


def test_a_completed_order_has_no_ids():
    order = Order()
    order.permId, order.orderRef, order.filledQuantity = 9, "a", UNSET_DOUBLE
    told = seam.completed_order(contract_to_ib(AAPL), order, state(status="Cancelled", completedStatus="Cancelled by Trader"))
    assert (told.permId, told.orderRef, told.filledQuantity) == (9, "a", None) and told.completedStatus == "Cancelled by Trader"


def test_an_execution_by_hand_has_no_order_id():
    one = IBExecution()
    one.execId, one.orderId, one.permId, one.shares, one.price, one.side = "e.1.1.01", UNSET_INTEGER, 9, 5, 1.5, "BOT"
    told = seam.execution(contract_to_ib(AAPL), one)
    assert (told.orderId, told.permId, told.shares, told.price) == (0, 9, 5, 1.5)


@pytest.mark.parametrize(
    ("contract", "sent"),
    [
        (AAPL, ("SMART", 265598, "")),
        (Contract(conId=5, symbol="X", secType="STK", currency="USD"), ("SMART", 5, "")),
        (Contract(symbol="X", secType="STK", exchange="NYSE", primaryExchange="NYSE"), ("NYSE", 0, "NYSE")),
    ],
)
def test_an_order_is_sent_with_what_cannot_disagree_with_its_conid(contract, sent):
    found = without_details(contract)
    assert (found.exchange, found.conId, found.primaryExchange) == sent


def test_a_combo_keeps_its_legs():
    combo = Contract(conId=1, secType="BAG", comboLegs=(ComboLeg(1, 1, "BUY", "SMART"),))
    assert without_details(combo) is combo


def test_only_an_execution_under_a_request_was_asked_for():
    one = IBExecution()
    one.execId, one.permId, one.shares, one.price, one.side = "e.1.1.01", 9, 5, 1.5, "BOT"
    told = {req_id: seam.execution(contract_to_ib(AAPL), one, req_id).asked for req_id in (-1, 0, UNSET_INTEGER, 1_000_000_007)}
    assert told == {-1: False, 0: False, UNSET_INTEGER: False, 1_000_000_007: True}
