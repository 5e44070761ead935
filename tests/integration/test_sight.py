"""The status page and the metrics over a real socket, from a gateway in a process of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port

from .test_process import start, wait_for


@pytest.fixture
def site(client: Any, redis_server: EmbeddedRedis) -> Iterator[str]:
    tws, port = str(free_port()), str(free_port())
    sim = start("ibsim", "--port", tws)
    gateway = start(
        "ibgateway", "--name=sight", f"--tws-port={tws}", f"--redis-port={redis_server.port}", f"--metrics={port}"
    )
    try:
        wait_for(lambda: json.loads(client.get("IBGateway:sight:status") or "[false]")[0], limit=30)
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in (gateway, sim):
            process.kill()
            process.communicate()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        found: bytes = answer.read()
        return found


def test_health_metrics_page_and_events(site: str) -> None:
    assert get(f"{site}/healthz") == get(f"{site}/readyz") == b"ok\n"
    metrics = get(f"{site}/metrics")
    assert b"\nibgateway_status 1.0\n" in metrics
    promtool = shutil.which("promtool")
    if promtool is not None:
        checked = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, check=False)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
    assert b"<!doctype html>" in get(f"{site}/")
    with urllib.request.urlopen(f"{site}/events", timeout=5) as events:
        told = next(line for line in events if line.startswith(b"data: "))
    document = json.loads(told.removeprefix(b"data: "))
    assert (document["name"], document["status"], document["alive"]) == ("sight", True, [])


def test_it_is_read_only(site: str) -> None:
    for path in ("", "metrics", "events", "readyz"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{site}/{path}", data=b"x", timeout=5)
        assert refused.value.code == 405


def test_a_port_in_use_is_one_line_and_exit_1() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("ibgateway", "--name=x", f"--metrics={port}")
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out.strip() == f"ibgateway: --metrics (IBGW_METRICS) 127.0.0.1:{port}: Address already in use"
