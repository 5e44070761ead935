"""Profit and loss and account values on a real Redis and ibsim; ib_async at the same TWS sees the same."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.model import keys as names

from .judge import ib_async_sees
from .kit import NAME, World, sleep
from .test_accounts import eventually

PNL = """
ib.reqPnL("{account}")
for conId in {con_ids}: ib.reqPnLSingle("{account}", "", conId)
ib.sleep(1.5)
whole = ib.pnl()[0]
return [[whole.dailyPnL, whole.unrealizedPnL, whole.realizedPnL],
        [[p.conId, p.position, p.dailyPnL, p.unrealizedPnL, p.realizedPnL, p.value] for p in ib.pnlSingle()]]
"""
VALUES = 'return [[v.tag, v.currency, v.value] for v in ib.accountValues() if v.account == "{account}"]'


def same(ours: Any, theirs: Any) -> bool:
    return theirs is not None and (ours is None or abs(ours - theirs) < 1e-6)


@ensureDeferred
async def test_profit_and_loss_follows_positions_and_ib_async_sees_the_same(world: World) -> None:
    world.replace_simulator(rate=0.0001)
    await world.start()
    (account,) = world.sim.office.accounts
    key = names.pnl(NAME, account)
    found = await eventually(world, key, lambda p: p["daily"] is not None and len(p["positions"]) >= 4)
    balance = await world.bot.get(f"IBGateway:{NAME}:balance")
    assert set(found["positions"]) == {name for name, each in balance.items() if each["type"] == "position"}
    singles = {each["conId"]: each for each in found["positions"].values()}
    whole, seen = await ib_async_sees(world.tws_port, PNL.format(account=account, con_ids=list(singles)))
    found = await world.bot.get(key)
    assert all(map(same, (found["daily"], found["unrealized"], found["realized"]), whole)), (found, whole)
    singles = {each["conId"]: each for each in found["positions"].values()}
    for con_id, *figures in seen:
        ours = [singles[con_id][name] for name in ("pos", "daily", "unrealized", "realized", "value")]
        assert all(map(same, ours, figures)), (ours, figures)
    world.sim.trouble.set_position(account, 272093, 7, 411.5)
    await eventually(world, key, lambda p: p["positions"].get("NASDAQ:STK:USD-MSFT", {}).get("pos") == 7)
    world.sim.trouble.set_position(account, 272093, 0, 0)
    await eventually(world, key, lambda p: "NASDAQ:STK:USD-MSFT" not in p["positions"])


@ensureDeferred
async def test_it_is_asked_anew_after_a_loss(world: World) -> None:
    await world.start()
    (account,) = world.sim.office.accounts
    key = names.pnl(NAME, account)
    before = await eventually(world, key, lambda p: p["daily"] is not None)
    world.sim.trouble.drop()
    await eventually(world, key, lambda p: p["t"] > before["t"] + 500)
    after = await world.bot.get(key)
    world.sim.trouble.lose_link()
    await sleep(0.2)
    world.sim.trouble.restore_link(data_kept=False)
    await eventually(world, key, lambda p: p["t"] > after["t"] + 500)


@pytest.mark.parametrize("accounts", [("DU1000001",), ("DU1", "DU2")])
@ensureDeferred
async def test_every_account_value_stands_in_a_hash_and_ib_async_sees_the_same(world: World, accounts: tuple[str, ...]) -> None:
    world.replace_simulator(accounts=accounts, rate=0.0001)
    await world.start()
    for account in accounts:
        reply = await world.bot.call("HGETALL", names.account(NAME, account))
        pairs = zip(reply[::2], reply[1::2], strict=True)
        kept = {field.decode(): value.decode() for field, value in pairs}
        assert int(kept.pop("t")) > 1_700_000_000_000
        assert kept["CashBalance:USD"] and (account != accounts[0] or kept["AccountType"] == "INDIVIDUAL")
        if account == accounts[0]:
            seen = await ib_async_sees(world.tws_port, VALUES.format(account=account))
            theirs = {f"{tag}:{currency}" if currency else tag: value for tag, currency, value in seen}
            assert set(kept) == set(theirs)
            assert [key for key in kept if kept[key] != theirs[key] and not kept[key].replace(".", "").isdigit()] == []
