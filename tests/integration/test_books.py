"""Section 6 on a real Redis and a real wire: books as a bot sees them."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from .kit import NAME, World, sleep, until

HK = "URANUS:SEHK:HKD-1137:full_odbk_channel"
HK_KEY = "URANUS:SEHK:HKD-1137:orderbook"
HK_ID = 72276551
AAPL = "URANUS:NASDAQ:USD-AAPL:full_odbk_channel"


async def subscribe(world: World, exchange: str = "SEHK", show_name: str = "HKD-1137") -> Any:
    ack = await world.bot.send("SUB_ODBK", exchange=exchange, showName=show_name)
    assert ack["ok"], ack
    return ack


async def full_book(world: World, channel: str = HK, start: int = 0) -> Any:
    """The first message with both sides."""
    return await until(lambda: next((b for b in world.bot.on(channel, start) if b[0] and b[1]), None), say=channel)


def is_a_book(book: Any) -> bool:
    """What section 6 says of every message."""
    bids, asks, t = book
    prices = [level["p"] for level in bids], [level["p"] for level in asks]
    in_order = prices[0] == sorted(set(prices[0]), reverse=True) and prices[1] == sorted(set(prices[1]))
    apart = not bids or not asks or prices[0][0] < prices[1][0]
    sizes = all(set(level) == {"p", "s"} and level["s"] > 0 for level in bids + asks)
    return in_order and apart and sizes and isinstance(t, int) and max(map(len, prices)) <= 10


@ensureDeferred
async def test_a_subscribed_book_arrives_and_every_message_is_a_valid_full_book(running: World) -> None:
    ack = await subscribe(running)
    assert ack["channel"] == HK
    await full_book(running)
    running.sim.step(300)
    await until(lambda: len(running.bot.on(HK)) > 5)
    assert all(is_a_book(book) for book in running.bot.on(HK))


@ensureDeferred
async def test_the_last_message_equals_the_simulators_own_book(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    running.sim.freeze()
    bids, asks = [(11.0, 4000), (10.98, 1000)], [(11.02, 7000), (11.04, 500), (11.1, 2500)]
    running.sim.trouble.set_book(HK_ID, bids, asks)

    def same() -> bool:
        book = running.bot.on(HK)[-1]
        return [(level["p"], level["s"]) for level in book[0]] == bids and [(a["p"], a["s"]) for a in book[1]] == asks

    await until(same)
    running.sim.step(500, HK_ID)
    assert all(is_a_book(book) for book in running.bot.on(HK))


@ensureDeferred
async def test_a_smart_book_is_published_under_its_listing_exchange_with_prices_merged(running: World) -> None:
    ack = await subscribe(running, "SMART", "USD-AAPL")
    assert ack["channel"] == AAPL
    await full_book(running, AAPL)
    running.sim.step(200)
    assert all(is_a_book(book) for book in running.bot.on(AAPL))
    (request,) = running.requests("reqMktDepth")
    assert any("SMART" in text for text in request)


@pytest.mark.parametrize(("multiplier", "step"), [("5", 5), ("0.1", 0.1)])
@ensureDeferred
async def test_sizes_count_the_contracts_multiplier(running: World, multiplier: str, step: float) -> None:
    channel = f"URANUS:CMECRYPTO:USD-BRR@20351228@{multiplier}:full_odbk_channel"
    ack = await subscribe(running, "CMECRYPTO", f"USD-BRR@203512@{multiplier}")
    assert ack["channel"] == channel
    bids, asks, _ = await full_book(running, channel)
    for level in bids + asks:
        contracts = level["s"] / step
        assert abs(contracts - round(contracts)) < 1e-6
        assert len(repr(level["s"])) < 8, "no binary noise"


@ensureDeferred
async def test_the_newest_message_is_kept_and_the_key_goes_with_the_book(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    running.sim.freeze()
    await sleep(0.3)
    assert await running.bot.get(HK_KEY) == running.bot.on(HK)[-1]
    ack = await running.bot.send("UNSUB_ODBK", exchange="SEHK", showName="HKD-1137")
    assert ack["ok"]
    await until(lambda: running.bot.on(HK)[-1][:2] == [[], []])
    assert await running.bot.get(HK_KEY) is None
    assert await running.bot.call("HLEN", f"IBGateway:{NAME}:subscriptions") == 0
    count = len(running.bot.on(HK))
    running.sim.thaw()
    await sleep(0.3)
    assert len(running.bot.on(HK)) == count, "nothing after the empty book"


@ensureDeferred
async def test_asking_again_is_ok_and_sends_nothing_to_tws(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    again = await subscribe(running, "SEHK", "SEHK/STK/HKD-1137")
    assert again["channel"] == HK
    by_contract = await running.bot.send("SUB_ODBK", contract={"conId": HK_ID, "exchange": "SEHK"})
    assert by_contract["channel"] == HK
    assert len(running.requests("reqMktDepth")) == 1


@ensureDeferred
async def test_a_reset_317_empties_the_book_once_and_rows_follow(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    start = len(running.bot.heard)
    running.sim.trouble.reset_depth(HK_ID)
    await full_book(running, HK, start)
    assert len(running.requests("reqMktDepth")) == 1
    error = await running.bot.hear(lambda m: m.get("code") == 317)
    assert error["type"] == "error" and error["cmd"] == "SUB_ODBK"


@ensureDeferred
async def test_after_316_the_book_is_asked_for_anew(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    start = len(running.bot.heard)
    running.sim.trouble.halt_depth(HK_ID)
    await until(lambda: [[], []] in [b[:2] for b in running.bot.on(HK, start)])
    assert await until(lambda: len(running.requests("reqMktDepth")) == 2, limit=15)


@ensureDeferred
async def test_a_fourth_book_is_refused_by_309_told_and_comes_when_a_place_is_free(running: World) -> None:
    for exchange, show_name in (("SEHK", "HKD-1137"), ("SEHK", "HKD-700"), ("IDEALPRO", "USD-EUR")):
        await subscribe(running, exchange, show_name)
    start = len(running.bot.heard)
    ack = await subscribe(running, "HKFE", "HKD-HSI@203512@50")
    error = await running.bot.hear(lambda m: m.get("code") == 309, start)
    assert (error["type"], error["id"], error["cmd"]) == ("error", ack["id"], "SUB_ODBK")
    assert (await running.bot.send("UNSUB_ODBK", exchange="SEHK", showName="HKD-700"))["ok"]
    await full_book(running, ack["channel"])


@ensureDeferred
async def test_a_refused_book_is_retried_when_asked_again(running: World) -> None:
    running.sim.trouble.fail_next("reqMktDepth", 354, "Requested market data is not subscribed.")
    await subscribe(running)
    await running.bot.hear(lambda m: m.get("code") == 354)
    await subscribe(running)
    await full_book(running)


@ensureDeferred
async def test_a_crossed_book_is_never_published_and_after_five_seconds_emptied_and_rebuilt(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    running.sim.freeze()
    request_id = running.request_ids("reqMktDepth")[-1]
    start = len(running.bot.heard)
    running.sim.trouble.send(12, 1, request_id, 0, 1, 1, 99.0, 5)
    await until(lambda: [[], []] in [b[:2] for b in running.bot.on(HK, start)], limit=9)
    assert running.bot.on(HK, start)[0][:2] == [[], []], "nothing was published or refreshed before"
    await full_book(running, HK, start)
    assert all(is_a_book(book) for book in running.bot.on(HK))
    assert len(running.requests("reqMktDepth")) == 2


@ensureDeferred
async def test_a_quiet_book_is_published_again_within_ten_seconds(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    running.sim.freeze()
    await sleep(0.2)
    last, start = running.bot.on(HK)[-1], len(running.bot.heard)
    again = await until(lambda: running.bot.on(HK, start), limit=11)
    assert again[0][:2] == last[:2] and again[0][2] > last[2]
