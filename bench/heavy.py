"""A heavy day's orders: so many that are over in Redis, some thousand that live at TWS; at the start and after a lost session.

The gateway runs in a process that a probe shares with it. A hold of the reactor is told in processor time between two of its
turns: what else the machine does meanwhile is not the gateway's doing. `wall` is the same by the clock on the wall.
"""

from __future__ import annotations

import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import attrs
import redis

from bench import orderfeeder, orderwire, wire
from bench.candidates import NAME, wait_until
from bench.memory import processor_seconds, resident
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
PROBE = 0.0005  # seconds between two looks
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
        ours, theirs = get_context("spawn").Pipe()
        process: Any = None
        try:
            feeder.call("orders", LIVING)
            feeder.call("completed", FIRST_DEAD, min(TODAY, dead))
            process = get_context("spawn").Process(target=_gateway, args=(theirs, feeder.call("port"), server.port), daemon=True)
            process.start()
            start = _trusted(client, feeder)
            time.sleep(3)
            before = processor_seconds(process.pid)
            feeder.call("hang up")
            wait_until(lambda: client.get(_FLAG) is None, "the flag stands without a session", LIMIT)
            again = _trusted(client, feeder)
            used_cpu = processor_seconds(process.pid) - before
            most = resident(process.pid)
            time.sleep(3)
            most = max(most, resident(process.pid))
            ours.send("end")
            held, wall = ours.recv()
            _check(client, dead)
        finally:
            feeder.stop()
            if process is not None:
                process.terminate()
                process.join(10)
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


def _gateway(pipe: Connection, tws_port: int, redis_port: int) -> None:
    from twisted.internet import reactor, task  # noqa: PLC0415 (its own reactor, in its own process)

    from ibgw_tx.config import configure  # noqa: PLC0415
    from ibgw_tx.gateway import Gateway  # noqa: PLC0415
    from ibgw_tx.runtime.garbage import spare_the_lasting  # noqa: PLC0415

    flags = {"name": NAME, "client-id": "1", "tws-port": str(tws_port), "redis-port": str(redis_port)}
    gateway = Gateway(configure(flags, {}), reactor)
    spare_the_lasting()  # as the program does
    gateway.ib.factory.initialDelay = gateway.ib.factory.delay = gateway.ib.factory.maxDelay = 0.2  # type: ignore[assignment]
    last = time.thread_time(), time.perf_counter()
    most = [0.0, 0.0]

    def look() -> None:
        nonlocal last
        now = time.thread_time(), time.perf_counter()
        for at in (0, 1):
            most[at] = max(most[at], now[at] - last[at])
        last = now

    def ask() -> None:
        if pipe.poll():
            pipe.send(tuple(most))
            reactor.stop()

    gateway.startService()
    for call, every in ((look, PROBE), (ask, 0.1)):
        task.LoopingCall(call).start(every, now=False).addErrback(lambda _: None)
    reactor.run()


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
