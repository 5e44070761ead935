"""The channel of fills on a real Redis and ibsim; ib_async at the same TWS sees the same."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred

from ibgw_tx.model import keys as names

from .judge import ib_async_sees
from .kit import NAME, World, sleep, until
from .test_orders import AAPL_ID, CHANNEL, place, placed, running_oms, state

FILLS = names.fills(NAME)
SEEN = """
ib.reqExecutions()
ib.sleep(0.2)
return sorted([f.execution.execId, f.execution.price, f.execution.shares, f.commissionReport.commission,
               f.commissionReport.realizedPNL, f.execution.permId, f.time.timestamp() * 1000]
              for f in ib.fills() if f.contract.secType != "BAG")
"""


def fills(world: World) -> list[Any]:
    return world.bot.on(FILLS)


async def some(world: World, count: int) -> list[Any]:
    """So many messages on the channel of fills, the newest last."""
    await until(lambda: len(fills(world)) >= count, say=f"{count} fills")
    return fills(world)


@ensureDeferred
async def test_an_execution_is_told_once_then_its_commission_and_ib_async_sees_the_same(running: World) -> None:
    await running_oms(running)
    ack = await place(running, {"T": "buy", "s": 100, "orderType": "MKT", "client_oid": "m1"})
    order = await state(running, ack["apiOrderId"], "Filled")
    told, updates = [], []
    for one in await some(running, 2):
        (updates if one.get("update") else told).append(one)
    assert sum(one["s"] for one in told) == 100 and {one["i"] for one in told} == {order["i"]}
    assert [one["commission"] for one in told] == [None] * len(told)
    await until(lambda: len([one for one in fills(running) if one.get("update")]) == len(told))
    seen = await ib_async_sees(running.tws_port, SEEN)
    ours = [
        [one["execId"], one["p"], one["s"], one["commission"], one["realizedPnl"] or 0.0, int(one["i"]), one["t"]]
        for one in fills(running)
        if one.get("update")
    ]
    assert sorted(ours) == [[*row[:4], row[4] if abs(row[4]) < 1e300 else 0.0, *row[5:]] for row in seen]
    kept = await running.bot.call("HLEN", names.executions(NAME))
    assert kept == len(told)


@ensureDeferred
async def test_over_a_restart_and_a_new_session_each_is_told_once_and_what_happened_meanwhile_too(running: World) -> None:
    await running_oms(running)
    _ack, order = await placed(running, client_oid="resting")
    perm_id = int(order["i"])
    running.sim.trouble.orders.fill(perm_id, 10)
    await some(running, 2)
    await running.stop_gateway()
    running.sim.trouble.orders.fill(perm_id, 20)
    await sleep(0.5)
    running.start_gateway()
    await running.ready()
    await some(running, 4)
    running.sim.trouble.drop()
    running.sim.trouble.orders.fill(perm_id, 30)
    await some(running, 6)
    await running_oms(running)
    await sleep(0.5)
    assert [(one["s"], one.get("recovered"), one.get("update")) for one in fills(running)] == [
        (10, None, None), (10, None, True), (20, True, None), (20, True, True), (30, True, None), (30, True, True)
    ]  # fmt: skip
    assert {(one["i"], one["client_oid"], one["pair"]) for one in fills(running)} == {(order["i"], "resting", "USD-AAPL")}


@ensureDeferred
async def test_a_correction_and_a_bust_are_told_as_such(running: World) -> None:
    await running_oms(running)
    _ack, order = await placed(running, client_oid="fixed")
    first = running.sim.trouble.orders.fill(int(order["i"]), 40)
    await some(running, 2)
    second = running.sim.trouble.orders.correct(first, quantity=30)
    third = running.sim.trouble.orders.bust(second)
    told = (await some(running, 4))[2:]
    assert [(one["execId"], one["corrects"], one["s"], one.get("busted")) for one in told] == [
        (second, first, 30, None), (third, second, 0, True)
    ]  # fmt: skip
    await until(lambda: running.bot.on(CHANNEL)[-1]["executed"] == 0)


@ensureDeferred
async def test_a_combo_and_its_legs_are_told_apart(running: World) -> None:
    await running_oms(running)
    legs = [{"conId": AAPL_ID, "ratio": 1, "action": "BUY", "exchange": "SMART"},
            {"conId": 272093, "ratio": 1, "action": "SELL", "exchange": "SMART"}]  # fmt: skip
    combo = {"secType": "BAG", "symbol": "AAPL,MSFT", "exchange": "SMART", "currency": "USD", "comboLegs": legs}
    ack = await place(running, {"T": "buy", "s": 10, "p": -900, "client_oid": "spread"}, contract=combo)
    assert ack["ok"], ack
    (order,) = await until(lambda: running.bot.on(f"URANUS:{ack['market']}:{NAME}:O_channel")[:1])
    running.sim.trouble.orders.fill(int(order["i"]), 10, 5.0)
    await until(lambda: len([one for one in fills(running) if one.get("update")]) >= 2)
    told = [one for one in fills(running) if not one.get("update")]
    (whole,) = [one for one in told if one.get("combo")]
    parts = [one for one in told if one.get("leg")]
    assert len(told) == 3 and {(one["conId"], one["T"], one["s"]) for one in parts} == {
        (AAPL_ID, "buy", 10), (272093, "sell", 10)
    }  # fmt: skip
    assert {(one["market"], one["pair"], one["i"]) for one in told} == {(ack["market"], ack["pair"], whole["i"])}
    assert {one["conId"] for one in fills(running) if one.get("update")} >= {AAPL_ID, 272093}
