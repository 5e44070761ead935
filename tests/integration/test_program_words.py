"""The installed gateway over a scripted TWS: which of its words about an order count, in which order they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.program import Program, wait_for
from tests.kit.tws_orders import OPEN_ORDERS, Desk, error, execution, open_order, order_status
from tests.kit.tws_server import TWSServer

from .test_program_orders import AAPL, HASH

BUY = {"T": "buy", "s": 100, "p": 150}
ORDERS = "URANUS:NASDAQ:outside:O_channel"


@pytest.fixture
def desk(tws: TWSServer) -> Desk:
    return Desk(tws)


@pytest.fixture
def trading(program: Program, desk: Desk) -> Iterator[Program]:
    """Trading over the scripted TWS."""
    program.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")
    return program


def place(program: Program, oid: str) -> int:
    """An order; its id."""
    ack = program.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": oid})
    assert ack["ok"], ack
    return int(ack["apiOrderId"])


def placed(program: Program, oid: str) -> int:
    """An order that TWS works with; its id."""
    id = place(program, oid)
    wait_for(lambda: program.order(HASH, oid).get("status") == "Submitted", say="Submitted")
    return id


@pytest.mark.parametrize("late", ["Submitted", "PreSubmitted"])
def test_a_late_word_while_a_list_is_open_brings_no_dead_order_back(
    trading: Program, tws: TWSServer, desk: Desk, late: str
) -> None:
    dead = placed(trading, "dead")
    desk.mute = desk.held = True
    asked = len(tws.asked(OPEN_ORDERS))
    other = place(trading, "other")
    tws.wait(OPEN_ORDERS, asked + 1, 60)
    tws.say_at_once(order_status(dead, "Cancelled"), error(dead, 202))
    wait_for(lambda: not trading.order(HASH, "dead")["alive"])
    tws.say_at_once(order_status(dead, late), open_order(other, ref="other"), order_status(other), (53, 1))
    wait_for(lambda: trading.order(HASH, "other").get("alive"))
    time.sleep(1)
    assert trading.order(HASH, "dead")["status"] == "Cancelled"
    assert not trading.order(HASH, "dead")["alive"]


@pytest.mark.parametrize("word", ["Filled", "Cancelled"])
def test_the_end_of_an_order_in_one_read_with_the_loss_of_the_link_is_told(trading: Program, tws: TWSServer, word: str) -> None:
    id = placed(trading, "end")
    filled = 100 if word == "Filled" else 40
    trade = execution(id, "e.1.01.01", filled, ref="end")
    tws.say_at_once(trade, order_status(id, word, filled), (4, 2, -1, 1100, "Connectivity has been lost"))
    wait_for(lambda: trading.client.get("URANUS:NASDAQ:outside:OMS") is None, say="the flag to go")
    time.sleep(1)
    order = trading.order(HASH, "end")
    assert (order["status"], order["executed"], order["alive"]) == (word, filled, False)
    assert any(where == ORDERS and "end" in str(told) and word in str(told) for where, told in trading.listen())


@pytest.mark.parametrize("code", [321, 320, 322])
def test_an_inactive_order_lives_when_its_cancel_is_refused(trading: Program, tws: TWSServer, desk: Desk, code: int) -> None:
    id = placed(trading, "idle")
    tws.say_at_once(open_order(id, "Inactive", ref="idle"), order_status(id, "Inactive"))
    wait_for(lambda: trading.order(HASH, "idle")["status"] == "Inactive")
    assert trading.order(HASH, "idle")["alive"]
    ack = trading.send("CANCEL_ORDER", client_oid="idle")
    tws.wait("4")
    tws.say(*error(id, code, "Error processing request"))
    assert trading.after(ack, "error")["code"] == code
    time.sleep(1)
    assert trading.order(HASH, "idle")["alive"]


@pytest.mark.parametrize("asked", [False, True])
def test_a_name_that_another_clients_order_bears_too_is_ones_own(
    trading: Program, tws: TWSServer, desk: Desk, asked: bool
) -> None:
    own = placed(trading, "c1")
    other = (open_order(own + 7, perm=9000, client=7, ref="c1"), order_status(own + 7, perm=9000, client=7))
    if asked:
        desk.lists = [open_order(own, ref="c1"), order_status(own), *other]
        assert trading.send("RESET")["ok"]
        time.sleep(1)
        trading.trading("NASDAQ")
    else:
        tws.say_at_once(*other)
    wait_for(lambda: trading.order(HASH, "9000").get("clientId") == 7, say="the order of client 7")
    ack = trading.send("CANCEL_ORDER", client_oid="c1")
    assert ack["ok"], ack
    tws.wait("4")
    assert desk.cancels() == [own]


@pytest.mark.parametrize("name", ["i", "apiOrderId", "client_oid"])
@pytest.mark.parametrize("dead", [5001, 5002])
def test_of_two_orders_with_one_name_the_living_one_can_be_cancelled(
    program: Program, tws: TWSServer, desk: Desk, dead: int, name: str
) -> None:
    perms = (5001, 5002)
    desk.lists = [said(9, perm=perm) for perm in perms for said in (twin, order_status)]
    program.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")
    (living,) = set(perms) - {dead}
    desk.lists = [said(9, perm=living) for said in (twin, order_status)]
    tws.say_at_once(order_status(9, "Cancelled", perm=dead), error(9, 202))
    wait_for(lambda: not program.order(HASH, str(dead)).get("alive", True), say="the end of one")
    assert program.order(HASH, "twin")["i"] == str(living)
    ack = program.send("CANCEL_ORDER", **{name: {"i": str(living), "apiOrderId": 9, "client_oid": "twin"}[name]})
    assert ack["ok"], ack
    tws.wait("4")
    assert desk.cancels() == [9]


def twin(order_id: int, perm: int) -> Any:
    return open_order(order_id, perm=perm, ref="twin")


@pytest.mark.parametrize("shares", [10, 0])
def test_executed_falls_when_an_execution_is_corrected(trading: Program, tws: TWSServer, shares: int) -> None:
    id = placed(trading, "fix")
    tws.say_at_once(execution(id, "e.1.01.01", 40, ref="fix"), order_status(id, filled=40))
    wait_for(lambda: trading.order(HASH, "fix")["executed"] == 40)
    tws.say(*execution(id, "e.1.01.02", 10, ref="fix"))
    if not shares:
        tws.say(*execution(id, "e.1.01.03", 0, ref="fix"))
    wait_for(lambda: trading.order(HASH, "fix")["executed"] == shares, 5, "the correction")
    assert trading.order(HASH, "fix")["corrected"] is True and trading.order(HASH, "fix")["alive"]


@pytest.mark.parametrize("filled", [50, 0])
def test_filled_with_less_than_all_is_asked_about_and_alive(trading: Program, tws: TWSServer, desk: Desk, filled: int) -> None:
    id = placed(trading, "half")
    asked = len(tws.asked(OPEN_ORDERS))
    desk.lists = [open_order(id, ref="half"), order_status(id, filled=filled)]
    tws.say(*order_status(id, "Filled", filled))
    tws.wait(OPEN_ORDERS, asked + 1)
    tws.say(*order_status(id, "Submitted", filled))
    wait_for(lambda: (o := trading.order(HASH, "half"))["status"] == "Submitted" and o["alive"])
    time.sleep(1)
    assert trading.order(HASH, "half")["alive"]
