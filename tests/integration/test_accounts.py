"""Section 4 with several accounts, and the questions about accounts, on a real Redis and ibsim."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred

from .kit import NAME, World, sleep, until

BALANCE = f"IBGateway:{NAME}:balance"


async def eventually(world: World, key: str, holds: Any, limit: float = 10.0) -> Any:
    """The JSON of a key, once `holds(value)` is true."""
    for _ in range(int(limit / 0.05)):
        value = await world.bot.get(key)
        if value is not None and holds(value):
            return value
        await sleep(0.05)
    raise AssertionError(f"{key}: {await world.bot.get(key)}")


@ensureDeferred
async def test_each_of_several_accounts_has_its_own_key_and_the_plain_one_holds_the_chosen(world: World) -> None:
    world.replace_simulator(accounts=("DU1", "DU2", "DU3"))
    await world.start(account="DU2")
    world.sim.trouble.add_cash("DU3", "USD", 12.5)
    plain = await eventually(world, BALANCE, lambda b: "USD" in b)
    assert plain == await world.bot.get(f"{BALANCE}:DU2")
    one, three = await world.bot.get(f"{BALANCE}:DU1"), await world.bot.get(f"{BALANCE}:DU3")
    assert one and three
    await eventually(world, f"{BALANCE}:DU3", lambda b: b["USD"]["balance"] == three["USD"]["balance"] + 12.5)
    assert await world.bot.get(f"{BALANCE}:DU1") == one, "nothing of another account"
    positions = [entry for entry in plain.values() if entry["type"] == "position"]
    assert all(entry["marketPrice"] is not None for entry in positions)


@ensureDeferred
async def test_the_status_waits_for_every_account(world: World) -> None:
    world.replace_simulator(accounts=("DU1", "DU2"))
    await world.bot.connect()
    world.start_simulator()
    world.sim.trouble.ignore_next("reqPositionsMulti")
    world.start_gateway()
    await until(lambda: world.requests("reqPositionsMulti"))
    await sleep(1.2)
    assert (await world.bot.get(f"IBGateway:{NAME}:status"))[0] is False
    assert await world.bot.get(f"{BALANCE}:DU2") is None


@ensureDeferred
async def test_balances_follow_positions_of_every_account(world: World) -> None:
    world.replace_simulator(accounts=("DU1", "DU2"))
    await world.start()
    world.sim.trouble.set_position("DU2", 272093, 7, 411.5)
    position = await eventually(
        world, f"{BALANCE}:DU2", lambda b: b.get("NASDAQ:STK:USD-MSFT", {}).get("pos") == 7
    )
    assert position["NASDAQ:STK:USD-MSFT"]["avgCost"] == 411.5
    world.sim.trouble.set_position("DU2", 272093, 0, 0)
    await eventually(world, f"{BALANCE}:DU2", lambda b: b["NASDAQ:STK:USD-MSFT"]["pos"] == 0)


@ensureDeferred
async def test_a_value_that_is_no_number_is_skipped_and_logged(running: World, lines: list[str]) -> None:
    before = await running.bot.get(BALANCE)
    running.sim.trouble.send(6, 2, "CashBalance", "rubbish", "USD", "DU1000001")
    await until(lambda: any("'rubbish', no number; skipped" in line for line in lines))
    await sleep(1.2)
    assert (await running.bot.get(BALANCE))["USD"] == before["USD"]


@ensureDeferred
async def test_the_account_list_is_in_the_ack(world: World) -> None:
    world.replace_simulator(accounts=("DU1", "DU2"))
    await world.start()
    ack = await world.bot.send("ACCOUNT_LIST")
    assert ack["ok"] and ack["accounts"] == ["DU1", "DU2"]


@ensureDeferred
async def test_summaries_are_written_and_told(world: World) -> None:
    world.replace_simulator(accounts=("DU1", "DU2"))
    await world.start()
    one = await world.bot.send("ACCOUNT_SUMMARY", account="DU2")
    two = await world.bot.send("ACCOUNT_SUMMARY")
    assert one["ok"] and two["ok"]
    result = await world.bot.hear(lambda m: m["type"] == "result" and m["id"] == one["id"])
    assert result["keys"] == [f"IBGateway:{NAME}:summary:DU2"]
    both = await world.bot.hear(lambda m: m["type"] == "result" and m["id"] == two["id"])
    assert len(both["keys"]) == 2
    summary = await world.bot.get(f"IBGateway:{NAME}:summary:DU2")
    assert isinstance(summary["NetLiquidation"]["value"], int | float) and summary["NetLiquidation"]["currency"]
    assert "USD" in summary["ledger"] and "BASE" not in summary["ledger"]
    await until(lambda: len(world.requests("cancelAccountSummary")) == len(world.requests("reqAccountSummary")))
    refused = await world.bot.send("ACCOUNT_SUMMARY", account="DU9")
    assert refused["code"] == "bad_params"
