"""Orders with today's members, size rules and executions of several days, against ibsim in the newest text dialect."""

from __future__ import annotations

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.model import keys as names
from ibgw_tx.tws.api.client import MAX_VERSION

from .kit import NAME, World, until

NEWEST_TEXT = 200
SHARE = {"secType": "STK", "symbol": "AAPL", "currency": "USD", "exchange": "SMART"}
MEMBERS = {"includeOvernight": True, "professionalCustomer": True, "customerAccount": "C1", "duration": 60}

pytestmark = pytest.mark.skipif(MAX_VERSION < NEWEST_TEXT, reason="the installed ibapi speaks no such dialect")


async def trading(world: World, version: int = NEWEST_TEXT, **flags: str) -> None:
    world.replace_simulator(server_version=version, rate=0.0001)
    await world.start(**flags)
    await until(lambda: world.gateway.assembly.orders.is_running)


@ensureDeferred
async def test_members_of_today_reach_tws_and_survive_a_change_from_a_later_life(world: World) -> None:
    await trading(world)
    order = {"T": "buy", "s": 10, "p": 100, "client_oid": "m", **MEMBERS}
    ack = await world.bot.send("PLACE_ORDER", contract=SHARE, order=order)
    assert ack["ok"], ack
    await until(lambda: world.requests("placeOrder"))
    await world.stop_gateway()
    world.start_gateway()
    await world.ready()
    await until(lambda: world.gateway.assembly.orders.is_running)
    ack = await world.bot.send("PLACE_ORDER", order={"client_oid": "m", "p": 101})
    assert ack["ok"], ack
    await until(lambda: len(world.requests("placeOrder")) == 2)
    new, change = world.requests("placeOrder")
    # usePriceMgmtAlgo, duration, postToAts, autoCancelParent, advancedErrorOverride, manualOrderTime, customerAccount, ...
    assert new[-10:] == change[-10:] and {"60", "C1"} <= set(change[-10:]) and change[-10:].count("1") == 2


@ensureDeferred
async def test_why_tws_has_rejected_an_order_comes_with_its_error_and_in_the_order(world: World) -> None:
    await trading(world)
    world.sim.trouble.orders.reject_next_order(advanced='{"rejects":[{"code":"8227","size":0.00012345}]}')
    start = len(world.bot.heard)
    ack = await world.bot.send("PLACE_ORDER", contract=SHARE, order={"T": "buy", "s": 0.5, "p": 100, "client_oid": "r"})
    error = await world.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"], start)
    assert error["reject"] == {"rejects": [{"code": "8227", "size": 0.00012345}]} and error["errorTime"] > 1_500_000_000_000
    channel = names.order_channel(ack["market"], NAME)
    await until(lambda: next((m for m in world.bot.on(channel, start) if m.get("reject") == error["reject"]), None))


@ensureDeferred
@pytest.mark.parametrize("version", [NEWEST_TEXT, 226])
async def test_a_preview_tells_margins_outside_regular_hours(world: World, version: int) -> None:
    await trading(world, version)
    start = len(world.bot.heard)
    ack = await world.bot.send("PLACE_ORDER", contract=SHARE, order={"T": "buy", "s": 10, "p": 100, "whatIf": True})
    result = await world.bot.hear(lambda m: m["type"] in ("result", "error") and m["id"] == ack["id"], start)
    assert result["initMarginChange"] > 0 and result["marginCurrency"] == "USD", result
    outside = {name: result[name] for name in result if name.endswith("OutsideRTH")}
    assert len(outside) == 9 and outside["initMarginChangeOutsideRTH"] > 0


@ensureDeferred
async def test_a_size_off_the_rules_of_tws_is_refused_before_it_leaves(world: World) -> None:
    await trading(world)
    ack = await world.bot.send("PLACE_ORDER", contract=SHARE, order={"T": "buy", "s": 0.00005, "p": 100})
    assert not ack["ok"] and "minSize 0.0001" in ack["err"] and not world.requests("placeOrder")


@ensureDeferred
@pytest.mark.parametrize("version", [188, 189, 226])
async def test_an_overnight_order_needs_a_tws_that_knows_of_it(world: World, version: int) -> None:
    await trading(world, version)
    order = {"T": "buy", "s": 1, "p": 100, "includeOvernight": True, "outsideRth": True}
    ack = await world.bot.send("PLACE_ORDER", contract=SHARE, order=order)
    if version < 189:
        assert not ack["ok"] and "includeOvernight true needs TWS's server version 189" in ack["err"], ack
        assert not world.requests("placeOrder")
    else:
        await until(lambda: world.requests("placeOrder"))
        [asked] = world.sim.office.journal.named("placeOrder")
        assert asked.args["includeOvernight"] is True and asked.args["outsideRth"] is True


@ensureDeferred
async def test_a_member_that_the_version_lacks_is_refused(world: World) -> None:
    await trading(world)
    ack = await world.bot.send("PLACE_ORDER", contract=SHARE, order={"T": "buy", "s": 1, "p": 100, "postOnly": True})
    assert not ack["ok"] and "server version 216 or later, and this session speaks 200" in ack["err"]
    assert not world.requests("placeOrder")


@ensureDeferred
async def test_executions_of_several_days_are_asked_for(world: World) -> None:
    await trading(world, execution_days="3")
    assert "3" in world.requests("reqExecutions")[0][-3:]
