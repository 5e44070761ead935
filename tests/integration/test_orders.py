"""Section 7 and the order commands of section 8 on a real Redis and ibsim."""

from __future__ import annotations

import json
from typing import Any

from pytest_twisted import ensureDeferred

from .kit import NAME, World, sleep, until

AAPL = {"secType": "STK", "symbol": "AAPL", "exchange": "SMART", "currency": "USD"}
AAPL_ID = 265598
HASH = f"URANUS:NASDAQ:{NAME}:O:USD-AAPL"
CHANNEL = f"URANUS:NASDAQ:{NAME}:O_channel"
FLAG = f"URANUS:NASDAQ:{NAME}:OMS"
BUY = {"T": "buy", "s": 100, "p": 150}


async def place(world: World, order: dict[str, Any] = BUY, contract: dict[str, Any] = AAPL, **more: Any) -> Any:
    return await world.bot.send("PLACE_ORDER", contract=contract, order={**order, **more})


async def placed(world: World, order: dict[str, Any] = BUY, **more: Any) -> tuple[Any, Any]:
    """(ack, the order once TWS has it working)."""
    ack = await place(world, order, **more)
    assert ack["ok"], ack
    return ack, await state(world, ack["apiOrderId"], "Submitted", "PreSubmitted", "Filled")


async def state(world: World, api_id: int, *statuses: str, start: int = 0, **figures: Any) -> Any:
    """The first message on the order channel with one of these statuses (and figures)."""

    def found() -> Any:
        for order in world.bot.on(CHANNEL, start):
            fits = all(order[name] == value for name, value in figures.items())
            if order["apiOrderId"] == api_id and order["status"] in statuses and fits:
                return order
        return None

    return await until(found, say=f"order {api_id} in {statuses}")


async def in_hash(world: World, field: str) -> Any:
    value = await world.bot.call("HGET", HASH, field)
    return None if value is None else json.loads(value)


async def running_oms(world: World) -> None:
    for _ in range(300):
        if await world.bot.call("GET", FLAG) == b"1":
            return
        await sleep(0.05)
    raise AssertionError("no OMS flag")


@ensureDeferred
async def test_a_limit_order_is_placed_told_and_stands_in_the_hash(running: World) -> None:
    await running_oms(running)
    ack, order = await placed(running, client_oid="bot-1")
    assert order["T"] == "buy" and order["s"] == 100 and order["p"] == 150 and order["client_oid"] == "bot-1"
    assert order["market"] == "NASDAQ" and order["pair"] == "USD-AAPL" and order["alive"] is True
    assert order["tif"] == "DAY" and order["account"] == "DU1000001" and order["remained"] == 100
    assert (order["ttl_qty"], order["executed_qty"], order["remained_qty"]) == (100, 0, 100)
    last = running.bot.on(CHANNEL)[-1]
    assert await in_hash(running, last["i"]) == last == await in_hash(running, "bot-1")
    assert await running.bot.call("HEXISTS", HASH, "t") == 1
    assert ack["apiOrderId"] == order["apiOrderId"]


@ensureDeferred
async def test_a_market_order_fills_and_its_commission_follows(running: World) -> None:
    await running_oms(running)
    ack = await place(running, {"T": "buy", "s": 100, "orderType": "MKT", "client_oid": "m1"})
    order = await state(running, ack["apiOrderId"], "Filled")
    assert order["alive"] is False and order["executed"] == 100 and order["remained"] == 0 and order["avg_price"] > 0
    await until(lambda: running.bot.on(CHANNEL)[-1]["commission"] is not None)
    assert (await in_hash(running, "m1"))["commission"] > 0


@ensureDeferred
async def test_a_cancel_by_each_of_its_three_names(running: World) -> None:
    await running_oms(running)
    for number, name in enumerate(("apiOrderId", "i", "client_oid")):
        ack, order = await placed(running, client_oid=f"c{number}")
        cancel = await running.bot.send("CANCEL_ORDER", **{name: order[name]})
        assert cancel["ok"], cancel
        gone = await state(running, ack["apiOrderId"], "Cancelled")
        assert gone["alive"] is False
        error = await running.bot.hear(lambda m, id=cancel["id"]: m["type"] == "error" and m["id"] == id)
        assert error["code"] == 202 and error["cmd"] == "CANCEL_ORDER"
        again = await running.bot.send("CANCEL_ORDER", client_oid=f"c{number}")
        assert again["code"] == "unknown_order" and "Cancelled" in again["err"]


@ensureDeferred
async def test_sending_twice_never_makes_two_orders(running: World) -> None:
    await running_oms(running)
    ack, order = await placed(running, client_oid="once")
    again = await place(running, client_oid="once")
    assert (again["ok"], again["code"]) == (False, "duplicate")
    assert again["order"]["i"] == order["i"]
    assert len(running.requests("placeOrder")) == 1
    assert ack["apiOrderId"] == again["order"]["apiOrderId"]


@ensureDeferred
async def test_bad_orders_are_refused_and_nothing_leaves(running: World) -> None:
    await running_oms(running)
    bad: list[tuple[dict[str, Any], str]] = [
        ({**BUY, "colour": "red"}, "colour"),
        ({**BUY, "s": 0}, "0"),
        ({**BUY, "s": -1}, "-1"),
        ({**BUY, "p": 150.005}, "150.005"),
        ({**BUY, "client_oid": "t"}, "client_oid"),
        ({**BUY, "client_oid": "12345"}, "client_oid"),
        ({**BUY, "client_oid": "bröt"}, "ASCII"),
        ({**BUY, "tif": "FOREVER"}, "tif"),
        ({**BUY, "account": "DU9"}, "DU9"),
        ({"T": "buy", "s": 100}, "lmtPrice"),
        ({**BUY, "T": "hold"}, "HOLD"),
        ({**BUY, "orderType": "STP"}, "aux"),
    ]
    for order, word in bad:
        ack = await running.bot.send("PLACE_ORDER", contract=AAPL, order=order)
        assert ack["code"] == "bad_params" and word in ack["err"], ack
    ack = await running.bot.send("PLACE_ORDER", contract={**AAPL, "symbol": "NOSUCH"}, order=BUY)
    assert ack["code"] == "unknown_contract"
    assert not running.requests("placeOrder")
    assert await running.bot.call("KEYS", f"IBGateway:{NAME}:client_oid:*") == []


@ensureDeferred
async def test_an_order_that_tws_refuses_is_told_with_its_reason(running: World) -> None:
    await running_oms(running)
    running.sim.trouble.fail_next("placeOrder", 201, "Order rejected - reason:No trading permission")
    ack = await place(running, client_oid="r1")
    assert ack["ok"]
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 201
    order = await until(lambda: next((o for o in running.bot.on(CHANNEL) if o["client_oid"] == "r1"), None))
    assert order["alive"] is False and order["extCode"] == 201 and "No trading" in order["extMsg"]


@ensureDeferred
async def test_changing_a_live_order(running: World) -> None:
    await running_oms(running)
    ack, order = await placed(running, client_oid="mod")
    change = await running.bot.send("PLACE_ORDER", order={"i": order["i"], "p": 149.5, "s": 120})
    assert change["ok"] and change["apiOrderId"] == ack["apiOrderId"], change
    await state(running, ack["apiOrderId"], "Submitted", "PreSubmitted", p=149.5, s=120)
    refused = await running.bot.send("PLACE_ORDER", order={"i": order["i"], "T": "sell"})
    assert refused["code"] == "bad_params"
    refused = await running.bot.send("PLACE_ORDER", order={"i": "999", "p": 1})
    assert refused["code"] == "unknown_order"


@ensureDeferred
async def test_a_bracket_goes_as_one_and_lives_as_one(running: World) -> None:
    await running_oms(running)
    orders = [
        {"contract": AAPL, "order": {**BUY, "client_oid": "b"}},
        {"contract": AAPL, "order": {"T": "sell", "s": 100, "p": 300, "client_oid": "b-win"}},
        {"contract": AAPL, "order": {"T": "sell", "s": 100, "orderType": "STP", "aux": 100, "client_oid": "b-lose"}},
    ]
    ack = await running.bot.send("PLACE_ORDER", orders=orders)
    assert ack["ok"] and len(ack["apiOrderIds"]) == 3, ack
    for client_oid in ("b", "b-win", "b-lose"):
        await until(
            lambda name=client_oid: any(o["client_oid"] == name and o["alive"] for o in running.bot.on(CHANNEL))
        )
    assert len(running.requests("placeOrder")) == 3
    orders[1]["order"]["s"] = -5
    refused = await running.bot.send("PLACE_ORDER", orders=orders)
    assert refused["ok"] is False and len(running.requests("placeOrder")) == 3


@ensureDeferred
async def test_a_preview_tells_margins_and_leaves_no_order(running: World) -> None:
    await running_oms(running)
    ack = await place(running, whatIf=True)
    assert ack["ok"]
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    assert isinstance(result["initMarginChange"], int | float)
    await sleep(0.3)
    assert not running.bot.on(CHANNEL)


@ensureDeferred
async def test_halt_refuses_new_orders_survives_a_restart_and_lets_cancels_through(running: World) -> None:
    await running_oms(running)
    ack, _ = await placed(running, client_oid="h1")
    assert (await running.bot.send("HALT", reason="lunch"))["ok"]
    refused = await place(running, client_oid="h2")
    assert refused["code"] == "limit" and "lunch" in refused["err"]
    await running.stop_gateway()
    running.start_gateway()
    await running.ready()
    await running_oms(running)
    assert (await place(running, client_oid="h3"))["code"] == "limit"
    assert (await running.bot.send("CANCEL_ORDER", client_oid="h1"))["ok"]
    assert (await running.bot.send("RESUME"))["ok"]
    again, _ = await placed(running, client_oid="h4")
    assert again["apiOrderId"] > ack["apiOrderId"]


@ensureDeferred
async def test_limits_refuse_by_name(world: World) -> None:
    await world.start(max_quantity="100", max_open_orders="1", allowed_symbols="AAPL")
    await running_oms(world)
    assert "max_quantity" in (await place(world, s=101))["err"]
    other = await place(world, contract={**AAPL, "symbol": "MSFT"})
    assert other["code"] == "limit" and "allowed_symbols" in other["err"]
    await placed(world)
    assert "max_open_orders" in (await place(world))["err"]
    assert len(world.requests("placeOrder")) == 1


@ensureDeferred
async def test_limits_of_value_rate_and_price_refuse_by_name(world: World) -> None:
    await world.start(max_notional="20000", max_orders_per_second="2", price_collar="5")
    await running_oms(world)
    unknown = await place(world, p=150)
    assert unknown["code"] == "limit" and "price_collar" in unknown["err"], "no book is known yet"
    await world.bot.send("SUB_ODBK", exchange="SMART", showName="USD-AAPL")
    world.sim.freeze()
    world.sim.trouble.set_book(AAPL_ID, [(199.9, 1000)], [(200.0, 1000)])
    channel = "URANUS:NASDAQ:USD-AAPL:full_odbk_channel"
    await until(lambda: any(book[1] and book[1][0]["p"] == 200 for book in world.bot.on(channel)))
    assert "max_notional" in (await place(world, p=190, s=110))["err"]
    assert "price_collar" in (await place(world, p=211, s=10))["err"]
    one, two = await place(world, p=150, s=10), await place(world, p=151, s=10)
    assert one["ok"] and two["ok"]
    three = await place(world, p=152, s=10)
    assert three["code"] == "limit" and "max_orders_per_second" in three["err"]
    assert len(world.requests("placeOrder")) == 2


@ensureDeferred
async def test_cancel_all(running: World) -> None:
    await running_oms(running)
    one, _ = await placed(running, client_oid="x1")
    two, _ = await placed(running, client_oid="x2", p=149)
    assert (await running.bot.send("CANCEL_ALL"))["ok"]
    for ack in (one, two):
        await state(running, ack["apiOrderId"], "Cancelled")
