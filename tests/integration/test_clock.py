"""The wall clock of the host is set while an order works and a book runs: nothing happens but other times in messages."""

from __future__ import annotations

import time

import pytest
from pytest_twisted import ensureDeferred

from .kit import NAME, World, sleep, until
from .test_orders import CHANNEL, FLAG, placed, running_oms

HOUR = 3600.0
STATUS = f"IBGateway:{NAME}:status"


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 120.0])
@ensureDeferred
async def test_a_set_clock_ends_no_session_doubts_no_order_and_stops_nothing(running: World, jump: float) -> None:
    await running_oms(running)
    asked = await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    book = asked["channel"]
    _, order = await placed(running, client_oid="clock")
    await until(lambda: running.bot.on(book))
    sessions = len(running.requests("startApi"))
    start = len(running.bot.heard)

    running.clock_ahead = jump
    await sleep(2.5)

    beats = [m for m in running.bot.on_ack(start) if m["type"] == "heartbeat"]
    assert len(beats) >= 2 and all(beat["status"] for beat in beats)
    now = (time.time() + jump) * 1000
    assert abs((await running.bot.get(STATUS))[1] - now) < 2500
    assert await running.bot.call("GET", FLAG) == b"1" and await running.bot.call("TTL", FLAG) > 5
    assert len(running.requests("startApi")) == sessions
    assert all(told["alive"] for told in running.bot.on(CHANNEL, start))
    _, more = await placed(running, client_oid="after")
    assert abs(more["t"] - now) < 5000
    cancelled = await running.bot.send("CANCEL_ORDER", i=order["i"])
    assert cancelled["ok"]


@ensureDeferred
async def test_a_book_goes_on_with_the_new_time(running: World) -> None:
    asked = await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    await until(lambda: running.bot.on(asked["channel"]))
    running.clock_ahead = -HOUR
    start = len(running.bot.heard)
    later = await until(lambda: running.bot.on(asked["channel"], start)[2:])
    assert all(abs(t - (time.time() - HOUR) * 1000) < 3000 for _, _, t in later)
