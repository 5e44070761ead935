"""Cancels, the global cancel and HALT in a whole gateway in memory."""

import attrs
import pytest

from ibgw_tx.model import keys as names
from tests.kit import order_events as omskit
from tests.kit.contracts import AAPL
from tests.kit.trading import AAPL_OPEN, BUY, TERMS, burst, opened, order_left, status


def test_a_cancel_goes_before_the_orders_that_wait(world):
    order_id = world.placed("a")
    world.seconds(2)
    burst(world)
    world.send("CANCEL_ORDER", apiOrderId=order_id)
    assert world.ack()["ok"] and world.asked("4") == [["4", "1", str(order_id)]]


def many(world, count):
    """So many live orders, and nothing that was sent lately."""
    found = []
    for number in range(count):
        found.append(world.placed(f"o{number}"))
        if number % 30 == 29:
            world.seconds(2)
    world.seconds(2)
    return found


def test_a_cancel_that_waits_for_the_message_rate_is_acknowledged_when_it_leaves(world):
    ids = many(world, 46)
    for order_id in ids:
        world.send("CANCEL_ORDER", apiOrderId=order_id, id=order_id)
    acked = [ack["id"] for ack in world.told("ack")]
    assert acked == [int(message[2]) for message in world.asked("4")] and len(acked) < len(ids)
    world.seconds(2)
    assert [ack["ok"] for ack in world.told("ack")] == [True] * (len(ids) - len(acked))


def test_a_cancel_that_waits_when_the_link_is_lost_is_not_sent(world):
    ids = many(world, 46)
    for order_id in ids:
        world.send("CANCEL_ORDER", apiOrderId=order_id)
    world.told("ack"), world.asked("4")
    world.tws.notice(1100)
    world.seconds(2)
    assert {ack["code"] for ack in world.told("ack")} == {"not_connected"} and not world.asked("4")


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


def test_a_halt_that_redis_does_not_take_is_in_force_and_says_so(world, lines):
    world.link.refuse["SET"] = RuntimeError("OOM")
    world.send("HALT", reason="x")
    ack = world.ack()
    assert ack["ok"] and ack["kept"] is False and "restart" in ack["warning"]
    assert world.place("a")["code"] == "limit" and names.halt("demo") not in world.link.keys
    world.link.refuse.clear()
    world.seconds(2)
    assert world.link.json(names.halt("demo"))["reason"] == "x"
    assert any("HALT is kept in Redis now" in line for line in lines)


def test_a_resume_that_redis_does_not_take_leaves_the_halt_in_force(world):
    world.send("HALT")
    world.ack()
    world.link.refuse["DEL"] = RuntimeError("READONLY")
    world.send("RESUME")
    ack = world.ack()
    assert ack["code"] == "unavailable" and "still in force" in ack["err"] and world.place("a")["code"] == "limit"


# CANCEL_ORDERS.


def shown(world, oid, **more):
    """A live order of this client that a former life has placed."""
    number = int(oid[-1]) + 400
    world.hear(opened(number, orderRef=oid, **more), status(number))
    return number


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"prefix": "a"}, ["a1", "a2"]),
        ({"T": "sell"}, ["b3"]),
        ({"T": "buy", "prefix": "b"}, []),
        ({"exchange": "NASDAQ", "showName": "USD-AAPL"}, ["a1", "a2", "b3"]),
        ({"exchange": "SMART", "shownName": "USD-AAPL"}, ["a1", "a2", "b3"]),
        ({"showName": "USD-AAPL", "prefix": "a"}, ["a1", "a2"]),
        ({"exchange": "SEHK"}, []),
        ({"showName": "USD-MSFT"}, []),
        ({"contract": {"conId": AAPL.conId}}, ["a1", "a2", "b3"]),
        ({"contract": {"symbol": "AAPL", "secType": "STK", "currency": "EUR", "exchange": "SMART"}}, []),
        ({"account": "DU1"}, ["a1", "a2", "b3"]),
        ({"account": "DU2"}, []),
    ],
)
def test_cancel_orders_cancels_what_fits_all_that_is_given(world, params, expected):
    sells = attrs.evolve(TERMS, action="SELL")
    ids = {"a1": shown(world, "a1"), "a2": shown(world, "a2"), "b3": shown(world, "b3", terms=sells)}
    world.hear(omskit.opened(order_id=9, perm=900, clientId=7, contract=AAPL_OPEN, terms=TERMS, orderRef="a9"))
    world.send("CANCEL_ORDERS", **params)
    ack = world.ack()
    assert ack["ok"] and ack["apiOrderIds"] == [ids[oid] for oid in expected]
    assert [int(message[2]) for message in world.asked("4")] == ack["apiOrderIds"]


@pytest.mark.parametrize("params", [{}, {"T": "short"}, {"prefix": 5}, {"oid": "a"}, {"exchange": "", "prefix": None}])
def test_cancel_orders_that_are_refused(world, params):
    shown(world, "a1")
    world.send("CANCEL_ORDERS", **params)
    assert world.ack()["code"] == "bad_params" and not world.asked("4")


def test_cancel_orders_withdraws_what_is_under_way_and_fits(world):
    waiting = burst(world)
    world.send("CANCEL_ORDERS", id="all", prefix=waiting[0])
    acks = {ack["id"]: ack for ack in world.told("ack")}
    assert acks[waiting[0]]["ok"] is False and acks["all"] == acks["all"] | {"ok": True, "apiOrderIds": []}
    world.seconds(2)
    assert len(order_left(world)) == len(waiting) - 1


def test_cancel_orders_reaches_an_order_whose_contract_is_not_known_yet(world):
    ask = {"contract": {"symbol": "MSFT", "secType": "STK", "exchange": "SMART"}, "order": {**BUY, "client_oid": "x"}}
    world.send("PLACE_ORDER", id="x", **ask)
    world.send("CANCEL_ORDERS", id="c", exchange="NASDAQ", showName="USD-MSFT")
    assert world.ack()["apiOrderIds"] == []
    world.answer(attrs.evolve(AAPL, conId=272093, symbol="MSFT"))
    ack = world.ack()
    assert (ack["id"], ack["ok"]) == ("x", False) and not world.asked("3")
