"""Sections 3 and 4 on a real Redis: status, heartbeat, balance."""

from __future__ import annotations

from pytest_twisted import ensureDeferred
from twisted.internet import reactor

from .kit import NAME, World, sleep, until

STATUS, BALANCE = f"IBGateway:{NAME}:status", f"IBGateway:{NAME}:balance"


@ensureDeferred
async def test_the_status_is_written_every_second_and_false_without_tws(world: World) -> None:
    await world.bot.connect()
    started = reactor.seconds()
    world.tws_port = 1  # nothing listens there
    world.start_gateway()
    await world.not_ready()
    assert reactor.seconds() - started < 1.5
    first = await world.bot.get(STATUS)
    await sleep(1.2)
    second = await world.bot.get(STATUS)
    assert first[0] is second[0] is False
    # News is written between the seconds too: at the latest after one there is a newer status.
    assert 0 < second[1] - first[1] <= 2200
    refused = await world.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    assert (refused["ok"], refused["code"]) == (False, "not_connected")


@ensureDeferred
async def test_status_is_true_only_after_the_balance_is_there(world: World) -> None:
    await world.bot.connect()
    world.start_simulator()
    world.sim.trouble.ignore_next("reqAccountUpdates")
    gateway = world.start_gateway()
    await until(lambda: world.requests("reqAccountUpdates"))
    await sleep(1.2)
    assert (await world.bot.get(STATUS))[0] is False
    assert await world.bot.get(BALANCE) is None
    await world.bot.send("RESET")
    await world.ready()
    assert await world.bot.get(BALANCE)
    assert gateway.status


@ensureDeferred
async def test_the_balance_has_cash_and_positions_under_their_listing_exchange(running: World) -> None:
    balance = await running.bot.get(BALANCE)
    assert balance["USD"] == {"type": "cash", "currency": "USD", "balance": 484333.21}
    assert "BASE" not in balance
    position = balance["NASDAQ:STK:USD-AAPL"]
    assert position["type"] == "position" and position["pos"] == 100 and position["contract"]["conId"] == 265598
    assert set(position) == {
        "type", "contract", "pos", "avgCost", "marketPrice", "marketValue", "unrealPnl", "realPnl"
    }  # fmt: skip


@ensureDeferred
async def test_a_closed_position_stays_with_zero_and_cash_follows(running: World) -> None:
    running.sim.trouble.set_position("DU1000001", 265598, 0, 0)
    running.sim.trouble.add_cash("DU1000001", "USD", 1000)

    async def followed() -> bool:
        balance = await running.bot.get(BALANCE)
        return balance["NASDAQ:STK:USD-AAPL"]["pos"] == 0 and balance["USD"]["balance"] == 485333.21

    deadline = reactor.seconds() + 10
    while not await followed():
        assert reactor.seconds() < deadline
        await sleep(0.1)


@ensureDeferred
async def test_a_clean_stop_writes_false_and_empties_the_books(running: World) -> None:
    await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    channel = "URANUS:SEHK:HKD-1137:full_odbk_channel"
    await until(lambda: running.bot.on(channel))
    await running.stop_gateway()
    assert (await running.bot.get(STATUS))[0] is False
    await until(lambda: running.bot.on(channel)[-1][:2] == [[], []])
    assert (await running.bot.get("URANUS:SEHK:HKD-1137:orderbook"))[:2] == [[], []]


@ensureDeferred
async def test_an_account_that_is_not_ours_never_gets_true(world: World) -> None:
    await world.bot.connect()
    world.start_simulator()
    world.start_gateway(account="DU999")
    await until(lambda: world.sim.clients)
    await sleep(1.5)
    assert (await world.bot.get(STATUS))[0] is False
