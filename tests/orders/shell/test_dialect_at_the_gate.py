"""What the negotiated server version lacks never leaves the gateway: it is refused with a sentence, and nothing is kept of it."""

import pytest

from tests.kit.trading import OrderWorld


@pytest.fixture
def world(monkeypatch):
    return OrderWorld(monkeypatch).trading()


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"s": 0.5}, "0.5, needs TWS's server version 163 or later, and this session speaks 157 (TWS would answer 10243)"),
        ({"postOnly": True}, "postOnly true needs TWS's server version 216 or later, and this session speaks 157"),
        ({"duration": 60}, "duration 60 needs TWS's server version 158 or later, and this session speaks 157"),
    ],
)
def test_a_new_order_is_refused(world, order, text):
    ack = world.place("a", **{"s": 10, "p": 150, **order})
    assert (ack["ok"], ack["code"]) == (False, "bad_params") and text in ack["err"]
    assert not world.asked("3")
    assert world.place("a", s=10, p=150)["ok"], "the name is free"


def test_a_change_is_refused_and_the_order_stays_as_it_is(world):
    order_id = world.placed("a", s=10, p=150)
    ack = world.change(order_id, s=10.5)
    assert (ack["ok"], ack["code"]) == (False, "bad_params") and "server version 163" in ack["err"]
    assert not world.asked("3")
    assert world.change(order_id, s=11)["ok"] and world.asked("3")


def test_an_idle_member_of_a_later_version_says_nothing(world):
    assert world.place("a", s=10, p=150, postOnly=False, customerAccount="", routeMarketableToBbo=False)["ok"]
    assert world.asked("3")
