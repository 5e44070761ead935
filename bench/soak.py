"""`python -m bench.soak`: orders at a steady pace for an hour, half of them filled, half cancelled; what is held meanwhile.

Gateway, ibsim and Redis run as processes of their own. A line each `--every` seconds goes to the file `--out` (CSV);
`--plot` draws it.
Exit status 1 when the gateway or ibsim has grown by more than GROWTH since SETTLED_AFTER, or an order came to no end.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import attrs
import redis

from bench.candidates import NAME, GatewayCandidate, Program, wait_until
from bench.memory import processor_seconds, resident
from bench.plot import Curve, drawn
from bench.redisserver import RedisServer
from ibgw_tx.demo.embedded_redis import free_port

#: What may be resident more after the settling than at its end: a share of it.
GROWTH = 0.05
SETTLED_AFTER = 600.0  # seconds
LIVES = 5.0  # seconds between a resting order and its cancel
_STOCKS = ({"secType": "STK", "symbol": symbol, "exchange": "SMART", "currency": "USD"} for symbol in ("AAPL", "MSFT"))
STOCKS = tuple(_STOCKS)
#: No precaution of TWS's or limit of ours is what is looked at.
SIM_FLAGS = ("--message-rate=0", "--order-limit=0")
COLUMNS = ("seconds", "orders", "gateway_mb", "ibsim_mb", "redis_mb", "gateway_cpu_s", "ibsim_cpu_s", "living")


@attrs.frozen
class Sample:
    """What is held `seconds` after the start, in MB of 10^6 bytes; `orders` were sent so far, `living` are alive."""

    seconds: float
    orders: int
    gateway_mb: float
    ibsim_mb: float
    redis_mb: float
    gateway_cpu_s: float
    ibsim_cpu_s: float
    living: int


class Trader:
    """Sends orders: in turn one that is filled at once and one that rests until it is cancelled."""

    def __init__(self, client: redis.Redis) -> None:
        self.sent = 0
        self._client = client
        self._resting: deque[tuple[float, str]] = deque()
        self._run = int(time.time())

    def step(self, now: float) -> None:
        """One order, and the cancels that are due."""
        number = self.sent
        self.sent += 1
        stock, oid = STOCKS[number // 4 % 2], f"soak-{self._run}-{number}"
        order: dict[str, Any] = {"T": ("buy", "sell")[number // 2 % 2], "s": 1, "client_oid": oid}
        if number % 2:
            order |= {"T": "buy", "p": 10.0}
            self._resting.append((now + LIVES, oid))
        else:
            order |= {"orderType": "MKT"}
        self._tell("PLACE_ORDER", contract=stock, order=order)
        while self._resting and self._resting[0][0] <= now:
            self._tell("CANCEL_ORDER", client_oid=self._resting.popleft()[1])

    def _tell(self, cmd: str, **params: Any) -> None:
        self._client.publish(f"IBGateway:{NAME}:CMD", json.dumps({"id": f"{cmd}-{self.sent}", "cmd": cmd, "params": params}))


def options(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=20.0, help="orders a second (%(default)s)")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two samples (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/soak.csv"))
    parser.add_argument("--plot", type=Path, default=Path("build/soak.svg"))
    return parser.parse_args(words)


def soak(chosen: argparse.Namespace) -> tuple[list[Sample], int]:
    """The samples, and how many orders have come to no end."""
    twistd, port = str(Path(sys.executable).with_name("twistd")), free_port()
    sim = Program(twistd, "-n", "--pidfile=", "ibsim", f"--port={port}", *SIM_FLAGS)
    gateway = GatewayCandidate()
    try:
        with RedisServer() as server:
            gateway.start(port, server, [])
            return _soak(chosen, sim, gateway.program, server.client())
    finally:
        if hasattr(gateway, "program"):
            gateway.stop()
        sim.stop()


def _soak(chosen: argparse.Namespace, sim: Program, gateway: Program, client: redis.Redis) -> tuple[list[Sample], int]:
    trader, samples = Trader(client), []
    began = time.monotonic()
    due, sample_due = began, began
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with chosen.out.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        while (now := time.monotonic()) < began + chosen.minutes * 60:
            if now >= sample_due:
                for program in (sim, gateway):
                    program.check()
                samples.append(_look(now - began, trader.sent, sim.pid, gateway.pid, client))
                rows.writerow(attrs.astuple(samples[-1]))
                file.flush()
                sample_due += chosen.every
            trader.step(now)
            due += 1 / chosen.rate
            time.sleep(max(0.0, due - time.monotonic()))
    return samples, _unended(client, trader.sent)


def _look(seconds: float, orders: int, sim: int, gateway: int, client: redis.Redis) -> Sample:
    info: Any = client.info("memory")
    living = sum(_living(client, key) for key in client.scan_iter(f"URANUS:*:{NAME}:O:*")) if orders < 2000 else -1
    return Sample(
        round(seconds, 1),
        orders,
        round(resident(gateway), 2),
        round(resident(sim), 2),
        round(info["used_memory"] / 1e6, 2),
        round(processor_seconds(gateway), 2),
        round(processor_seconds(sim), 2),
        living,
    )


def _living(client: redis.Redis, key: bytes) -> int:
    return sum(b'"alive":true' in value for _, value in client.hscan_iter(key, count=1000)) // 2


def _unended(client: redis.Redis, sent: int) -> int:
    """How many of the orders are not told as over: those that rest are cancelled first."""
    client.publish(f"IBGateway:{NAME}:CMD", json.dumps({"id": "end", "cmd": "CANCEL_ALL", "params": {}}))

    def open_ones() -> int:
        over: set[bytes] = set()
        for key in client.scan_iter(f"URANUS:*:{NAME}:O:*"):
            over |= {field for field, value in client.hscan_iter(key, count=1000) if b'"alive":false' in value}
        return sent - sum(field.startswith(b"soak-") for field in over)

    try:
        wait_until(lambda: open_ones() == 0, "orders without an end", limit=30)
    except RuntimeError:
        return open_ones()
    return 0


def growth(samples: list[Sample], member: str) -> float:
    """By which share of it the mean of the last minute is above the mean of the minute after SETTLED_AFTER."""
    at = [getattr(one, member) for one in samples if SETTLED_AFTER <= one.seconds < SETTLED_AFTER + 60]
    end = [getattr(one, member) for one in samples if one.seconds >= samples[-1].seconds - 60]
    return sum(end) / len(end) / (sum(at) / len(at)) - 1


def main(words: list[str]) -> int:
    """The command."""
    chosen = options(words)
    samples, unended = soak(chosen)
    print(f"{samples[-1].orders} orders in {samples[-1].seconds:.0f} s, {unended} without an end")
    chosen.plot.write_text(
        drawn(
            f"{samples[-1].orders} orders in {chosen.minutes:.0f} minutes: resident memory, MB",
            [one.seconds / 60 for one in samples],
            [
                Curve("ibgateway", [one.gateway_mb for one in samples]),
                Curve("ibsim", [one.ibsim_mb for one in samples]),
            ],
        )
    )
    met = not unended
    if samples[-1].seconds > SETTLED_AFTER + 120:
        for name, member in (("ibgateway", "gateway_mb"), ("ibsim", "ibsim_mb")):
            grown = growth(samples, member)
            met = met and grown <= GROWTH
            print(f"{name}: {getattr(samples[-1], member):.0f} MB, {grown:+.1%} since minute {SETTLED_AFTER / 60:.0f}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
