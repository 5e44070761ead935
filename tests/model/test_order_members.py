"""The field table against ibapi itself: its members, their kinds, and what its encoder sends."""

from decimal import Decimal

import pytest
from ibapi.client import EClient
from ibapi.contract import Contract as IBContract
from ibapi.order import Order, OrderComboLeg
from ibapi.order_condition import Create
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

from ibgw_tx.model.figures import UNSET_DOUBLE, UNSET_INTEGER, on_wire
from ibgw_tx.model.order_members import ATTACHED, CONDITIONS, FIELDS, GATEWAY_OWNED, NEVER_SENT, SINCE
from ibgw_tx.orders.entry.checks import _BENCHMARK, _COMPANIONS, _OF_TYPE
from ibgw_tx.orders.entry.request import OrderRequest
from tests.kit.ibapi_names import MODERN, OLD_ONLY

NUMBERS_WITH_WHOLE_DEFAULTS = {"discretionaryAmt": "float", "totalQuantity": "quantity"}
WITHOUT_DEFAULT = {"usePriceMgmtAlgo": "bool", "routeMarketableToBbo": "bool", "seekPriceImprovement": "bool"}
#: Members that only the older generation of ibapi has.
GONE = {"eTradeOnly", "firmQuoteOnly", "nbboPriceCap", "faProfile"}

#: Below the version that takes them today's ibapi refuses the whole order (503).
SENT_LATER = {"autoCancelParent", "imbalanceOnly", "routeMarketableToBbo"} if MODERN else set()


def test_the_table_has_every_member_of_ibapis_order_and_no_other():
    assert set(vars(Order())) <= set(FIELDS)
    assert set(FIELDS) - set(vars(Order())) <= set(SINCE) | GONE
    assert GATEWAY_OWNED | NEVER_SENT | ATTACHED | set(SINCE) <= set(FIELDS)


@pytest.mark.parametrize("name", sorted(set(FIELDS) & set(vars(Order()))))
def test_a_members_kind_is_that_of_ibapis_default(name):
    default = vars(Order())[name]
    kind = FIELDS[name]
    if name in NUMBERS_WITH_WHOLE_DEFAULTS:
        assert kind == NUMBERS_WITH_WHOLE_DEFAULTS[name]
    elif default is None:
        assert kind == WITHOUT_DEFAULT.get(name, "legs" if name == "orderComboLegs" else "tags")
    elif name == "conditions":
        assert kind == "conditions" and default == []
    elif name == "softDollarTier":
        assert kind == "tier"
    elif isinstance(default, Decimal):
        # Today's: 2^127 - 1 for unset.
        assert kind in ("quantity", "float")
    else:
        assert kind == {bool: "bool", int: "int", float: "float", str: "str"}[type(default)]
    if default == UNSET_DOUBLE:
        assert kind == "float"
    if default == UNSET_INTEGER:
        assert kind == "int"


class Recorder:
    """The three methods that EClient asks of a connection, keeping what it sends."""

    def __init__(self):
        self.sent = []

    def isConnected(self):
        return True

    def sendMsg(self, message):
        self.sent.append(message)

    def disconnect(self):
        pass


def encoded(order):
    """The frame that ibapi makes of `order`, in the dialect of server version 157."""
    client = EClient(EWrapper())
    client.conn = Recorder()
    client.serverVersion_ = 157
    client.connState = EClient.CONNECTED
    contract = IBContract()
    contract.secType = "BAG"
    contract.comboLegs = []
    client.placeOrder(1, contract, order)
    (frame,) = client.conn.sent
    return frame


SAMPLES = {
    "quantity": 7, "float": 1.25, "int": 5, "str": "X", "tags": [TagValue("a", "b")],
    "tier": SoftDollarTier("n", "v", ""), "conditions": [Create(3)],
}  # fmt: skip
COMPANION_VALUES = {"deltaNeutralOrderType": "LMT", "scalePriceIncrement": 0.5, "algoStrategy": "Vwap", "hedgeType": "D"}


def sample(name):
    if FIELDS[name] == "bool":
        return not vars(Order())[name]
    if FIELDS[name] == "legs":
        leg = OrderComboLeg()
        leg.price = 1.5
        return [leg]
    value = SAMPLES[FIELDS[name]]
    if name == "conditions":
        value[0].isMore, value[0].time = True, "20260105-15:30:00"
    return value


def with_companion(name):
    order = Order()
    if name in _BENCHMARK:
        order.orderType = "PEG BENCH"
    companion = _COMPANIONS.get(name)
    if companion:
        setattr(order, companion, sample("conditions") if companion == "conditions" else COMPANION_VALUES[companion])
    return order


@pytest.mark.parametrize("name", sorted(set(FIELDS) - NEVER_SENT - GATEWAY_OWNED - set(SINCE) - OLD_ONLY))
def test_a_member_that_is_taken_reaches_the_wire(name):
    order = with_companion(name)
    before = encoded(order)
    setattr(order, name, sample(name))
    assert encoded(order) != before


@pytest.mark.parametrize("name", sorted((NEVER_SENT | GATEWAY_OWNED) - SENT_LATER))
def test_a_member_that_is_refused_would_not_reach_the_wire(name):
    order = Order()
    before = encoded(order)
    setattr(order, name, sample(name))
    assert encoded(order) == before


@pytest.mark.parametrize("name", sorted({*_COMPANIONS, *_OF_TYPE} - set(SINCE)))
def test_a_member_without_its_companion_would_be_dropped_silently(name):
    order = Order()
    before = encoded(order)
    setattr(order, name, sample(name))
    assert encoded(order) == before


def test_a_small_distance_is_written_without_an_exponent():
    order = Order()
    order.auxPrice = on_wire(2e-05)
    assert b"\x000.00002\x00" in encoded(order)


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_conditions_are_ibapis(name):
    condition = Create(CONDITIONS[name].number)
    assert type(condition).__name__ == f"{name}Condition"
    assert {*CONDITIONS[name].members, "condType"} == set(vars(condition))


def test_there_is_no_condition_that_the_table_lacks():
    made = {number for number in range(20) if Create(number) is not None}
    assert made == {found.number for found in CONDITIONS.values()}


def test_terms_tell_what_they_are():
    terms = OrderRequest({"conId": 1}, {"orderRef": "a", "whatIf": True})
    assert terms.client_oid == "a" and terms.is_what_if and not terms.is_modify
    assert OrderRequest(None, {}, permId="5").is_modify and OrderRequest(None, {}, apiOrderId=-3).is_modify
    assert terms.with_members(transmit=False).members["transmit"] is False
    assert "transmit" not in terms.members
