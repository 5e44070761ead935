"""ibsimctl's words for trouble, over the real control port, as a gateway meets them."""

from __future__ import annotations

from typing import Any

import pytest_twisted
from pytest_twisted import ensureDeferred
from twisted.internet.threads import deferToThread

from ibgw_tx.sim import ctl
from ibgw_tx.sim.server.control import ControlPort

from .kit import World, until
from .test_books import HK, HK_ID, full_book, subscribe
from .test_orders import CHANNEL, place, running_oms


@pytest_twisted.async_yield_fixture
async def control(running: World) -> Any:
    """A function that says one word to the control port and gives its answer."""
    port = ControlPort(running.sim, 0)
    port.setServiceParent(running.sim)

    async def tell(words: str) -> str:
        return str((await deferToThread(ctl.ask, port.port, words))[-1])

    yield tell
    await port.disownServiceParent()


async def emptied(world: World, start: int) -> None:
    await until(lambda: [[], []] in [book[:2] for book in world.bot.on(HK, start)], say="emptied book")


@ensureDeferred
async def test_317_and_a_broken_farm(running: World, control: Any) -> None:
    await subscribe(running)
    await full_book(running)
    start = len(running.bot.heard)
    assert (await control(f"317 {HK_ID}")).startswith("ok")
    await running.bot.hear(lambda m: m.get("code") == 317, start)
    await full_book(running, HK, start)
    start = len(running.bot.heard)
    assert (await control("farm-down hfarm")).startswith("ok")
    await emptied(running, start)
    start = len(running.bot.heard)
    assert (await control("farm-up hfarm")).startswith("ok")
    await full_book(running, HK, start)


@ensureDeferred
async def test_1101_and_a_whole_night(running: World, control: Any) -> None:
    await subscribe(running)
    await full_book(running)
    for words in (("1100", "1101"), ("nightly 1",)):
        start = len(running.bot.heard)
        for word in words:
            assert (await control(word)).startswith("ok")
        await emptied(running, start)
        await running.not_ready(start)
        after = len(running.bot.heard)
        await running.ready(limit=20)
        await full_book(running, HK, after)
        await running_oms(running)
    assert len(running.requests("startApi")) == 1, "the socket stayed"


@ensureDeferred
async def test_the_next_order_is_rejected(running: World, control: Any) -> None:
    await running_oms(running)
    assert (await control("reject 201 no such luck")).startswith("ok")
    ack = await place(running, client_oid="unlucky")
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 201 and "no such luck" in error["err"]
    order = await until(lambda: next((o for o in running.bot.on(CHANNEL) if o["client_oid"] == "unlucky" and o["extCode"]), None))
    assert order["alive"] is False and order["status"] == "Inactive"
    again = await place(running, client_oid="lucky")
    await until(lambda: any(o["client_oid"] == "lucky" and o["alive"] for o in running.bot.on(CHANNEL)))
    assert again["ok"]
