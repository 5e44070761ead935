"""How soon a gateway is there: from the start of its process to its first status, and to the first book, which Redis has kept."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median_low

from bench.candidates import GatewayCandidate, Program, wait_until
from bench.redisserver import RedisServer
from ibgw_tx.demo.embedded_redis import free_port

#: Seconds between two looks.
LOOK = 0.002
_BOOK = "URANUS:SEHK:HKD-1137"


def run(rounds: int) -> tuple[float, float]:
    """Seconds to the first status and to the first book, medians over so many starts of the same gateway."""
    port = free_port()
    sim = Program(str(Path(_python()).with_name("twistd")), "-n", "--pidfile=", "ibsim", f"--port={port}")
    try:
        with RedisServer() as server:
            _start(server, port, subscribe=True)
            found = [_start(server, port) for _ in range(rounds)]
    finally:
        sim.stop()
    return median_low([status for status, _ in found]), median_low([book for _, book in found])


def _start(server: RedisServer, port: int, subscribe: bool = False) -> tuple[float, float]:
    client, gateway = server.client(), GatewayCandidate()
    ear = client.pubsub(ignore_subscribe_messages=True)
    ear.subscribe(f"{_BOOK}:full_odbk_channel")
    status, commands = f"IBGateway:{gateway.name}:status", f"IBGateway:{gateway.name}:CMD"
    client.delete(status)
    began = time.monotonic()
    gateway.launch(port, server.port)
    try:
        wait_until(lambda: client.exists(status) == 1, "no status", tell=gateway.program.output, pause=LOOK)
        first_status = time.monotonic() - began
        if subscribe:
            wait_until(lambda: client.pubsub_numsub(commands)[0][1] > 0, "nobody listens", tell=gateway.program.output)
            wait_until(lambda: json.loads(client.get(status) or b"[0]")[0] is True, "no true status", tell=gateway.program.output)
            params = {"exchange": "SEHK", "showName": "HKD-1137"}
            client.publish(commands, json.dumps({"id": 1, "cmd": "SUB_ODBK", "params": params}))
        wait_until(lambda: _has_rows(ear.get_message(timeout=LOOK)), "no book", tell=gateway.program.output, pause=0)
        return first_status, time.monotonic() - began
    finally:
        gateway.stop()


def _has_rows(message: dict[str, bytes] | None) -> bool:
    return message is not None and bool(json.loads(message["data"])[0])


def _python() -> str:
    import sys  # noqa: PLC0415

    return sys.executable
