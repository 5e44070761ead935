"""Two gateways on hosts of their own, and a cable that is cut between the first one and Redis."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from tests.integration.test_lease import NAME, Running, Stage
from tests.integration.test_process import BIN, ROOT, wait_for
from tests.kit import namespaces
from tests.kit.namespaces import Host

REDIS_NET, TWS_NET = 97, 98
pytestmark = pytest.mark.skipif(not namespaces.possible(), reason="no network namespaces here (root and ip are needed)")


class Apart(Stage):
    """A Stage whose gateways run on hosts of their own, with one cable to Redis and one to TWS."""

    def __init__(self, client: Any, redis_port: int, hosts: list[Host]) -> None:
        self.client, self.hosts = client, hosts
        self.tws_port = str(free_port())
        self.env = {"REDIS_PORT": str(redis_port), "TWS_API_PORT": self.tws_port, "TWS_GATEWAY_NAME": NAME}
        self.processes = [Running(_start([], "ibsim", "--interface=0.0.0.0", "--port", self.tws_port))]

    def on(self, host: Host, *flags: str) -> Running:
        env = {**self.env, "REDIS_HOST": host.far(REDIS_NET), "TWS_API_ADDR": host.far(TWS_NET)}
        running = Running(_start(host.prefix, "ibgateway", *flags, **env))
        self.processes.append(running)
        return running


def _start(prefix: list[str], *words: str, **env: str) -> subprocess.Popen[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
    return subprocess.Popen(
        [*prefix, str(BIN / "twistd"), "-n", "--pidfile=", *words], cwd=ROOT, env={**clean, **env}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.fixture
def stage() -> Iterator[Apart]:
    hosts = [Host(number, (REDIS_NET, TWS_NET)) for number in (1, 2)]
    addresses = " ".join(host.far(REDIS_NET) for host in hosts)
    try:
        with EmbeddedRedis("--bind", "127.0.0.1", *addresses.split(), "--protected-mode", "no") as server:
            client = redis.Redis(port=server.port, decode_responses=True)
            stage = Apart(client, server.port, hosts)
            try:
                yield stage
            finally:
                stage.end()
                client.close()
    finally:
        for host in hosts:
            host.remove()


def test_the_one_that_redis_does_not_hear_any_more_leaves_and_the_other_takes_over(stage: Apart) -> None:
    here, there = stage.hosts
    first = stage.on(here, "--exchanges=SMART")
    stage.trusted()
    one = stage.client.get(f"IBGateway:{NAME}:lease")
    second = stage.on(there, "--exchanges=SMART", "--standby")
    wait_for(lambda: stage.client.get(f"IBGateway:{NAME}:standby"))
    time.sleep(2)  # the holder hears of it with a renewal, and that is once a second
    here.cut(REDIS_NET)
    began = time.monotonic()
    wait_for(lambda: stage.client.get(f"IBGateway:{NAME}:lease") not in (one, None), 25)
    stage.trusted(25)
    assert time.monotonic() - began < 25
    two = stage.client.get(f"IBGateway:{NAME}:lease")
    assert "leaves TWS to the gateway that stands by" in first.said
    assert "holds its lease, number 2" in second.said
    # It comes back: another one's keys are not touched.
    here.mend(REDIS_NET)
    assert first.process.wait(60) == 1
    first.end()
    assert "has lost its lease to another gateway" in first.said or "another gateway works under" in first.said
    assert stage.client.get(f"IBGateway:{NAME}:lease") == two and json.loads(two)["number"] == 2
    stage.trusted(5)
