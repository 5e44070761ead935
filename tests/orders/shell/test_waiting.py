"""Orders that wait, for TWS's message rate or for its answer: whatever ends the wait refuses them, and nothing leaves."""

import json

import pytest

from ibgw_tx.model import keys as names
from tests.kit.contracts import AAPL
from tests.kit.deferreds import result
from tests.kit.trading import BUY, CONTRACT, burst, kept, order_left

ENDS = {
    "HALT": lambda world: world.send("HALT", id="end"),
    "CANCEL_ALL": lambda world: world.send("CANCEL_ALL", id="end"),
    "1100": lambda world: world.tws.notice(1100),
    "RESET": lambda world: world.send("RESET", id="end"),
    "session": lambda world: world.tws.wire.end(),
    "stop": lambda world: result(world.gateway.stopService()),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_the_wait_refuses_what_waits_and_nothing_leaves(world, end):
    waiting = burst(world)
    before = world.parts.orders.cache.orders.open_count
    tws = world.tws
    ENDS[end](world)
    acks = world.told("ack")
    refused = [ack["id"] for ack in acks if not ack["ok"]]
    assert refused == waiting
    if acks[-1]["ok"]:
        assert acks[-1]["id"] == "end", "the end is acknowledged after what it has ended"
    if end not in ("session", "stop"):
        world.seconds(5)
    left = [message for message in tws.asked() if message is not None and message[0] == "3"]
    assert not left and not order_left(world)
    assert world.parts.orders.cache.orders.open_count == before and not any(kept(world, oid) for oid in waiting)
    records = world.link.hashes.get(names.unanswered("demo"), {}).values()
    assert not {json.loads(record)["client_oid"] for record in records} & set(waiting)


def test_an_order_is_acknowledged_when_it_leaves(world):
    waiting = burst(world)
    assert not world.told("ack")
    world.seconds(2)
    acks = world.told("ack")
    assert [ack["id"] for ack in acks] == waiting and all(ack["ok"] for ack in acks)
    assert [ack["apiOrderId"] for ack in acks] == order_left(world)


def test_more_than_one_seconds_orders_do_not_wait(world):
    for number in range(200):
        world.send("PLACE_ORDER", id=number, contract=CONTRACT, order={**BUY, "client_oid": f"o{number}"})
    acks = world.told("ack")
    left, refused = [ack for ack in acks if ack["ok"]], [ack for ack in acks if not ack["ok"]]
    assert len(left) == len(order_left(world)) <= 42 and {ack["code"] for ack in refused} == {"limit"}
    assert len(acks) == 200 - 42 and "message rate" in refused[0]["err"]
    world.seconds(2)
    assert len([ack for ack in world.told("ack") if ack["ok"]]) == len(order_left(world)) == 42
    assert not any(kept(world, f"o{ack['id']}") for ack in refused)


def test_a_command_that_grows_too_old_while_it_waits_is_not_sent(world):
    burst(world, 42)
    now = int(world.reactor.seconds() * 1000)
    ask = {"contract": CONTRACT, "order": {**BUY, "client_oid": "old"}}
    world.link.on_message(json.dumps({"id": "old", "cmd": "PLACE_ORDER", "params": ask, "t": now - 4500}).encode())
    world.told("ack")
    world.seconds(2)
    assert [ack.get("code") for ack in world.told("ack") if ack["id"] == "old"] == ["expired"]
    assert not kept(world, "old")


def test_an_order_that_waits_is_withdrawn_by_a_cancel_of_its_name(world):
    waiting = burst(world)
    world.send("CANCEL_ORDER", id="cancel", client_oid=waiting[3])
    refused, cancelled = world.told("ack")
    assert (refused["id"], refused["ok"]) == (waiting[3], False)
    assert (cancelled["id"], cancelled["ok"], cancelled["withdrawn"]) == ("cancel", True, True) and not world.asked("4")
    world.seconds(2)
    assert len(order_left(world)) == len(waiting) - 1 and not kept(world, waiting[3])


def test_a_cancel_by_name_reaches_the_live_order_although_a_repeat_of_it_is_under_way(world):
    order_id = world.placed("a")
    world.parts.contracts.forget()
    world.send("PLACE_ORDER", id="repeat", contract=CONTRACT, order={**BUY, "client_oid": "a"})
    world.send("CANCEL_ORDER", id="cancel", client_oid="a")
    acks = {ack["id"]: ack for ack in world.told("ack")}
    assert acks["repeat"]["ok"] is False and acks["cancel"]["apiOrderId"] == order_id
    assert world.asked("4") == [["4", "1", str(order_id)]]


def test_a_group_that_waits_is_withdrawn_whole(world):
    burst(world, 42)
    orders = [{"contract": CONTRACT, "order": {**BUY, "client_oid": oid, "ocaGroup": "g"}} for oid in ("g1", "g2")]
    world.send("PLACE_ORDER", id="group", orders=orders)
    world.told("ack")
    world.send("CANCEL_ORDER", client_oid="g2")
    assert [ack["ok"] for ack in world.told("ack")] == [False, True]
    world.seconds(2)
    assert not order_left(world) and not kept(world, "g1") and not kept(world, "g2")


@pytest.mark.parametrize("end", ["HALT", "CANCEL_ALL", "1100", "cancel"])
def test_an_order_that_waits_for_the_details_of_its_contract_does_not_leave_afterwards(world, end):
    world.parts.contracts.forget()
    world.send("PLACE_ORDER", id="a", contract=CONTRACT, order={**BUY, "client_oid": "a"})
    if end == "cancel":
        world.send("CANCEL_ORDER", id="end", client_oid="a")
    else:
        ENDS[end](world)
    acks = world.told("ack")
    assert acks[0]["id"] == "a" and acks[0]["ok"] is False and all(ack["ok"] for ack in acks[1:])
    world.answer(AAPL)
    world.seconds(3)
    assert not world.asked("3") and not world.told("ack")


@pytest.mark.parametrize("end", ["HALT", "CANCEL_ALL", "cancel"])
def test_a_change_that_waits_is_withdrawn_too(world, end):
    order_id = world.placed("live")
    world.seconds(2)
    burst(world, 42)
    world.send("PLACE_ORDER", id="change", order={"apiOrderId": order_id, "p": 140})
    assert not world.told("ack")
    if end == "cancel":
        world.send("CANCEL_ORDER", id="end", client_oid="live")
    else:
        ENDS[end](world)
    assert [(ack["id"], ack["ok"]) for ack in world.told("ack")] == [("change", False), ("end", True)]
    world.seconds(2)
    assert not order_left(world) and not world.parts.orders.cache.orders.is_changing(order_id)


def test_a_preview_that_waits_is_withdrawn_too(world):
    burst(world, 42)
    world.send("PLACE_ORDER", id="preview", contract=CONTRACT, order={**BUY, "whatIf": True})
    world.send("HALT", id="halt")
    assert [(ack["id"], ack["ok"]) for ack in world.told("ack")] == [("preview", False), ("halt", True)]
    world.seconds(40)
    assert not order_left(world) and not world.told("error")


def test_a_preview_that_was_sent_is_told_when_the_session_ends(world):
    world.place(whatIf=True)
    world.tws.wire.end()
    (told,) = world.told("error")
    assert told["code"] is None and "preview" in told["err"]


def test_limits_are_looked_at_when_the_order_leaves(world):
    """What waits counts nowhere yet: two orders that passed at admission may not both pass at release."""
    limits = world.parts.order_entry.gate
    waiting = burst(world, 44)
    limits.limits = type(limits.limits)(max_open_orders=world.parts.orders.cache.orders.open_count + 1)
    world.seconds(2)
    acks = world.told("ack")
    assert [(ack["id"], ack["ok"]) for ack in acks] == [(waiting[0], True), (waiting[1], False)]


def test_a_change_is_built_when_it_leaves(world):
    order_id = world.placed("live")
    world.seconds(2)
    burst(world, 42)
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "p": 140})
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "s": 120})
    world.seconds(2)
    _, second = world.asked("3")
    at = second.index("BUY")
    assert (second[at + 1], second[at + 3]) == ("120", "140")
