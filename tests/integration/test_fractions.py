"""Currencies, coins and parts of shares from the order to the position, with every digit, in today's dialects of TWS."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.model import json_text
from ibgw_tx.model import keys as names
from ibgw_tx.tws.api.client import MAX_VERSION

from .kit import NAME, World, until
from .test_accounts import eventually

VERSIONS = (163, 200, 226)
EURO = {"secType": "CASH", "symbol": "EUR", "currency": "USD", "exchange": "IDEALPRO"}
COIN = {"secType": "CRYPTO", "symbol": "BTC", "currency": "USD", "exchange": "PAXOS"}
SHARE = {"secType": "STK", "symbol": "AAPL", "currency": "USD", "exchange": "SMART"}
#: The contract, its name in Redis, the quantity as the bot writes it, and what history to ask for.
TRADED = [
    (EURO, "IDEALPRO:CASH:USD-EUR", "12345.67", "MIDPOINT"),
    (COIN, "PAXOS:CRYPTO:USD-BTC", "0.00012345", "TRADES"),
    (SHARE, "NASDAQ:STK:USD-AAPL", "0.5", "TRADES"),
]


def _held(balance: Any, name: str) -> Decimal:
    if name.endswith("-EUR"):
        return Decimal(str(balance["EUR"]["balance"]))
    return Decimal(str(balance.get(name, {}).get("pos", 0)))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("contract", "name", "size", "show"), TRADED, ids=lambda each: each if isinstance(each, str) else "")
@ensureDeferred
async def test_a_fraction_goes_through(world: World, version: int, contract: Any, name: str, size: str, show: str) -> None:
    if version > MAX_VERSION:
        pytest.skip(f"the installed ibapi, or this gateway, ends at {MAX_VERSION}")
    world.replace_simulator(server_version=version, rate=0.0001)
    await world.start()
    bot, (account,) = world.bot, world.sim.office.accounts
    assert {client.server_version for client in world.sim.clients} == {version}
    await until(lambda: world.gateway.assembly.orders.is_running)
    before = _held(await bot.get(names.balance(NAME)), name)
    start = len(bot.heard)

    # The order, in the bot's own words.
    params = {"contract": contract, "order": {"T": "buy", "orderType": "MKT"}}
    text = json_text.text({"id": "f", "cmd": "PLACE_ORDER", "params": params})
    ack = await bot.send_raw(text.replace('"order":{', f'"order":{{"s":{size},"client_oid":"f",'), "f")
    assert ack["ok"], ack
    channel = names.order_channel(ack["market"], NAME)
    done = await until(lambda: next((m for m in bot.on(channel, start) if m["status"] == "Filled"), None))
    assert (done["s"], done["executed"], done["remained"]) == (float(size), float(size), 0)
    kept = await bot.call("HGET", names.order_hash(ack["market"], NAME, ack["pair"]), "f")
    assert f'"s":{size},'.encode() in kept and f'"executed":{size},'.encode() in kept

    # Its executions add up, and come with what they cost.
    fills = {fill["execId"]: fill for fill in bot.on(names.fills(NAME), start)}
    assert sum(Decimal(str(fill["s"])) for fill in fills.values()) == Decimal(size)
    await until(lambda: next((m for m in bot.on(channel, start) if m["commission"] is not None), None))

    # The position and its profit and loss; a currency is cash.
    held = before + Decimal(size)
    await eventually(world, names.balance(NAME), lambda balance: _held(balance, name) == held)
    if contract is not EURO:
        await eventually(world, names.pnl(NAME, account), lambda p: Decimal(str(p["positions"][name]["pos"])) == held)

    # It is kept, to the last digit, and a gateway of a later life tells neither order nor fills again.
    at = names.order_hash(ack["market"], NAME, ack["pair"])
    executions = await bot.call("HGETALL", names.executions(NAME))
    assert {field.split()[0].decode() for field in executions[::2]} >= fills.keys()
    again = len(bot.heard)
    await world.stop_gateway()
    world.start_gateway()
    await world.ready()
    await until(lambda: world.gateway.assembly.orders.is_running)
    kept = await bot.call("HGET", at, "f")
    assert f'"s":{size},'.encode() in kept and f'"executed":{size},'.encode() in kept and b'"alive":false' in kept
    assert not bot.on(names.fills(NAME), again) and not [m for m in bot.on(channel, again) if m["alive"]]
    await eventually(world, names.balance(NAME), lambda balance: _held(balance, name) == held)

    # What it was worth before.
    asked = {"endDateTime": "20261118-12:00:00", "duration": "1 D", "barSize": "1 hour", "whatToShow": show, "useRTH": False}
    ack = await bot.send("FIND_HISTORY", contract=contract, **asked)
    result = await bot.hear(lambda m: m["type"] in ("result", "error") and m["id"] == ack["id"], start)
    assert result["bars"] and all(low <= close <= high for _, _, high, low, close, *_ in result["bars"])


@pytest.mark.parametrize(("contract", "name", "size", "show"), TRADED, ids=lambda each: each if isinstance(each, str) else "")
@ensureDeferred
async def test_an_older_tws_is_not_even_asked(world: World, contract: Any, name: str, size: str, show: str) -> None:
    world.replace_simulator(server_version=157)
    await world.start()
    await until(lambda: world.gateway.assembly.orders.is_running)
    ack = await world.bot.send("PLACE_ORDER", contract=contract, order={"T": "buy", "orderType": "MKT", "s": float(size)})
    assert not ack["ok"] and "needs TWS's server version 163 or later, and this session speaks 157" in ack["err"]
    assert not world.requests("placeOrder")
