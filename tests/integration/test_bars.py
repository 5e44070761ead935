"""SUB_BARS and UNSUB_BARS on a real Redis and ibsim; ib_async at the same TWS sees the same bars."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred

from .judge import ib_async_sees
from .kit import World, sleep, until

FIVE = "IBGateway:Bars:PAXOS:CRYPTO:USD-BTC:5 secs"
TEN = "IBGateway:Bars:PAXOS:CRYPTO:USD-BTC:10 secs"
NAMED = {"exchange": "PAXOS", "showName": "USD-BTC"}
SEEN = """
bars = ib.reqHistoricalData(Crypto("BTC", "PAXOS", "USD"), "", "120 S", "5 secs", "TRADES", False, 2)
return [[b.date.timestamp() * 1000, b.open, b.high, b.low, b.close, b.volume, b.average, b.barCount] for b in bars]
"""


async def some(world: World, channel: str, count: int, final: bool | None = None, start: int = 0) -> list[Any]:
    """So many bars of a channel (that are final, or not)."""

    def found() -> list[Any]:
        return [bar for bar in world.bot.on(channel, start) if final is None or bar[8] is final]

    await until(lambda: len(found()) >= count, limit=30, say=f"{count} bars on {channel}")
    return found()


@ensureDeferred
async def test_five_second_bars_each_once_restored_with_the_gap_filled_and_ib_async_sees_the_same(running: World) -> None:
    ack = await running.bot.send("SUB_BARS", **NAMED, barSize="5 secs")
    assert ack["ok"] and ack["channel"] == FIVE, ack
    (first,) = (await some(running, FIVE, 1))[:1]
    assert first[8] is True and len(first) == 9 and await running.bot.get(FIVE) == first
    again = await running.bot.send("SUB_BARS", **NAMED, barSize="5 secs")
    assert again["ok"] and len(running.requests("reqRealTimeBars")) == 1
    other = await running.bot.send("SUB_BARS", **NAMED, barSize="5 secs", whatToShow="BID")
    assert other["code"] == "bad_params" and "TRADES" in other["err"]
    await running.stop_gateway()
    await sleep(11)
    running.start_gateway()
    await running.ready()
    bars = await some(running, FIVE, 4)
    assert [bar[0] for bar in bars] == [first[0] + 5000 * n for n in range(len(bars))], "none twice, none missing"
    assert any(len(bar) == 10 and bar[9] is True for bar in bars[1:3])
    await until(lambda: len(running.bot.on(FIVE)[-1]) == 9, limit=15)
    # Those that end while ib_async asks were under way when it did.
    heard = running.bot.on(FIVE)
    seen = {bar[0]: bar for bar in await ib_async_sees(running.tws_port, SEEN)}
    for bar in heard:
        assert [bar[n] for n in range(8)] == seen[bar[0]], (bar, seen[bar[0]])
    assert (await running.bot.send("UNSUB_BARS", **NAMED, barSize="5 secs"))["ok"]
    assert await running.bot.get(FIVE) is None and running.requests("cancelRealTimeBars")
    refused = await running.bot.send("UNSUB_BARS", **NAMED, barSize="5 secs")
    assert refused["code"] == "bad_params" and "not subscribed" in refused["err"]


@ensureDeferred
async def test_larger_bars_form_and_are_finished_and_go_on_after_a_loss(running: World) -> None:
    ack = await running.bot.send("SUB_BARS", **NAMED, barSize="10 secs")
    assert ack["ok"] and ack["channel"] == TEN, ack
    (forming, *_) = await some(running, TEN, 1, final=False)
    (final, *_) = await some(running, TEN, 1, final=True)
    assert final[0] == forming[0]
    running.sim.trouble.drop()
    finals = await some(running, TEN, 3, final=True)
    assert [bar[0] for bar in finals] == [final[0] + 10_000 * n for n in range(len(finals))]
    bars = running.bot.on(TEN)
    assert [bar[0] for bar in bars] == sorted(bar[0] for bar in bars)
    assert (await running.bot.send("UNSUB_BARS", **NAMED, barSize="10 secs"))["ok"]
    count = len(running.bot.on(TEN))
    await sleep(6)
    assert len(running.bot.on(TEN)) == count
    assert not [m for m in running.bot.on_ack() if m["type"] == "msg" and m["code"] == 162], "the echo of a cancel"


@ensureDeferred
async def test_what_tws_refuses_is_told_with_the_id(running: World) -> None:
    running.sim.trouble.fail_next("reqHistoricalData", 162, "No market data permissions")
    ack = await running.bot.send("SUB_BARS", **NAMED, barSize="1 min")
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 162
    running.sim.trouble.fail_next("reqRealTimeBars", 420, "No permissions")
    ack = await running.bot.send("SUB_BARS", **NAMED, barSize="5 secs")
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 420
    for params, text in (({}, "contract"), (NAMED, "barSize"), ({**NAMED, "barSize": "7 secs"}, "barSize")):
        refused = await running.bot.send("SUB_BARS", **params)
        assert refused["code"] == "bad_params" and text in refused["err"], refused
