"""The contracts of orders: how they are asked for, and what is told without an answer."""

import attrs
import pytest

from ibgw_tx.orders.shell import resolving
from tests.kit.contracts import AAPL
from tests.kit.gateway import contract_data
from tests.kit.order_events import completed
from tests.kit.trading import AAPL_OPEN, FLAG, HASH, TERMS, OrderWorld, fill, one_live_order, opened, status, stored


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


def order_hashes(world):
    """Where orders stand: the fields of each hash of orders."""
    hashes = {key: {field.decode() for field in kept if field != b"t"} for key, kept in world.link.hashes.items()}
    return {key: fields for key, fields in hashes.items() if key.startswith("URANUS:") and fields}


def next_life(monkeypatch, world):
    """Another gateway over the same Redis, after a kill."""
    world.link.up = False
    again = OrderWorld(monkeypatch)
    again.reactor.advance(world.reactor.seconds() - again.reactor.seconds() + 10)
    again.link.keys, again.link.hashes = world.link.keys, world.link.hashes
    return again


def session_lost_while_redis_is_read(monkeypatch, world, *said):
    """Another gateway begins to read Redis in slices, TWS says something of orders, and the session ends: READY again."""
    monkeypatch.setattr("ibgw_tx.orders.shell.snapshot.SLICE", 1)
    again = next_life(monkeypatch, world)
    again.running()
    assert not again.asked("16"), "Redis is not being read"
    again.hear(*said)
    assert not again.asked("9"), "it was taken in at once"
    again.tws.wire.end()
    again.ready()
    again.download()
    again.turn()
    again.seconds(1)
    return again


def test_an_order_filled_while_redis_is_read_stays_in_its_hash_though_the_session_ends(world, monkeypatch, lines):
    world.hear(opened(3), status(3))
    again = session_lost_while_redis_is_read(monkeypatch, world, opened(), fill(), status(word="Filled", filled=100))
    again.snapshot(opened(3), status(3), completed("Filled", 100, perm=5001, terms=TERMS, contract=AAPL_OPEN))
    assert order_hashes(again) == {HASH: {"5001", "5003"}}
    assert (stored(again)["status"], stored(again)["executed"]) == ("Filled", 100)
    assert again.trusted == (True, True)
    assert not any("goes by what the order says" in line for line in lines)


def test_an_order_first_told_while_redis_is_read_is_not_given_a_place_by_the_end_of_the_session(world, monkeypatch, lines):
    world.hear(opened(3), status(3))
    again = session_lost_while_redis_is_read(monkeypatch, world, opened(2), status(2))
    again.snapshot(opened(), status(), opened(2), status(2), opened(3), status(3))
    assert order_hashes(again) == {HASH: {"5001", "5002", "5003"}}
    assert not any("goes by what the order says" in line for line in lines)


def test_an_order_of_a_former_life_stays_in_its_hash_when_tws_does_not_know_its_contract_any_more(world, monkeypatch):
    again = next_life(monkeypatch, world)
    again.ready()
    again.download()
    again.hear(opened(), status())
    assert again.answer(code=200) == 1
    again.link.bring_up()
    again.seconds(1)
    again.snapshot(opened(), status())
    assert order_hashes(again) == {HASH: {"5001"}}
    again.hear(fill(), status(word="Filled", filled=100))
    assert stored(again)["status"] == "Filled" and again.orders()[-1]["market"] == "NASDAQ"


def test_silence_without_a_link_to_ib_is_no_answer_about_a_contract(monkeypatch, lines):
    world = OrderWorld(monkeypatch).running()
    world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    assert world.asked("9") and world.asked("99")
    world.tws.say(102)
    (asked,) = world.asked("7")
    world.tws.say(55, 1, asked[2])
    world.tws.notice(1100)
    world.seconds(250)
    world.asked("9")
    world.tws.notice(1102)
    world.snapshot(opened(), status())
    assert order_hashes(world) == {HASH: {"5001"}} and world.trusted == (True, True)
    assert not any("goes by what the order says" in line for line in lines)


@pytest.mark.parametrize("code", [200, 321, None])
def test_what_tws_says_of_a_contract_before_it_has_its_link_to_ib_is_asked_again_with_the_link(monkeypatch, code):
    world = OrderWorld(monkeypatch)
    world.link.bring_up()
    ready = world.gateway.sessionReady

    def without_link(session):
        world.tws.notice(1100)
        ready(session)

    monkeypatch.setattr(world.gateway, "sessionReady", without_link)
    world.ready()
    world.hear(opened(), status())
    if code is None:
        assert world.asked("9")
        world.seconds(75)
    else:
        assert world.answer(code=code) == 1
    world.tws.notice(1102)
    world.download()
    world.seconds(1)
    world.snapshot(opened(), status())
    assert order_hashes(world) == {HASH: {"5001"}} and world.trusted == (True, True)
