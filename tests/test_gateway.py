"""The whole gateway in memory: what happens on ready, lost, command, stop, and in which order."""

import json

import pytest

from ibgw_tx.gateway import LINK_PATIENCE
from ibgw_tx.model import errors
from ibgw_tx.model import keys as names
from tests.kit.books import check_book
from tests.kit.contracts import HK1137
from tests.kit.deferreds import result
from tests.kit.gateway import ACK, CMD, STATUS, World

CHANNEL = "URANUS:SEHK:HKD-1137:full_odbk_channel"
KEY = "URANUS:SEHK:HKD-1137:orderbook"


@pytest.fixture
def world(monkeypatch):
    """A gateway whose status is true."""
    return World(monkeypatch).running()


@pytest.fixture
def req_id(world):
    """The request that feeds HKD-1137, subscribed by command 1; its book has been told."""
    return subscribed(world)


def subscribed(world):
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.answer(HK1137)
    assert world.ack()["ok"]
    (request,) = world.asked("10")
    rows(world, request[2])
    return request[2]


def rows(world, req_id, price=10.0):
    world.tws.session.dataReceived(b"")
    world.tws.say(12, 1, req_id, 0, 1, 1, price, 5)
    world.tws.say(12, 1, req_id, 0, 1, 0, price + 1, 5)


def books(world, channel=CHANNEL):
    """Best bids (None: empty) since the last time; every one a valid book."""
    found = [check_book(message) for message in world.link.on_channel(channel)]
    world.link.published = [each for each in world.link.published if each[0] != channel]
    return [bids[0][0] if bids else None for bids, _ in found]


# Status.


def test_the_parts_know_the_name_and_the_addresses(monkeypatch):
    world = World(monkeypatch, **{"tws-host": "tws.example", "tws-port": "7497", "redis-host": "redis.example"})
    assert world.reactor.tcpClients[0][:2] == ("tws.example", 7497)
    way, *rest = world.link.arguments
    assert way.address == "redis.example:6379" and rest == [CMD, None]


def test_the_status_is_false_within_a_second_of_start_whatever_is_missing(monkeypatch):
    world = World(monkeypatch)
    world.link.bring_up()
    assert world.link.json(STATUS) == [False, 1_700_000_000_000]
    world.seconds(3)
    assert world.link.json(STATUS) == [False, 1_700_000_003_000]


def test_the_status_is_written_every_second_with_a_heartbeat(world):
    world.link.published.clear()
    world.seconds(5)
    beats = world.told("heartbeat")
    assert len(beats) == 5 and all(beat["status"] is True for beat in beats)
    assert world.link.json(STATUS) == [True, beats[-1]["t"]]


def test_a_tws_that_falls_silent_is_not_vouched_for(world):
    for _ in range(12):
        world.reactor.advance(1)
    assert not world.status


def test_a_lost_session_is_told_at_once(world):
    world.tws.wire.end()
    assert not world.status and world.told("heartbeat")[-1]["status"] is False


def test_a_status_change_is_logged_once(monkeypatch, lines):
    world = World(monkeypatch).running()
    world.seconds(5)
    said = [line for line in lines if "status of demo" in line]
    nothing = "no session with TWS at 127.0.0.1:4002 yet; no commands are heard from Redis at 127.0.0.1:6379"
    assert said == [
        f"info status of demo is false: {nothing}",
        "info status of demo is false: no session with TWS at 127.0.0.1:4002 yet",
        "info status of demo is true",
    ]


# Books.


def test_a_book_goes_out_at_the_end_of_the_read_and_its_key_follows(world, req_id):
    assert books(world) == [10, 10]
    world.seconds(1)
    assert check_book(world.link.json(KEY))[0] == [(10, 5)]


@pytest.mark.parametrize("code", [1100, 2110])
def test_a_lost_link_makes_status_false_and_books_empty_at_once(world, req_id, code):
    books(world)
    world.tws.notice(code)
    assert not world.status and books(world) == [None]
    rows(world, req_id)
    world.seconds(30)
    assert books(world) == []


@pytest.mark.parametrize("code", [1101, 1102])
def test_a_restored_link_subscribes_every_book_anew(world, req_id, code):
    world.tws.notice(1100)
    books(world)
    world.tws.notice(code)
    assert [message[2] for message in world.asked("11")] == [req_id]
    (again,) = world.asked("10")
    assert again[2] != req_id
    rows(world, req_id, 99.0)
    rows(world, again[2], 20.0)
    assert set(books(world)) == {20}


def test_a_lost_session_empties_the_books_and_the_next_one_restores_them(world, req_id):
    books(world)
    world.tws.wire.end()
    assert books(world) == [None]
    world.ready()
    (again,) = world.asked("10")
    rows(world, again[2], 30.0)
    assert books(world)[-1] == 30


def test_a_restart_of_the_gateway_restores_what_was_subscribed(monkeypatch, world, req_id):
    hashes = world.link.hashes
    again = World(monkeypatch)
    again.link.hashes = hashes
    again.link.bring_up()
    assert books(again) == [None]
    again.ready()
    assert len(again.asked("10")) == 1


def test_a_broken_farm_empties_and_asks_anew(world, req_id):
    books(world)
    world.tws.notice(2103, "Market data farm connection is broken:hfarm")
    assert books(world) == [None] and len(world.asked("10")) == 1 and world.status


def test_a_quiet_book_is_kept_alive_while_tws_answers(world, req_id):
    books(world)
    world.seconds(60)
    assert len(books(world)) >= 6


def test_redis_gone_and_back_tells_the_newest_book(world, req_id):
    books(world)
    world.link.go_down()
    for price in range(11, 20):
        rows(world, req_id, float(price))
    world.link.bring_up()
    assert books(world) == [19]
    assert not world.tws.wire.aborted


# Commands and notices.


def test_each_command_is_acknowledged_once(world):
    for cmd, params in (("NONSENSE", {}), ("SUB_ODBK", {}), ("RESET", {"x": 1})):
        world.send(cmd, **params)
        assert not world.ack()["ok"]
    world.link.on_message(b"junk")
    assert (world.told("ack")[0]["id"], len(world.told("ack"))) == (None, 0)


@pytest.mark.parametrize("cmd", ["SUB_ODBK", "RESET"])
def test_without_tws_a_command_is_refused_now_and_not_queued(monkeypatch, cmd):
    world = World(monkeypatch)
    world.link.bring_up()
    world.send(cmd, **({"exchange": "SEHK", "showName": "HKD-1137"} if cmd == "SUB_ODBK" else {}))
    assert world.ack()["code"] == errors.NOT_CONNECTED
    world.ready()
    assert not world.asked("10") and not world.asked("9")


def test_with_the_link_down_a_command_is_refused(world):
    world.tws.notice(1100)
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    assert world.ack()["code"] == errors.NOT_CONNECTED


def test_a_session_lost_while_the_contract_is_asked_for_refuses_the_command(world):
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.tws.wire.end()
    assert world.ack()["code"] == errors.NOT_CONNECTED


def test_an_error_of_tws_about_a_book_carries_the_id_of_its_command(world, req_id):
    world.tws.notice(309, "Max number (3) of market depth requests has been reached", req_id)
    (told,) = world.told("error")
    assert (told["id"], told["cmd"], told["code"]) == (1, "SUB_ODBK", 309) and not world.told("msg")


def test_what_tws_says_to_nobody_is_a_msg(world):
    world.told("msg")
    world.tws.notice(2104, "OK:usfarm")
    world.tws.notice(399, "advice", 77)
    assert [(told["code"], told["msg"]) for told in world.told("msg")] == [(2104, "OK:usfarm"), (399, "advice")]


@pytest.mark.parametrize("code", [300, 310])
def test_echoes_of_late_cancels_are_told_to_nobody(world, req_id, code):
    world.send("UNSUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.told("msg")
    world.tws.notice(code, "not found", req_id)
    assert not world.told("msg") and not world.told("error")


def test_text_of_any_kind_comes_through(world):
    world.told("msg")
    world.tws.notice(2100, r"caf\u00e9 \ud83d\ude80 \ud83d")
    assert [told["msg"] for told in world.told("msg")] == ["café 🚀 �"]


def test_reset_starts_over_in_the_same_session(world, req_id):
    books(world)
    world.asked("6")
    world.send("RESET")
    assert world.ack()["ok"] and not world.status and books(world) == [None]
    assert len(world.asked("10")) == 1 and world.asked("6") == [["6", "2", "0", "DU1"]]
    world.answer_times()
    assert world.asked("6") == [["6", "2", "1", "DU1"]]
    world.download()
    assert world.status


def test_unsub_ends_the_book_for_the_next_session_too(world, req_id):
    books(world)
    world.send("UNSUB_ODBK", exchange="SEHK", showName="HKD-1137")
    assert world.ack()["channel"] == CHANNEL and books(world) == [None]
    world.tws.wire.end()
    world.ready()
    assert not world.asked("10") and not world.link.hashes.get(names.subscriptions("demo"))


# The link that stays down.


def test_a_link_that_stays_down_starts_the_session_over(world):
    world.tws.notice(1100)
    world.seconds(int(LINK_PATIENCE) - 5)
    assert not world.tws.wire.aborted
    world.seconds(10)
    assert world.tws.wire.aborted


def test_a_link_that_came_back_is_left_alone(world):
    world.tws.notice(1100)
    world.seconds(10)
    world.tws.notice(1102)
    world.seconds(int(LINK_PATIENCE) + 10)
    assert not world.tws.wire.aborted


@pytest.mark.parametrize("code", [1100, 2110])
def test_a_link_said_to_be_down_before_ready_is_down(monkeypatch, code):
    world = World(monkeypatch)
    world.link.bring_up()
    tws = world.connect()
    tws.greet()
    tws.notice(code)
    tws.say(15, 1, "DU1")
    tws.say(9, 1, 1)
    world.download()
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    assert not world.status and world.ack()["code"] == errors.NOT_CONNECTED
    tws.notice(1102)
    world.download()
    assert world.status


# Robustness.


def test_a_bad_message_costs_nothing_else(world, req_id, failures):
    books(world)
    world.tws.say(12, 1, req_id, 0, 1, 1, "junk", 5)
    rows(world, req_id, 12.0)
    assert books(world)[-1] == 12 and world.status and len(failures) == 1
    failures.clear()


def test_whatever_a_bot_sends_the_gateway_goes_on(world):
    for message in (
        b"",
        b"{",
        b"[]",
        b'{"id":1}',
        b"\x00" * 100,
        json.dumps({"id": 1, "cmd": "SUB_ODBK", "params": {"contract": {"conId": "9" * 400}}}).encode(),
    ):
        world.link.on_message(message)
    acks = world.told("ack")
    assert len(acks) == 6 and not any(ack["ok"] for ack in acks) and acks[-1]["code"] == errors.BAD_PARAMS


# Stop.


def stopped(world):
    return world.gateway.stopService()


def test_a_clean_stop_tells_false_and_empty_books_before_redis_closes(world, req_id):
    books(world)
    world.link.published.clear()
    running = []
    world.link.stopService = lambda: running.append(
        (world.status, books(world), json.loads(world.link.keys.get(KEY, b"[[],[],0]"))[:2])
    )
    result(stopped(world))
    assert running == [(False, [None], [[], []])]
    assert not world.factory.continueTrying and world.reactor.connectors[0]._disconnected


def test_the_last_status_is_false(world):
    result(stopped(world))
    assert not world.status and world.link.on_channel(ACK)[-1]["status"] is False


def test_a_stop_without_redis_and_tws_ends_too(monkeypatch):
    result(stopped(World(monkeypatch)))


def test_a_redis_that_does_not_answer_holds_a_stop_for_two_seconds_only(world):
    world.link.hold = True
    done = stopped(world)
    assert not done.called
    world.reactor.advance(2.1)
    assert done.called
    result(done)


def test_a_last_status_that_redis_did_not_confirm_is_logged(world, lines):
    world.link.hold = True
    done = stopped(world)
    world.reactor.advance(2.1)
    result(done)
    assert any("did not confirm" in line for line in lines)


def test_after_a_stop_no_timer_runs(world, req_id):
    result(stopped(world))
    world.tws.wire.end()
    assert not [call for call in world.reactor.getDelayedCalls() if call.active()]
