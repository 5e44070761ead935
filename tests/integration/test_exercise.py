"""EXERCISE on a real Redis and ibsim, in text and in protobuf; ib_async at the same TWS exercises too and sees the same."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred

from .judge import ib_async_sees
from .kit import SERVER, World, sleep, until
from .test_orders import AAPL, AAPL_ID, running_oms

DIALECTS = [pytest.param(178, id="text"), pytest.param(226, id="protobuf")]
ACCOUNT = "DU1000001"


async def holding(world: World, version: int = 226, **flags: str) -> Any:
    """A world in which two of an option are held, 20 in the money."""
    if "server_version" in SERVER and version != SERVER["server_version"]:
        pytest.skip("the suite runs at another version")
    world.replace_simulator(server_version=version, exercise_after=0.5)
    office = world.sim.office
    known = office.catalogue.instruments
    wanted = office.market.walk(known[AAPL_ID], office.now()).mark() - 20
    calls = [one for one in known.values() if one.under_con_id == AAPL_ID and one.sec_type == "OPT" and one.right == "C"]
    option = min(calls, key=lambda one: (abs(one.strike - wanted), one.expiry))
    for account in office.accounts.values():
        account.set_position(option, 2, 500.0)
    await world.start(**flags)
    await running_oms(world)
    return option


async def exercise(world: World, option: Any, **params: Any) -> Any:
    said = {"contract": {"conId": option.con_id}, "quantity": 1, "action": "exercise", **params}
    return await world.bot.send("EXERCISE", **said)


def told(world: World, ack: Any) -> list[Any]:
    """The states of the order that stands for an exercise."""
    found = world.bot.on(f"URANUS:{ack['market']}:test:O_channel")
    return [order for order in found if order["apiOrderId"] == ack["apiOrderId"]]


async def ends(world: World, ack: Any, status: str) -> None:
    await until(lambda: any(order["status"] == status for order in told(world, ack)))


async def balance(world: World) -> dict[int, Any]:
    """What is held, by conId."""
    rows = (await world.bot.get("IBGateway:test:balance")).values()
    return {row["contract"]["conId"]: row["pos"] for row in rows if row["type"] == "position"}


ASYNC = """
[held] = [p for p in ib.positions() if p.contract.secType == "OPT" and p.position > 0]
held.contract.exchange = "CBOE"
ib.exerciseOptions(held.contract, 1, 1, "DU1000001", 0)
ib.sleep(2.5)
return [[p.contract.conId, p.position] for p in ib.positions()]
"""


@ensureDeferred
@pytest.mark.parametrize("version", DIALECTS)
async def test_an_option_becomes_shares_at_its_strike_and_ib_async_sees_the_same(world: World, version: int) -> None:
    option = await holding(world, version)
    assert (await balance(world))[option.con_id] == 2
    ack = await exercise(world, option)
    assert ack["ok"], ack
    assert (ack["account"], ack["market"]) == (ACCOUNT, "CBOE") and ack["pair"].endswith(f"C{option.strike:g}")
    [order, *_] = await until(lambda: told(world, ack))
    assert (order["T"], order["s"], order["p"], order["alive"]) == ("buy", 1, 0, True), "as TWS shows an exercise"
    await ends(world, ack, "Filled")
    [asked] = world.sim.office.journal.named("exerciseOptions")
    assert asked.args["action"] == 1 and asked.args["account"] == ACCOUNT and asked.args["override"] is False
    assert not [message for message in world.bot.on_ack() if message["type"] == "error"]

    seen = await ib_async_sees(world.tws_port, ASYNC)
    assert {con_id: pos for con_id, pos in seen}[AAPL_ID] == 300, "100 of each exercise beside the 100 that were there"
    assert await holds(world, shares=300) == {con_id: pos for con_id, pos in seen if pos}


async def holds(world: World, **wanted: int) -> dict[int, Any]:
    """Wait until the balance has `shares` of AAPL, and give it; closed positions are left out."""
    for _ in range(200):
        found = await balance(world)
        if found.get(AAPL_ID) == wanted["shares"]:
            break
        await sleep(0.05)
    return {con_id: pos for con_id, pos in found.items() if pos}


@ensureDeferred
@pytest.mark.parametrize("version", DIALECTS)
async def test_what_tws_says_of_an_exercise_comes_with_its_commands_id(world: World, version: int) -> None:
    option = await holding(world, version)
    ack = await exercise(world, option, action="lapse")
    assert ack["ok"], ack
    error = await world.bot.hear(lambda m: m["type"] == "error" and m["id"] == ack["id"])
    assert error["code"] == 322 and error["cmd"] == "EXERCISE" and "in the money" in error["err"]
    over = await exercise(world, option, action="lapse", override=True, quantity=2)
    assert over["ok"] and over["apiOrderId"] > ack["apiOrderId"]
    await ends(world, over, "Filled")
    while (await balance(world))[option.con_id]:
        await sleep(0.05)
    assert (await balance(world))[AAPL_ID] == 100, "what has lapsed leaves nothing"
    gone = await exercise(world, option)
    assert gone["code"] == "bad_params" and "holds no position" in gone["err"]


@ensureDeferred
async def test_an_exercise_is_cancelled_like_an_order(world: World) -> None:
    option = await holding(world)
    ack = await exercise(world, option)
    await until(lambda: told(world, ack))
    cancel = await world.bot.send("CANCEL_ORDER", apiOrderId=ack["apiOrderId"])
    assert cancel["ok"], cancel
    await ends(world, ack, "Cancelled")
    assert (await balance(world))[option.con_id] == 2


@ensureDeferred
async def test_what_ib_would_refuse_is_refused_with_a_sentence_and_nothing_leaves(world: World) -> None:
    option = await holding(world)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"contract": AAPL}, "no option but STK"),
        ({"contract": {"conId": 700000103}}, "holds no position"),
        ({"contract": {"conId": 700000101}}, "is short of"),
        ({"account": "DU9"}, "none of the managed accounts"),
        ({"quantity": 3}, "holds 2"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"action": "sell"}, "action"),
        ({"override": 1}, "override"),
        ({"account": 5}, "account"),
        ({"colour": "red"}, "colour"),
        ({"contract": {}}, "contract"),
        ({"showName": "x"}, "either"),
    ]
    for params, text in refused:
        ack = await exercise(world, option, **params)
        assert ack["code"] == "bad_params" and text in ack["err"], (params, ack)
    unknown = await exercise(world, option, contract={"conId": 1})
    assert unknown["code"] == "unknown_contract"
    await world.bot.send("HALT", reason="test")
    ack = await exercise(world, option)
    assert ack["code"] == "limit" and "halt" in ack["err"]
    await world.bot.send("RESUME")
    assert world.requests("exerciseOptions") == []
    assert (await exercise(world, option))["ok"]


@ensureDeferred
async def test_a_halt_ends_an_exercise_that_waits_for_the_message_rate(world: World) -> None:
    option = await holding(world)
    assert world.gateway is not None
    assert (await exercise(world, option, quantity=1))["ok"], "its contract is known from now on"
    session = world.gateway.linked_session()
    # A second's messages go first.
    for _ in range(45):
        session.client.ask_current_time()
    waiting = Deferred.fromCoroutine(exercise(world, option))
    halted = Deferred.fromCoroutine(world.bot.send("HALT"))
    ack = await waiting
    assert (await halted)["ok"]
    assert ack["code"] == "limit" and len(world.requests("exerciseOptions")) == 1, ack


@ensureDeferred
async def test_our_own_limits_hold_for_an_exercise_at_its_strike(world: World) -> None:
    option = await holding(world, max_notional="1000", max_quantity="1")
    ack = await exercise(world, option)
    assert ack["code"] == "limit" and ack["err"].startswith("max_notional: ") and f"{option.strike * 100:.0f}" in ack["err"]
    ack = await exercise(world, option, quantity=2)
    assert ack["code"] == "limit" and ack["err"].startswith("max_quantity: ")
    assert world.requests("exerciseOptions") == []
    assert (await exercise(world, option, action="lapse", override=True))["ok"], "what lapses costs nothing"
