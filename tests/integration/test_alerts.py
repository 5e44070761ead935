"""What wakes a pager (issue 13, item 10): each kind of event on ACK and in the stream of events, on a real Redis and ibsim."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred

from .judge import ib_async_sees
from .kit import NAME, World, until
from .test_orders import AAPL, place, running_oms


async def streamed(world: World, kind: str) -> int:
    """How often the stream of events has a type."""
    entries = await world.bot.call("XRANGE", f"IBGateway:{NAME}:events", "-", "+")
    return [entry[1][1].decode() for entry in entries].count(kind)


async def alert(world: World, start: int, **wanted: Any) -> Any:
    return await world.bot.hear(
        lambda m: m["type"] == "alert" and all(m[member] == value for member, value in wanted.items()), start
    )


async def state(world: World, start: int, status: bool, reason: str = "") -> Any:
    return await world.bot.hear(
        lambda m: m["type"] == "state" and m["status"] is status and (not reason or reason in m["reasons"][0]), start
    )


@ensureDeferred
async def test_tws_that_comes_goes_and_loses_its_link(world: World) -> None:
    await world.start()
    assert (await state(world, 0, True))["reasons"] == [], "TWS is up"
    start = len(world.bot.heard)
    world.sim.trouble.drop()
    await state(world, start, False)
    await state(world, start, True)
    start = len(world.bot.heard)
    world.sim.trouble.lose_link()
    await state(world, start, False, "no link to IB")
    world.sim.trouble.restore_link()
    await state(world, start, True)
    assert await streamed(world, "state") >= 5


@ensureDeferred
async def test_an_account_that_ib_is_not_ready_with(running: World) -> None:
    start = len(running.bot.heard)
    running.sim.trouble.account_ready("DU1000001", False)
    await state(running, start, False, "IB is not ready with account DU1000001")
    running.sim.trouble.account_ready("DU1000001", True)
    await state(running, start, True)


@ensureDeferred
async def test_a_farm_that_breaks_and_is_back(running: World) -> None:
    start = len(running.bot.heard)
    running.sim.trouble.farm_down("usfarm")
    told = await alert(running, start, kind="farm", what="usfarm", on=True)
    assert "2103" in told["text"]
    running.sim.trouble.farm_up("usfarm")
    assert "2104" in (await alert(running, start, kind="farm", what="usfarm", on=False))["text"]
    running.sim.trouble.farm_down("usfarm")
    await until(lambda: len([m for m in running.bot.on_ack(start) if m["type"] == "alert"]) == 3)
    # With another session it may be well again, and TWS says so in its greeting.
    running.sim.office.faults.farms_down.clear()
    running.sim.trouble.drop()
    await until(lambda: [m for m in running.bot.on_ack(start) if m["type"] == "alert"][-1]["on"] is False)
    assert await streamed(running, "alert") == 4


@ensureDeferred
async def test_a_limit_that_is_hit_is_told_at_once_and_not_for_each_order(world: World) -> None:
    await world.start(max_quantity="50")
    await running_oms(world)
    start = len(world.bot.heard)
    for _ in range(3):
        assert (await place(world, {"T": "buy", "s": 51, "p": 150}, AAPL))["code"] == "limit"
    told = await alert(world, start, kind="limit", what="max_quantity", on=True)
    assert "51 is above 50" in told["text"]
    await world.bot.send("HALT", reason="fire")
    assert (await place(world, {"T": "buy", "s": 1, "p": 150}, AAPL))["code"] == "limit"
    await alert(world, start, kind="limit", what="halt")
    assert len([m for m in world.bot.on_ack(start) if m["type"] == "alert"]) == 2
    world.sim.trouble.error(100, "Max rate of messages per second has been exceeded")
    await alert(world, start, kind="limit", what="message-rate")


@ensureDeferred
async def test_a_feed_that_tws_refuses_and_then_serves(running: World) -> None:
    start = len(running.bot.heard)
    running.sim.trouble.fail_next("reqMktDepth", 354, "Requested market data is not subscribed.")
    ack = await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    told = await alert(running, start, kind="feed", on=True)
    assert told["what"] == f"odbk {ack['channel']}" and "354" in told["text"]
    await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    await alert(running, start, kind="feed", what=told["what"], on=False)


@ensureDeferred
async def test_what_stands_when_the_gateway_ends_is_told_as_over_by_the_next_life(running: World) -> None:
    start = len(running.bot.heard)
    running.sim.trouble.fail_next("reqMktDepth", 354, "Requested market data is not subscribed.")
    await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    running.sim.trouble.farm_down("usfarm")
    feed, farm = [await alert(running, start, kind=kind, on=True) for kind in ("feed", "farm")]
    assert len(await running.bot.call("HKEYS", f"IBGateway:{NAME}:alerts")) == 2
    await running.stop_gateway()
    running.sim.office.faults.farms_down.clear()
    start = len(running.bot.heard)
    running.start_gateway()
    for told in (feed, farm):
        await alert(running, start, kind=told["kind"], what=told["what"], on=False)
    assert not [m for m in running.bot.on_ack(start) if m["type"] == "alert" and m["on"]]
    await until(lambda: running.gateway.redis.unanswered["commands"] == 0)
    assert not await running.bot.call("EXISTS", f"IBGateway:{NAME}:alerts")


@ensureDeferred
async def test_bars_that_tws_refuses(running: World) -> None:
    start = len(running.bot.heard)
    running.sim.trouble.fail_next("reqRealTimeBars", 420, "Invalid Real-time Query")
    ack = await running.bot.send("SUB_BARS", exchange="SEHK", showName="HKD-1137", barSize="5 secs")
    told = await alert(running, start, kind="feed", what=f"bars {ack['channel']}", on=True)
    assert told["channel"] == ack["channel"]
    await running.bot.send("UNSUB_BARS", exchange="SEHK", showName="HKD-1137", barSize="5 secs")
    await alert(running, start, kind="feed", channel=ack["channel"], on=False)


@ensureDeferred
async def test_a_bulletin(running: World) -> None:
    running.sim.trouble.bulletin("NYSE is not available", 2, "NYSE")
    told = await running.bot.hear(lambda m: m["type"] == "bulletin")
    assert (told["kind"], told["exchange"]) == (2, "NYSE") and await streamed(running, "bulletin") == 1
    assert await ib_async_sees(running.tws_port, BULLETINS) == [[told["number"], told["kind"], told["text"], told["exchange"]]]


BULLETINS = """
ib.reqNewsBulletins(True)
ib.sleep(0.5)
return [[b.msgId, b.msgType, b.message, b.origExchange] for b in ib.newsBulletins()]
"""
