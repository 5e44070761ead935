"""Every request of the gateway at server version 226, read by ibsim's own descriptors, which share nothing with ibapi's classes.

No method of TWSClient is without its row, and no member of an order without a value.
"""

import inspect
from decimal import Decimal

import pytest

from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.order_members import FIELDS, GATEWAY_OWNED, NEVER_SENT, Condition, LegPrice, Tag, Tier
from ibgw_tx.sim.wire.protobuf import decode, encode
from ibgw_tx.sim.wire.protobuf_requests import MESSAGES
from ibgw_tx.sim.wire.reading import read
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.api.generation import MODERN
from ibgw_tx.tws.frames import FrameSplitter
from ibgw_tx.tws.messages import is_end, lane_of, request_id_of
from ibgw_tx.tws.pacing import Lane
from tests.tws.api.test_client import Line

pytestmark = pytest.mark.skipif(not MODERN, reason="9.81.1 ends at 157")

VERSION = 226
CALL = Contract(
    conId=700000101, symbol="AAPL", secType="OPT", exchange="SMART", currency="USD", lastTradeDateOrContractMonth="20350119",
    strike=225.5, right="C", multiplier="100", localSymbol="AAPL  350119C00225500", tradingClass="AAPL",
)
SHOWN = {
    "conId": 700000101, "symbol": "AAPL", "secType": "OPT", "lastTradeDateOrContractMonth": "20350119", "strike": 225.5,
    "right": "C", "multiplier": 100.0, "exchange": "SMART", "currency": "USD", "localSymbol": "AAPL  350119C00225500",
    "tradingClass": "AAPL",
}
#: Of each method: the message's id as a text, its lane, whether it ends something, its arguments, and what is read of it.
ROWS = {
    "greet": (71, Lane.OWN, False, (VERSION,), {"clientId": 7}),
    "ask_current_time": (49, Lane.OWN, False, (), {}),
    "ask_settings": (108, Lane.OWN, False, (5,), {"reqId": 5}),
    "ask_contract": (9, Lane.QUESTION, False, (5, CALL), {"reqId": 5, "contract": SHOWN}),
    "ask_market_rule": (91, Lane.OWN, False, (26,), {"marketRuleId": 26}),
    "subscribe_account": (6, Lane.OWN, False, ("DU1",), {"subscribe": True, "acctCode": "DU1"}),
    "unsubscribe_account": (6, Lane.OWN, True, ("DU1",), {"acctCode": "DU1"}),
    "subscribe_depth": (10, Lane.FEED, False, (5, CALL, 10, True),
                        {"reqId": 5, "contract": SHOWN, "numRows": 10, "isSmartDepth": True}),
    "cancel_depth": (11, Lane.OWN, True, (5, True), {"reqId": 5, "isSmartDepth": True}),
    "subscribe_account_multi": (76, Lane.OWN, False, (5, "DU2"), {"reqId": 5, "account": "DU2", "ledgerAndNLV": True}),
    "cancel_account_multi": (77, Lane.OWN, True, (5,), {"reqId": 5}),
    "subscribe_positions_multi": (74, Lane.OWN, False, (5, "DU2"), {"reqId": 5, "account": "DU2"}),
    "cancel_positions_multi": (75, Lane.OWN, True, (5,), {"reqId": 5}),
    "ask_summary": (62, Lane.QUESTION, False, (5, "NetLiquidation"), {"reqId": 5, "group": "All", "tags": "NetLiquidation"}),
    "cancel_summary": (63, Lane.OWN, True, (5,), {"reqId": 5}),
    "choose_data_type": (59, Lane.OWN, False, (3,), {"marketDataType": 3}),
    "subscribe_top": (1, Lane.FEED, False, (5, CALL, "233"), {"reqId": 5, "contract": SHOWN, "genericTickList": "233"}),
    "cancel_top": (2, Lane.OWN, True, (5,), {"reqId": 5}),
    "subscribe_ticks": (97, Lane.FEED, False, (5, CALL),
                        {"reqId": 5, "contract": SHOWN, "tickType": "AllLast", "numberOfTicks": 0}),
    "cancel_ticks": (98, Lane.OWN, True, (5,), {"reqId": 5}),
    "ask_history": (
        20, Lane.QUESTION, False, (5, CALL, "20261118-12:00:00", "1 D", "1 hour", "TRADES", True, True),
        {"reqId": 5, "contract": SHOWN, "endDateTime": "20261118-12:00:00", "barSizeSetting": "1 hour", "duration": "1 D",
         "useRTH": True, "whatToShow": "TRADES", "formatDate": 2, "keepUpToDate": True},
    ),
    "cancel_history": (25, Lane.OWN, True, (5,), {"reqId": 5}),
    "bind_manual_orders": (15, Lane.OWN, False, (), {"autoBind": True}),
    "ask_open_orders": (16, Lane.OWN, False, (), {}),
    "ask_completed_orders": (99, Lane.OWN, False, (), {}),
    "ask_executions": (7, Lane.OWN, False, (5, 3), {"reqId": 5, "executionFilter": {"clientId": 0, "lastNDays": 3}}),
    "ask_chains": (78, Lane.QUESTION, False, (5, Contract(conId=265598, symbol="AAPL", secType="STK")),
                   {"reqId": 5, "underlyingSymbol": "AAPL", "underlyingSecType": "STK", "underlyingConId": 265598}),
    "subscribe_pnl": (92, Lane.FEED, False, (5, "DU1"), {"reqId": 5, "account": "DU1"}),
    "cancel_pnl": (93, Lane.OWN, True, (5,), {"reqId": 5}),
    "subscribe_pnl_single": (94, Lane.FEED, False, (5, "DU1", 265598), {"reqId": 5, "account": "DU1", "conId": 265598}),
    "cancel_pnl_single": (95, Lane.OWN, True, (5,), {"reqId": 5}),
    "subscribe_bars": (50, Lane.FEED, False, (5, CALL, "TRADES", True),
                       {"reqId": 5, "contract": SHOWN, "barSize": 5, "whatToShow": "TRADES", "useRTH": True}),
    "cancel_bars": (51, Lane.OWN, True, (5,), {"reqId": 5}),
    "subscribe_bulletins": (12, Lane.OWN, False, (), {"allMessages": True}),
    "encode_cancel": (4, Lane.CANCEL, False, (5,), {"orderId": 5, "orderCancel": {}}),
    "encode_cancel_all": (58, Lane.CANCEL, False, (), {"orderCancel": {}}),
    "encode_exercise": (
        21, Lane.ORDER, False, (5, CALL, False, 2, "DU1", True),
        {"orderId": 5, "contract": SHOWN, "exerciseAction": 1, "exerciseQuantity": 2, "account": "DU1", "override": True},
    ),
}
#: It has a test of its own; the others of the class only read.
APART = {"encode_order", "decode", "decode_protobuf", "server_version", "unsent"}


def sent(method, *args):
    """The one frame of a request, without its length: the whole frame too, as it goes out."""
    line, told = Line(), []
    client = TWSClient(line, 7, told.append)
    if method != "greet":
        client.greet(VERSION)
        line.sent = b""
    framed = getattr(client, method)(*args) or line.sent
    assert told == []
    (payload,) = FrameSplitter().feed(framed)
    return framed, payload


@pytest.mark.parametrize("method", ROWS)
def test_a_request_says_what_it_is_asked_to_and_no_more(method):
    number, lane, ends, args, expected = ROWS[method]
    framed, payload = sent(method, *args)
    assert int.from_bytes(payload[:4]) == 200 + number
    name, _ = MESSAGES[number]
    assert decode(name, payload[4:]) == expected
    assert encode(name, expected) == payload[4:], "nothing in it is unknown to the descriptors"
    # What is read of it without ibapi: its lane, whether it ends something, whose it is.
    assert (lane_of(framed), is_end(framed)) == (lane, ends)
    if "reqId" in expected and method != "ask_settings":
        assert request_id_of(framed) == expected["reqId"]
    request = read(payload, VERSION)
    assert request.req_id == expected.get("reqId", expected.get("orderId", -1))


KINDS = {"float": lambda n: n + 0.5, "int": lambda n: n, "bool": lambda n: True, "str": lambda n: f"t{n}"}
#: Members that only older dialects send, and those that go in a part of their own.
OLD = {"eTradeOnly", "firmQuoteOnly", "nbboPriceCap", "faProfile", "auctionStrategy"}
ATTACHED = {"slOrderId": 3, "slOrderType": "PRESET", "ptOrderId": 4, "ptOrderType": "PRESET"}


def test_an_order_carries_every_member_that_a_bot_can_give():
    apart = GATEWAY_OWNED | NEVER_SENT | OLD | ATTACHED.keys()
    plain = [name for name, kind in FIELDS.items() if kind in KINDS and name not in apart]
    members = {name: KINDS[FIELDS[name]](number) for number, name in enumerate(plain, 1)}
    more = {
        "totalQuantity": Decimal("0.00012345"), "algoParams": (Tag("a", "1"),), "smartComboRoutingParams": (Tag("s", "2"),),
        "orderMiscOptions": (Tag("m", "3"),), "softDollarTier": Tier("n", "v"), "orderComboLegs": (LegPrice(1.5),),
        "conditions": (Condition(1, {"isConjunctionConnection": True, "isMore": True, "conId": 5, "exchange": "SMART",
                                           "price": 2.5, "triggerMethod": 2}),),
    }
    legs = (ComboLeg(265598, 1, "BUY", "SMART"),)
    bag = Contract(symbol="AAPL", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)
    framed, payload = sent("encode_order", 9, bag, {**members, **more, **ATTACHED})
    assert int.from_bytes(payload[:4]) == 203 and lane_of(framed) is Lane.ORDER
    said = decode("PlaceOrderRequest", payload[4:])
    assert encode("PlaceOrderRequest", said) == payload[4:], "nothing in it is unknown to the descriptors"
    order = said["order"]
    assert {name: order.get(name) for name in members} == members
    assert (said["orderId"], order["totalQuantity"], order["algoParams"]) == (9, "0.00012345", {"a": "1"})
    assert (order["smartComboRoutingParams"], order["orderMiscOptions"]) == ({"s": "2"}, {"m": "3"})
    assert order["softDollarTier"] == {"name": "n", "value": "v"} and said["attachedOrders"] == ATTACHED
    assert order["conditions"] == [{"type": 1, "isConjunctionConnection": True, "isMore": True, "conId": 5, "exchange": "SMART",
                                    "price": 2.5, "triggerMethod": 2}]
    (leg,) = said["contract"]["comboLegs"]
    assert (leg["conId"], leg["ratio"], leg["action"], leg["exchange"], leg["perLegPrice"]) == (265598, 1, "BUY", "SMART", 1.5)


def test_no_request_is_without_a_row():
    methods = {name for name, _ in inspect.getmembers(TWSClient, lambda one: callable(one) or isinstance(one, property))}
    assert {name for name in methods if not name.startswith("_")} == ROWS.keys() | APART
