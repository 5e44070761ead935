"""The gateway as its users have it: a process of its own, seen through Redis and its log alone.

GATEWAY_PYTHON names the Python whose `twistd` is tried; without it, the one that runs the tests. So the same tests hold an
installed package, or an older tree, to the same behaviour.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PYTHON = Path(os.environ.get("GATEWAY_PYTHON", sys.executable))
LIMIT = 20.0  # seconds


def wait_for(what: Callable[[], Any], limit: float = LIMIT, say: str = "") -> Any:
    """The first true value of `what()`."""
    deadline = time.monotonic() + limit
    while not (value := what()):
        assert time.monotonic() < deadline, f"not within {limit} s: {say or what}"
        time.sleep(0.03)
    return value


class Program:
    """`twistd -n ibgateway` named `name`, over a Redis and a TWS."""

    def __init__(self, client: Any, redis_port: int, tws_port: int, folder: Path, name: str = "outside") -> None:
        self.name = name
        self.folder = folder
        self.log = folder / f"{name}.log"
        self.env = {"REDIS_PORT": str(redis_port), "TWS_API_PORT": str(tws_port), "TWS_GATEWAY_NAME": name}
        self.process: subprocess.Popen[bytes] | None = None
        self.heard: list[tuple[str, Any]] = []
        self._ids = 0
        self.watch(client)

    def watch(self, client: Any) -> None:
        """From now on through this Redis."""
        self.client = client
        self._ear = client.pubsub(ignore_subscribe_messages=True)
        self._ear.psubscribe(f"IBGateway:{self.name}:ACK", f"IBGateway:{self.name}:fills", "URANUS:*")

    def start(self, *flags: str, **env: str) -> None:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(PYTHON.with_name("twistd")), "-n", "--pidfile=", "ibgateway", *flags],
                cwd=self.folder, env={**clean, **self.env, **env}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def run(self, *flags: str, **env: str) -> Program:
        """Start, and wait for status true, said by this life: what a killed one has left stands for a while."""
        since = time.time() * 1000
        self.start(*flags, **env)
        wait_for(lambda: self._told_since(since), 30, "status true")
        return self

    def stop(self, hard: bool = False) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            self.process = None

    def lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()

    def _told_since(self, since: float) -> bool:
        status, at = json.loads(self.client.get(f"IBGateway:{self.name}:status") or "[false,0]")
        return bool(status) and at > since

    @property
    def status(self) -> bool:
        return bool(json.loads(self.client.get(f"IBGateway:{self.name}:status") or "[false]")[0])

    def json(self, key: str) -> Any:
        return json.loads(self.client.get(key) or "null")

    @property
    def balance(self) -> Any:
        return self.json(f"IBGateway:{self.name}:balance")

    def order(self, key: str, field: str) -> Any:
        """An order of a hash; {} when it is not there."""
        return json.loads(self.client.hget(key, field) or "{}")

    def trading(self, exchange: str) -> None:
        """Wait until orders are trusted."""
        wait_for(lambda: self.client.get(f"URANUS:{exchange}:{self.name}:OMS") == "1", say="OMS")

    def listen(self) -> list[tuple[str, Any]]:
        """Everything heard so far."""
        while (message := self._ear.get_message()) is not None:
            self.heard.append((message["channel"], json.loads(message["data"])))
        return self.heard

    def on_ack(self, kind: str, id: Any) -> list[Any]:
        channel = f"IBGateway:{self.name}:ACK"
        return [told for where, told in self.listen() if where == channel and told["type"] == kind and told.get("id") == id]

    def send(self, cmd: str, **params: Any) -> Any:
        """A command; gives its acknowledgement."""
        self._ids += 1
        return self.send_raw({"id": f"c{self._ids}", "cmd": cmd, "params": params})

    def send_raw(self, command: dict[str, Any]) -> Any:
        assert self.client.publish(f"IBGateway:{self.name}:CMD", json.dumps(command)) == 1, "nobody listens to CMD"
        return self.told("ack", command["id"])

    def told(self, kind: str, id: Any, limit: float = LIMIT) -> Any:
        """The first message of that type on ACK with that id."""
        return wait_for(lambda: next(iter(self.on_ack(kind, id)), None), limit, f"{kind} of {id}")

    def after(self, ack: Any, kind: str = "result", limit: float = LIMIT) -> Any:
        """What follows an acknowledgement."""
        assert ack["ok"], ack
        return self.told(kind, ack["id"], limit)

    def result(self, cmd: str, **params: Any) -> Any:
        """A command's result."""
        return self.after(self.send(cmd, **params))
