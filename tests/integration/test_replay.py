"""A recorded session, played back to a fresh gateway, makes the same books and orders on Redis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor

from ibgw_tx.sim.replay.recording import read
from ibgw_tx.sim.replay.service import Replayer

from .kit import World, sleep, until
from .test_books import HK, HK_ID, HK_KEY, full_book, subscribe
from .test_orders import AAPL_ID, HASH, in_hash, placed, running_oms, state

BIDS = [11.0, 10.98]
MARKET = [(149.5, 300)], [(150.0, 60), (150.5, 500)]


async def books_and_orders(world: World) -> dict[str, Any]:
    """The newest book and every order as a bot reads them, but for when they were told and by which gateway placed."""
    while (book := await world.bot.get(HK_KEY)) is None or [level["p"] for level in book[0]] != BIDS:
        await sleep(0.05)  # the key is written a little after its message
    raw = await world.bot.call("HGETALL", HASH)
    orders = {raw[i].decode(): json.loads(raw[i + 1]) for i in range(0, len(raw), 2) if raw[i] != b"t"}
    for order in orders.values():
        del order["updateTime"], order["t"]
        order.pop("recovered", None)
    return {"book": book[:2], "orders": orders}


async def record(world: World, path: Path) -> dict[str, Any]:
    """A session with a book, a partly filled order and a resting one."""
    world.sim.trouble.set_book(AAPL_ID, *MARKET)
    await world.start(record=str(path), record_accounts="1", max_server_version="200")
    await running_oms(world)
    await subscribe(world)
    await full_book(world)
    ack, _ = await placed(world, {"T": "buy", "s": 100, "p": 150, "client_oid": "part"})
    await state(world, ack["apiOrderId"], "Submitted", executed_qty=60)
    await placed(world, {"T": "buy", "s": 10, "p": 100, "client_oid": "rest"})
    world.sim.step(200)
    world.sim.freeze()
    world.sim.trouble.set_book(HK_ID, [(11.0, 4000), (10.98, 1000)], [(11.02, 7000)])
    await until(lambda: [level["p"] for level in world.bot.on(HK)[-1][0]] == BIDS)
    assert (await in_hash(world, "part"))["executed_qty"] == 60
    found = await books_and_orders(world)
    await world.stop_gateway()
    return found


@pytest.mark.parametrize("speed", [0.0, 20.0])
@ensureDeferred
async def test_a_recording_replayed_to_a_fresh_gateway_ends_in_the_same_books_and_orders(
    world: World, tmp_path: Path, speed: float
) -> None:
    path = tmp_path / "session.jsonl"
    recorded = await record(world, path)
    await world.sim.stopService()
    await world.bot.call("FLUSHALL")
    with path.open(encoding="utf-8") as lines:
        world.sim = Replayer(read(lines), reactor, speed=speed)  # type: ignore[assignment]
    start = len(world.bot.heard)
    world.start_simulator()
    world.start_gateway()
    await world.ready()
    await subscribe(world)
    await full_book(world, start=start)
    await until(lambda: not world.sim.lines[0].player.left, say="frames that nobody takes")
    replayed = await books_and_orders(world)
    assert replayed["book"] == recorded["book"]
    assert set(replayed["orders"]) == set(recorded["orders"])
    for key, order in recorded["orders"].items():
        assert replayed["orders"][key] == order, key
