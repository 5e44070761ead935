"""The gateway as its operator starts it: `twistd -n ibgateway` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port

TWISTD = str(Path(sys.executable).with_name("twistd"))
ROOT = Path(__file__).resolve().parents[2]


def start(*words: str, **env: str) -> subprocess.Popen[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
    return subprocess.Popen(
        [TWISTD, "-n", "--pidfile=", *words], cwd=ROOT, env={**clean, **env}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def wait_for(what: Any, limit: float = 15.0) -> Any:
    deadline = time.monotonic() + limit
    while not (value := what()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def test_sigterm_ends_it_with_status_false_and_exit_0_within_five_seconds(
    client: Any, redis_server: EmbeddedRedis
) -> None:
    tws_port = str(free_port())
    sim = start("ibsim", "--port", tws_port)
    env = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis_server.port), "TWS_API_PORT": tws_port}
    env |= {"TWS_GATEWAY_NAME": "proc", "REDIS_PSWD": "never-printed"}
    client.config_set("requirepass", "never-printed")
    gateway = start("ibgateway", **env)
    try:
        wait_for(lambda: json.loads(client.get("IBGateway:proc:status") or "[false]")[0], limit=30)
        gateway.send_signal(signal.SIGTERM)
        out, _ = gateway.communicate(timeout=5)
        assert gateway.returncode == 0
        assert json.loads(client.get("IBGateway:proc:status"))[0] is False
        assert "never-printed" not in out
        assert "status of proc is true" in out
    finally:
        client.config_set("requirepass", "")
        for process in (gateway, sim):
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("flags", "env", "says"),
    [
        ((), {}, "ibgateway: --name (or TWS_GATEWAY_NAME) is missing"),
        (("--name=a:b",), {}, "ibgateway: --name 'a:b': must be 1 to 64 of A-Z a-z 0-9 _ . -"),
        (("--name=x", "--tws-port=70000"), {}, "ibgateway: --tws-port '70000': must be a whole number from 1 to 65535"),
        (("--name=x",), {"REDIS_PORT": "redis"}, "ibgateway: REDIS_PORT 'redis': must be a whole number from 1 to 65535"),
        (("--name=x", "--no-such"), {}, "ibgateway: option --no-such not recognized"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_1(flags: tuple[str, ...], env: dict[str, str], says: str) -> None:
    process = start("ibgateway", *flags, **env)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out.strip() == says
