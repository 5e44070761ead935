"""Changes of orders on a real Redis and ibsim: what TWS shows after a restart is enough to change anything but what is fixed."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from .kit import NAME, World, sleep, until
from .test_orders import AAPL, AAPL_ID, BUY, placed, running_oms, state

ACK = f"IBGateway:{NAME}:ACK"

PRICE = {"condType": "Price", "conId": AAPL_ID, "exchange": "SMART", "isMore": False, "price": 90.5}


async def restarted(world: World) -> None:
    await world.stop_gateway()
    world.start_gateway()
    await world.ready()
    await running_oms(world)


async def change(world: World, **order: Any) -> Any:
    return await world.bot.send("PLACE_ORDER", order=order)


def last(world: World) -> Any:
    """The arguments of the last placeOrder that TWS has read."""
    return world.sim.office.journal.named("placeOrder")[-1].args


@pytest.mark.parametrize(
    "order",
    [
        {"conditions": [PRICE], "conditionsCancelOrder": True},
        {"conditions": [{"condType": "Time", "isMore": True, "time": "20350101 10:00:00 US/Eastern"}]},
        {"algoStrategy": "Adaptive", "algoParams": [{"tag": "adaptivePriority", "value": "Normal"}]},
        {"tif": "GTD", "goodTillDate": "20350105 15:30:00 US/Eastern"},
        {"tif": "GTC", "outsideRth": True, "hidden": True},
    ],
)
@ensureDeferred
async def test_after_a_restart_only_what_is_named_changes(running: World, order: dict[str, Any]) -> None:
    await running_oms(running)
    _, told = await placed(running, client_oid="a", **order)
    first = last(running)
    await restarted(running)
    ack = await change(running, i=told["i"], p=149)
    assert ack["ok"], ack
    await state(running, ack["apiOrderId"], "Submitted", "PreSubmitted", p=149)
    second = last(running)
    for name in order:
        assert second.get(name) == first.get(name), name


@ensureDeferred
async def test_gtd_becomes_gtc_after_a_restart(running: World) -> None:
    await running_oms(running)
    _, told = await placed(running, client_oid="a", tif="GTD", goodTillDate="20350105 15:30:00 US/Eastern")
    await restarted(running)
    ack = await change(running, i=told["i"], tif="GTC")
    assert ack["ok"], ack
    await state(running, ack["apiOrderId"], "Submitted", "PreSubmitted", tif="GTC")
    assert last(running)["goodTillDate"] == ""


@ensureDeferred
async def test_a_child_of_a_bracket_is_changed_after_a_restart(running: World) -> None:
    await running_oms(running)
    orders = [
        {"contract": AAPL, "order": {**BUY, "client_oid": "b"}},
        {"contract": AAPL, "order": {"T": "sell", "s": 100, "p": 300, "client_oid": "b-win"}},
        {"contract": AAPL, "order": {"T": "sell", "s": 100, "orderType": "STP", "aux": 100, "client_oid": "b-lose"}},
    ]
    ack = await running.bot.send("PLACE_ORDER", orders=orders)
    for order_id in ack["apiOrderIds"]:
        await state(running, order_id, "Submitted", "PreSubmitted")
    await restarted(running)
    ack = await change(running, client_oid="b-win", p=310)
    assert ack["ok"], ack
    await state(running, ack["apiOrderId"], "PreSubmitted", "Submitted", p=310)
    assert last(running)["ocaGroup"] == "" and last(running)["parentId"]


@ensureDeferred
async def test_both_of_a_plain_oca_group_live(running: World) -> None:
    await running_oms(running)
    pair = [{"contract": AAPL, "order": {**BUY, "p": price, "ocaGroup": "g", "client_oid": f"g-{price}"}} for price in (150, 149)]
    ack = await running.bot.send("PLACE_ORDER", orders=pair)
    for order_id in ack["apiOrderIds"]:
        await state(running, order_id, "Submitted", "PreSubmitted")


@ensureDeferred
async def test_a_held_order_is_told_and_let_go(running: World) -> None:
    await running_oms(running)
    held = await running.bot.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "h", "transmit": False})
    told = await state(running, held["apiOrderId"], "Inactive")
    assert told["alive"] and told["transmit"] is False
    ack = await change(running, client_oid="h", transmit=True)
    assert ack["ok"], ack
    told = await state(running, held["apiOrderId"], "Submitted", "PreSubmitted")
    assert "transmit" not in told


@pytest.mark.parametrize("code", [201, 321])
@ensureDeferred
async def test_the_member_that_tws_refused_is_not_sent_again(running: World, code: int) -> None:
    await running_oms(running)
    ack, _ = await placed(running, client_oid="a")
    running.sim.trouble.orders.reject_next_order(code, "no", with_status=False)
    assert (await change(running, client_oid="a", tif="GTC"))["ok"]
    await until(lambda: any(m["type"] == "error" and m["code"] == code for m in running.bot.on(ACK)))
    assert (await change(running, client_oid="a", p=149))["ok"]
    await state(running, ack["apiOrderId"], "Submitted", "PreSubmitted", p=149, tif="DAY")
    assert last(running)["tif"] == "DAY"


ADJUSTED = {"adjustedOrderType": "STP", "triggerPrice": 300, "adjustedStopPrice": 290}


@pytest.mark.parametrize("again", [False, True])
@ensureDeferred
async def test_an_adjustment_that_is_still_to_come_is_kept(running: World, again: bool) -> None:
    await running_oms(running)
    ack, told = await placed(running, {"T": "sell", "s": 100, "orderType": "STP", "aux": 100}, client_oid="a", **ADJUSTED)
    if again:
        await restarted(running)
    assert (await change(running, i=told["i"], s=50))["ok"]
    await state(running, ack["apiOrderId"], "Submitted", "PreSubmitted", s=50)
    assert {name: last(running)[name] for name in ADJUSTED} == ADJUSTED


@ensureDeferred
async def test_a_trailing_stop_keeps_the_ground_it_has_won(running: World) -> None:
    await running_oms(running)
    running.sim.freeze()
    running.sim.trouble.set_book(AAPL_ID, [(99.9, 1000)], [(100.0, 1000)])
    order = {"T": "sell", "s": 100, "orderType": "TRAIL", "aux": 2, "trailStopPrice": 98}
    ack, told = await placed(running, order, client_oid="a")
    running.sim.trouble.set_book(AAPL_ID, [(110.9, 1000)], [(111.0, 1000)])
    await sleep(0.3)
    assert (await change(running, i=told["i"], s=50))["ok"]
    await state(running, ack["apiOrderId"], "Submitted", "PreSubmitted", s=50)
    stop = running.sim.tws.orders.store.by_perm(int(told["i"])).stop
    assert stop is not None and stop > 105, "what the market has moved is not moved back"
