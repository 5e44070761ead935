"""An option chain through the gateway: the longest time its reactor was held while 726 hits were taken in and stored.

The gateway runs in this process, so that a probe can sit in its reactor; ibsim and Redis run in others.
"""

from __future__ import annotations

import json
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import attrs

from bench.candidates import Program
from bench.redisserver import RedisServer
from ibgw_tx.demo.embedded_redis import free_port

PROBE = 0.0005  # seconds between two looks
_QUESTION = {"id": 1, "cmd": "FIND_CONTRACTS", "secType": "OPT", "symbol": "AAPL", "exchange": "CBOE"}


@attrs.frozen
class Chain:
    """`held_ms`: the longest time between two turns of the reactor; `hits`: contracts found; `seconds`: to the result."""

    hits: int
    held_ms: float
    seconds: float


def run() -> Chain:
    """In a process of its own, because a reactor runs once."""
    port = free_port()
    twistd = str(Path(sys.executable).with_name("twistd"))
    sim = Program(twistd, "-n", "--pidfile=", "ibsim", f"--port={port}", "--message-rate=0")
    ours, theirs = get_context("spawn").Pipe()
    try:
        with RedisServer() as server:
            process = get_context("spawn").Process(target=_measure, args=(theirs, port, server.port), daemon=True)
            process.start()
            if not ours.poll(90):
                raise TimeoutError(f"no option chain within 90 s\n{sim.output()}")
            found: Chain = ours.recv()
            process.join(10)
            return found
    finally:
        sim.stop()


def _measure(pipe: Connection, tws_port: int, redis_port: int) -> None:
    from twisted.internet import reactor, task  # noqa: PLC0415 (its own reactor, in its own process)

    from ibgw_tx.config import configure  # noqa: PLC0415
    from ibgw_tx.gateway import Gateway  # noqa: PLC0415

    flags = {"name": "bench", "tws-port": str(tws_port), "redis-port": str(redis_port)}
    gateway = Gateway(configure(flags, {}), reactor)
    gateway.ib.factory.initialDelay = gateway.ib.factory.delay = gateway.ib.factory.maxDelay = 0.2  # type: ignore[assignment]
    gaps: list[float] = []
    last = time.perf_counter()

    def look() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

    def ask() -> None:
        if not gateway.status:
            reactor.callLater(0.1, ask)
            return
        gaps.clear()
        began = time.perf_counter()
        gateway.assembly.acks._publish = lambda kind, message: told(message, began)
        gateway.assembly.dispatcher.message(json.dumps(_QUESTION).encode())

    def told(message: bytes, began: float) -> None:
        content: dict[str, Any] = json.loads(message)
        if content["type"] in ("result", "error"):
            hits, seconds = len(content.get("keys", ())), time.perf_counter() - began
            # Writing the documents goes on behind the result.
            reactor.callLater(1.0, lambda: (pipe.send(Chain(hits, max(gaps) * 1000, seconds)), reactor.stop()))

    task.LoopingCall(look).start(PROBE).addErrback(lambda _: None)
    gateway.startService()
    reactor.callLater(0.5, ask)
    reactor.run()
