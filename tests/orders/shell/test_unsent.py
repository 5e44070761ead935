"""What still waited for TWS's message rate when the session ended."""

import pytest

from tests.kit.fakes import result
from tests.kit.trading import (
    OrderWorld,
    burst,
    kept,
)


@pytest.mark.parametrize("version", [145, 157])
def test_orders_that_never_left_are_told_and_their_names_are_free(monkeypatch, version):
    world = OrderWorld(monkeypatch)
    world.link.bring_up()
    world.connect().welcome(version=version)
    world.download()
    world.asked("16")
    world.tws.say(53, 1)
    if version >= 150:
        world.asked("99")
        world.tws.say(102)
    world.tws.say(55, 1, world.asked("7")[0][2])
    assert world.parts.orders.is_running
    world.place("first")
    world.seconds(2)
    ids = {f"o{number}": world.place(f"o{number}")["apiOrderId"] for number in range(60)}
    left = {int(message[1 if version >= 145 else 2]) for message in world.asked("3")}
    world.tws.wire.end()
    told = {int(each["err"].split()[1]) for each in world.told("error") if each["code"] == 504}
    assert told == {order_id for order_id in ids.values() if order_id not in left}
    for oid, order_id in ids.items():
        assert (kept(world, oid) is not None) == (order_id in left)
    # What has left is waited for, the rest is forgotten.
    assert world.parts.orders.cache.open_count == len(left)


def test_a_change_that_never_left_does_not_make_its_order_unsent(world):
    order_id = world.place("a")["apiOrderId"]
    world.asked("3")
    waiting = burst(world)
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "p": 140}, id="change")
    assert world.ack()["ok"]
    world.tws.wire.end()
    errors = world.told("error")
    assert [each["err"].partition(" was")[0] for each in errors if each["id"] == "change"] == [f"the change of order {order_id}"]
    assert len(errors) == len(waiting) + 1
    assert kept(world, "a") and world.parts.orders.cache.by_client_oid("a")["alive"]


def test_cancels_that_never_left_are_told(world):
    waiting = burst(world)
    world.send("CANCEL_ORDER", apiOrderId=waiting[-1], id="cancel")
    world.send("CANCEL_ALL", id="all")
    world.tws.wire.end()
    told = {each["id"]: each["err"] for each in world.told("error")}
    assert f"the cancel of order {waiting[-1]}" in told["cancel"] and "global cancel" in told["all"]


def test_a_stop_tells_what_waits_and_frees_its_names(world):
    waiting = burst(world)
    result(world.gateway.stopService())
    assert len([each for each in world.told("error") if each["code"] == 504]) == len(waiting)
    assert not [oid for oid in range(60) if kept(world, f"burst-{oid}") and oid >= 60 - len(waiting)]


def test_a_preview_that_waits_when_the_session_ends_is_told_once(world):
    world.place(whatIf=True)
    world.tws.wire.end()
    (told,) = world.told("error")
    assert told["code"] is None and "preview" in told["err"]
