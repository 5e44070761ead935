"""Fixtures over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from tests.kit.program import Program
from tests.kit.sim_process import SimProcess
from tests.kit.tws_server import TWSServer

from .kit import World


def pytest_collection_modifyitems(items: list[Any]) -> None:
    for item in items:
        if "integration" in str(item.path):
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
def client(redis_server: EmbeddedRedis) -> Iterator[Any]:
    """A blocking client of an empty Redis, for tests of processes."""
    client = redis.Redis(port=redis_server.port, decode_responses=True)
    client.flushall()
    yield client
    client.close()


@pytest_twisted.async_yield_fixture
async def world(redis_server: EmbeddedRedis) -> Any:
    """A world that is not started yet, on an empty Redis."""
    world = World(redis_server)
    redis.Redis(port=redis_server.port).flushall()
    yield world
    await world.stop()


@pytest_twisted.async_yield_fixture
async def running(world: World) -> Any:
    """A world with status true."""
    await world.start()
    yield world


@pytest.fixture
def tws() -> Iterator[TWSServer]:
    """A scripted TWS that listens."""
    server = TWSServer()
    yield server
    server.close()


@pytest.fixture
def program(client: Any, redis_server: EmbeddedRedis, tws: TWSServer, tmp_path: Path) -> Iterator[Program]:
    """The installed gateway over the scripted TWS, not started yet."""
    made = Program(client, redis_server.port, tws.port, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def simulator() -> Iterator[SimProcess]:
    """ibsim in a process, with as many orders as a test likes."""
    made = SimProcess("--order-limit=0")
    yield made
    made.stop()


@pytest.fixture
def outside(client: Any, redis_server: EmbeddedRedis, simulator: SimProcess, tmp_path: Path) -> Iterator[Program]:
    """The installed gateway over ibsim, not started yet."""
    made = Program(client, redis_server.port, simulator.port, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def trading(outside: Program) -> Program:
    """The installed gateway over ibsim, trading."""
    outside.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")
    return outside
