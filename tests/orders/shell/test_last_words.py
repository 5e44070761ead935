"""What TWS said before trust ended is told before the marks go: in the same read too."""

import pytest
from txredisapi import ResponseError, TimeoutError

from ibgw_tx.model.events import Notice
from ibgw_tx.tws.frames import MAX_LENGTH
from tests.kit.trading import CHANNEL, FLAG, HASH, OrderWorld, fill, opened, status
from tests.kit.tws import tws_frame


@pytest.fixture
def world(monkeypatch):
    return OrderWorld(monkeypatch).trading()


def lost(world):
    world.gateway.told(Notice(-1, 1100, "lost"))


def back(world):
    world.gateway.told(Notice(-1, 1102, "back"))


def reset(world):
    world.send("RESET")


def stop(world):
    world.gateway.stopService()


@pytest.mark.parametrize("end", [lost, back, reset, stop])
def test_a_fill_is_told_before_the_flags_go(world, end):
    order_id = world.placed("c1")
    world.link.published.clear()
    world.link.calls.clear()
    world.gateway.told(fill(order_id=order_id))
    world.gateway.told(status(order_id, "Filled", 100.0))
    end(world)
    world.gateway.turnEnded()
    told = world.link.on_channel(CHANNEL)
    assert told and (told[-1]["status"], told[-1]["executed"], told[-1]["alive"]) == ("Filled", 100, False)
    calls = world.link.calls
    first_gone = next(place for place, words in enumerate(calls) if words[0] == "DEL" and FLAG in words)
    last_told = max(place for place, words in enumerate(calls) if words[:2] == ("PUBLISH", CHANNEL))
    assert last_told < first_gone and b"t" not in world.link.hashes[HASH]


def test_what_stood_whole_before_a_broken_frame_is_told_too(world):
    order_id = world.placed("c1")
    world.link.published.clear()
    broken = (MAX_LENGTH + 1).to_bytes(4, "big")
    whole = tws_frame(3, order_id, "Filled", 100, 0, 150, 5000 + order_id, 0, 150, 0, "", 0)
    world.tws.session.dataReceived(whole + broken)
    assert world.tws.wire.aborted
    assert [order["status"] for order in world.link.on_channel(CHANNEL)][:1] == ["Filled"]


def test_a_second_bit_of_a_broken_stream_is_not_read(world):
    broken = (MAX_LENGTH + 1).to_bytes(4, "big")
    world.tws.session.dataReceived(broken + tws_frame(4, 2, -1, 1100, "lost"))
    assert not [message for message in world.told("msg") if message["code"] == 1100]


def test_orders_that_redis_refuses_again_and_again_are_one_line(world, lines, failures):
    world.placed("c1")
    world.link.refuse["EXEC"] = world.link.refuse["HSET"] = ResponseError("OOM command not allowed")
    world.hear(status(1, "Submitted", 1.0))
    for _ in range(10):
        world.seconds(4)
        world.snapshot(opened(1), status(1, "Submitted", 1.0))
    told = [line for line in lines if "Redis refuses" in line]
    assert 1 <= len(told) <= 2 and all("OOM" in line for line in told) and not failures


def test_a_redis_that_hangs_while_orders_are_read_is_a_line_and_no_traceback(world, lines, failures):
    world.placed("c1")
    world.link.refuse["HSCAN"] = TimeoutError("Not received Redis response in 10 seconds")
    world.link.go_down()
    world.link.bring_up()
    world.seconds(8)
    assert len([line for line in lines if "waits for Redis: Not received Redis response" in line]) == 1 and not failures
