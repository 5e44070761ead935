"""SNAPSHOT, bulletins, changes of state and sessions of a contract, on a real Redis and ibsim."""

from __future__ import annotations

import json

from pytest_twisted import ensureDeferred

from .judge import ib_async_sees
from .kit import NAME, World, sleep, until
from .test_orders import placed, running_oms


@ensureDeferred
async def test_a_snapshot_names_every_key_with_its_age(running: World) -> None:
    await running_oms(running)
    await placed(running, client_oid="one")
    await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    await until(lambda: running.bot.on("URANUS:SEHK:HKD-1137:full_odbk_channel"))
    for _ in range(200):
        if await running.bot.get("URANUS:SEHK:HKD-1137:orderbook") and await running.bot.get(f"IBGateway:{NAME}:pnl:DU1000001"):
            break
        await sleep(0.05)
    # Written each second, and its `t` is since when: it does not say how old it is.
    await running.bot.call("SET", f"IBGateway:{NAME}:lease", '{"number":1,"t":1700000000000}')
    ack = await running.bot.send("SNAPSHOT")
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    ages = result["keys"]
    for key in (
        f"IBGateway:{NAME}:status", f"IBGateway:{NAME}:balance", f"IBGateway:{NAME}:account:DU1000001",
        f"URANUS:NASDAQ:{NAME}:O:USD-AAPL", "URANUS:SEHK:HKD-1137:orderbook",
    ):  # fmt: skip
        assert 0 <= ages[key] < 30, (key, ages)
    assert ages[f"IBGateway:{NAME}:lease"] is None
    assert ages[f"URANUS:NASDAQ:{NAME}:OMS"] is None and f"IBGateway:{NAME}:subscriptions" in ages
    assert result["client_oids"] == 1 and not [key for key in ages if ":client_oid:" in key]
    every = {key.decode() for key in await running.bot.call("KEYS", f"*:{NAME}:*")}
    assert {key for key in every if ":client_oid:" not in key} <= set(ages)
    assert (await running.bot.send("SNAPSHOT", x=1))["code"] == "bad_params"


@ensureDeferred
async def test_changes_of_state_and_bulletins_are_told(running: World) -> None:
    assert running.requests("reqNewsBulletins")
    running.sim.trouble.send(14, 1, 7, 2, "NYSE is not available", "NYSE")
    running.sim.trouble.send(14, 1, 7, 2, "NYSE is not available", "NYSE")
    told = await running.bot.hear(lambda m: m["type"] == "bulletin")
    assert (told["number"], told["kind"], told["exchange"], told["text"]) == (7, 2, "NYSE", "NYSE is not available")
    start = len(running.bot.heard)
    running.sim.trouble.lose_link()
    lost = await running.bot.hear(lambda m: m["type"] == "state", start)
    assert lost["status"] is False and "no link to IB" in lost["reasons"][0]
    running.sim.trouble.restore_link()
    back = await running.bot.hear(lambda m: m["type"] == "state" and m["status"], start)
    assert back["reasons"] == [] and len([m for m in running.bot.on_ack() if m["type"] == "bulletin"]) == 1
    kinds = [entry[1][1] for entry in await running.bot.call("XRANGE", f"IBGateway:{NAME}:events", "-", "+")]
    assert b"state" in kinds and kinds.count(b"bulletin") == 1


@ensureDeferred
async def test_a_contract_tells_its_sessions_in_ms(running: World) -> None:
    await until(lambda: running.gateway is not None and running.gateway.status)
    known = await running.bot.get("IBGateway:ContractId:265598")
    assert known["sessions"] and all(begin < end for begin, end in known["sessions"])
    assert all(end - begin == 16 * 3600 * 1000 for begin, end in known["sessions"])
    assert len(known["liquidSessions"]) == len(known["sessions"])
    seen = await ib_async_sees(running.tws_port, HOURS)
    assert seen == [known["sessions"], known["liquidSessions"]]


HOURS = """
[details] = ib.reqContractDetails(Contract(conId=265598, exchange="SMART"))
kinds = details.tradingSessions(), details.liquidSessions()
return [[[int(s.start.timestamp() * 1000), int(s.end.timestamp() * 1000)] for s in kind] for kind in kinds]
"""

WHOLE = """
held = [[p.contract.conId, p.position] for p in ib.positions() if p.position]
return [sorted(held), sorted(t.order.permId for t in ib.reqAllOpenOrders()), ib.managedAccounts()]
"""


@ensureDeferred
async def test_a_bot_that_starts_with_a_snapshot_knows_what_ib_async_sees(running: World) -> None:
    await running_oms(running)
    await placed(running, client_oid="one")
    ack = await running.bot.send("SNAPSHOT")
    result = await running.bot.hear(lambda m: m["type"] == "result" and m["id"] == ack["id"])
    [balance] = [key for key in result["keys"] if key.endswith(":balance")]
    rows = (await running.bot.get(balance)).values()
    held = sorted([row["contract"]["conId"], row["pos"]] for row in rows if row["type"] == "position" and row["pos"])
    orders = set()
    for key in (key for key in result["keys"] if ":O:" in key):
        values = (await running.bot.call("HGETALL", key))[1::2]
        orders |= {int(json.loads(value)["i"]) for value in values if value.startswith(b"{") and json.loads(value)["alive"]}
    accounts = [key.rpartition(":")[2] for key in result["keys"] if ":account:" in key]
    assert await ib_async_sees(running.tws_port, WHOLE) == [held, sorted(orders), accounts]
