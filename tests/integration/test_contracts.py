"""Section 5 and FIND_CONTRACTS on a real Redis and ibsim."""

from __future__ import annotations

import json

from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.task import LoopingCall

from .kit import World, sleep, until

BRR = "IBGateway:Contract:CMECRYPTO:FUT:USD-BRR:20351228:0.1"


@ensureDeferred
async def test_a_hit_is_stored_under_all_its_keys_with_every_field(running: World) -> None:
    ack = await running.bot.send("FIND_CONTRACTS", contract={"secType": "FUT", "symbol": "BRR", "exchange": "CMECRYPTO"})
    assert ack["ok"]
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    assert set(result["keys"]) == {BRR, BRR.replace(":0.1", ":5")}
    assert result["cmd"] == "FIND_CONTRACTS"

    async def stored() -> bool:
        return bool(await running.bot.call("EXISTS", BRR))

    while not await stored():
        await sleep(0.02)
    document = await running.bot.get(BRR)
    assert document == await running.bot.get("IBGateway:Contract:FUT:CMECRYPTO:USD-BRR:20351228:0.1")
    assert document == await running.bot.get(f"IBGateway:ContractId:{document['contract']['conId']}")
    assert document["contract"]["multiplier"] == "0.1" and document["contract"]["tradingClass"]
    fields = {"minTick", "longName", "marketRuleIds", "validExchanges", "orderTypes", "tradingHours", "timeZoneId"}
    assert fields <= set(document) and isinstance(document["_timestamp"], int)
    text = json.dumps(document)
    assert "1.797" not in text and "2147483647" not in text and "NaN" not in text


@ensureDeferred
async def test_none_is_error_200_with_the_commands_id(running: World) -> None:
    ack = await running.bot.send("FIND_CONTRACTS", secType="STK", symbol="NOSUCH")
    assert ack["ok"]
    error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 200 and error["cmd"] == "FIND_CONTRACTS"


@ensureDeferred
async def test_a_contract_question_without_type_and_symbol_is_refused(running: World) -> None:
    refused = await running.bot.send("FIND_CONTRACTS", symbol="AAPL")
    assert refused["code"] == "bad_params"
    refused = await running.bot.send("FIND_CONTRACTS", contract={"conId": 1}, symbol="AAPL")
    assert refused["code"] == "bad_params"


@ensureDeferred
async def test_a_bond_is_stored_too(running: World) -> None:
    ack = await running.bot.send("FIND_CONTRACTS", conId=760001, secType="BOND")
    await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    for _ in range(100):
        document = await running.bot.get("IBGateway:ContractId:760001")
        if document:
            break
        await sleep(0.05)
    assert document["contract"]["secType"] == "BOND"
    assert "coupon" in document and "maturity" in document


@ensureDeferred
async def test_an_option_chain_does_not_hold_the_reactor(running: World) -> None:
    gaps, last = [], reactor.seconds()

    def note() -> None:
        nonlocal last
        now = reactor.seconds()
        gaps.append(now - last)
        last = now

    loop = LoopingCall(note)
    loop.start(0.001).addErrback(lambda _: None)
    ack = await running.bot.send("FIND_CONTRACTS", secType="OPT", symbol="AAPL", currency="USD", exchange="CBOE")
    result = await running.bot.hear(lambda m: m["type"] in ("result", "error") and m["id"] == ack["id"])
    assert len(result["keys"]) > 500

    async def all_stored() -> bool:
        return await running.bot.call("EXISTS", *result["keys"]) == len(result["keys"])

    for _ in range(200):
        if await all_stored():
            break
        await sleep(0.02)
    assert await all_stored()
    loop.stop()
    # How long a turn takes is measured in bench/; here only that the work was cut up at all.
    assert len(gaps) > 20
    running.option_chain_gap = max(gaps)  # type: ignore[attr-defined]


@ensureDeferred
async def test_rules_are_fetched_once_each_and_stored(running: World) -> None:
    async def rule(key: str) -> object:
        return await running.bot.get(key)

    document = None
    for _ in range(100):
        document = await running.bot.get("IBGateway:Contract:SEHK:STK:HKD-700")
        if document:
            break
        await sleep(0.05)
    rule_id = document["marketRuleIds"].split(",")[0]
    for _ in range(100):
        ladder = await rule(f"IBGateway:MarketRule:{rule_id}")
        if ladder:
            break
        await sleep(0.05)
    assert ladder[0].keys() == {"low_edge", "price_increment"} and len(ladder) > 5
    requested = running.requests("reqMarketRule")
    # Its id is the first argument: in text behind the id of the message.
    asked = [next((text for text in request if text.startswith("rule_id=")), request[1]) for request in requested]
    assert len(asked) == len(set(asked))


@ensureDeferred
async def test_a_restarted_gateway_reuses_contracts_kept_in_redis(running: World) -> None:
    await until(lambda: not running.gateway.assembly.contracts.store._waiting)  # type: ignore[union-attr]
    await sleep(0.2)
    await running.stop_gateway()
    running.sim.journal.clear()
    running.start_gateway()
    await running.ready()
    ack = await running.bot.send("FIND_CONTRACTS", conId=265598)
    await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    assert not running.requests("reqContractDetails")


@ensureDeferred
async def test_the_same_question_is_not_sent_twice(running: World) -> None:
    running.sim.journal.clear()
    for _ in range(5):
        await running.bot.send("FIND_CONTRACTS", secType="STK", symbol="MSFT", currency="USD", exchange="SMART")
    await until(lambda: sum(m["type"] == "result" for m in running.bot.on_ack()) == 5)
    assert len(running.requests("reqContractDetails")) == 1


@ensureDeferred
async def test_a_question_that_tws_does_not_answer_is_told_as_an_error(running: World) -> None:
    import ibgw_tx.contracts.shell.contracts as module  # noqa: PLC0415

    limit, module.DETAILS_LIMIT = module.DETAILS_LIMIT, 0.3
    try:
        running.sim.trouble.ignore_next("reqContractDetails")
        ack = await running.bot.send("FIND_CONTRACTS", secType="STK", symbol="IBM", currency="USD", exchange="NYSE")
        error = await running.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    finally:
        module.DETAILS_LIMIT = limit
    assert error["code"] is None and "did not answer" in error["err"]
