"""A heavy day's orders: so many that are over in Redis, some thousand that live at TWS; at the start and after a lost session.

The gateway runs in a process that a probe shares with it (probed.py).
"""

from __future__ import annotations

import sys
import time
from typing import Any

import attrs
import redis

from bench import orderfeeder, orderwire, wire
from bench.candidates import NAME, wait_until
from bench.memory import processor_seconds, resident
from bench.probed import ProbedGateway
from bench.redisserver import RedisServer
from bench.worker import Worker
from ibgw_tx.model import json_text
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.states import State

LIVING = 2_000
TODAY = 2_000  # of those that are over TWS still lists so many
FIRST_DEAD = 900_000_000  # permId
LIMIT = 120.0  # seconds
_FLAG = f"URANUS:SEHK:{NAME}:OMS"


@attrs.frozen
class Heavy:
    """Seconds from the connection to TWS to OMS=1, at the start and after a lost session; the longest hold (ms); MB.

    `again_cpu`: the gateway's processor time from the loss to OMS=1, which says what an idle machine would need.
    """

    dead: int
    start_seconds: float
    again_seconds: float
    again_cpu: float
    held_ms: float
    wall_ms: float
    resident_mb: float
    redis_mb: float


def run(dead: int) -> Heavy:
    """Measure it."""
    with RedisServer() as server:
        client = server.client()
        fill(client, dead)
        used: Any = client.info("memory")
        feeder = Worker(orderfeeder.main)
        gateway: ProbedGateway | None = None
        try:
            feeder.call("orders", LIVING)
            feeder.call("completed", FIRST_DEAD, min(TODAY, dead))
            gateway = ProbedGateway(feeder.call("port"), server.port)
            start = _trusted(client, feeder)
            time.sleep(3)
            before = processor_seconds(gateway.pid)
            feeder.call("hang up")
            wait_until(lambda: client.get(_FLAG) is None, "the flag stands without a session", LIMIT)
            again = _trusted(client, feeder)
            used_cpu = processor_seconds(gateway.pid) - before
            most = resident(gateway.pid)
            time.sleep(3)
            most = max(most, resident(gateway.pid))
            held, wall = gateway.holds()
            _check(client, dead)
        finally:
            feeder.stop()
            if gateway is not None:
                gateway.stop()
        return Heavy(dead, start, again, used_cpu, held * 1000, wall * 1000, most, used["used_memory"] / 1e6)


def _trusted(client: redis.Redis, feeder: Worker) -> float:
    wait_until(lambda: client.get(_FLAG) == b"1", "no OMS flag", LIMIT)
    return float(time.monotonic_ns() - feeder.call("since")) / 1e9


def _check(client: redis.Redis, dead: int) -> None:
    """Nothing is lost, and nothing is doubled."""
    keys = list(client.scan_iter(f"URANUS:*:{NAME}:O:*"))
    fields = sum(client.hlen(key) - client.hexists(key, "t") for key in keys)
    if fields != 2 * (dead + LIVING):
        raise RuntimeError(f"{fields} fields in the hashes, not {2 * (dead + LIVING)}")


def fill(client: redis.Redis, dead: int) -> None:
    """So many orders that are over, of the days before, as a gateway leaves them in Redis."""
    symbols, now = wire.symbols(50), int(time.time() * 1000)
    for at in range(0, dead, 2500):
        pipe = client.pipeline(transaction=False)
        for number in range(at, min(at + 2500, dead)):
            perm_id, symbol = FIRST_DEAD + number, symbols[(FIRST_DEAD + number) % 50]
            text = json_text.dumps(order_json(_dead(perm_id, symbol, now - number * 1000 % 86_400_000)))
            key = f"URANUS:SEHK:{NAME}:O:HKD-{symbol}"
            pipe.hset(key, mapping={str(perm_id): text, f"dead-{perm_id}": text})
        pipe.execute()


def _dead(perm_id: int, symbol: str, when: int) -> Order:
    order = Order(born=when, touched=when + 5000, clientId=1, permId=perm_id, ref=f"dead-{perm_id}")
    order.orderId = perm_id - FIRST_DEAD + 1
    order.state, order.status, order.place = State.DEAD, "Cancelled", ("SEHK", f"HKD-{symbol}")
    order.con_id, order.sec_type = wire.FIRST_CON_ID + int(symbol[1:]), "STK"
    order.versions.terms = Terms("BUY", orderwire.QUANTITY, "LMT", 70.0, None, "DAY", wire.ACCOUNT)
    order.reasons.show(202, "Order Canceled - reason:")
    return order


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
