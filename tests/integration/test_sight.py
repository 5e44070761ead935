"""The status page and the metrics over a real socket, from a gateway in a process of its own."""

from __future__ import annotations

import json
import platform
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


def asked_as(site: str, host: str | None, path: str = "/metrics", version: str = "1.1") -> tuple[int, bytes]:
    """The status and the body of a request under a name."""
    port = int(site.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        name = "" if host is None else f"Host: {host}\r\n"
        connection.sendall(f"GET {path} HTTP/{version}\r\n{name}Connection: close\r\n\r\n".encode())
        answer = connection.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_only_under_a_name_of_this_host(site: str) -> None:
    port = site.rpartition(":")[2]
    for own in (f"127.0.0.1:{port}", "localhost", f"[::1]:{port}", f"{platform.node()}:{port}"):
        assert asked_as(site, own)[0] == 200, own
    assert asked_as(site, None, version="1.0")[0] == 200
    for path in ("/", "/metrics", "/events", "/healthz", "/readyz", "/page.js", "/none"):
        for evil in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example"):
            status, body = asked_as(site, evil, path)
            assert status == 421 and b"ibgateway_" not in body and b"--metrics-hosts" in body, (path, evil)


def test_further_names_are_a_setting(client: Any, redis_server: EmbeddedRedis) -> None:
    port = str(free_port())
    words = "--name=hosts", f"--redis-port={redis_server.port}", f"--tws-port={free_port()}", f"--metrics={port}"
    gateway = start("ibgateway", *words, IBGW_METRICS_HOSTS="page.example, other.example")
    try:
        wait_for(lambda: client.get("IBGateway:hosts:status"), limit=30)
        site = f"http://127.0.0.1:{port}"
        assert [asked_as(site, name)[0] for name in ("page.example", "OTHER.example:80", "third.example")] == [200, 200, 421]
    finally:
        gateway.kill()
        said, _ = gateway.communicate()
    assert said.count("the status page is asked for as 'third.example' and refused") == 1


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
