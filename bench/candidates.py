"""The candidates as processes: how each is started, asked for books and ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import redis

from bench import todays
from bench.redisserver import RedisServer
from bench.worker import Worker

NAME = "bench"
START_LIMIT = 30.0  # seconds until a candidate is connected to TWS and Redis
ASKED_AT_ONCE = 40  # books in a second: a gateway refuses what would wait longer than 3 s for TWS's message rate
STOP_LIMIT = 10.0  # seconds

_ROOT = Path(__file__).resolve().parent.parent


class Candidate(Protocol):
    """A process between TWS and Redis."""

    def start(self, tws_port: int, server: RedisServer, symbols: list[str]) -> None:
        """Run it and have it ask TWS for the books of `symbols`; whether it did is the feeder's to know."""

    def stop(self) -> None:
        """End it."""


class Program:
    """One process with its output in a file, shown when something fails."""

    def __init__(self, *words: str) -> None:
        self._log = tempfile.TemporaryFile()
        env = {name: value for name, value in os.environ.items() if not name.startswith(("TWS_", "REDIS_", "IBGW_"))}
        self._process = subprocess.Popen(words, cwd=_ROOT, env=env, stdout=self._log, stderr=self._log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def output(self) -> str:
        """The end of what it wrote."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-3000:]

    def check(self) -> None:
        """Raise RuntimeError with its last words when it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"a candidate has ended by itself:\n{self.output()}")

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not enough."""
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class GatewayCandidate:
    """The gateway itself, `twistd -n ibgateway`, told what to do by commands like any bot's."""

    program: Program
    #: Further settings, and its name.
    flags: tuple[str, ...] = ()
    name = NAME

    def launch(self, tws_port: int, redis_port: int) -> None:
        """Run it, and do not wait."""
        twistd = str(Path(sys.executable).with_name("twistd"))
        flags = (f"--name={self.name}", "--client-id=1", f"--tws-port={tws_port}", f"--redis-port={redis_port}", *self.flags)
        self.program = Program(twistd, "-n", "--pidfile=", "ibgateway", *flags)

    def start(self, tws_port: int, server: RedisServer, symbols: list[str]) -> None:
        self.launch(tws_port, server.port)
        client = server.client()
        wait_until(lambda: self._ready(client), "the gateway's status is not true", tell=self.program.output)
        for number, symbol in enumerate(symbols):
            if number and number % ASKED_AT_ONCE == 0:
                time.sleep(1.0)
            contract = {"symbol": symbol, "secType": "STK", "exchange": "SEHK", "currency": "HKD"}
            command = {"id": number, "cmd": "SUB_ODBK", "params": {"contract": contract}}
            client.publish(f"IBGateway:{self.name}:CMD", json.dumps(command))

    def _ready(self, client: redis.Redis) -> bool:
        self.program.check()
        status = client.get(f"IBGateway:{self.name}:status")
        listening = client.pubsub_numsub(f"IBGateway:{self.name}:CMD")[0][1]
        return bool(status) and json.loads(status)[0] is True and listening > 0

    def stop(self) -> None:
        self.program.stop()


class PeerCandidate:
    """A module of ours that bridges TWS and Redis with another library."""

    program: Program

    def __init__(self, module: str) -> None:
        self._module = module

    def start(self, tws_port: int, server: RedisServer, symbols: list[str]) -> None:
        self.program = Program(sys.executable, "-m", self._module, str(tws_port), str(server.port), ",".join(symbols))

    def stop(self) -> None:
        self.program.stop()


#: What the tables call them, in their order.
LABELS = {
    "gateway": "ibgateway, text",
    "protobuf": "ibgateway, protobuf",
    "async": "ib_async + redis.asyncio",
    "official": "ibapi thread + redis-py",
    "floor": "floor: raw PUBLISH",
}

#: The server version that each is spoken to at; the peers' is wire.SERVER_VERSION, where a row is the same text.
SPEAKS = {"gateway": todays.IN_TEXT, "protobuf": todays.IN_PROTOBUF}

MAKE: dict[str, Callable[[], GatewayCandidate | PeerCandidate]] = {
    "gateway": GatewayCandidate,
    "protobuf": GatewayCandidate,
    "async": lambda: PeerCandidate("bench.peer_async"),
    "official": lambda: PeerCandidate("bench.peer_official"),
}


def wait_until(
    condition: Callable[[], bool],
    what: str,
    limit: float = START_LIMIT,
    tell: Callable[[], str] = str,
    pause: float = 0.05,
) -> None:
    """Ask again until it holds; RuntimeError (`what`, and what `tell` says) after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} after {limit:.0f} s\n{tell()}")
        time.sleep(pause)


def await_books(feeder: Worker, candidate: GatewayCandidate | PeerCandidate, count: int) -> None:
    """Wait until TWS has been asked for `count` books."""

    def asked() -> bool:
        candidate.program.check()
        return bool(feeder.call("subscribed") == count)

    wait_until(asked, "TWS has not been asked for all books", tell=candidate.program.output)
