"""The peer for orders: ib_async and redis.asyncio. Hash and channel for each orderStatusEvent; PLACE_ORDER from a channel.

It does what such bridges do and no more: no checks, no reservation, no snapshot of completed orders.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import orjson
import redis.asyncio
from ib_async import IB, Contract, LimitOrder, Stock, Trade

from bench import orderwire

NAME = "bench"


class Bridge:
    """Collects what changed and writes it in pipelines; each order's hash entry goes before its message."""

    def __init__(self, ib: IB, client: redis.asyncio.Redis) -> None:
        self.contracts: dict[str, Contract] = {}
        self._ib = ib
        self._redis = client
        self._waiting: list[Trade] = []
        self._woken = asyncio.Event()

    def status_changed(self, trade: Trade) -> None:
        """An order's status has changed."""
        self._waiting.append(trade)
        self._woken.set()

    async def write_forever(self) -> None:
        """One pipeline at a time, of all that waits."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            batch, self._waiting = self._waiting, []
            async with self._redis.pipeline(transaction=False) as pipeline:
                for trade in batch:
                    text = orjson.dumps(_order_json(trade))
                    key = f"URANUS:SEHK:{NAME}:O:HKD-{trade.contract.symbol}"
                    fields = {"t": time.time_ns() // 1_000_000, str(trade.orderStatus.permId): text, trade.order.orderRef: text}
                    pipeline.hset(key, mapping=fields)
                    pipeline.publish(f"URANUS:SEHK:{NAME}:O_channel", text)
                await pipeline.execute()

    async def place_forever(self) -> None:
        """Take PLACE_ORDER from CMD."""
        listener = self._redis.pubsub(ignore_subscribe_messages=True)
        await listener.subscribe(f"IBGateway:{NAME}:CMD")
        async for message in listener.listen():
            params = orjson.loads(message["data"])["params"]
            given = params["order"]
            order = LimitOrder("BUY", given["s"], given["p"], orderRef=given.get("client_oid", ""), tif="DAY")
            self._ib.placeOrder(self.contracts[params["contract"]["symbol"]], order)


def _order_json(trade: Trade) -> dict[str, Any]:
    order, status, contract = trade.order, trade.orderStatus, trade.contract
    return {
        "i": str(status.permId), "client_oid": order.orderRef, "apiOrderId": order.orderId, "clientId": order.clientId,
        "account": order.account, "market": contract.exchange, "pair": f"{contract.currency}-{contract.symbol}",
        "secType": contract.secType, "conId": contract.conId, "T": order.action.lower(), "s": order.totalQuantity,
        "p": order.lmtPrice, "orderType": order.orderType, "tif": order.tif, "executed": status.filled,
        "remained": status.remaining, "avg_price": status.avgFillPrice, "status": status.status, "alive": trade.isActive(),
    }  # fmt: skip


async def run(tws_port: int, redis_port: int, symbols: list[str]) -> None:
    """Bridge for ever."""
    ib = IB()
    await ib.connectAsync("127.0.0.1", tws_port, clientId=orderwire.CLIENT_ID, timeout=60)
    bridge = Bridge(ib, redis.asyncio.Redis(port=redis_port))
    ib.orderStatusEvent += bridge.status_changed
    for contract in await ib.qualifyContractsAsync(*(Stock(symbol, "SEHK", "HKD") for symbol in symbols)):
        assert isinstance(contract, Contract)
        bridge.contracts[contract.symbol] = contract
    await asyncio.gather(bridge.write_forever(), bridge.place_forever())


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")))
