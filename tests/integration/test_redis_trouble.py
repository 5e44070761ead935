"""Redis goes, stalls, comes back empty, or refuses the password: the gateway goes on, and the TWS session is not touched."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from pytest_twisted import ensureDeferred

from ibgw_tx.demo.embedded_redis import EmbeddedRedis

from .kit import NAME, Bot, World, sleep, until
from .test_books import HK, HK_KEY, full_book, is_a_book, subscribe


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis()
    yield server
    server.stop()


@pytest_twisted.async_yield_fixture
async def own_world(own_redis: EmbeddedRedis) -> Any:
    world = World(own_redis)
    yield world
    await world.stop()


@ensureDeferred
async def test_a_gateway_started_before_redis_works_once_redis_is_there(own_world: World, own_redis: EmbeddedRedis) -> None:
    own_world.start_simulator()
    own_world.start_gateway()
    await until(lambda: own_world.requests("reqAccountUpdates"))
    own_redis.start()
    await own_world.bot.connect()
    await own_world.ready(limit=15)
    await subscribe(own_world)
    await full_book(own_world)


@ensureDeferred
async def test_redis_restarted_empty_gets_everything_again(own_world: World, own_redis: EmbeddedRedis) -> None:
    own_redis.start()
    await own_world.start()
    await subscribe(own_world)
    await full_book(own_world)
    own_redis.kill()
    await sleep(0.5)
    own_redis.start()
    bot = own_world.bot
    start = len(bot.heard)
    await bot.hear(lambda m: m.get("type") == "heartbeat" and m["status"], start, limit=15)
    await full_book(own_world, HK, start)

    async def complete() -> bool:
        keys = {key.decode() for key in await bot.call("KEYS", "*")}
        wanted = {f"IBGateway:{NAME}:balance", f"IBGateway:{NAME}:subscriptions", f"IBGateway:{NAME}:status", HK_KEY}
        return wanted | {"IBGateway:Contract:STK:SEHK:HKD-1137", "IBGateway:ContractId:72276551"} <= keys

    for _ in range(100):
        if await complete():
            break
        await sleep(0.1)
    assert await complete()
    assert (await bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-700"))["ok"], "CMD is heard again"
    assert len(own_world.requests("startApi")) == 1, "TWS has noticed nothing"


@ensureDeferred
async def test_a_stalled_redis_gets_the_newest_state_and_never_an_older_one(
    own_world: World, own_redis: EmbeddedRedis
) -> None:
    own_redis.start()
    await own_world.start()
    await subscribe(own_world)
    await full_book(own_world)
    os.kill(own_redis.pid, signal.SIGSTOP)
    try:
        for _ in range(60):
            own_world.sim.step(50)
            await sleep(0.01)
        own_world.sim.freeze()
        await sleep(0.2)
    finally:
        os.kill(own_redis.pid, signal.SIGCONT)
    shelf = own_world.gateway.assembly.channels.by_name[HK].feeds[0].rows  # type: ignore[union-attr]
    best = shelf.bids[0][0], shelf.asks[0][0]
    last = await until(lambda: next((b for b in own_world.bot.on(HK)[-1:] if (b[0][0]["p"], b[1][0]["p"]) == best), None))
    assert is_a_book(last)
    times = [book[2] for book in own_world.bot.on(HK)]
    assert times == sorted(times)
    assert len(own_world.requests("startApi")) == 1


@ensureDeferred
async def test_a_refused_password_is_tried_again_until_it_fits(own_world: World, own_redis: EmbeddedRedis) -> None:
    own_redis.start()
    await own_world.bot.connect()
    bot: Bot = own_world.bot
    await bot.call("CONFIG", "SET", "requirepass", "a-secret")
    own_world.start_simulator()
    own_world.start_gateway()
    await sleep(1.0)
    assert own_world.gateway is not None and not own_world.gateway.redis.up
    await bot.call("CONFIG", "SET", "requirepass", "")
    await own_world.ready(limit=15)


@ensureDeferred
async def test_the_right_password_opens(own_world: World, own_redis: EmbeddedRedis, tmp_path: Any) -> None:
    own_redis.start()
    await own_world.bot.connect()
    await own_world.bot.call("CONFIG", "SET", "requirepass", "a-secret")
    secret = tmp_path / "secret"
    secret.write_text("a-secret\n")
    own_world.start_simulator()
    own_world.start_gateway(redis_password_file=str(secret))
    await own_world.ready()
