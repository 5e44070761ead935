"""A command about a feed is acknowledged when its bytes have left, not while they wait for TWS's message rate."""

from __future__ import annotations

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred

from .kit import World, sleep, until

NAME = {"exchange": "SEHK", "showName": "HKD-1137"}
BARS = {**NAME, "barSize": "5 secs"}
SOON = 0.4  # seconds: what has left is there by then, what waits for the message rate is not


async def at_once(world: World, name: str) -> None:
    """TWS has been asked once: what is acknowledged is on its way already."""
    await until(lambda: len(world.requests(name)) == 1, SOON, "acknowledged, and not sent yet")


FEEDS = [
    ("ODBK", NAME, "reqMktDepth", "cancelMktDepth"),
    ("TOP", NAME, "reqMktData", "cancelMktData"),
    ("TOP", {**NAME, "tickByTick": True}, "reqTickByTickData", "cancelTickByTickData"),
    ("BARS", BARS, "reqRealTimeBars", "cancelRealTimeBars"),
]


def fill_the_second(world: World) -> None:
    """What the gateway itself needs goes first, as many as leave within a second."""
    assert world.gateway is not None
    for _ in range(40):
        world.gateway.linked_session().client.ask_current_time()


@ensureDeferred
@pytest.mark.parametrize(("feed", "params", "begins", "ends"), FEEDS)
async def test_the_ack_comes_behind_the_bytes(
    running: World, feed: str, params: dict[str, object], begins: str, ends: str
) -> None:
    await running.bot.send("FIND_CONTRACTS", secType="STK", symbol="1137", exchange="SEHK", currency="HKD")
    await sleep(1.2)
    fill_the_second(running)
    ack = await running.bot.send(f"SUB_{feed}", **params)
    assert ack["ok"], ack
    await at_once(running, begins)
    again = await running.bot.send(f"SUB_{feed}", **params)
    assert again["ok"] and len(running.requests(begins)) == 1
    await sleep(1.2)
    fill_the_second(running)
    params = {name: value for name, value in params.items() if name != "tickByTick"}
    ack = await running.bot.send(f"UNSUB_{feed}", **params)
    assert ack["ok"], ack
    await at_once(running, ends)


@ensureDeferred
@pytest.mark.parametrize("feed", ["ODBK", "TOP", "BARS"])
async def test_what_ends_the_wait_refuses_the_command_and_nothing_is_kept(running: World, feed: str) -> None:
    params = BARS if feed == "BARS" else NAME
    await running.bot.send("FIND_CONTRACTS", secType="STK", symbol="1137", exchange="SEHK", currency="HKD")
    await sleep(1.2)
    fill_the_second(running)
    waiting = Deferred.fromCoroutine(running.bot.send(f"SUB_{feed}", **params))
    await sleep(0.05)
    running.sim.trouble.lose_link()
    ack = await waiting
    assert not ack["ok"] and ack["code"] == "not_connected", ack
    running.sim.trouble.restore_link()
    await running.ready()
    await sleep(1.5)
    assert running.requests("reqMktDepth", "reqMktData", "reqRealTimeBars") == []
    kept = await running.bot.call("HGETALL", "IBGateway:test:subscriptions")
    assert not kept and not await running.bot.call("HGETALL", "IBGateway:test:bars")
