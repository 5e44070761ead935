"""Peer (a): ib_async and redis.asyncio. One publish for each ticker update event, sent in pipelines.

ib_async emits a ticker's `updateEvent` once for each network read in which it changed, so reads that bring many rows are
gathered, as in the gateway. Its depth has a limitation that costs it nothing here but shows in the books: since 2.0 rows are
kept by their number, an insert overwrites instead of moving the rows below down, and a delete leaves a hole.
"""

from __future__ import annotations

import asyncio
import sys

import redis.asyncio
from ib_async import IB, Contract, Stock, Ticker

from bench import wire
from bench.messages import message


class Bridge:
    """Collects what the tickers say and publishes it in pipelines, in order, everything once."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client
        self._waiting: list[tuple[str, bytes]] = []
        self._woken = asyncio.Event()

    def ticker_updated(self, ticker: Ticker) -> None:
        """A ticker's book has changed."""
        assert ticker.contract is not None
        bids, asks = ([(level.price, level.size) for level in side] for side in (ticker.domBids, ticker.domAsks))
        self._waiting.append((wire.channel(ticker.contract.symbol), message(bids, asks)))
        self._woken.set()

    async def publish_forever(self) -> None:
        """One pipeline at a time, of all that waits."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            batch, self._waiting = self._waiting, []
            async with self._redis.pipeline(transaction=False) as pipeline:
                for channel, text in batch:
                    pipeline.publish(channel, text)
                await pipeline.execute()


async def run(tws_port: int, redis_port: int, symbols: list[str]) -> None:
    """Subscribe the books and bridge them for ever."""
    ib = IB()
    await ib.connectAsync("127.0.0.1", tws_port, clientId=1, timeout=10)
    bridge = Bridge(redis.asyncio.Redis(port=redis_port))
    for contract in await ib.qualifyContractsAsync(*(Stock(symbol, "SEHK", "HKD") for symbol in symbols)):
        assert isinstance(contract, Contract)
        ticker = ib.reqMktDepth(contract, numRows=10)
        ticker.updateEvent += bridge.ticker_updated
    await bridge.publish_forever()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")))
