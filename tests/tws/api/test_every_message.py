"""Every kind of message at server version 226, one by one: as protobuf, and as the text behind a raw id that a server may still
send. Ours and ibapi's own reading tell the same, which is what the sample says; and no kind is without a sample.

So 226 is what is offered by default: nothing in it is unread or untried.
"""

import inspect
import re

import pytest
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from ibgw_tx.books.top_messages import takers
from ibgw_tx.history.bars import bars_of, parse_bars
from ibgw_tx.model import events
from ibgw_tx.model import order_events as orders
from ibgw_tx.model.order_members import NEVER_SENT, Condition, LegPrice, Tag, Tier
from ibgw_tx.sim.replies import depth_rows
from ibgw_tx.sim.replies.protobuf import dialect
from ibgw_tx.sim.wire.frames import frame
from ibgw_tx.sim.wire.ids import In
from ibgw_tx.sim.wire.protobuf import encode
from ibgw_tx.sim.wire.schema import SCHEMA
from ibgw_tx.tws.api.client import MAX_VERSION, TWSClient
from ibgw_tx.tws.api.generation import MODERN
from ibgw_tx.tws.shell.incoming import Incoming
from tests.kit.books import BookPath
from tests.kit.contracts import AAPL
from tests.tws.api.test_client import Line
from tests.tws.samples import FLAT, HOT, PASSED_OVER, TEXT_ALONE

pytestmark = pytest.mark.skipif(not MODERN, reason="9.81.1 ends at 157")

if MODERN:
    from ibgw_tx.tws.api import protobuf as seam
    from ibgw_tx.tws.api.hot import _NAMES, hot_protobuf
    from ibgw_tx.tws.api.wrapper import TWSWrapper

VERSION = 226
#: Orders and contracts, which are no flat rows of texts, and TWS's settings: each has a test of its own below.
PARTED = {In.OPEN_ORDER, In.COMPLETED_ORDER, In.CONTRACT_DATA, In.BOND_CONTRACT_DATA, In.CONFIG_RESPONSE}


def of_protobuf(kind):
    """A sample as protobuf, its id in front and its length gone."""
    texts = texts_of(kind)
    if kind in (In.MARKET_DEPTH, In.MARKET_DEPTH_L2):
        _, req_id, place, *rest = texts
        smart = kind == In.MARKET_DEPTH_L2
        (body,) = depth_rows.bodies([(place, *(rest[:5] if smart else ("", *rest)))], smart, VERSION)
        return depth_rows.head(kind, req_id, VERSION) + body
    made = dialect((kind, *texts), VERSION)
    assert isinstance(made[1], bytes), "at this version it is protobuf"
    return frame(made, VERSION)[4:]


def of_text(kind):
    return frame((kind, *texts_of(kind)), VERSION)[4:]


def texts_of(kind):
    return FLAT[kind][0] if kind in FLAT else HOT[kind]


def ours(payload, hot=None, hot_text=None):
    """What the gateway tells of one frame; it may not skip it."""
    told = []
    client = TWSClient(Line(), 7, told.append)
    client.greet(VERSION)
    incoming = Incoming(hot_text or {}, client.decode, told.append, None, hot, client.decode_protobuf)
    incoming.raw = True
    incoming.dispatch([payload])
    assert incoming.bad_messages == 0, told
    return told


def ibapis(payload):
    """What ibapi's own decoder calls back, as our records: nothing of ours reads the message."""
    told = []
    Decoder(TWSWrapper(told.append), VERSION).processProtoBuf(payload[4:], int.from_bytes(payload[:4]) - 200)
    return told


@pytest.mark.parametrize("kind", FLAT)
def test_a_message_is_told_as_ibapi_reads_it(kind):
    expected = FLAT[kind][1]
    assert ours(of_protobuf(kind)) == expected
    assert ibapis(of_protobuf(kind)) == expected
    assert ours(of_text(kind)) == expected


def books(kind):
    path = BookPath()
    path.fed(AAPL, 7)
    path.fed_top(AAPL, 7)
    if kind == In.TICK_BY_TICK:
        path.fed_ticks(AAPL, 7)
    return path


def by_text(path, bars):
    return {b"12": path.depth.depth, b"13": path.depth.depth_l2, b"1": path.top.tick_price, b"2": path.top.tick_size,
            b"46": path.top.tick_string, b"99": path.top.tick_by_tick, b"17": lambda fields: bars.append(parse_bars(fields))}


def state(path, bars):
    book, quotes = path.depth.feeds.by_number[7].rows, path.top.feeds.by_number[7].rows.quotes()
    return book.bids, book.asks, quotes, path.top.take_trades(1_700_000_000_500), bars


@pytest.mark.parametrize("kind", HOT)
def test_a_message_of_books_and_bars_says_the_same_in_both_dialects(kind):
    found = []
    for payload, protobuf in ((of_protobuf(kind), True), (of_text(kind), False)):
        path, bars = books(kind), []
        hot = hot_protobuf({**takers(path.depth, path.top), 17: lambda message, bars=bars: bars.append(bars_of(message))})
        assert ours(payload, hot if protobuf else None, by_text(path, bars)) == []
        assert path.depth.strays == path.top.strays == 0
        found.append(state(path, bars))
    empty = state(books(kind), [])
    assert found[0] == found[1] and (found[0] != empty or kind == In.TICK_SIZE), "it has to have changed something"


# Orders, contracts, settings: every member that there is.

TEXTS = {"conditions", "softDollarTier", "algoParams", "smartComboRoutingParams", "orderMiscOptions"}
CONTRACT = {
    "conId": 265598, "symbol": "AAPL", "secType": "STK", "exchange": "SMART", "currency": "USD", "localSymbol": "AAPL",
    "tradingClass": "NMS", "comboLegs": [{"conId": 1, "ratio": 1, "action": "BUY", "exchange": "SMART", "perLegPrice": 1.5}],
}
CONDITION = {"type": 1, "isConjunctionConnection": True, "isMore": True, "conId": 5, "exchange": "SMART", "price": 2.5,
             "triggerMethod": 2}
#: Texts of an order that mean something to the records.
WORDS = {"action": "BUY", "orderType": "LMT", "tif": "GTC", "account": "DU1", "orderRef": "ref", "totalQuantity": "12.5",
         "filledQuantity": "2.5"}
#: What a preview and a list of orders would make of it.
NOT = {"whatIf": False, "deactivate": False}


def every_member():
    """An order with every plain member of its message set to something of its own."""
    values = {}
    for field in SCHEMA["Order"]:
        if field.name in TEXTS:
            continue
        number = field.number
        values[field.name] = {"s": f"t{number}", "i": number, "l": number, "d": number + 0.5, "b": True}[field.kind]
    values |= WORDS | NOT
    # Three states as a number.
    values |= {"routeMarketableToBbo": 1, "usePriceMgmtAlgo": 1, "seekPriceImprovement": 1}
    return {
        **values, "conditions": [CONDITION], "softDollarTier": {"name": "n", "value": "v"}, "algoParams": {"a": "1"},
        "smartComboRoutingParams": {"s": "2"}, "orderMiscOptions": {"m": "3"},
    }


def opened(**state):
    body = {"orderId": 7, "contract": CONTRACT, "order": {**every_member(), **state.pop("order", {})}, "orderState": state}
    return frame((In.OPEN_ORDER, encode("OpenOrder", body)), VERSION)[4:]


def test_an_open_order_shows_every_member_that_tws_tells():
    echo, order = ours(opened(status="Submitted", commissionAndFees=1.25, commissionAndFeesCurrency="USD"))
    told = every_member()
    shown = {name: value for name, value in echo.members.items() if name in told}
    # Not among what a change may be built from: what the gateway gives by itself, what is in no echo, what is never sent.
    apart = {"transmit", "whatIf", "deactivate"} | NEVER_SENT
    listed = {"conditions", "softDollarTier", "algoParams", "smartComboRoutingParams", "orderMiscOptions", "totalQuantity"}
    assert set(told) - set(shown) - apart == set()
    for name in told.keys() - apart - listed:
        assert shown[name] == told[name], name
    assert shown["conditions"][0] == Condition(1, {
        "isConjunctionConnection": True, "isMore": True, "conId": 5, "exchange": "SMART", "price": 2.5, "triggerMethod": 2})
    assert shown["softDollarTier"] == Tier("n", "v") and shown["algoParams"] == (Tag("a", "1"),)
    assert shown["smartComboRoutingParams"] == (Tag("s", "2"),) and shown["orderMiscOptions"] == (Tag("m", "3"),)
    assert str(shown["totalQuantity"]) == "12.5" and echo.members["orderComboLegs"] == (LegPrice(1.5),) and echo.lost == ()
    assert (order.orderId, order.permId, order.status) == (7, 3, "Submitted")
    assert (order.commission, order.commissionCurrency) == (1.25, "USD")
    assert order.terms == orders.Terms("BUY", order.terms.totalQuantity, "LMT", 9.5, 10.5, "GTC", "DU1", 22.5)
    assert order.contract.conId == 265598 and order.contract.comboLegs[0].conId == 1
    # ibapi's own reading of what it reads is the same.
    official = ibapis(opened(status="Submitted", commissionAndFees=1.25, commissionAndFeesCurrency="USD"))
    assert official[1] == order and official[0].members == {**echo.members}


def test_a_preview_shows_every_figure():
    figures = {field.name: field.number + 0.5 for field in SCHEMA["OrderState"] if field.kind == "d"}
    texts = {"suggestedSize": "2.5", "rejectReason": "none", "marginCurrency": "USD", "warningText": "careful"}
    (preview,) = ours(opened(order={"whatIf": True}, **figures, **texts, commissionAndFeesCurrency="USD"))
    assert isinstance(preview, events.WhatIf) and preview.order_id == 7
    renamed = {name.replace("AndFees", "").replace("commissionAnd", "commission"): value for name, value in figures.items()}
    assert {name: preview.figures.get(name) for name in renamed} == renamed
    assert str(preview.figures["suggestedSize"]) == "2.5" and preview.figures["rejectReason"] == "none"
    assert preview.figures["commissionCurrency"] == preview.figures["marginCurrency"] == "USD"
    assert preview.figures["warningText"] == "careful"


def test_a_completed_order_is_told_as_ibapi_reads_it():
    state = {"status": "Cancelled", "completedStatus": "Cancelled by Trader", "completedTime": "20261118-12:00:00Z"}
    order = {**every_member(), "conditions": []}
    payload = frame((In.COMPLETED_ORDER, encode("CompletedOrder", {"contract": CONTRACT, "order": order, "orderState": state})),
                    VERSION)[4:]
    (done,) = ours(payload)
    assert [done] == ibapis(payload)
    assert (done.permId, done.status, done.completedStatus, str(done.filledQuantity), done.orderRef) == (
        3, "Cancelled", "Cancelled by Trader", "2.5", "ref")


@pytest.mark.parametrize("kind", [In.CONTRACT_DATA, In.BOND_CONTRACT_DATA])
def test_contract_details_are_told_whole(kind):
    values = {}
    for field in SCHEMA["ContractDetails"]:
        plain = {"s": f"t{field.number}", "i": field.number, "d": field.number + 0.5, "b": True}
        if field.kind in plain and not field.many:
            values[field.name] = plain[field.kind]
    values |= {name: "0.5" for name in ("minTick", "minSize", "sizeIncrement", "suggestedSizeIncrement", "minAlgoSize",
                                        "lastPricePrecision", "lastSizePrecision")}
    values["aggGroup"] = 18
    body = {"reqId": 5, "contract": {**CONTRACT, "comboLegs": []}, "contractDetails": {**values, "secIdList": {"ISIN": "US0"}}}
    payload = frame((kind, encode("ContractData", body)), VERSION)[4:]
    (hit,) = ours(payload)
    assert [hit] == ibapis(payload)
    assert hit.req_id == 5 and (hit.contract.conId, hit.contract.symbol, hit.contract.exchange) == (265598, "AAPL", "SMART")
    for name in ("marketName", "orderTypes", "validExchanges", "longName", "timeZoneId", "tradingHours", "marketRuleIds"):
        assert hit.details[name] == values[name], name
    for name in ("minTick", "minSize", "sizeIncrement", "suggestedSizeIncrement", "lastPricePrecision"):
        assert float(hit.details[name]) == 0.5, name


def test_tws_own_settings_are_told_as_they_stand():
    api = {"settings": {"readOnlyApi": True, "socketPort": 4002}, "precautions": {"bypassOrderPrecautions": True}}
    payload = frame((In.CONFIG_RESPONSE, encode("ConfigResponse", {"reqId": 5, "api": api})), VERSION)[4:]
    assert ours(payload) == ibapis(payload) == [events.OwnSettings(5, {"reqId": 5, "api": api})]


# And no kind without a sample.


def callbacks(kind):
    return re.findall(r"self\.wrapper\.(\w+)\(", inspect.getsource(Decoder.msgId2handleInfoProtoBuf[kind].processMeth))


def taken():
    """The kinds that end in a record or in a book, as the code has it."""
    heard = {name for name in vars(TWSWrapper) if hasattr(EWrapper, name)}
    return {int(kind) for kind in Decoder.msgId2handleInfoProtoBuf if heard & set(callbacks(kind))} | set(seam._OWN) | set(_NAMES)


def test_no_kind_is_taken_without_a_sample():
    assert taken() == FLAT.keys() | HOT.keys() | PARTED


def test_every_kind_that_ibapi_reads_is_taken_or_known_to_be_of_no_use():
    known = set(map(int, Decoder.msgId2handleInfoProtoBuf))
    assert known == taken() | PASSED_OVER
    assert set(map(int, Decoder.msgId2handleInfo)) - known == TEXT_ALONE
    assert not taken() & PASSED_OVER


@pytest.mark.parametrize("kind", sorted(PASSED_OVER))
def test_what_is_of_no_use_is_read_and_nothing_is_told(kind):
    assert ours((200 + kind).to_bytes(4) + b"\x08\x05") == []


@pytest.mark.parametrize("number", [112, 150, 312, 350, 1199])
def test_a_kind_of_the_future_costs_nothing(number):
    assert ours(number.to_bytes(4) + b"\x08\x05") == []


@pytest.mark.parametrize("kind", sorted(TEXT_ALONE))
def test_what_is_text_alone_is_nothing_that_the_gateway_asks_for(kind):
    fields = {47: ("1", "5", "38", "1.0", "1.0%", "100.0", "30", "20351219", "0.5", "0.5"), 56: ("1", "5", "9", "0.5", "1.5"),
              69: ("1", "api", "xyz"), 70: ("1", "1", "")}[kind]
    assert ours(frame((kind, *fields), VERSION)[4:]) == []


def test_the_newest_that_is_offered_is_what_is_tried_here():
    assert MAX_VERSION == VERSION
