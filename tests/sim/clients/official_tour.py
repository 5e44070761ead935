"""Run as a program: whatever the installed official client can ask, unchanged, of a simulator; prints what it saw as JSON.

For either generation of ibapi. Besides its answers it judges them: fields that the decoder left over, members that its classes
do not know, what it logged, what it raised. Arguments: port, client id. The market is expected at 99.5 x 100 / 100.0 x 60,
100.5 x 500, and one bulletin of today.
"""

import importlib
import json
import logging
import threading
from decimal import Decimal

from ibapi.contract import ComboLeg, Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_condition import Create, OrderCondition
from ibapi.server_versions import MAX_CLIENT_VER
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper
from official_start import Started

MODERN = MAX_CLIENT_VER > 157
#: What 10.50 has renamed, by the name it has now.
RENAMED = {"commissionReport": "commissionAndFeesReport"}


class Log(logging.Handler):
    """What ibapi logs as an error that is not TWS's own, which `error` is told."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []

    def emit(self, record):
        text = record.getMessage()
        if not text.startswith("ERROR "):
            self.texts.append(text)


class Fields(list):
    """The fields of a text message; what a decoder that runs through them has left over."""

    taken = None

    def __iter__(self):
        self.taken = super().__iter__()
        return self.taken

    def left(self):
        return [] if self.taken is None else list(self.taken)


class App(Started):
    """Keeps every callback by name, and what is odd about a message."""

    def __init__(self):
        super().__init__()
        self.seen, self.odd, self.text, self.protobuf = {}, [], set(), set()

    def __getattribute__(self, name):
        if name in EWrapper.__dict__ and not name.startswith("_"):
            return lambda *args: self.note(name, args)
        return super().__getattribute__(name)

    def note(self, name, args):
        if name.endswith("ProtoBuf"):
            self.protobuf.add(type(args[0]).__name__)
            if unknown(args[0]):
                self.odd.append(f"{type(args[0]).__name__} has members that ibapi does not know")
            return
        self.seen.setdefault(RENAMED.get(name, name), []).append(args)
        if name == "nextValidId":
            self.ready.set()

    def connect(self, *args):
        super().connect(*args)
        interpret = self.decoder.interpret

        def judged(fields, *number):
            fields = Fields(fields)
            kind = number[0] if number else int(fields[0])
            self.text.add(kind)
            interpret(fields, *number)
            if fields.left():
                self.odd.append(f"message {kind} has more than ibapi reads")

        self.decoder.interpret = judged

    def count(self, name):
        return len(self.seen.get(name, ()))

    def codes(self, req_id):
        return [code for number, code, _ in self.errors() if number == req_id]

    def errors(self):
        for number, *rest in self.seen.get("error", ()):
            at = next(place for place, part in enumerate(rest) if isinstance(part, str))
            yield number, rest[at - 1], rest[at]

    def status(self, order_id):
        return [args[1] for args in self.seen.get("orderStatus", ()) if args[0] == order_id]

    def state(self):
        return {name: len(calls) for name, calls in self.seen.items()}, list(self.errors()), self.odd


def unknown(message):
    fields = importlib.import_module("google.protobuf.unknown_fields").UnknownFieldSet(message)
    parts = [value for _, value in message.ListFields() if hasattr(value, "ListFields")]
    return len(fields) > 0 or any(map(unknown, parts))


def said(size):
    """A size as a text, the same of either generation's numbers."""
    return str(int(size)) if size == int(size) else str(size)


def contract(**members):
    made = Contract()
    for name, value in members.items():
        setattr(made, name, value)
    return made


def order(action, quantity, kind, **members):
    made = Order()
    made.action, made.totalQuantity, made.orderType, made.tif = action, quantity, kind, "DAY"
    made.eTradeOnly = made.firmQuoteOnly = False
    for name, value in members.items():
        setattr(made, name, value)
    return made


def cancel_arguments():
    return (importlib.import_module("ibapi.order_cancel").OrderCancel(),) if MODERN else ()


AAPL = contract(symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
EUR = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
BTC = contract(symbol="BTC", secType="CRYPTO", exchange="PAXOS", currency="USD")
CALL = contract(symbol="AAPL", secType="OPT", exchange="SMART", currency="USD", lastTradeDateOrContractMonth="20350119",
                strike=225.0, right="C")
BOND = contract(conId=760001, exchange="SMART")
IBM = contract(conId=14121, exchange="IBIS")


def about_contracts(app, version):
    asked = (AAPL, EUR, BTC, CALL, BOND, contract(conId=790002, exchange="CMECRYPTO"))
    for number, one in enumerate(asked, 1):
        app.reqContractDetails(number, one)
    app.reqContractDetails(9, contract(symbol="NOPE", secType="STK", exchange="SMART", currency="USD"))
    app.reqMarketRule(26)
    app.reqMarketRule(99999)
    app.reqMatchingSymbols(20, "AA")
    app.reqSecDefOptParams(21, "AAPL", "", "STK", 265598)
    app.reqMktDepthExchanges()
    app.reqSmartComponents(22, "10001")
    ends = {"symbolSamples", "securityDefinitionOptionParameterEnd", "mktDepthExchanges", "smartComponents", "marketRule"}
    app.wait(lambda: app.count("contractDetailsEnd") == len(asked) and ends <= set(app.seen) and 200 in app.codes(9))
    details = {args[0]: args[1] for args in app.seen["contractDetails"]}
    bond = app.seen["bondContractDetails"][0][1]
    told = {number: [about.contract.conId, about.longName, str(about.minTick)] for number, about in details.items()}
    sizes = [str(getattr(details[number], "minSize", "")) for number in (1, 2, 3)]
    first = app.seen["securityDefinitionOptionParameter"][0]
    return {
        "details": told, "sizes": sizes if version >= 164 else None,
        "bond": [bond.contract.symbol, bond.bondType, bond.couponType],
        "chain": [len(first[5]), len(first[6])], "samples": len(app.seen["symbolSamples"][0][1]),
        "precision": [details[1].lastPricePrecision, details[1].lastSizePrecision] if version >= 224 else None,
    }


def market(app, version):
    listed = contract(conId=265598, exchange="NASDAQ")
    app.reqMktDepth(30, listed, 5, False, [])
    if version >= 146:
        app.reqMktDepth(31, AAPL, 5, True, [])
    app.reqMktData(32, AAPL, "233,787" if version >= 225 else "233", False, False, [])
    app.reqMktData(33, CALL, "", False, False, [])
    app.reqMktData(34, EUR, "", True, False, [])
    app.reqMarketDataType(3)
    app.reqMktData(35, IBM, "", False, False, [])
    app.reqTickByTickData(36, AAPL, "BidAsk", 0, False)
    app.reqTickByTickData(37, EUR, "MidPoint", 0, False)
    app.reqTickByTickData(38, contract(conId=272093, exchange="SMART"), "AllLast", 0, False)
    app.reqRealTimeBars(39, AAPL, 5, "TRADES", False, [])

    def kinds(number):
        names = "tickPrice", "tickSize", "tickString", "tickGeneric", "tickOptionComputation"
        return {args[1] for name in names for args in app.seen.get(name, ()) if args[0] == number}

    app.wait(lambda: len([args for args in app.seen.get("updateMktDepth", ()) if args[0] == 30]) >= 3)
    app.wait(lambda: version < 146 or app.count("updateMktDepthL2") >= 3)
    app.wait(lambda: {1, 2, 4, 0, 3, 5, 6, 7, 8, 9, 14, 45, 49} <= kinds(32) and {10, 11, 12, 13} <= kinds(33))
    app.wait(lambda: version < 225 or {105, 106, 107, 108, 109, 110} <= kinds(32))
    app.wait(lambda: {"tickSnapshotEnd", "tickByTickBidAsk", "tickByTickMidPoint", "tickByTickAllLast"} <= set(app.seen))
    app.wait(lambda: {66, 67} <= kinds(35))
    rows = {(args[3], args[1]): [args[4], said(args[5])] for args in app.seen["updateMktDepth"] if args[0] == 30}
    for number in (32, 33, 35):
        app.cancelMktData(number)
    app.cancelMktDepth(30, False)
    if version >= 146:
        app.cancelMktDepth(31, True)
    app.wait(lambda: app.count("realtimeBar") >= 1)
    app.cancelRealTimeBars(39)
    for number in (36, 37, 38):
        app.cancelTickByTickData(number)
    quotes = {args[1]: args[2] for args in app.seen["tickPrice"] if args[0] == 32}
    return {"rows": sorted([*map(list, rows)]), "best": [rows[1, 0], rows[0, 0]], "quotes": [quotes[1], quotes[2]],
            "types": sorted({args[1] for args in app.seen["marketDataType"]}),
            "odd_lots": sorted(kinds(32) & set(range(105, 111)))}


def history(app, version):
    app.reqHistoricalData(40, AAPL, "", "1 W", "1 hour", "TRADES", 1, 1, False, [])
    app.reqHistoricalData(41, EUR, "", "1 W", "1 hour", "MIDPOINT", 0, 2, True, [])
    app.reqHeadTimeStamp(42, AAPL, "TRADES", 1, 1)
    if version >= 165:
        app.reqHistoricalData(43, AAPL, "", "1 W", "1 day", "SCHEDULE", 1, 1, False, [])
        app.wait(lambda: "historicalSchedule" in app.seen)
    app.reqHistoricalData(44, AAPL, "", "2 D", "7 hours", "TRADES", 1, 1, False, [])
    app.wait(lambda: app.count("historicalDataEnd") >= 2 and "headTimestamp" in app.seen and app.codes(44) == [321])
    app.wait(lambda: "historicalDataUpdate" in app.seen)
    app.cancelHistoricalData(41)
    app.wait(lambda: 162 in app.codes(41))
    bars = [args[1] for args in app.seen["historicalData"] if args[0] == 40]
    return {"bars": len(bars), "label": bars[0].date, "volume": said(bars[0].volume),
            "head": app.seen["headTimestamp"][0][1]}


def accounts(app, version):
    app.reqAccountUpdates(True, "")
    app.reqPositions()
    app.reqAccountSummary(50, "All", "NetLiquidation,BuyingPower,$LEDGER:ALL")
    app.reqPositionsMulti(51, "DU1000001", "")
    app.reqAccountUpdatesMulti(52, "DU1000001", "", True)
    app.reqPnL(53, "DU1000001", "")
    app.reqPnLSingle(54, "DU1000001", "", 265598)
    app.reqFamilyCodes()
    app.reqManagedAccts()
    ends = {"accountDownloadEnd", "positionEnd", "accountSummaryEnd", "positionMultiEnd", "accountUpdateMultiEnd", "pnl",
            "pnlSingle", "familyCodes", "updateAccountTime"}
    app.wait(lambda: ends <= set(app.seen))
    app.reqAccountUpdates(False, "")
    app.cancelPositions()
    app.cancelAccountSummary(50)
    app.cancelPositionsMulti(51)
    app.cancelAccountUpdatesMulti(52)
    app.cancelPnL(53)
    app.cancelPnLSingle(54)
    held = {args[1].symbol: said(args[2]) for args in app.seen["position"] if args[1].secType == "STK"}
    return {"keys": len({args[0] for args in app.seen["updateAccountValue"]}), "held": held["AAPL"],
            "portfolio": len(app.seen["updatePortfolio"]), "tags": sorted({args[2] for args in app.seen["accountSummary"]})[:4],
            "single": said(app.seen["pnlSingle"][0][1])}


def conditioned(app, about):
    made = order("BUY", Decimal(1), "LMT", lmtPrice=90.0)
    condition = Create(OrderCondition.Price)
    condition.conId, condition.exchange, condition.price, condition.isMore = about, "SMART", 500.0, True
    condition.triggerMethod = 0
    made.conditions = [condition]
    return made


def orders(app, version):
    def place(what, made):
        number = app.next = app.next + 1
        app.placeOrder(number, what, made)
        return number

    def until(number, status):
        app.wait(lambda: status in app.status(number))

    app.next = app.seen["nextValidId"][0][0] - 1
    first = place(AAPL, order("BUY", Decimal(100), "LMT", lmtPrice=100.0, orderRef="first"))
    app.wait(lambda: any(args[0] == first and args[2] == 60 for args in app.seen.get("orderStatus", ())))
    app.placeOrder(first, AAPL, order("BUY", Decimal(100), "LMT", lmtPrice=100.5, orderRef="first"))
    until(first, "Filled")
    taken = place(AAPL, order("BUY", Decimal(10), "MKT"))
    until(taken, "Filled")
    resting = [
        place(AAPL, order("SELL", Decimal(10), "STP", auxPrice=80.0)),
        place(AAPL, order("SELL", Decimal(10), "STP LMT", auxPrice=80.0, lmtPrice=79.0)),
        place(AAPL, order("SELL", Decimal(10), "TRAIL", auxPrice=30.0)),
        place(AAPL, order("SELL", Decimal(10), "TRAIL LIMIT", auxPrice=30.0, trailStopPrice=60.0, lmtPriceOffset=1.0)),
        place(AAPL, order("BUY", Decimal(10), "MIT", auxPrice=70.0)),
        place(AAPL, order("BUY", Decimal(10), "LIT", auxPrice=70.0, lmtPrice=71.0)),
        place(AAPL, order("BUY", Decimal(10), "REL", auxPrice=0.01)),
        place(AAPL, order("SELL", Decimal(10), "LOC", lmtPrice=150.0)),
        place(AAPL, order("BUY", Decimal(10), "LMT", lmtPrice=90.0, tif="GTD", goodTillDate="20341231 12:00:00 UTC")),
        place(AAPL, order("BUY", Decimal(10), "LMT", lmtPrice=90.0, algoStrategy="Adaptive",
                          algoParams=[TagValue("adaptivePriority", "Normal")])),
        place(AAPL, conditioned(app, 265598)),
        place(AAPL, order("BUY", Decimal(10), "LMT", lmtPrice=90.0, ocaGroup="group", ocaType=1)),
        place(combo(), order("BUY", Decimal(1), "LMT", lmtPrice=1.0)),
    ]
    app.wait(lambda: all(app.status(number) for number in resting))
    parent = place(AAPL, order("BUY", Decimal(10), "LMT", lmtPrice=100.5, transmit=False))
    target = place(AAPL, order("SELL", Decimal(10), "LMT", lmtPrice=120.0, parentId=parent, transmit=False))
    stop = place(AAPL, order("SELL", Decimal(10), "STP", auxPrice=81.0, parentId=parent))
    until(parent, "Filled")
    until(stop, "PreSubmitted")
    wrong = place(AAPL, order("BUY", Decimal(10), "LMT", lmtPrice=90.001))
    app.wait(lambda: app.codes(wrong) == [110])
    seen = app.count("openOrder")
    place(AAPL, order("BUY", Decimal(10), "LMT", lmtPrice=90.0, whatIf=True))
    app.wait(lambda: any(args[2].whatIf for args in app.seen["openOrder"][seen:]))
    preview = next(args[3] for args in app.seen["openOrder"][seen:] if args[2].whatIf)
    fractions = parts(app, place) if version >= 163 else None
    cancel = cancel_arguments()
    app.cancelOrder(resting[0], *cancel)
    until(resting[0], "Cancelled")
    app.wait(lambda: app.codes(resting[0]) == [202])
    opened = {args[0]: args for args in app.seen["openOrder"]}
    shown = [opened[number][2] for number in resting]
    echo = [[each.orderType, each.tif, said(each.totalQuantity)] for each in shown]
    lists(app, version)
    app.reqGlobalCancel(*cancel)
    for number in (*resting, target, stop):
        until(number, "Cancelled")
    executions = {args[2].execId: args[2] for args in app.seen["execDetails"]}
    app.wait(lambda: {report[0].execId for report in app.seen["commissionAndFeesReport"]} >= set(executions))
    told = [[said(each.shares), each.price] for each in executions.values() if each.orderId in (first, taken, parent)]
    return {
        "first": [[args[1], said(args[2]), said(args[3])] for args in app.seen["orderStatus"] if args[0] == first][-1],
        "fills": sorted(told), "echo": echo, "margin": float(preview.initMarginChange) > 0,
        "outside": version < 195 or preview.initMarginChangeOutsideRTH > 0, "fractions": fractions,
        "legs": len(opened[resting[-1]][1].comboLegs or ()), "conditions": len(opened[resting[10]][2].conditions or ()),
        "time": next(iter(executions.values())).time,
    }


def combo():
    made = contract(symbol="AAPL", secType="BAG", exchange="SMART", currency="USD")
    made.comboLegs = []
    for number, action in ((265598, "BUY"), (272093, "SELL")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = number, 1, action, "SMART"
        made.comboLegs.append(leg)
    return made


def parts(app, place):
    """Sizes that older servers do not know: what of each was filled."""
    found = []
    for what, size in ((EUR, "12345.67"), (BTC, "0.00012345"), (AAPL, "0.5")):
        number = place(what, order("BUY", Decimal(size), "MKT"))
        app.wait(lambda number=number: "Filled" in app.status(number))
        found.append(said([args[2] for args in app.seen["orderStatus"] if args[0] == number][-1]))
    return found


def lists(app, version):
    app.reqOpenOrders()
    app.wait(lambda: app.count("openOrderEnd") >= 1)
    app.reqAllOpenOrders()
    app.wait(lambda: app.count("openOrderEnd") >= 2)
    app.reqAutoOpenOrders(False)
    wanted = ExecutionFilter()
    if version >= 200:
        wanted.lastNDays = 3
    app.reqExecutions(60, wanted)
    app.wait(lambda: "execDetailsEnd" in app.seen)
    if version >= 150:
        app.reqCompletedOrders(False)
        app.wait(lambda: "completedOrdersEnd" in app.seen and "completedOrder" in app.seen)


def small_things(app, version):
    """Questions with a word for an answer, and those this TWS refuses: each is answered, and the session lives."""
    app.reqCurrentTime()
    app.reqIds(1)
    app.setServerLogLevel(2)
    app.reqNewsProviders()
    app.reqSoftDollarTiers(70)
    app.queryDisplayGroups(71)
    app.reqScannerParameters()
    app.reqHistoricalNews(72, 265598, "BRFG", "", "", 5, [])
    app.reqNewsArticle(73, "BRFG", "1", [])
    app.reqHistoricalTicks(74, AAPL, "20261118 12:00:00", "", 10, "TRADES", 1, True, [])
    app.reqHistogramData(75, AAPL, False, "3 days")
    app.calculateImpliedVolatility(76, CALL, 5.0, 225.0, [])
    app.reqNewsBulletins(True)
    ends = {"currentTime", "newsProviders", "softDollarTiers", "displayGroupList", "scannerParameters", "historicalNewsEnd",
            "updateNewsBulletin"}
    app.wait(lambda: ends <= set(app.seen) and app.count("nextValidId") == 2)
    app.wait(lambda: all(app.codes(number) for number in (73, 74, 75, 76)))
    if version >= 167:
        app.reqUserInfo(77)
        app.wait(lambda: "userInfo" in app.seen)
    if version >= 197:
        app.reqCurrentTimeInMillis()
        app.wait(lambda: "currentTimeInMillis" in app.seen)
    if version >= 215:
        app.cancelContractData(1)
    if version >= 219:
        asked = importlib.import_module("ibapi.protobuf.ConfigRequest_pb2").ConfigRequest()
        asked.reqId = 78
        app.reqConfigProtoBuf(asked)
        app.wait(lambda: "ConfigResponse" in app.protobuf)
    if version >= 221:
        asked = importlib.import_module("ibapi.protobuf.UpdateConfigRequest_pb2").UpdateConfigRequest()
        asked.reqId = 79
        asked.api.settings.readOnlyApi = False
        app.updateConfigProtoBuf(asked)
        app.wait(lambda: "UpdateConfigResponse" in app.protobuf)
    app.cancelNewsBulletins()
    return {"bulletin": list(app.seen["updateNewsBulletin"][0])}


def main():
    log, raised = Log(), []
    logging.getLogger("ibapi").addHandler(log)
    logging.getLogger("ibapi").propagate = False
    threading.excepthook = lambda what: raised.append(repr(what.exc_value))
    app = App()
    app.start()
    version = app.serverVersion()
    result = {"version": version, "managed": app.seen["managedAccounts"][0][0]}
    for part in (about_contracts, market, history, accounts, orders, small_things):
        result[part.__name__] = part(app, version)
    result["codes"] = sorted({code for _, code, _ in app.errors()})
    result["text"], result["protobuf"] = sorted(app.text), sorted(app.protobuf)
    result["odd"], result["logged"], result["raised"] = sorted(set(app.odd)), sorted(set(log.texts)), raised
    result["alive"] = app.isConnected() is True
    app.disconnect()
    print(json.dumps(result, default=str))


main()
