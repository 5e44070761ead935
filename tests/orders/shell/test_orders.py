"""The orders in a whole gateway in memory: marks of trust, and what Redis and TWS's link do to them."""

import pytest

from ibgw_tx.model.errors import RedisDown
from tests.kit.deferreds import result
from tests.kit.trading import (
    FLAG,
    HASH,
    OrderWorld,
    burst,
    fill,
    one_live_order,
    opened,
    redis_calls,
    status,
    stored,
)


@pytest.fixture
def world(monkeypatch):
    """A gateway whose one live order is number 1."""
    return one_live_order(monkeypatch)


@pytest.mark.parametrize("how", ["session", "1100", "2110", "RESET", "stop"])
def test_flag_and_mark_go_before_anything_else_is_said(world, how):
    redis_calls(world)
    if how == "session":
        world.tws.wire.end()
    elif how == "RESET":
        world.send("RESET")
    elif how == "stop":
        result(world.gateway.stopService())
    else:
        world.tws.notice(int(how))
    calls = [call for call in redis_calls(world) if not (call[0] == "PUBLISH" and b'"msg"' in call[2])]
    assert calls[0] == ("DEL", FLAG) and calls[1] == ("HDEL", HASH, "t")
    assert world.trusted == (False, False)


def test_orders_that_never_left_are_told_after_the_marks_are_gone(world):
    world.seconds(2)
    waiting = burst(world)
    redis_calls(world)
    world.tws.wire.end()
    calls = redis_calls(world)
    assert calls[0] == ("DEL", FLAG)
    assert [ack["id"] for ack in world.told("ack") if ack["code"] == "not_connected"] == waiting


def test_a_late_fill_while_the_link_is_down_is_told_without_a_mark(world):
    world.tws.notice(1100)
    world.hear(fill(), status(word="Filled", filled=100))
    assert world.orders()[-1]["status"] == "Filled" and stored(world)["status"] == "Filled" and world.trusted == (False, False)


def test_redis_back_while_the_link_is_down_brings_no_flag(world):
    world.tws.notice(1100)
    world.link.go_down()
    world.link.keys[FLAG] = b"1"
    world.link.hashes[HASH][b"t"] = b"1"
    world.link.bring_up()
    assert world.trusted == (False, False) and not world.asked("16")
    world.seconds(5)
    assert world.trusted == (False, False) and not world.parts.orders.is_running
    world.tws.notice(1102)
    world.snapshot(opened(), status())
    assert world.trusted == (True, True)


def test_redis_back_without_a_session_brings_no_flag(monkeypatch):
    world = OrderWorld(monkeypatch)
    world.link.keys[FLAG] = b"1"
    world.link.hashes[HASH] = {b"t": b"1"}
    world.link.bring_up()
    assert world.trusted == (False, False)


def test_marks_go_from_a_redis_with_another_memory_before_the_status_is_said(world):
    world.link.go_down()
    world.link.keys[FLAG] = b"1"
    redis_calls(world)
    world.link.bring_up()
    calls = redis_calls(world)
    assert calls[0] == ("DEL", FLAG) and world.trusted[0] is False


def test_a_new_order_told_while_redis_was_away_is_told_when_it_is_back(world):
    world.link.go_down()
    world.hear(opened(2), status(2))
    world.link.bring_up()
    world.snapshot(opened(), status(), opened(2), status(2))
    (told,) = world.orders()
    assert told["i"] == "5002" and told["recovered"] is True


def test_an_empty_redis_is_told_everything(world):
    world.link.go_down()
    world.link.hashes.clear()
    world.link.bring_up()
    world.snapshot(opened(), status())
    assert [told["i"] for told in world.orders()] == ["5001"]


def test_marks_that_redis_did_not_take_away_are_taken_away_again(world):
    world.link.refuse["DEL"] = world.link.refuse["HDEL"] = RedisDown("too slow")
    world.tws.notice(1100)
    assert world.trusted == (True, True)
    world.link.refuse.clear()
    world.seconds(1)
    assert world.trusted == (False, False)


def test_the_lease_is_renewed_while_trusted_only(world):
    redis_calls(world)
    world.seconds(3)
    assert [call for call in redis_calls(world) if call[:2] == ("SET", FLAG)] == [("SET", FLAG, "1", "EX", 10)] * 3
    world.tws.notice(1100)
    redis_calls(world)
    world.seconds(3)
    assert not [call for call in redis_calls(world) if call[:2] == ("SET", FLAG)]


def test_a_link_that_comes_back_during_a_stop_brings_no_flag(world):
    world.link.hold = True
    world.gateway.stopService()
    world.tws.notice(1102)
    assert not world.asked("16")
    world.link.hold = False
    world.link.answer()
    assert world.trusted == (False, False)


def test_a_negative_id_of_a_bound_order_is_that_orders(world):
    world.hear(opened(-5, perm=6000), status(-5, perm=6000))
    world.told("msg")
    world.tws.notice(202, "Order Canceled - reason:", -5)
    assert stored(world, "6000")["status"] == "Cancelled"
