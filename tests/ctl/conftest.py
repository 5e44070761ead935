"""A gateway, a real Redis and a simulated TWS for ibgwctl to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from tests.integration.test_process import start, wait_for
from tests.kit.operator import NAME, Operator


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture(scope="module")
def keys(server: EmbeddedRedis) -> Iterator[Any]:
    client = redis.Redis(port=server.port, decode_responses=True)
    yield client
    client.close()


@pytest.fixture(scope="module")
def operator(server: EmbeddedRedis, keys: Any) -> Iterator[Operator]:
    """With a gateway whose status is true."""
    tws_port = str(free_port())
    sim = start("ibsim", "--port", tws_port)
    gateway = start("ibgateway", TWS_API_PORT=tws_port, REDIS_PORT=str(server.port), TWS_GATEWAY_NAME=NAME)
    try:
        wait_for(lambda: json.loads(keys.get(f"IBGateway:{NAME}:status") or "[false]")[0], limit=60)
        wait_for(lambda: keys.get(f"URANUS:SEHK:{NAME}:OMS"), limit=60)
        yield Operator(server.port)
    finally:
        for process in (gateway, sim):
            process.kill()
            process.communicate()
