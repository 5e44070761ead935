"""Orders through lost lines, restarts, crashes and answers that do not come (users.md, points 2, 4, 5, 6, 7, 14)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.orders.cache.cache import Patience
from ibgw_tx.orders.shell import asking as orderasking

from .kit import NAME, World, sleep, until
from .test_orders import AAPL_ID, BUY, CHANNEL, FLAG, HASH, in_hash, place, placed, running_oms, state

OPEN_ORDER, ORDER_STATUS, EXECUTION = 5, 3, 11


async def trusted(world: World) -> bool:
    flag, mark = await world.bot.call("GET", FLAG), await world.bot.call("HGET", HASH, "t")
    return flag == b"1" and mark is not None


async def settled(world: World, field: str, **figures: Any) -> Any:
    """The order in the hash, once it has these figures."""
    for _ in range(300):
        order = await in_hash(world, field)
        if order is not None and all(order[name] == value for name, value in figures.items()):
            return order
        await sleep(0.05)
    raise AssertionError(f"{field}: {await in_hash(world, field)}, wanted {figures}")


def cheap_ask(world: World, price: float) -> None:
    """AAPL is offered at `price`: a resting buy above it fills."""
    world.sim.trouble.set_book(AAPL_ID, [(price - 0.02, 1000)], [(price, 1000)])


def shorten(world: World) -> None:
    """Waits that a person would have, in less time."""
    cache = world.gateway.assembly.orders.cache  # type: ignore[union-attr]
    cache._patience = cache._waits.patience = Patience(
        answer=300, give_up=900, held=300, word=300, ask_again=500, fresh=100
    )


@pytest.fixture
def short_steps() -> Iterator[None]:
    limit, orderasking.STEP_LIMIT = orderasking.STEP_LIMIT, 0.4
    yield
    orderasking.STEP_LIMIT = limit


@ensureDeferred
async def test_a_fill_while_disconnected_is_told_as_recovered(running: World) -> None:
    await running_oms(running)
    ack, order = await placed(running, client_oid="away")
    await running.stop_gateway()
    assert not await trusted(running)
    cheap_ask(running, 149.0)
    running.sim.step(1)
    start = len(running.bot.heard)
    running.start_gateway()
    filled = await state(running, ack["apiOrderId"], "Filled", start=start)
    assert filled["recovered"] is True and filled["executed"] == 100 and filled["i"] == order["i"]
    assert await settled(running, "away", status="Filled", alive=False)
    await running_oms(running)


@ensureDeferred
async def test_marks_go_with_the_line_and_come_back_after_the_snapshot(running: World) -> None:
    await running_oms(running)
    await placed(running, client_oid="line")
    assert await trusted(running)
    running.sim.trouble.lose_link()
    await until(lambda: not running.gateway.is_linked)  # type: ignore[union-attr]
    await sleep(0.1)
    assert await running.bot.call("EXISTS", FLAG) == 0 and await running.bot.call("HEXISTS", HASH, "t") == 0
    refused = await place(running, client_oid="line-2")
    assert refused["code"] == "not_connected"
    running.sim.trouble.restore_link()
    await running_oms(running)
    await settled(running, "line", alive=True)
    assert await trusted(running)
    running.sim.trouble.drop()
    await until(lambda: not running.gateway.is_linked)  # type: ignore[union-attr]
    await sleep(0.05)
    assert await running.bot.call("HEXISTS", HASH, "t") == 0
    await running_oms(running)


@ensureDeferred
async def test_reset_takes_the_orders_anew(running: World) -> None:
    await running_oms(running)
    await placed(running, client_oid="anew")
    before = len(running.requests("reqAllOpenOrders"))
    assert (await running.bot.send("RESET"))["ok"]
    await until(lambda: len(running.requests("reqAllOpenOrders")) > before)
    await running_oms(running)
    await settled(running, "anew", alive=True)


@ensureDeferred
async def test_a_snapshot_that_timed_out_is_not_an_empty_one(world: World, short_steps: None) -> None:
    await world.bot.connect()
    stale = {"i": "77", "client_oid": "old", "apiOrderId": 3, "clientId": 0, "account": "DU1000001", "market": "NASDAQ"}
    stale |= {"pair": "USD-AAPL", "secType": "STK", "conId": AAPL_ID, "T": "buy", "s": 10, "p": 1, "aux": None}
    stale |= {"orderType": "LMT", "tif": "GTC", "executed": 0, "remained": 10, "status": "Submitted", "alive": True}
    stale |= {"avg_price": None, "last_price": None, "commission": None, "commissionCurrency": None}
    stale |= {"t": 1_600_000_000_000, "updateTime": 1_600_000_000_000}
    stale |= {"extCode": None, "extMsg": None}
    await world.bot.call("HSET", HASH, "t", "1", "77", json.dumps(stale), "old", json.dumps(stale))
    world.start_simulator()
    world.sim.trouble.ignore_next("reqAllOpenOrders", 2)
    world.start_gateway()
    await until(lambda: len(world.requests("reqAllOpenOrders")) == 2)
    assert await world.bot.call("EXISTS", FLAG) == 0 and await world.bot.call("HEXISTS", HASH, "t") == 0
    assert (await in_hash(world, "77"))["alive"] is True, "nothing was concluded"
    await running_oms(world)
    gone = await settled(world, "77", status="Unknown", alive=False)
    assert gone["client_oid"] == "old"
    told = [order for order in world.bot.on(CHANNEL) if order["i"] == "77"]
    assert told and told[-1]["recovered"] is True


@ensureDeferred
async def test_an_answer_that_never_comes_is_unknown_and_settles_itself(running: World) -> None:
    await running_oms(running)
    shorten(running)
    running.sim.trouble.ignore_next("placeOrder")
    ack = await place(running, client_oid="silent")
    assert ack["ok"]
    order = await until(lambda: next((o for o in running.bot.on(CHANNEL) if o["client_oid"] == "silent"), None))
    assert order["status"] == "Unknown" and order["alive"] is False
    assert len(running.requests("placeOrder")) == 1, "never sent again"
    assert (await place(running, client_oid="silent"))["code"] == "duplicate"


@ensureDeferred
async def test_an_order_whose_words_were_lost_is_found_by_asking(running: World) -> None:
    await running_oms(running)
    shorten(running)
    for message in (OPEN_ORDER, ORDER_STATUS):
        running.sim.trouble.lose_next(message, 2)
    ack = await place(running, client_oid="lost-words")
    order = await state(running, ack["apiOrderId"], "Submitted", "PreSubmitted")
    assert order["alive"] is True and order["i"]


@ensureDeferred
async def test_an_unknown_code_ends_nothing(running: World) -> None:
    await running_oms(running)
    ack, order = await placed(running, client_oid="notice")
    for code in (10349, 399, 2109, 31337):
        running.sim.trouble.error(code, f"notice {code}", ack["apiOrderId"])
    error = await running.bot.hear(lambda m: m.get("code") == 31337)
    assert error["type"] == "error" and error["id"] == ack["id"]
    await sleep(0.3)
    assert (await in_hash(running, "notice"))["alive"] is True
    assert (await running.bot.send("CANCEL_ORDER", client_oid="notice"))["ok"]
    await state(running, ack["apiOrderId"], "Cancelled")
    assert order["alive"] is True


@ensureDeferred
async def test_ids_that_go_backwards_are_not_used_again(running: World) -> None:
    await running_oms(running)
    one, _ = await placed(running, client_oid="id1")
    two, _ = await placed(running, client_oid="id2", p=149)
    start = len(running.bot.heard)
    running.sim.trouble.day.restart(next_ids_back=5)
    await running.not_ready(start)
    await running.ready()
    await running_oms(running)
    three, _ = await placed(running, client_oid="id3", p=148)
    assert one["apiOrderId"] < two["apiOrderId"] < three["apiOrderId"]
    await running.stop_gateway()
    running.sim.trouble.day.restart(next_ids_back=50)
    running.start_gateway()
    await running.ready()
    await running_oms(running)
    four, _ = await placed(running, client_oid="id4", p=147)
    assert four["apiOrderId"] > three["apiOrderId"]


@ensureDeferred
async def test_a_reservation_outlives_a_crash_before_the_answer(running: World) -> None:
    await running_oms(running)
    command = {"id": "k", "cmd": "PLACE_ORDER", "params": {"order": BUY}, "t": 1}
    await running.bot.call("SET", f"IBGateway:{NAME}:client_oid:crashed", json.dumps(command))
    refused = await place(running, client_oid="crashed")
    assert refused["code"] == "duplicate" and refused["order"] is None and refused["reserved"] == command
    assert not running.requests("placeOrder")


@ensureDeferred
async def test_a_reservation_of_an_order_that_was_refused_here_is_free_again(running: World) -> None:
    await running_oms(running)
    refused = await running.bot.send(
        "PLACE_ORDER",
        orders=[
            {"contract": {"conId": AAPL_ID, "exchange": "SMART"}, "order": {**BUY, "client_oid": "free"}},
            {"contract": {"conId": AAPL_ID, "exchange": "SMART"}, "order": {**BUY, "client_oid": "taken", "T": "sell"}},
        ],
    )
    assert refused["ok"], refused
    again = await running.bot.send(
        "PLACE_ORDER",
        orders=[
            {"contract": {"conId": AAPL_ID, "exchange": "SMART"}, "order": {**BUY, "client_oid": "free-2"}},
            {"contract": {"conId": AAPL_ID, "exchange": "SMART"}, "order": {**BUY, "client_oid": "taken", "T": "sell"}},
        ],
    )
    assert again["code"] == "duplicate"
    ack, _ = await placed(running, client_oid="free-2", p=140)
    assert ack["ok"]


@ensureDeferred
async def test_an_instant_fill_without_order_status(running: World) -> None:
    await running_oms(running)
    running.sim.trouble.lose_next(ORDER_STATUS, 10)
    ack = await place(running, {"T": "buy", "s": 100, "orderType": "MKT", "client_oid": "instant"})
    order = await state(running, ack["apiOrderId"], "Filled")
    assert order["executed"] == 100 and order["remained"] == 0


@ensureDeferred
async def test_repeated_messages_change_nothing(running: World) -> None:
    await running_oms(running)
    for message in (OPEN_ORDER, ORDER_STATUS, EXECUTION):
        running.sim.trouble.repeat_next(message, 5)
    await place(running, {"T": "buy", "s": 100, "orderType": "MKT", "client_oid": "twice"})
    await settled(running, "twice", status="Filled", executed=100)
    await until(lambda: any(order["commission"] is not None for order in running.bot.on(CHANNEL)))
    told = [json.dumps({**order, "updateTime": 0}) for order in running.bot.on(CHANNEL)]
    assert len(told) == len(set(told)), "an unchanged order is not sent again"


@ensureDeferred
async def test_redis_restarted_gets_the_orders_again(world: World) -> None:
    await world.start()
    await running_oms(world)
    await placed(world, client_oid="kept")
    await world.bot.call("FLUSHALL")
    await world.bot.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await settled(world, "kept", alive=True)
    await running_oms(world)
    assert int(await world.bot.call("GET", f"IBGateway:{NAME}:order_id")) > 0
