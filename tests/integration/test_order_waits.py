"""What ends the wait of an order over real sockets: before its contract is known, and while Redis takes no writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.model import keys as names

from .kit import NAME, World, sleep, until
from .test_orders import AAPL, BUY, place, placed, running_oms

MSFT = {**AAPL, "symbol": "MSFT"}


@pytest.mark.parametrize("end", [("CANCEL_ALL", {}), ("HALT", {}), ("CANCEL_ORDER", {"client_oid": "early"})])
@ensureDeferred
async def test_an_order_whose_contract_is_asked_for_does_not_leave_after_the_end(running: World, end: Any) -> None:
    await running_oms(running)
    running.sim.trouble.delay_next(10, 1.0)  # CONTRACT_DATA
    running.sim.trouble.delay_next(52, 1.0)  # CONTRACT_DATA_END
    order = {**BUY, "client_oid": "early"}
    command = {"id": "early", "cmd": "PLACE_ORDER", "params": {"contract": MSFT, "order": order}}
    asked = len(running.requests("reqContractDetails"))
    running.bot.redis.publish(names.commands(NAME), json.dumps(command))
    await until(lambda: len(running.requests("reqContractDetails")) > asked)
    cmd, params = end
    assert (await running.bot.send(cmd, **params))["ok"]
    refused = await running.bot.hear(lambda message: message.get("id") == "early")
    assert refused["ok"] is False
    await sleep(2)
    assert not running.requests("placeOrder") and not await running.bot.call("EXISTS", names.reservation(NAME, "early"))
    assert len([ack for ack in running.bot.on_ack() if ack.get("id") == "early"]) == 1


@ensureDeferred
async def test_what_redis_does_not_take_is_not_done_and_a_halt_says_that_it_is_not_kept(
    running: World, failures: list[Any]
) -> None:
    await running_oms(running)
    await placed(running, client_oid="before")
    await running.bot.call("CONFIG", "SET", "maxmemory", "1")
    sent = len(running.requests("placeOrder"))
    try:
        refused = await place(running)
        assert refused["code"] == "unavailable" and len(running.requests("placeOrder")) == sent
        change = await running.bot.send("PLACE_ORDER", order={"client_oid": "before", "p": 140})
        assert change["code"] == "unavailable" and len(running.requests("placeOrder")) == sent
        halt = await running.bot.send("HALT", reason="full")
        assert halt["ok"] and halt["kept"] is False
    finally:
        await running.bot.call("CONFIG", "SET", "maxmemory", "0")
    for _ in range(100):
        if await running.bot.call("EXISTS", names.halt(NAME)):
            break
        await sleep(0.05)
    assert json.loads(await running.bot.call("GET", names.halt(NAME)))["reason"] == "full"
    await running_oms(running)
    assert (await place(running))["code"] == "limit"
    failures.clear()


@ensureDeferred
async def test_cancel_orders_cancels_what_fits(running: World) -> None:
    await running_oms(running)
    one, _ = await placed(running, client_oid="s1-a")
    two, _ = await placed(running, client_oid="s2-a")
    ack = await running.bot.send("CANCEL_ORDERS", exchange="NASDAQ", showName="USD-AAPL", prefix="s1-")
    assert ack["apiOrderIds"] == [one["apiOrderId"]]
    cache = running.gateway.assembly.orders.cache  # type: ignore[union-attr]
    await until(lambda: not cache.orders.is_open(one["apiOrderId"]))
    assert cache.orders.is_open(two["apiOrderId"])
