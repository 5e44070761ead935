"""Keys of orders that somebody deletes or writes anew, in a real Redis: loss is noticed, what cannot be kept is refused."""

from __future__ import annotations

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.model import keys as names

from .kit import NAME, World, sleep
from .test_orders import FLAG, HASH, in_hash, place, placed, running_oms


async def never_trusted_without(world: World, field: str) -> None:
    """From the first look at a missing flag on: wherever the flag stands, the field does."""
    for _ in range(500):
        if not await world.bot.call("EXISTS", FLAG):
            break
        await sleep(0.02)
    else:
        raise AssertionError("the flag stands all the time")
    for _ in range(500):
        if await world.bot.call("EXISTS", FLAG):
            assert await world.bot.call("HEXISTS", HASH, field) and await world.bot.call("HEXISTS", HASH, "t")
            return
        await sleep(0.02)
    raise AssertionError("the flag does not come back")


@pytest.mark.parametrize("lost", ["the hash", "a field", "the mark", "everything", "its type"])
@ensureDeferred
async def test_what_somebody_deletes_of_living_orders_is_written_again(running: World, lost: str) -> None:
    await running_oms(running)
    ack, _ = await placed(running, client_oid="lost-1")
    order = await in_hash(running, "lost-1")
    assert order["alive"] and order["apiOrderId"] == ack["apiOrderId"]
    await sleep(2)
    if lost == "the hash":
        await running.bot.call("DEL", HASH)
    elif lost == "a field":
        await running.bot.call("HDEL", HASH, "lost-1")
    elif lost == "the mark":
        await running.bot.call("HDEL", HASH, "t")
    elif lost == "everything":
        await running.bot.call("FLUSHALL")
    else:
        await running.bot.call("SET", HASH, "a string")
    await never_trusted_without(running, "lost-1")
    assert (await in_hash(running, "lost-1"))["alive"]
    await sleep(3)
    assert await running.bot.call("EXISTS", FLAG), "once is enough"


@ensureDeferred
async def test_without_a_record_no_order_leaves_and_once_the_key_is_deleted_it_does(running: World) -> None:
    await running_oms(running)
    key = names.unanswered(NAME)
    await running.bot.call("SET", key, "a string")
    begin = len(running.requests("placeOrder"))
    for more in ({}, {"client_oid": "record-1"}, {"client_oid": "record-2", "orderType": "MKT", "p": None}):
        ack = await place(running, **more)
        assert ack["code"] == "unavailable" and "WRONGTYPE" in ack["err"], ack
    assert len(running.requests("placeOrder")) == begin
    await running.bot.call("DEL", key)
    assert (await place(running, client_oid="record-1"))["ok"], "the name is free, too"
