"""Over real sockets: more is asked than TWS takes, and a Redis that refuses; what is said stays true, and the log short."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from pytest_twisted import ensureDeferred
from twisted.logger import LogLevel, formatEvent, globalLogPublisher

from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from ibgw_tx.model import keys as names

from .kit import NAME, World, sleep, until
from .test_books import full_book, subscribe

STATUS, BALANCE = names.status(NAME), names.balance(NAME)


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Every line of info and above."""
    seen: list[str] = []

    def observe(event: Any) -> None:
        if event["log_level"] is not LogLevel.debug:
            seen.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield seen
    globalLogPublisher.removeObserver(observe)


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


async def ask(world: World, count: int) -> None:
    for number in range(count):
        params = {"contract": {"secType": "STK", "symbol": f"NO{number}"}}
        text = json.dumps({"id": f"q{number}", "cmd": "FIND_CONTRACTS", "params": params})
        await world.bot.call("PUBLISH", names.commands(NAME), text)


@ensureDeferred
async def test_thousands_of_questions_harm_no_session_and_each_is_answered_or_refused(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    sessions = len(running.requests("startApi"))
    start = len(running.bot.heard)
    await ask(running, 2000)
    ended = await running.bot.send("UNSUB_ODBK", exchange="SEHK", showName="HKD-1137")
    assert ended["ok"]
    await until(lambda: running.requests("cancelMktDepth"), limit=3)

    def acks() -> list[Any]:
        return [m for m in running.bot.on_ack(start) if m["type"] == "ack" and str(m["id"]).startswith("q")]

    await until(lambda: len(acks()) == 2000, limit=12)
    refused = [ack for ack in acks() if not ack["ok"]]
    assert refused and {ack["code"] for ack in refused} == {"limit"}
    assert len(running.requests("startApi")) == sessions
    taken = 2000 - len(refused)
    errors = await until(lambda: len([m for m in running.bot.on_ack(start) if m["type"] == "error"]) == taken)
    assert errors and all(m["code"] == 200 for m in running.bot.on_ack(start) if m["type"] == "error")


@ensureDeferred
async def test_a_hundred_resets_are_one(running: World) -> None:
    await sleep(1.1)
    before = len(running.requests("reqAccountUpdates"))
    start = len(running.bot.heard)
    for number in range(100):
        await running.bot.call("PUBLISH", names.commands(NAME), json.dumps({"id": f"r{number}", "cmd": "RESET"}))
    await until(lambda: len([m for m in running.bot.on_ack(start) if m["type"] == "ack" and m["ok"]]) == 100)
    await running.ready()
    assert len(running.requests("reqAccountUpdates")) - before <= 3


@ensureDeferred
async def test_a_redis_that_comes_back_empty_has_the_balance_before_true(own_world: World, own_redis: EmbeddedRedis) -> None:
    own_redis.start()
    await own_world.start()
    for _ in range(3):
        own_redis.kill()
        await sleep(0.3)
        own_redis.start()
        start = len(own_world.bot.heard)
        await own_world.bot.hear(lambda m: m.get("type") == "heartbeat" and m["status"], start, limit=15)
        assert await own_world.bot.get(BALANCE) is not None and (await own_world.bot.get(STATUS))[0]


@ensureDeferred
async def test_a_flushed_redis_is_written_again_without_a_lost_connection(running: World) -> None:
    await running.bot.call("FLUSHALL")
    start = len(running.bot.heard)
    await running.ready()
    beats = [m["status"] for m in running.bot.on_ack(start) if m["type"] == "heartbeat"]
    assert await running.bot.get(BALANCE) is not None and beats[-1]


@pytest.mark.parametrize("trouble", ["OOM", "READONLY"])
@ensureDeferred
async def test_a_redis_that_refuses_is_told_once_and_so_is_its_end(
    own_world: World, own_redis: EmbeddedRedis, log: list[str], trouble: str, failures: Any
) -> None:
    own_redis.start()
    await own_world.start()
    await sleep(1.5)
    log.clear()
    bot = own_world.bot
    if trouble == "OOM":
        await bot.call("CONFIG", "SET", "maxmemory", "1")
    else:
        await bot.call("REPLICAOF", "127.0.0.1", "1")
    start = len(bot.heard)
    await own_world.not_ready(start)
    for _ in range(6):
        await sleep(1.0)
        beats = [m for m in bot.on_ack(start) if m["type"] == "heartbeat"]
        assert not beats[-1]["status"] and any(trouble in reason for reason in beats[-1]["reasons"])
    # The status, the command connection, the balance; a slow machine may add one of a connection.
    assert len(log) <= 5, log
    if trouble == "OOM":
        await bot.call("CONFIG", "SET", "maxmemory", "0")
    else:
        await bot.call("REPLICAOF", "NO", "ONE")
    start = len(bot.heard)
    await own_world.bot.hear(lambda m: m.get("type") == "heartbeat" and m["status"], start, limit=15)
    assert (await bot.get(STATUS))[0]
    assert any("status of test is true" in line for line in log)
    failures.clear()


@ensureDeferred
async def test_texts_of_others_stand_in_the_log_on_one_line(running: World, log: list[str]) -> None:
    ugly = "\x1b[2J\rstatus of test is true" + "x" * 200_000
    await running.bot.send_raw(json.dumps({"id": ugly, "cmd": "RESET", "params": {"x": 1}}), ugly)
    await running.bot.send_raw(json.dumps({"id": 1, "cmd": "SUB_ODBK", "params": {"exchange": ugly, "showName": ugly}}), 1)
    assert log and all(line.isprintable() and len(line) < 3000 for line in log)
