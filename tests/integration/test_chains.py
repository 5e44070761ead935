"""FIND_CHAIN, then FIND_CONTRACTS for one expiry, on a real Redis and ibsim; ib_async at the same TWS sees the same."""

from __future__ import annotations

from pytest_twisted import ensureDeferred

from .judge import ib_async_sees
from .kit import World
from .test_orders import AAPL, AAPL_ID

SEEN = """
found = ib.reqSecDefOptParams("AAPL", "", "STK", 265598)
return sorted([c.exchange, c.tradingClass, c.multiplier, sorted(c.expirations), sorted(c.strikes)] for c in found)
"""


@ensureDeferred
async def test_the_chains_of_an_underlying_are_told_and_kept_and_ib_async_sees_the_same(running: World) -> None:
    ack = await running.bot.send("FIND_CHAIN", **AAPL)
    assert ack["ok"], ack
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    assert (result["conId"], result["key"]) == (AAPL_ID, f"IBGateway:Chain:{AAPL_ID}")
    kept = await running.bot.get(result["key"])
    assert kept["chains"] == result["chains"] and kept["symbol"] == "AAPL"
    ours = [[c[name] for name in ("exchange", "tradingClass", "multiplier", "expirations", "strikes")] for c in kept["chains"]]
    assert sorted(ours) == await ib_async_sees(running.tws_port, SEEN)
    by_name = await running.bot.send("FIND_CHAIN", exchange="NASDAQ", showName="USD-AAPL")
    again = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == by_name["id"])
    assert again["chains"] == result["chains"]


@ensureDeferred
async def test_one_expiry_of_a_chain_is_found_while_others_are_served(running: World) -> None:
    option = {"secType": "OPT", "symbol": "AAPL", "exchange": "CBOE", "currency": "USD"}
    ack = await running.bot.send("FIND_CONTRACTS", **option, lastTradeDateOrContractMonth="20350119")
    assert ack["ok"], ack
    beside = [await running.bot.send("ACCOUNT_LIST") for _ in range(5)]
    # Speed is for bench/ to say (`chain`): here, that they are served at all.
    assert all(each["ok"] for each in beside)
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    assert len(result["keys"]) > 200
    found = await running.bot.get(result["keys"][-1])
    assert found["contract"]["lastTradeDateOrContractMonth"] == "20350119"


@ensureDeferred
async def test_what_has_no_options_has_no_chain_and_bad_params_are_refused(running: World) -> None:
    ack = await running.bot.send("FIND_CHAIN", exchange="SEHK", showName="HKD-700")
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    assert result["chains"] == []
    for params, text in (
        ({}, "missing"),
        ({"symbol": "AAPL"}, "secType"),
        ({"contract": AAPL, "showName": "x"}, "either"),
        ({"exchange": "SMART"}, "contract needs"),
        ({**AAPL, "expiry": "2035"}, "expiry"),
    ):
        refused = await running.bot.send("FIND_CHAIN", **params)
        assert refused["code"] == "bad_params" and text in refused["err"], refused
    unknown = await running.bot.send("FIND_CHAIN", secType="STK", symbol="NOSUCH", exchange="SMART", currency="USD")
    assert unknown["code"] == "unknown_contract"
    running.sim.trouble.fail_next("reqSecDefOptParams", 321, "no")
    ack = await running.bot.send("FIND_CHAIN", **AAPL)
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 321
