"""FIND_HISTORY on a real Redis and ibsim."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred

from .kit import World

HK = {"secType": "STK", "symbol": "700", "exchange": "SEHK", "currency": "HKD"}


async def ask(world: World, **params: Any) -> Any:
    # A Wednesday: the simulated exchange is closed at weekends, as the real one.
    return await world.bot.send("FIND_HISTORY", contract=HK, **{"endDateTime": "20261118-12:00:00", **params})


@ensureDeferred
async def test_bars_come_in_the_result_with_times_in_ms(running: World) -> None:
    ack = await ask(running, duration="2 D", barSize="30 mins", whatToShow="TRADES", useRTH=True)
    assert ack["ok"] and ack["open"] == 0
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    bars = result["bars"]
    assert len(bars) > 5
    for t, open_, high, low, close, _ in bars:
        assert low <= min(open_, close) <= max(open_, close) <= high
        assert isinstance(t, int) and t > 1_000_000_000_000
    assert [bar[0] for bar in bars] == sorted({bar[0] for bar in bars})


@ensureDeferred
async def test_the_same_question_within_15_seconds_is_answered_from_the_last_answer(running: World) -> None:
    first = await ask(running, duration="1 D", barSize="1 hour")
    one = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == first["id"])
    second = await ask(running, duration="1 D", barSize="1 hour")
    two = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == second["id"])
    assert one["bars"] == two["bars"]
    assert len(running.requests("reqHistoricalData")) == 1


@ensureDeferred
async def test_the_same_question_under_way_is_not_sent_twice(running: World) -> None:
    running.sim.trouble.lag(0.3)
    first = await ask(running, duration="3 D", barSize="1 hour")
    second = await ask(running, duration="3 D", barSize="1 hour")
    results = [
        await running.bot.hear(lambda m, id=ack["id"]: m["type"] == "result" and m["id"] == id) for ack in (first, second)
    ]
    assert results[0]["bars"] == results[1]["bars"]
    assert len(running.requests("reqHistoricalData")) == 1


@ensureDeferred
async def test_a_lost_session_leaves_no_open_question_behind(running: World, failures: list[Any]) -> None:
    running.sim.trouble.ignore_next("reqHistoricalData")
    ack = await ask(running, duration="4 D", barSize="1 hour")
    running.sim.trouble.drop()
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] is None and "session" in error["err"]
    await running.ready()
    again = await ask(running, duration="5 D", barSize="1 hour")
    assert again["open"] == 0


@ensureDeferred
async def test_daily_bars_are_midnights(running: World) -> None:
    ack = await ask(running, duration="10 D", barSize="1 day")
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    assert all(bar[0] % 86_400_000 == 0 for bar in result["bars"])


@ensureDeferred
async def test_more_than_ib_allows_is_refused_with_when_it_can(running: World) -> None:
    acks = [await ask(running, duration=f"{days} D", barSize="1 hour") for days in range(1, 7)]
    assert [ack["ok"] for ack in acks] == [True] * 5 + [False]
    assert acks[-1]["code"] == "unavailable" and "possible again in" in acks[-1]["err"]


@ensureDeferred
async def test_bad_questions_are_refused_by_name(running: World) -> None:
    for params, word in (
        ({"duration": "2 weeks", "barSize": "1 day"}, "duration"),
        ({"duration": "1 D", "barSize": "7 mins"}, "barSize"),
        ({"duration": "1 D", "barSize": "1 day", "whatToShow": "GUESSES"}, "whatToShow"),
        ({"duration": "1 D", "barSize": "1 day", "endDateTime": "yesterday"}, "endDateTime"),
        ({"duration": "1 D", "barSize": "1 day", "useRTH": 1}, "useRTH"),
        ({"duration": "1 D", "barSize": "1 day", "colour": 1}, "colour"),
    ):
        ack = await ask(running, **params)
        assert ack["code"] == "bad_params" and word in ack["err"]
    assert not running.requests("reqHistoricalData")


@ensureDeferred
async def test_an_error_of_tws_comes_with_the_commands_id(running: World) -> None:
    running.sim.trouble.fail_next("reqHistoricalData", 162, "Historical Market Data Service error message:No data")
    ack = await ask(running, duration="1 D", barSize="1 hour")
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 162
