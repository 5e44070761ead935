"""SUB_TOP, trades and greeks on a real Redis and ibsim."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred

from ibgw_tx.tws.api.client import MAX_VERSION

from .judge import ib_async_sees
from .kit import NAME, SERVER, World, sleep, until
from .test_books import full_book, is_a_book

AAPL = "URANUS:NASDAQ:USD-AAPL:full_odbk_channel"
TICKS = "URANUS:NASDAQ:USD-AAPL:full_tick_channel"
AAPL_ID = 265598


async def top(world: World, exchange: str = "SMART", show_name: str = "USD-AAPL") -> dict:
    ack = await world.bot.send("SUB_TOP", exchange=exchange, showName=show_name)
    assert ack["ok"], ack
    return ack


@ensureDeferred
async def test_level_1_is_a_one_level_book_on_the_books_channel(running: World) -> None:
    ack = await top(running)
    assert (ack["channel"], ack["tick_channel"]) == (AAPL, TICKS)
    await full_book(running, AAPL)
    for _ in range(20):
        running.sim.step(5)
        await sleep(0.02)
    books = running.bot.on(AAPL)
    assert all(is_a_book(book) for book in books)
    assert max(len(side) for book in books for side in book[:2]) == 1
    assert all(level["s"] % 100 == 0 for book in books for level in book[0] + book[1]), "lots of 100"


@ensureDeferred
async def test_trades_are_told_with_side_price_size_and_time(running: World) -> None:
    await top(running)
    bids, asks, _ = await full_book(running, AAPL)
    running.sim.freeze()
    running.sim.trouble.trade(AAPL_ID, asks[0]["p"] + 1, 300)
    await until(lambda: any(trade["p"] == asks[0]["p"] + 1 for m in running.bot.on(TICKS) for trade in m[0]))
    running.sim.trouble.trade(AAPL_ID, bids[0]["p"] - 1, 200)
    await until(lambda: any(trade["p"] == bids[0]["p"] - 1 for m in running.bot.on(TICKS) for trade in m[0]))
    trades = [trade for message in running.bot.on(TICKS) for trade in message[0]]
    by_price = {trade["p"]: trade for trade in trades}
    assert by_price[asks[0]["p"] + 1]["T"] == "buy" and by_price[bids[0]["p"] - 1]["T"] == "sell"
    assert all(set(trade) == {"T", "p", "s", "t"} and isinstance(trade["t"], int) for trade in trades)
    assert all(isinstance(message[-1], int) for message in running.bot.on(TICKS))


@ensureDeferred
async def test_level_1_is_silent_while_depth_is_on_and_comes_back_after_it(running: World) -> None:
    await top(running)
    await full_book(running, AAPL)
    await running.bot.send("SUB_ODBK", exchange="SMART", showName="USD-AAPL")
    await until(lambda: len(running.bot.on(AAPL)[-1][0]) > 1)
    start = len(running.bot.heard)
    for _ in range(10):
        running.sim.step(5)
        await sleep(0.02)
    assert all(len(book[0]) > 1 or len(book[1]) > 1 for book in running.bot.on(AAPL, start))
    start = len(running.bot.heard)
    await running.bot.send("UNSUB_ODBK", exchange="SMART", showName="USD-AAPL")
    await until(lambda: [len(book[0]) for book in running.bot.on(AAPL, start)][-1:] == [1])
    await running.bot.send("UNSUB_TOP", exchange="SMART", showName="USD-AAPL")
    await until(lambda: running.bot.on(AAPL)[-1][:2] == [[], []])
    assert await running.bot.call("HLEN", f"IBGateway:{NAME}:subscriptions") == 0


@ensureDeferred
async def test_no_price_and_no_size_are_no_level(running: World) -> None:
    await top(running)
    await full_book(running, AAPL)
    running.sim.freeze()
    request_id = running.request_ids("reqMktData")[-1]
    running.sim.trouble.send(1, 6, request_id, 1, -1, 0, 1)
    await until(lambda: running.bot.on(AAPL)[-1][0] == [])
    running.sim.trouble.send(2, 6, request_id, 3, 0)
    await until(lambda: running.bot.on(AAPL)[-1][:2] == [[], []])


@ensureDeferred
async def test_delayed_data_is_taken_and_marked_in_the_log(world: World, lines: list[str]) -> None:
    await world.start(market_data_type="3")
    await top(world, "IBIS", "EUR-IBM")
    await full_book(world, "URANUS:IBIS:EUR-IBM:full_odbk_channel")
    assert any("its data is delayed" in line for line in lines)


@ensureDeferred
async def test_the_greeks_of_an_option_stand_while_it_is_subscribed(running: World) -> None:
    name = "USD-AAPL@20350119@100C225"
    await top(running, "CBOE", name)
    key = f"IBGateway:Greeks:CBOE:OPT:{name}"
    for _ in range(200):
        greeks = await running.bot.get(key)
        if greeks and {"bid", "ask", "model"} <= set(greeks):
            break
        await sleep(0.05)
    assert set(greeks["model"]) == {"iv", "delta", "gamma", "vega", "theta", "undPrice"}
    assert 0 < greeks["model"]["delta"] < 1
    await running.bot.send("UNSUB_TOP", exchange="CBOE", showName=name)
    for _ in range(100):
        if await running.bot.get(key) is None:
            break
        await sleep(0.05)
    assert await running.bot.get(key) is None


@ensureDeferred
async def test_level_1_is_restored_after_a_restart(running: World) -> None:
    await top(running)
    await full_book(running, AAPL)
    await running.stop_gateway()
    start = len(running.bot.heard)
    running.start_gateway()
    await full_book(running, AAPL, start)


@ensureDeferred
async def test_tick_by_tick_trades_carry_their_conditions_and_their_exchange(running: World) -> None:
    ack = await running.bot.send("SUB_TOP", exchange="SMART", showName="USD-AAPL", tickByTick=True)
    assert ack["ok"], ack
    bids, asks, _ = await full_book(running, AAPL)
    await until(lambda: running.requests("reqTickByTickData"))
    running.sim.freeze()
    running.sim.trouble.trade(AAPL_ID, asks[0]["p"] + 1, 300)
    running.sim.trouble.trade(AAPL_ID, bids[0]["p"] - 1, 200)
    await until(lambda: any(trade["p"] == bids[0]["p"] - 1 for m in running.bot.on(TICKS) for trade in m[0]))
    trades = [trade for message in running.bot.on(TICKS) for trade in message[0]]
    assert all(set(trade) == {"T", "p", "s", "t", "c", "x"} for trade in trades[-2:])
    assert sum(trade["p"] == asks[0]["p"] + 1 for trade in trades) == 1, "each once"


ASYNC_TAPE = """
contract = Contract(conId=265598, exchange="SMART")
seen = []
ticker = ib.reqTickByTickData(contract, "AllLast")
ticker.updateEvent += lambda one: seen.extend(one.tickByTicks)
for _ in range(300):
    if any(tick.price == 999 for tick in seen):
        break
    ib.sleep(0.05)
return [[t.price, float(t.size), t.exchange, t.specialConditions] for t in seen if t.price > 990]
"""


@ensureDeferred
async def test_the_tape_is_what_ib_async_sees_and_ibs_limit_is_told_with_the_commands_id(world: World) -> None:
    world.replace_simulator(ticks_limit=2)
    await world.start()
    ack = await world.bot.send("SUB_TOP", exchange="SMART", showName="USD-AAPL", tickByTick=True)
    seen = Deferred.fromCoroutine(ib_async_sees(world.tws_port, ASYNC_TAPE))
    await until(lambda: len(world.requests("reqTickByTickData")) == 2, 20)
    # Two places, and both are taken.
    start = len(world.bot.heard)
    third = await world.bot.send("SUB_TOP", exchange="SEHK", showName="HKD-1137", tickByTick=True)
    refused = await world.bot.hear(lambda m: m["type"] == "error" and m["id"] == third["id"], start)
    assert refused["code"] == 10190 and refused["err"]
    world.sim.freeze()
    for price in (997, 998, 999):
        world.sim.trouble.trade(AAPL_ID, price, 100)
    theirs = await seen
    trades = [trade for message in world.bot.on(TICKS) for trade in message[0] if trade["p"] > 990]
    assert ack["ok"] and [[t["p"], t["s"], t["x"], t["c"]] for t in trades] == theirs and len(theirs) == 3


async def odd_lots(world: World, wanted: bool) -> Any:
    for _ in range(200):
        told = await world.bot.get("IBGateway:OddLots:NASDAQ:STK:USD-AAPL")
        if bool(told and told["bid"] and told["ask"] and told["bid"]["x"] is not None) is wanted:
            return told
        await sleep(0.05)
    raise AssertionError(f"odd lots: {told}")


@ensureDeferred
@pytest.mark.skipif(MAX_VERSION < 225 or "server_version" in SERVER, reason="needs server version 225")
async def test_odd_lots_stand_beside_level_1_while_they_are_subscribed(running: World) -> None:
    name = {"exchange": "SMART", "showName": "USD-AAPL"}
    assert (await running.bot.send("SUB_TOP", **name, oddLots=True))["ok"]
    await full_book(running, AAPL)
    told = await odd_lots(running, True)
    assert 0 < told["bid"]["s"] < 100 and told["bid"]["p"] > 0 and told["t"] > 1_500_000_000_000
    books = [book for book in running.bot.on(AAPL) if book[0] and book[1]]
    assert all(book[0][0]["s"] >= 100 for book in books), "an odd lot is no level of the book"
    running.sim.trouble.trade(AAPL_ID, 999, 100)
    await until(lambda: any(trade["p"] == 999 for message in running.bot.on(TICKS) for trade in message[0]))
    running.sim.trouble.lose_link()
    await odd_lots(running, False)
    running.sim.trouble.restore_link()
    await odd_lots(running, True)
    await running.ready()
    await running.bot.send("SUB_TOP", **name, oddLots=False)
    await odd_lots(running, False)
    await running.bot.send("SUB_TOP", **name, oddLots=True)
    await odd_lots(running, True)
    await running.bot.send("UNSUB_TOP", **name)
    assert await odd_lots(running, False) is None
    await until(lambda: len(running.requests("cancelMktData")) >= 3)
    refused = await running.bot.send("SUB_TOP", exchange="SEHK", showName="HKD-1137", oddLots=True)
    assert refused["code"] == "bad_params" and "US stocks" in refused["err"]


@ensureDeferred
async def test_a_tws_without_odd_lots_is_told_by_its_version(world: World) -> None:
    world.replace_simulator(server_version=178)
    await world.start()
    refused = await world.bot.send("SUB_TOP", exchange="SMART", showName="USD-AAPL", oddLots=True)
    assert refused["code"] == "bad_params" and "server version 225" in refused["err"] and not world.requests("reqMktData")
