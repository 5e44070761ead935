"""What TWS shows of an order and cannot be read here must not be taken away by a change."""

import attrs
import pytest

from tests.kit.trading import OrderWorld, echo_of, opened, status


@pytest.fixture
def world(monkeypatch):
    return OrderWorld(monkeypatch).trading()


def changed(world, order_id, lost):
    event = opened(order_id)
    world.hear(attrs.evolve(echo_of(event), lost=lost), event, status(order_id))
    return world.change(order_id, p=149)


def test_a_change_of_it_is_refused_with_what_is_lost(world):
    ack = changed(world, 40, ("conditions",))
    assert (ack["ok"], ack["code"]) == (False, "unavailable") and "order 40 cannot be changed here: its conditions" in ack["err"]
    assert not world.asked("3")


def test_one_that_can_be_read_whole_is_changed(world):
    assert changed(world, 40, ())["ok"] and world.asked("3")


def test_one_that_was_sent_here_is_known_whole(world):
    order_id = world.placed("a", s=100, p=150)
    event = opened(order_id, orderRef="a")
    echo = attrs.evolve(echo_of(event), lost=("conditions",))
    world.hear(echo, event, status(order_id))
    assert world.change(order_id, p=149)["ok"] and world.asked("3")
