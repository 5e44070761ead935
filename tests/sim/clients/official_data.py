"""Run as a program: the official threaded client, unchanged, against a simulator; prints what it saw as JSON.

Arguments: port, client id.
"""

import json
import logging

from ibapi.contract import Contract
from ibapi.wrapper import EWrapper
from official_start import Started

logging.disable(logging.CRITICAL)


class App(Started):
    """Keeps every callback by name."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def __getattribute__(self, name):
        if name in EWrapper.__dict__ and not name.startswith("_"):
            seen, ready = object.__getattribute__(self, "seen"), object.__getattribute__(self, "ready")

            def note(*args):
                seen.setdefault(name, []).append(args)
                if name == "nextValidId":
                    ready.set()

            return note
        return super().__getattribute__(name)

    def state(self):
        return {name: len(calls) for name, calls in self.seen.items()}


def contract(**fields):
    made = Contract()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def main():
    app = App()
    app.start()
    seen = app.seen
    app.reqContractDetails(1, contract(symbol="AAPL", secType="STK", exchange="SMART", currency="USD"))
    app.reqContractDetails(2, contract(symbol="AAPL", secType="OPT", exchange="SMART"))
    app.reqContractDetails(3, contract(symbol="NOPE", secType="STK", exchange="SMART", currency="USD"))
    app.wait(lambda: len(seen.get("contractDetailsEnd", [])) == 2)
    aapl = seen["contractDetails"][0][1].contract
    app.reqMktDepth(10, contract(conId=790002, exchange="CMECRYPTO"), 5, False, [])
    app.reqMktDepth(11, aapl, 5, True, [])
    app.reqMktData(12, aapl, "", False, False, [])
    app.reqAccountUpdates(True, "")
    app.reqPositions()
    app.reqAllOpenOrders()
    app.wait(lambda: len(seen.get("updateMktDepth", [])) > 14 and len(seen.get("updateMktDepthL2", [])) > 14)
    app.wait(lambda: {"accountDownloadEnd", "positionEnd", "openOrderEnd"} <= set(seen))
    app.wait(lambda: any(args[1] == 1 and args[2] > 0 for args in seen.get("tickPrice", [])))
    app.reqHistoricalData(20, aapl, "", "2 D", "1 hour", "TRADES", 1, 1, False, [])
    app.wait(lambda: "historicalDataEnd" in seen)
    result = {
        "version": app.serverVersion(),
        "accounts": seen["managedAccounts"][0][0],
        "details": len(seen["contractDetails"]),
        "conId": aapl.conId,
        "codes": sorted({args[1] for args in seen["error"]}),
        "depth": [list(args) for args in seen["updateMktDepth"][:10]],
        "makers": sorted({args[2] for args in seen["updateMktDepthL2"]}),
        "bars": len(seen["historicalData"]),
        "keys": sorted({args[0] for args in seen["updateAccountValue"]}),
        "portfolio": [args[0].symbol for args in seen["updatePortfolio"]][:4],
        "next_id": seen["nextValidId"][0][0],
    }
    app.disconnect()
    print(json.dumps(result))


main()
