"""Single orders in doubt, in a whole gateway in memory."""

import pytest

from tests.kit.trading import one_live_order, opened, status, stored


@pytest.fixture
def world(monkeypatch):
    """A gateway whose one live order is number 1."""
    return one_live_order(monkeypatch)


def test_a_doubt_is_asked_about_and_settled(world):
    world.tws.notice(31337, "a code nobody knows", 1)
    world.snapshot(opened(status="PreSubmitted"), status(word="PreSubmitted"))
    assert stored(world)["alive"] is True


def test_a_doubt_while_the_link_is_down_is_not_asked_about(world):
    world.tws.notice(1100)
    world.tws.notice(31337, "a code nobody knows", 1)
    world.seconds(20)
    assert not world.asked("16") and stored(world)["alive"] is True


def test_an_order_in_doubt_is_not_lost_by_the_end_of_another_list(world):
    world.tws.notice(31337, "a code nobody knows", 1)
    world.snapshot()
    assert world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    assert stored(world)["alive"] is True


def test_a_doubt_whose_second_list_does_not_come_settles_nothing(world):
    world.tws.notice(31337, "a code nobody knows", 1)
    world.snapshot()
    world.asked("16")
    world.seconds(31)
    assert stored(world)["alive"] is True
