"""Peer (b): IB's own client with its reader thread, and redis-py. One publish for each callback, as IB's samples are built."""

from __future__ import annotations

import sys
import threading

import redis
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.wrapper import EWrapper

from bench import wire
from bench.messages import message


class App(EWrapper, EClient):
    """Keeps the rows of each request and publishes them from the callback."""

    def __init__(self, client: redis.Redis, symbols: list[str]) -> None:
        EClient.__init__(self, self)
        self._redis = client
        self._symbols = symbols
        self._channels = dict(enumerate(map(wire.channel, symbols), 1))
        #: request -> (asks, bids), as TWS numbers the sides
        self._rows: dict[int, tuple[list[tuple[float, int]], list[tuple[float, int]]]]
        self._rows = {req_id: ([], []) for req_id in self._channels}

    def nextValidId(self, orderId: int) -> None:
        threading.Thread(target=self._subscribe, daemon=True).start()

    def _subscribe(self) -> None:
        for req_id, symbol in enumerate(self._symbols, 1):
            contract = Contract()
            contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, "STK", "SEHK", "HKD"
            self.reqMktDepth(req_id, contract, 10, False, [])

    def updateMktDepth(self, reqId: int, position: int, operation: int, side: int, price: float, size: int) -> None:
        asks, bids = self._rows[reqId]
        rows = bids if side else asks
        size = int(size)  # a Decimal with today's ibapi
        if operation == 0:
            rows.insert(position, (price, size))
            del rows[10:]
        elif operation == 1:
            rows[position] = price, size
        else:
            del rows[position]
        self._redis.publish(self._channels[reqId], message(bids, asks))

    def error(self, reqId: int, *said: object) -> None:
        print(reqId, *said, file=sys.stderr)


def run(tws_port: int, redis_port: int, symbols: list[str]) -> None:
    """Bridge the books until TWS ends."""
    app = App(redis.Redis(port=redis_port), symbols)
    app.connect("127.0.0.1", tws_port, 1)
    app.run()


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(","))
