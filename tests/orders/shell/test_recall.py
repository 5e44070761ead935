"""Orders that are over, out of memory and back: what TWS and bots find of them in a whole gateway in memory."""

import json

import pytest
from twisted.internet.defer import succeed

from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.cache.departures import STAY
from ibgw_tx.redis.shell.connections import ResponseError
from tests.kit.trading import HASH, OrderWorld, fill, opened, status, stored

REMAINS = "IBGateway:demo:remains"


@pytest.fixture
def world(monkeypatch):
    """A gateway whose only order, number 1, was filled and has left memory."""
    world = OrderWorld(monkeypatch).trading()
    world.placed("bot-1", s=100)
    world.hear(fill(orderRef="bot-1"), status(word="Filled", filled=100))
    world.seconds(STAY // 1000 + 2)
    assert world.parts.orders.cache.orders.by_perm_id(5001) is None
    assert list(world.link.hashes[REMAINS]) == [b"5001"] and stored(world)["status"] == "Filled"
    world.orders()
    return world


def test_a_correction_of_what_left_memory_finds_what_it_corrects(world):
    world.hear(fill("e.1.01.02", 90, orderRef="bot-1"))
    (told,) = world.orders()
    assert (told["executed"], told["corrected"]) == (90, True) and stored(world)["executed"] == 90


def test_its_name_stays_taken_also_when_its_reservation_has_ended(world):
    world.link.keys.pop("IBGateway:demo:client_oid:bot-1")
    ack = world.place("bot-1")
    assert (ack["ok"], ack["code"], ack["order"]["status"]) == (False, "duplicate", "Filled") and not world.asked("3")


def test_a_cancel_is_told_how_it_ended(world):
    for names in ({"client_oid": "bot-1"}, {"i": "5001"}, {"apiOrderId": 1}):
        world.send("CANCEL_ORDER", **names)
        ack = world.ack()
        assert (ack["code"], ack["order"]["status"]) == ("unknown_order", "Filled")


def test_what_comes_behind_a_message_that_waits_for_redis_waits_too(world):
    world.link.hold = True
    world.hear(status(word="Cancelled", filled=100), opened(2, orderRef="bot-2"), status(2))
    assert not world.orders()
    world.link.hold = False
    world.link.answer()
    assert [order["client_oid"] for order in world.orders()] == ["bot-2"]


def test_a_redis_that_goes_away_takes_what_waits_with_it_and_a_new_snapshot_tells_it(world):
    world.link.hold = True
    world.hear(fill("e.1.01.02", 90, orderRef="bot-1"))
    world.link.go_down()
    world.link.hold = False
    world.link.bring_up()
    world.snapshot(fill("e.1.01.02", 90, orderRef="bot-1"))
    assert stored(world)["executed"] == 90 and world.trusted == (True, True)


def test_a_redis_that_refuses_to_give_it_back_has_all_taken_anew(world, failures):
    world.link.refuse["HMGET"] = RuntimeError("NOPERM")
    world.hear(fill("e.1.01.02", 90, orderRef="bot-1"))
    assert world.trusted == (False, False) and failures
    failures.clear()
    world.link.refuse.clear()
    world.seconds(3)
    world.snapshot(fill("e.1.01.02", 90, orderRef="bot-1"))
    assert stored(world)["executed"] == 90 and world.trusted == (True, True)


def test_a_command_is_refused_while_redis_does_not_say(world):
    world.link.refuse["HMGET"] = RedisDown("gone")
    world.send("CANCEL_ORDER", client_oid="bot-1")
    assert world.ack()["code"] == "unavailable"


def test_another_life_has_it_out_of_memory_from_the_start(world, monkeypatch):
    again = OrderWorld(monkeypatch)
    again.link.keys, again.link.hashes = world.link.keys, world.link.hashes
    world.link.up = False
    again.trading()
    orders = again.parts.orders.cache.orders
    assert orders.by_perm_id(5001) is None and orders.by_state()["filled"] == 1
    again.hear(fill("e.1.01.02", 90, orderRef="bot-1"))
    assert json.loads(again.link.hashes[HASH][b"5001"])["executed"] == 90


def test_it_stays_in_memory_until_redis_has_taken_what_it_leaves_behind(monkeypatch):
    world = OrderWorld(monkeypatch).trading()
    link, refused = world.link, []
    carry_out = link.transaction

    def of_another_type(commands):
        if not any(words[:2] == ("HSET", REMAINS) for words in commands):
            return carry_out(commands)
        refused.append(commands)
        # Within EXEC's list of replies, as Redis does it with a key of another type.
        return succeed([ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")])

    monkeypatch.setattr(link, "transaction", of_another_type)
    world.placed("bot-1", s=100)
    world.hear(fill(orderRef="bot-1"), status(word="Filled", filled=100))
    world.seconds(STAY // 1000 + 2)
    orders = world.parts.orders.cache.orders
    assert refused and orders.by_perm_id(5001) is not None
    monkeypatch.setattr(link, "transaction", carry_out)
    world.seconds(STAY // 1000 + 2)
    assert orders.by_perm_id(5001) is None and list(link.hashes[REMAINS]) == [b"5001"]
