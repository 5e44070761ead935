"""The contracts of orders: how they are asked for, and what is told without an answer."""

import attrs
import pytest

from ibgw_tx.orders.shell import resolving
from tests.kit.contracts import AAPL
from tests.kit.gateway import contract_data
from tests.kit.trading import AAPL_OPEN, FLAG, OrderWorld, one_live_order, opened, status


@pytest.fixture
def world(monkeypatch):
    """A gateway whose one live order is number 1."""
    return one_live_order(monkeypatch)


def test_contracts_are_asked_for_a_few_at_a_time(monkeypatch):
    world = OrderWorld(monkeypatch).running()
    world.hear(*(opened(n, contract=attrs.evolve(AAPL_OPEN, conId=1000 + n), perm=n) for n in range(1, 101)))
    seen = len(world.asked("9"))
    assert 0 < seen <= resolving.MAX_RESOLVING


def test_a_contract_without_an_answer_is_asked_for_again_and_does_not_hide_its_order(monkeypatch, lines):
    world = OrderWorld(monkeypatch).running()
    world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    world.asked("99")
    world.tws.say(102)
    (asked,) = world.asked("7")
    world.tws.say(55, 1, asked[2])
    assert len(world.asked("9")) == 1
    world.seconds(63)
    assert FLAG not in world.link.keys
    (again,) = world.asked("9")
    world.tws.say(*contract_data(again[2], AAPL))
    world.tws.say(52, 1, again[2])
    assert world.trusted == (True, True)
    assert not any("goes by what the order says" in line for line in lines)


def test_a_contract_that_tws_does_not_know_goes_by_what_the_order_says(monkeypatch):
    world = OrderWorld(monkeypatch).running()
    world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    world.asked("99")
    world.tws.say(102)
    (asked,) = world.asked("7")
    world.tws.say(55, 1, asked[2])
    world.answer(code=200)
    assert world.parts.orders.is_running and "URANUS:SMART:demo:O:USD-AAPL" in world.link.hashes
