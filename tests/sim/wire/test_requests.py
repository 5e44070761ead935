"""Every request of the official client is read to its last field, at several server versions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.scanner import ScannerSubscription
from ibapi.wrapper import EWrapper

from ibgw_tx.sim.wire.requests import LAYOUTS, BadRequest, parse
from tests.kit.ibapi_names import CANCEL, MODERN
from tests.sim.kit.bench import unframe

VERSIONS = (145, 149, 151, 157)


class Conn:
    """A connection that keeps what is sent."""

    def __init__(self):
        self.sent = b""

    def isConnected(self):
        return True

    def sendMsg(self, data):
        self.sent += data

    def disconnect(self):
        pass


def stock():
    made = Contract()
    made.conId, made.symbol, made.secType, made.exchange, made.currency = 265598, "AAPL", "STK", "SMART", "USD"
    return made


def bag():
    made = stock()
    made.secType = "BAG"
    leg = ComboLeg()
    leg.conId, leg.ratio, leg.action, leg.exchange = 1, 2, "BUY", "SMART"
    made.comboLegs = [leg, leg]
    made.deltaNeutralContract = DeltaNeutralContract()
    return made


REQUESTS = [
    ("reqCurrentTime", ()), ("setServerLogLevel", (3,)), ("reqMktData", (1, stock(), "233", False, False, None)),
    ("reqMktData", (1, bag(), "", True, False, None)), ("cancelMktData", (1,)), ("reqMarketDataType", (3,)),
    ("reqSmartComponents", (1, "a6")), ("reqMarketRule", (26,)), ("reqTickByTickData", (1, stock(), "Last", 0, False)),
    ("cancelTickByTickData", (1,)), ("calculateImpliedVolatility", (1, stock(), 1.0, 2.0, None)),
    ("calculateOptionPrice", (1, stock(), 1.0, 2.0, None)), ("cancelCalculateImpliedVolatility", (1,)),
    ("cancelCalculateOptionPrice", (1,)), ("exerciseOptions", (1, stock(), 1, 1, "", 0, *(["", "", False] if MODERN else []))),
    ("placeOrder", (1, stock(), Order())), ("cancelOrder", (1,)), ("reqOpenOrders", ()), ("reqAutoOpenOrders", (True,)),
    ("reqAllOpenOrders", ()), ("reqGlobalCancel", ()), ("reqIds", (1,)), ("reqAccountUpdates", (True, "DU1")),
    ("reqAccountSummary", (1, "All", "NetLiquidation")), ("cancelAccountSummary", (1,)), ("reqPositions", ()),
    ("cancelPositions", ()), ("reqPositionsMulti", (1, "DU1", "")), ("cancelPositionsMulti", (1,)),
    ("reqAccountUpdatesMulti", (1, "DU1", "", True)), ("cancelAccountUpdatesMulti", (1,)), ("reqPnL", (1, "DU1", "")),
    ("cancelPnL", (1,)), ("reqPnLSingle", (1, "DU1", "", 265598)), ("cancelPnLSingle", (1,)),
    ("reqExecutions", (1, ExecutionFilter())), ("reqContractDetails", (1, stock())), ("reqMktDepthExchanges", ()),
    ("reqMktDepth", (1, stock(), 10, True, None)), ("cancelMktDepth", (1, True)), ("reqNewsBulletins", (True,)),
    ("cancelNewsBulletins", ()), ("reqManagedAccts", ()), ("requestFA", (1,)),
    ("reqHistoricalData", (1, stock(), "", "1 D", "1 min", "TRADES", 1, 1, False, None)),
    ("reqHistoricalData", (1, bag(), "", "1 D", "1 min", "TRADES", 1, 1, False, None)),
    ("cancelHistoricalData", (1,)), ("reqHeadTimeStamp", (1, stock(), "TRADES", 1, 1)), ("cancelHeadTimeStamp", (1,)),
    ("reqHistogramData", (1, stock(), True, "3 days")), ("cancelHistogramData", (1,)),
    ("reqHistoricalTicks", (1, stock(), "", "", 10, "TRADES", 1, True, None)), ("reqScannerParameters", ()),
    ("reqScannerSubscription", (1, ScannerSubscription(), None, None)), ("cancelScannerSubscription", (1,)),
    ("reqRealTimeBars", (1, stock(), 5, "TRADES", True, None)), ("cancelRealTimeBars", (1,)),
    ("reqFundamentalData", (1, stock(), "ReportSnapshot", None)), ("cancelFundamentalData", (1,)),
    ("reqNewsProviders", ()), ("reqNewsArticle", (1, "a", "b", None)),
    ("reqHistoricalNews", (1, 8314, "BRFG", "", "", 10, None)), ("queryDisplayGroups", (1,)),
    ("reqSecDefOptParams", (1, "AAPL", "", "STK", 265598)), ("reqSoftDollarTiers", (1,)), ("reqFamilyCodes", ()),
    ("subscribeToGroupEvents", (1, 3)), ("updateDisplayGroup", (1, "8314@SMART")), ("unsubscribeFromGroupEvents", (1,)),
    ("reqMatchingSymbols", (1, "AA")), ("reqCompletedOrders", (False,)), ("startApi", ()),
]
SINCE = {"reqMktDepth": 146, "cancelMktDepth": 146, "reqCompletedOrders": 150}


def sent_by_ibapi(name, args, version):
    client = EClient(EWrapper())
    client.conn, client.serverVersion_ = Conn(), version
    client.connState, client.clientId, client.optCapab = EClient.CONNECTED, 7, ""
    getattr(client, name)(*args, *(CANCEL if name in ("cancelOrder", "reqGlobalCancel") else ()))
    return unframe(client.conn.sent)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "args"), REQUESTS, ids=lambda v: v if isinstance(v, str) else "")
def test_ibapis_requests_are_read_to_the_last_field(name, args, version):
    if version < SINCE.get(name, 0) or not hasattr(EClient, name):
        pytest.skip("the client does not send it at this version")
    (fields,) = sent_by_ibapi(name, args, version)
    request = parse(fields, version)
    assert request.name == name
    assert request.unread == 0
    if args and isinstance(args[0], int) and not isinstance(args[0], bool) and request.req_id != -1:
        assert request.req_id == args[0]


def test_every_layout_is_one_that_ibapi_was_asked_for_or_is_sent_by_hand():
    asked = {name for name, _ in REQUESTS}
    assert {name for name, _ in LAYOUTS.values()} - asked == {
        "replaceFA", "reqWshMetaData", "cancelWshMetaData", "reqWshEventData", "cancelWshEventData", "reqUserInfo",
        "reqCurrentTimeInMillis",
    }  # tests/sim/replies has these


def test_a_contract_is_read_field_by_field():
    (fields,) = sent_by_ibapi("reqMktDepth", (9, stock(), 10, True, None), 157)
    request = parse(fields, 157)
    assert (request.contract.con_id, request.contract.symbol, request.contract.currency) == (265598, "AAPL", "USD")
    assert request.args["num_rows"] == 10
    assert request.args["smart"] is True


def test_combo_legs_are_read():
    (fields,) = sent_by_ibapi("reqMktData", (1, bag(), "", True, False, None), 157)
    request = parse(fields, 157)
    assert request.args["legs"] == ((1, 2, "BUY", "SMART"),) * 2
    assert request.args["neutral"] == (0, 0.0, 0.0)
    assert request.args["snapshot"] is True


@pytest.mark.parametrize(
    ("fields", "req_id"),
    [(["10", "5", "x"], -1), (["10", "5", "9", "1.5"], 9), (["10", "5", "3000000000"], -1), (["10"], -1), (["x"], -1),
     ([], -1), (["7777"], -1)],
)
def test_what_cannot_be_read_is_a_bad_request(fields, req_id):
    with pytest.raises(BadRequest) as caught:
        parse(fields, 157)
    assert caught.value.req_id == req_id


@settings(max_examples=300)
@given(st.lists(st.text(max_size=6), max_size=20), st.sampled_from(sorted(LAYOUTS)))
def test_nothing_else_is_ever_raised(rest, msg_id):
    try:
        parse([str(msg_id), *rest], 157)
    except BadRequest:
        pass
