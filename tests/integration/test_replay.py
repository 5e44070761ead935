"""A recorded session, played back to a fresh gateway, makes the same books and orders on Redis, and the same keys."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor

from ibgw_tx.model import keys as names
from ibgw_tx.sim.replay.recording import read
from ibgw_tx.sim.replay.service import Replayer
from ibgw_tx.tws.api.client import MAX_VERSION

from .kit import NAME, World, sleep, until
from .test_books import HK, HK_ID, HK_KEY, full_book, subscribe
from .test_orders import AAPL_ID, HASH, in_hash, placed, running_oms, state

ACCOUNT, MASKED = "DU1000001", "DU0000001"
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


async def keys(world: World) -> set[str]:
    """Every key there is, but for what a gateway notes of the orders that it places itself."""
    own = names.reservation(NAME, ""), names.unanswered(NAME), names.order_id_counter(NAME)
    return {key for each in await world.bot.call("KEYS", "*") if not (key := each.decode()).startswith(own)}


async def record(world: World, path: Path, version: int, masked: bool) -> dict[str, Any]:
    """A session with a book, a partly filled order and a resting one."""
    world.sim.trouble.set_book(AAPL_ID, *MARKET)
    await world.start(record=str(path), max_server_version=str(version), **({} if masked else {"record_accounts": "1"}))
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
    found = {**await books_and_orders(world), "keys": await keys(world)}
    await world.stop_gateway()
    return found


def whole(path: Path) -> bytes:
    """All that stands in a recording, what is in protobuf unwrapped."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return b"\n".join(b64decode(line["protobuf"]) if "protobuf" in line else repr(line).encode() for line in lines)


@pytest.mark.parametrize("speed", [0.0, 20.0])
@pytest.mark.parametrize(("version", "masked"), [(200, False), (226, True)])
@ensureDeferred
async def test_a_recording_replayed_to_a_fresh_gateway_ends_in_the_same_books_orders_and_keys(
    world: World, tmp_path: Path, version: int, masked: bool, speed: float
) -> None:
    path = tmp_path / "session.jsonl"
    recorded = await record(world, path, version, masked)
    assert {client.server_version for client in world.sim.clients} <= {min(version, MAX_VERSION)}
    if masked:
        assert ACCOUNT.encode() not in whole(path) and MASKED.encode() in whole(path)
        recorded = json.loads(json.dumps(recorded, default=sorted).replace(ACCOUNT, MASKED))
    await world.sim.stopService()
    await world.bot.call("FLUSHALL")
    with path.open(encoding="utf-8") as lines:
        sessions = read(lines)
    assert sessions[0].version == min(version, MAX_VERSION)
    world.sim = Replayer(sessions, reactor, speed=speed)  # type: ignore[assignment]
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
    assert await keys(world) == set(recorded["keys"])
    assert not world.sim.lines[0].player.unmatched
