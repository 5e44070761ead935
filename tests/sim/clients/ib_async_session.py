"""Run as a program: a session of ib_async, unchanged, with a simulator; prints what it saw as JSON.

Connect, contract details, depth, level 1, place, modify, partial fill, cancel, open and completed orders, executions,
account and portfolio.

Arguments: port, client id. The market is expected at 99.5 x 100 / 100.0 x 60, 100.5 x 500.
"""

import asyncio
import json
import logging

from ib_async import LimitOrder, MarketOrder, Stock
from ib_async_start import connected, until


class Kept(logging.Handler):
    """What ib_async logs instead of raising it: messages that it could not decode."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(f"{record.name}: {record.getMessage()}")


LOGGED = Kept()
logging.getLogger("ib_async.Decoder").addHandler(LOGGED)
logging.getLogger("ib_async").addHandler(logging.NullHandler())
logging.getLogger("ib_async").propagate = False


async def main():
    ib, errors = await connected()
    (aapl,) = await ib.qualifyContractsAsync(Stock("AAPL", "SMART", "USD"))
    (details,) = await ib.reqContractDetailsAsync(aapl)
    listed = Stock("AAPL", details.contract.primaryExchange, "USD", conId=aapl.conId)
    book, quote = ib.reqMktDepth(listed, 5), ib.reqMktData(aapl)
    await until(lambda: len(book.domBids) == 1 and len(book.domAsks) == 2 and quote.bid > 0 and quote.close > 0)
    market = [[level.price, level.size] for level in (*book.domBids, *book.domAsks)]
    quotes = [quote.bid, quote.ask, quote.bidSize, quote.askSize, quote.marketDataType]
    ib.cancelMktData(aapl)
    ib.cancelMktDepth(listed)
    first = ib.placeOrder(aapl, LimitOrder("BUY", 100, 100.0, tif="DAY", orderRef="one"))
    await until(lambda: first.filled() == 60)
    partly = [first.orderStatus.status, first.remaining()]
    first.order.lmtPrice = 100.5
    ib.placeOrder(aapl, first.order)
    await until(first.isDone)
    far = ib.placeOrder(aapl, LimitOrder("BUY", 10, 90.0, tif="GTC"))
    await until(lambda: far.orderStatus.status == "Submitted")
    ib.cancelOrder(far.order)
    await until(far.isDone)
    bracket = [ib.placeOrder(aapl, one) for one in ib.bracketOrder("BUY", 10, 100.5, 120.0, 80.0, tif="DAY")]
    await until(lambda: bracket[0].isDone() and bracket[2].orderStatus.status == "PreSubmitted")
    state = await ib.whatIfOrderAsync(aapl, MarketOrder("BUY", 10, tif="DAY"))
    open_orders = await ib.reqAllOpenOrdersAsync()
    completed = await ib.reqCompletedOrdersAsync(False)
    fills = await ib.reqExecutionsAsync()
    await until(lambda: all(fill.commissionReport.execId for fill in ib.fills()))
    held = next(item for item in ib.positions() if item.contract.conId == aapl.conId)
    await until(lambda: any(item.contract.conId == aapl.conId and item.position == held.position for item in ib.portfolio()))
    user = await ib.reqUserInfoAsync() if ib.client.serverVersion() >= 167 else None
    result = {
        "version": ib.client.serverVersion(),
        "user": user,
        "details": [details.longName, details.minTick, details.minSize, details.suggestedSizeIncrement, details.stockType],
        "market": market,
        "quotes": quotes,
        "values": sorted({value.tag for value in ib.accountValues() if value.currency == "USD"}),
        "time": fills[0].execution.time.isoformat(),
        "logged": LOGGED.texts,
        "partly": partly,
        "first": [first.orderStatus.status, first.filled(), round(first.orderStatus.avgFillPrice, 4)],
        "log": [entry.status for entry in first.log],
        "far": far.orderStatus.status,
        "bracket": [trade.orderStatus.status for trade in bracket],
        "margin": float(state.initMarginChange),
        "open": sorted(trade.order.orderType for trade in open_orders),
        "completed": sorted(trade.orderStatus.status for trade in completed),
        "fills": [[fill.execution.shares, fill.execution.price] for fill in fills],
        "commissions": round(sum(fill.commissionReport.commission for fill in ib.fills()), 2),
        "position": held.position,
        "errors": sorted({code for code in errors if code < 2000}),
    }
    ib.disconnect()
    print(json.dumps(result))


asyncio.run(main())
