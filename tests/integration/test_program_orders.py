"""The installed gateway and what its users type: settings, orders named in every way, fills of combos."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.threads import deferToThread

from tests.kit.program import Program, wait_for
from tests.kit.tws_server import TWSServer

from .kit import World

AAPL = {"conId": 265598, "exchange": "SMART"}
BUY = {"T": "buy", "s": 100, "p": 100}
HASH = "URANUS:NASDAQ:outside:O:USD-AAPL"


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("IBGW_MAX_QUANTTIY", "IBGW_MAX_QUANTITY"), ("IBGW_MAX_NOTIONALL", "IBGW_MAX_NOTIONAL"), ("IBGW_READONLY", "")],
)
def test_a_setting_that_is_none_ends_the_start_with_one_line(program: Program, wrong: str, nearest: str) -> None:
    program.start(**{wrong: "5"})
    assert program.process is not None
    wait_for(lambda: program.process.poll() is not None, say="the end of the start")  # type: ignore[union-attr]
    assert program.process.returncode == 1
    (line,) = program.lines()
    assert wrong in line and nearest in line


@pytest.mark.parametrize(("wrong", "meant"), [("TWS_API_PROT", "TWS_API_PORT"), ("REDIS_PASWD", "REDIS_PSWD")])
def test_a_near_miss_of_a_setting_of_others_is_warned_about(program: Program, tws: TWSServer, wrong: str, meant: str) -> None:
    program.run(**{wrong: "4002"})
    assert any(wrong in line and meant in line for line in program.lines())


def test_the_ack_of_an_order_says_where_it_is_kept(trading: Program) -> None:
    ack = trading.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "where"})
    assert ack["ok"] and (ack["market"], ack["pair"]) == ("NASDAQ", "USD-AAPL")
    wait_for(lambda: trading.client.hget(f"URANUS:{ack['market']}:outside:O:{ack['pair']}", "where"))


def test_an_order_goes_by_a_show_name_and_its_change_by_its_client_oid(trading: Program) -> None:
    ack = trading.send("PLACE_ORDER", exchange="SMART", showName="USD-AAPL", order={**BUY, "client_oid": "named"})
    assert ack["ok"], ack
    wait_for(lambda: trading.order(HASH, "named").get("status") == "Submitted")
    change = trading.send("PLACE_ORDER", order={"client_oid": "named", "p": 101})
    assert change["ok"] and change["apiOrderId"] == ack["apiOrderId"], change
    wait_for(lambda: trading.order(HASH, "named")["p"] == 101)


@pytest.mark.parametrize(
    ("order", "says"), [({"side": "buy"}, "T"), ({"qty": 5}, "s"), ({"price": 1}, "p"), ({"lmtPrise": 1}, "lmtPrice")]
)
def test_a_member_that_is_none_is_told_with_the_nearest(trading: Program, order: dict[str, Any], says: str) -> None:
    ack = trading.send("PLACE_ORDER", contract=AAPL, order={**BUY, **order})
    (name,) = order
    assert (ack["ok"], ack["code"]) == (False, "bad_params") and repr(name) in ack["err"].replace('"', "'")
    assert says in ack["err"].replace(name, "", 1), ack


@pytest.mark.parametrize("unit", [1, 1e6])
def test_a_time_in_another_unit_is_told_so(trading: Program, unit: float) -> None:
    command = {"id": "t", "cmd": "PLACE_ORDER", "params": {"contract": AAPL, "order": BUY}, "t": int(time.time() * unit)}
    ack = trading.send_raw(command)
    assert not ack["ok"] and "milliseconds" in ack["err"], ack


LEGS = [
    {"conId": con_id, "ratio": 1, "action": action, "exchange": "SMART"} for con_id, action in ((265598, "BUY"), (272093, "SELL"))
]
COMBO = {"secType": "BAG", "symbol": "AAPL", "currency": "USD", "exchange": "SMART", "comboLegs": LEGS}


@pytest.mark.parametrize("again", ["RESET", "restart"])
@ensureDeferred
async def test_a_combos_commission_stays(world: World, tmp_path: Path, client: Any, again: str) -> None:
    world.start_simulator()
    program = Program(client, world.redis.port, world.tws_port, tmp_path)

    def place() -> Any:
        program.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")
        order = {"T": "buy", "s": 10, "p": -900, "client_oid": "combo"}
        assert program.send("PLACE_ORDER", contract=COMBO, order=order)["ok"]
        (key,) = wait_for(lambda: [key for key in client.keys("URANUS:*:O:*") if client.hexists(key, "combo")])
        return key, wait_for(lambda: program.order(key, "combo").get("i"))

    def charged_then_asked_again(key: str) -> tuple[float, float]:
        filled = wait_for(lambda: (o := program.order(key, "combo"))["status"] == "Filled" and o["commission"] and o)
        time.sleep(2)
        filled = program.order(key, "combo")
        if again == "RESET":
            assert program.send("RESET")["ok"]
        else:
            program.stop()
            program.run("--exchanges=NASDAQ,SMART")
        time.sleep(2)
        program.trading("NASDAQ")
        return filled["commission"], program.order(key, "combo")["commission"]

    try:
        key, perm = await deferToThread(place)
        world.sim.trouble.orders.fill(int(perm))
        before, after = await deferToThread(charged_then_asked_again, key)
        assert before == after > 0
    finally:
        await deferToThread(program.stop)
