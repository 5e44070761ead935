"""Run as a program: a session of the official threaded client, unchanged, with a simulator; prints what it saw as JSON.

Connect, contract details, depth, level 1, place, modify, partial fill, cancel, open and completed orders, executions,
account and portfolio.

Arguments: port, client id. The market is expected at 99.5 x 100 / 100.0 x 60, 100.5 x 500.
"""

import json
import logging

from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from official_start import Started

logging.disable(logging.ERROR - 1)


class App(Started):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.next = 0
        self.status, self.opened, self.codes = {}, {}, {}
        self.executions, self.commissions, self.completed = [], [], []
        self.ends, self.margin = set(), None
        self.details, self.rows, self.ticks, self.values, self.portfolio = [], {}, {}, {}, {}
        self.account, self.types = "", []

    def managedAccounts(self, accountsList):
        self.account = accountsList

    def contractDetails(self, reqId, contractDetails):
        self.details.append(contractDetails)

    def contractDetailsEnd(self, reqId):
        self.ends.add("details")

    def updateMktDepth(self, reqId, position, operation, side, price, size):
        self.rows[side, position] = (price, size)

    def marketDataType(self, reqId, marketDataType):
        self.types.append(marketDataType)

    def tickPrice(self, reqId, tickType, price, attrib):
        self.ticks[tickType] = price

    def tickSize(self, reqId, tickType, size):
        self.ticks[tickType] = size

    def updateAccountValue(self, key, val, currency, accountName):
        self.values[key, currency] = val

    def updatePortfolio(self, contract, position, marketPrice, marketValue, averageCost, unrealizedPNL, realizedPNL, accountName):
        self.portfolio[contract.symbol, contract.secType] = (position, round(averageCost, 2))

    def accountDownloadEnd(self, accountName):
        self.ends.add("account")

    def nextValidId(self, orderId):
        self.next = orderId
        self.ready.set()

    def openOrder(self, orderId, contract, order, orderState):
        self.opened[orderId] = (order.lmtPrice, order.totalQuantity, orderState.status, contract.symbol)
        if order.whatIf:
            self.margin = orderState.initMarginChange

    def orderStatus(self, orderId, status, filled, remaining, *rest):
        self.status.setdefault(orderId, []).append((status, filled, remaining))

    def error(self, reqId, errorCode, errorString):
        self.codes.setdefault(reqId, []).append(errorCode)

    def execDetails(self, reqId, contract, execution):
        self.executions.append((reqId, execution.orderId, execution.shares, execution.price, execution.execId))

    def commissionReport(self, commissionReport):
        self.commissions.append(commissionReport.execId)

    def completedOrder(self, contract, order, orderState):
        self.completed.append((orderState.status, order.filledQuantity))

    def openOrderEnd(self):
        self.ends.add("open")

    def execDetailsEnd(self, reqId):
        self.ends.add("executions")

    def completedOrdersEnd(self):
        self.ends.add("completed")

    def state(self):
        return self.status, self.codes, self.executions

    def last(self, order_id):
        return self.status.get(order_id, [("", 0, 0)])[-1][0]


def aapl():
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = "AAPL", "STK", "SMART", "USD"
    return made


def listed(details):
    made = aapl()
    made.conId, made.exchange = details.contract.conId, details.contract.primaryExchange
    return made


def order(action, quantity, kind, **fields):
    made = Order()
    made.action, made.totalQuantity, made.orderType, made.tif = action, quantity, kind, "DAY"
    made.eTradeOnly = made.firmQuoteOnly = False
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def main():
    app = App()
    app.start()
    app.reqContractDetails(1, aapl())
    app.wait(lambda: "details" in app.ends)
    about = app.details[0]
    app.reqMktDepth(2, listed(about), 5, False, [])
    app.reqMktData(3, about.contract, "", False, False, [])
    app.wait(lambda: len(app.rows) == 3 and {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14} <= set(app.ticks))
    quotes = [app.ticks[kind] for kind in (1, 2, 0, 3)]
    rows = sorted([list(key), list(value)] for key, value in app.rows.items())
    app.cancelMktData(3)
    app.cancelMktDepth(2, False)
    first = app.next
    app.placeOrder(first, aapl(), order("BUY", 100, "LMT", lmtPrice=100.0))
    app.wait(lambda: app.status.get(first) and app.status[first][-1][1] == 60)
    app.placeOrder(first, aapl(), order("BUY", 100, "LMT", lmtPrice=100.5))
    app.wait(lambda: app.last(first) == "Filled")
    app.placeOrder(first + 1, aapl(), order("BUY", 10, "LMT", lmtPrice=90.0))
    app.wait(lambda: app.last(first + 1) == "Submitted")
    app.cancelOrder(first + 1)
    app.wait(lambda: 202 in app.codes.get(first + 1, []))
    app.placeOrder(first + 2, aapl(), order("BUY", 10, "LMT", lmtPrice=100.5, transmit=False))
    app.placeOrder(first + 3, aapl(), order("SELL", 10, "LMT", lmtPrice=120.0, parentId=first + 2, transmit=False))
    app.placeOrder(first + 4, aapl(), order("SELL", 10, "STP", auxPrice=80.0, parentId=first + 2))
    app.wait(lambda: app.last(first + 2) == "Filled" and app.last(first + 4) == "PreSubmitted")
    app.placeOrder(first + 5, aapl(), order("BUY", 10, "LMT", lmtPrice=90.001))
    app.wait(lambda: app.codes.get(first + 5) == [110])
    app.placeOrder(first + 6, aapl(), order("BUY", 10, "LMT", lmtPrice=90.0, whatIf=True))
    app.wait(lambda: app.margin)
    app.wait(lambda: len(app.commissions) == len(app.executions))  # an open order comes before each of them
    app.opened.clear()
    app.reqAllOpenOrders()
    app.reqExecutions(7, ExecutionFilter())
    app.reqCompletedOrders(False)
    app.reqAccountUpdates(True, "")
    app.wait(lambda: app.ends == {"details", "open", "executions", "completed", "account"})
    app.wait(lambda: len(app.commissions) >= 2 * len({e[4] for e in app.executions}))
    result = {
        "version": app.serverVersion(),
        "account": app.account,
        "details": [about.contract.conId, about.minTick, about.longName, about.mdSizeMultiplier, about.contract.primaryExchange],
        "rows": rows,
        "types": app.types,
        "quotes": quotes,
        "values": sorted(key for key, currency in app.values if currency == "USD"),
        "held": app.portfolio["AAPL", "STK"],
        "first": [list(s) for s in app.status[first]],
        "open": {str(key - first): list(value) for key, value in app.opened.items()},
        "live": [list(e[1:4]) for e in app.executions if e[0] == -1],
        "asked": len([e for e in app.executions if e[0] == 7]),
        "completed": app.completed,
        "margin": app.margin,
        "codes": {str(key - first): value for key, value in app.codes.items() if key >= first},
    }
    app.disconnect()
    print(json.dumps(result))


main()
