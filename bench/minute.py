"""A busy minute: books, orders, a chain of options, a lost session with thousands of living orders; the longest hold.

Everything goes over sockets. Orders are placed by commands, half are filled, half are cancelled. The chain is asked for twice by
FIND_CONTRACTS (the second time the gateway has it), and once by FIND_CHAIN. In the middle TWS hangs up.
"""

from __future__ import annotations

import json
import time
from collections import deque
from typing import Any

import attrs
import redis

from bench import minutefeeder, minutewire, wire
from bench.candidates import ASKED_AT_ONCE, NAME, wait_until
from bench.probed import ProbedGateway
from bench.redisserver import RedisServer
from bench.worker import Worker

LIVING = 5_000
ORDER_RATE = 20  # a second
#: Of an account with 200 lines of market data: orders and cancels take 30 a second, which at 45 leaves nothing for questions.
MESSAGE_RATE = 95
LIVES = 2.0  # seconds until an order is cancelled that is not filled
LIMIT = 60.0  # seconds
_FLAG = f"URANUS:SEHK:{NAME}:OMS"
_COMMANDS = f"IBGateway:{NAME}:CMD"
_STOCK = {"secType": "STK", "exchange": "SEHK", "currency": "HKD"}
_OPTIONS = {"secType": "OPT", "symbol": minutewire.SYMBOL, "exchange": minutewire.EXCHANGE}


@attrs.frozen
class Minute:
    """The longest hold, ms: processor time, and on the wall. What was done meanwhile; `found`: hits of each FIND_CONTRACTS."""

    seconds: float
    held_ms: float
    wall_ms: float
    updates: int
    placed: int
    filled: int
    cancelled: int
    found: tuple[int, ...]
    chains: int
    snapshots: int

    @property
    def was_busy(self) -> bool:
        """Whether all of it took place; while the session is lost orders are refused, and no book is told."""
        told = self.updates >= 0.8 * self.seconds * minutefeeder.RATE
        orders = self.placed >= 0.8 * self.seconds * ORDER_RATE and min(self.filled, self.cancelled) >= 0.4 * self.placed
        return told and orders and self.found == (minutewire.OPTIONS,) * 2 and self.chains > 0 and self.snapshots > 0


def run(seconds: float = 60.0) -> Minute:
    """Measure it."""
    with RedisServer() as server:
        client = server.client()
        feeder = Worker(minutefeeder.main)
        gateway: ProbedGateway | None = None
        try:
            feeder.call("orders", LIVING)
            gateway = ProbedGateway(feeder.call("port"), server.port, **{"message-rate": str(MESSAGE_RATE)})
            _until_trusted(client)
            _watch_books(client, feeder)
            feeder.call("counts")
            gateway.clear()
            answers = _minute(client, feeder, seconds)
            held, wall = gateway.holds()
            return _figures(seconds, held, wall, feeder.call("counts"), answers)
        finally:
            feeder.stop()
            if gateway is not None:
                gateway.stop()


def _until_trusted(client: redis.Redis) -> None:
    wait_until(lambda: client.get(_FLAG) == b"1", "no OMS flag", LIMIT)


def _watch_books(client: redis.Redis, feeder: Worker) -> None:
    for number, symbol in enumerate(wire.symbols(minutefeeder.BOOKS)):
        if number and number % ASKED_AT_ONCE == 0:
            time.sleep(1.0)
        _tell(client, number, "SUB_ODBK", contract={"symbol": symbol, **_STOCK})
    wait_until(lambda: bool(feeder.call("subscribed") == minutefeeder.BOOKS), "TWS has not been asked for all books")
    time.sleep(2.0)


def _minute(client: redis.Redis, feeder: Worker, seconds: float) -> list[dict[str, Any]]:
    """Do it all; the results that the gateway has told."""
    ear = client.pubsub(ignore_subscribe_messages=True)
    ear.subscribe(f"IBGateway:{NAME}:ACK")
    began = time.monotonic()
    events = deque(
        [
            (0.15, lambda: _tell(client, "options", "FIND_CONTRACTS", **_OPTIONS)),
            (0.3, lambda: _tell(client, "chain", "FIND_CHAIN", symbol=minutewire.SYMBOL, **_STOCK)),
            (0.5, lambda: feeder.call("hang up")),
            (0.8, lambda: _tell(client, "options again", "FIND_CONTRACTS", **_OPTIONS)),
        ]
    )
    heard: list[dict[str, Any]] = []
    resting: deque[tuple[float, str]] = deque()
    number = 0
    while (now := time.monotonic() - began) < seconds:
        while events and events[0][0] * seconds <= now:
            events.popleft()[1]()
        _place(client, number, resting, now)
        while resting and resting[0][0] <= now:
            _tell(client, f"cancel-{number}", "CANCEL_ORDER", client_oid=resting.popleft()[1])
        number += 1
        while (message := ear.get_message()) is not None:
            heard.append(json.loads(message["data"]))
        time.sleep(max(0.0, began + number / ORDER_RATE - time.monotonic()))
    _until_trusted(client)
    ear.close()
    return [one for one in heard if one["type"] == "result"]


def _place(client: redis.Redis, number: int, resting: deque[tuple[float, str]], now: float) -> None:
    """One order; of an odd quantity when it shall rest."""
    oid = f"minute-{number}"
    contract = {"symbol": wire.symbols(minutefeeder.BOOKS)[number // 2 % minutefeeder.BOOKS], **_STOCK}
    _tell(client, oid, "PLACE_ORDER", contract=contract, order={"T": "buy", "s": 100 + number % 2, "p": 70.0, "client_oid": oid})
    if number % 2:
        resting.append((now + LIVES, oid))


def _tell(client: redis.Redis, number: int | str, cmd: str, **params: Any) -> None:
    client.publish(_COMMANDS, json.dumps({"id": number, "cmd": cmd, "params": params}))


def _figures(seconds: float, held: float, wall: float, done: dict[str, int], results: list[dict[str, Any]]) -> Minute:
    found = tuple(len(one["keys"]) for one in results if one["cmd"] == "FIND_CONTRACTS")
    chains = [len(one["chains"]) for one in results if one["cmd"] == "FIND_CHAIN"]
    return Minute(
        seconds,
        held * 1000,
        wall * 1000,
        updates=done.get("updates", 0),
        placed=done.get("placed", 0),
        filled=done.get("filled", 0),
        cancelled=done.get("cancelled", 0),
        found=found,
        chains=sum(chains),
        snapshots=done.get("lists of living orders", 0),
    )


if __name__ == "__main__":
    print(run())
