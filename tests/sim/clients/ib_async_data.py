"""Run as a program: ib_async, unchanged, against a simulator; prints what it saw as JSON. Arguments: port, client id."""

import asyncio
import json
import logging
import time

from ib_async import Contract, Forex, Future, Option, Stock
from ib_async_start import connected, until

logging.disable(logging.CRITICAL)


async def main():
    begin = time.monotonic()
    ib, errors = await connected()
    took = time.monotonic() - begin
    aapl, eur, brr, call = await ib.qualifyContractsAsync(
        Stock("AAPL", "SMART", "USD"), Forex("EURUSD"), Future("BRR", "203512", "CMECRYPTO", multiplier="0.1"),
        Option("AAPL", "20350119", 225, "C", "SMART"),
    )
    chain = await ib.reqContractDetailsAsync(Contract(secType="OPT", symbol="AAPL", exchange="SMART"))
    book = ib.reqMktDepth(brr, numRows=5)
    smart = ib.reqMktDepth(aapl, numRows=5, isSmartDepth=True)
    quote, option = ib.reqMktData(eur), ib.reqMktData(call)
    await until(lambda: len(book.domBids) >= 5 and smart.domBids and quote.bid > 0 and option.modelGreeks)
    bars = await ib.reqHistoricalDataAsync(aapl, "", "2 D", "1 hour", "TRADES", True)
    result = {
        "took": took,
        "version": ib.client.serverVersion(),
        "accounts": ib.managedAccounts(),
        "multiplier": brr.multiplier,
        "chain": len(chain),
        "bid": book.domBids[0].price,
        "ask": book.domAsks[0].price,
        "smart_makers": sorted({level.marketMaker for level in smart.domBids}),
        "eurusd": [quote.bid, quote.ask],
        "delta": option.modelGreeks.delta,
        "bars": len(bars),
        "values": len(ib.accountValues()),
        "portfolio": [item.contract.symbol for item in ib.portfolio()],
        "positions": len(ib.positions()),
        "summary": len(await ib.accountSummaryAsync()),
        "rule": [(step.lowEdge, step.increment) for step in await ib.reqMarketRuleAsync(1047)][:2],
        "errors": sorted(set(errors)),
    }
    ib.disconnect()
    print(json.dumps(result))


asyncio.run(main())
