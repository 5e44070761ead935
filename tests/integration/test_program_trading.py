"""The installed gateway trading over ibsim: what must not cost money, seen through Redis alone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.kit.program import Program, wait_for
from tests.kit.sim_process import SimProcess

from .test_program_orders import AAPL, BUY, HASH


def placed(trading: Program, oid: str, **order: Any) -> Any:
    ack = trading.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": oid, **order})
    assert ack["ok"], ack
    return wait_for(lambda: trading.order(HASH, oid))


def test_an_order_that_is_held_is_told_as_such_and_let_go(trading: Program) -> None:
    held = placed(trading, "held", transmit=False)
    time.sleep(1)
    assert held["alive"] and trading.order(HASH, "held")["alive"]
    assert trading.send("PLACE_ORDER", order={"client_oid": "held", "transmit": True})["ok"]
    wait_for(lambda: trading.order(HASH, "held")["status"] == "Submitted")


@pytest.mark.parametrize("till", ["20200101-00:00:00", "20991231 10:00:00 Mars/Olympus"])
def test_a_date_in_the_past_or_in_no_zone_is_refused(trading: Program, till: str) -> None:
    ack = trading.send("PLACE_ORDER", contract=AAPL, order={**BUY, "tif": "GTD", "goodTillDate": till})
    assert (ack["ok"], ack["code"]) == (False, "bad_params") and "goodTillDate" in ack["err"], ack


@pytest.mark.parametrize("refused", [{"tif": "GTC"}, {"outsideRth": True}])
def test_a_member_that_tws_refused_is_not_sent_again(trading: Program, refused: dict[str, Any], simulator: SimProcess) -> None:
    before = placed(trading, "part")
    simulator.ask("reject 201 no")
    assert trading.send("PLACE_ORDER", order={"apiOrderId": before["apiOrderId"], **refused})["ok"]
    wait_for(lambda: trading.order(HASH, "part")["extCode"] == 201)
    assert trading.send("PLACE_ORDER", order={"apiOrderId": before["apiOrderId"], "p": 101})["ok"]
    wait_for(lambda: trading.order(HASH, "part")["p"] == 101)
    assert trading.order(HASH, "part")["tif"] == before["tif"] == "DAY"


def test_a_halt_that_redis_does_not_take_is_in_force_and_says_so(trading: Program) -> None:
    trading.client.config_set("maxmemory", "1")
    try:
        ack = trading.send("HALT")
    finally:
        trading.client.config_set("maxmemory", "0")
    assert ack["ok"] and ack["kept"] is False, ack
    time.sleep(2)
    assert trading.send("PLACE_ORDER", contract=AAPL, order=BUY)["code"] == "limit"
