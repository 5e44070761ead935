"""Cancels, the global cancel and HALT in a whole gateway in memory."""

import pytest

from ibgw_tx.model import keys as names
from ibgw_tx.tws.pacing import CAPACITY, Lane
from tests.kit.trading import (
    burst,
)


def test_a_cancel_does_not_overtake_its_order(world):
    waiting = burst(world)
    world.send("CANCEL_ORDER", apiOrderId=waiting[0])
    assert world.ack()["ok"] and not world.asked("4")
    world.seconds(2)
    left = [(message[0], message[1] if message[0] == "3" else message[2]) for message in world._asked if message[0] in "34"]
    world._asked.clear()
    assert left.index(("3", str(waiting[0]))) < left.index(("4", str(waiting[0])))


def test_a_cancel_of_an_order_that_has_left_goes_first(world):
    order_id = world.placed("a")
    burst(world)
    world.send("CANCEL_ORDER", apiOrderId=order_id)
    assert world.asked("4") == [["4", "1", str(order_id)]]


def test_a_global_cancel_goes_at_once_and_again_behind_the_orders_that_wait(world):
    waiting = burst(world)
    world.send("CANCEL_ALL")
    assert world.ack()["ok"] and len(world.asked("58")) == 1
    world.seconds(2)
    kinds = [message[0] for message in world._asked if message[0] in ("3", "58")]
    assert kinds == ["3"] * len(waiting) + ["58"]


def test_a_global_cancel_finds_room_however_many_orders_wait(world):
    session = world.gateway._session
    session._outgoing._pacer.offer(Lane.ORDER, *[b"\0\0\0\1" + b"3\x001\x00"] * CAPACITY[Lane.ORDER])
    world.send("CANCEL_ALL")
    assert world.ack()["ok"] and world.asked("58")


def test_an_order_without_an_answer_can_be_cancelled(world):
    order_id = world.place("a")["apiOrderId"]
    world.seconds(61)
    while world.asked("16"):
        world.tws.say(53, 1)
        world.asked("99")
        world.tws.say(102)
        for asked in world.asked("7"):
            world.tws.say(55, 1, asked[2])
    assert world.orders()[-1]["status"] == "Unknown"
    world.send("CANCEL_ORDER", client_oid="a")
    assert world.ack()["ok"] and world.asked("4") == [["4", "1", str(order_id)]]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "bad_params"),
        ({"apiOrderId": True}, "bad_params"),
        ({"apiOrderId": "1"}, "bad_params"),
        ({"i": 1.5}, "bad_params"),
        ({"client_oid": 1}, "bad_params"),
        ({"id": 1}, "bad_params"),
        ({"apiOrderId": 77}, "unknown_order"),
        ({"i": "77"}, "unknown_order"),
        ({"client_oid": "no"}, "unknown_order"),
        ({"client_oid": "warm"}, "unknown_order"),
    ],
)
def test_cancels_that_are_refused(world, params, code):
    world.send("CANCEL_ORDER", **params)
    assert world.ack()["code"] == code and not world.asked("4")


def test_members_that_are_null_count_as_absent(world):
    order_id = world.placed("a")
    world.send("CANCEL_ORDER", apiOrderId=None, i=None, client_oid="a")
    assert world.ack()["apiOrderId"] == order_id


def test_two_names_of_different_orders_cancel_neither(world):
    one, _ = world.placed("a"), world.placed("b")
    world.send("CANCEL_ORDER", apiOrderId=one, client_oid="b")
    assert world.ack()["code"] == "bad_params" and not world.asked("4")


def test_cancels_work_while_halted(world):
    order_id = world.placed("a")
    world.send("HALT", reason="lunch")
    world.send("CANCEL_ORDER", apiOrderId=order_id)
    world.send("CANCEL_ALL")
    assert [ack["ok"] for ack in world.told("ack")] == [True] * 3
    assert "lunch" in world.place("b")["err"] and "lunch" in world.change(order_id, p=1)["err"]


# HALT.


def test_a_halt_during_a_resume_stands(world):
    world.send("HALT")
    world.link.hold = True
    world.send("RESUME")
    world.send("HALT", reason="again")
    world.link.hold = False
    world.link.answer()
    world.told("ack")
    assert world.place("a")["code"] == "limit" and world.link.json(names.halt("demo"))["reason"] == "again"
