"""What the gateway says of itself: true only for what is so, with its reasons, the same in every place."""

import pytest
from txredisapi import ResponseError

from ibgw_tx.books import subscription as subscriptions
from ibgw_tx.model import keys as names
from tests.kit.books import subscription
from tests.kit.contracts import HK1137
from tests.kit.gateway import ACK, BALANCE, STATUS, World
from tests.kit.trading import OrderWorld
from tests.kit.tws import tws_frame

OOM, READONLY = ResponseError("OOM command not allowed"), ResponseError("READONLY You can't write")


@pytest.fixture
def world(monkeypatch):
    world = World(monkeypatch).running()
    world.seconds(1)
    return world


def forget(world):
    """What has been asked until now is of no interest."""
    world.tws.asked()
    world._asked.clear()


def beats(world):
    return [(beat["status"], beat.get("reasons")) for beat in world.told("heartbeat")]


# Redis comes back with another memory.


def test_a_redis_that_comes_back_empty_has_the_balance_before_the_status_is_true(world):
    world.link.go_down()
    world.link.keys.clear()
    world.link.calls.clear()
    world.link.bring_up()
    world.turn()
    sets = [words for words in world.link.calls if words[0] == "SET"]
    balances = [place for place, words in enumerate(sets) if words[1] == BALANCE]
    true = [place for place, words in enumerate(sets) if words[1] == STATUS and words[2].startswith(b"[true")]
    assert balances[0] < true[0] and world.status


def test_while_redis_has_not_confirmed_the_balance_the_status_is_false(world):
    world.link.go_down()
    world.link.keys.clear()
    world.link.hold = True
    world.link.bring_up()
    assert not world.gateway.status
    world.link.hold = False
    world.link.answer()
    world.seconds(2)
    assert world.status and BALANCE in world.link.keys


def test_a_redis_that_was_flushed_is_written_anew(world):
    world.link.keys.clear()
    world.link.hashes.clear()
    world.seconds(2)
    assert BALANCE in world.link.keys and world.status


# Key and heartbeat agree.


@pytest.mark.parametrize("refusal", [OOM, READONLY])
def test_a_status_that_redis_refuses_is_not_true_anywhere(world, lines, refusal):
    beats(world)
    world.link.refuse["SET"] = refusal
    world.seconds(5)
    told = beats(world)
    assert len(told) >= 5 and not any(status for status, _ in told)
    assert f"Redis refuses the status: {refusal}" in told[-1][1]
    assert len([line for line in lines if "status of demo" in line]) == 1
    del world.link.refuse["SET"]
    world.seconds(2)
    assert beats(world)[-1] == (True, None) and world.status
    assert len([line for line in lines if "status of demo" in line]) == 2


def test_the_reasons_are_those_of_the_moment_everywhere(world, lines):
    beats(world)
    world.tws.notice(1100, "Connectivity between IB and TWS has been lost\r\x1b[2J")
    reason = "TWS at 127.0.0.1:4002 has no link to IB (1100: Connectivity between IB and TWS has been lost\r\x1b[2J)"
    assert beats(world) == [(False, [reason])]
    shown = reason.replace("\r", "\\r").replace("\x1b", "\\x1b")
    assert f"info status of demo is false: {shown}" in lines
    world.send("STATUS")
    world.turn()
    (told,) = world.told("result")
    assert told["reasons"] == [reason] and told["status"] is False
    world.tws.notice(1100, "and again")
    world.seconds(3)
    assert all(reasons == [reason] for _, reasons in beats(world))
    assert len([line for line in lines if "status of demo" in line]) == 1


def test_a_lost_session_is_the_reason_with_its_address(world):
    beats(world)
    world.tws.wire.end()
    (status, reasons) = beats(world)[-1]
    assert status is False and reasons == [
        "the session with TWS at 127.0.0.1:4002 ended: Connection was closed cleanly (while ready)"
    ]


def test_a_silent_tws_is_the_reason(world):
    beats(world)
    for _ in range(12):
        world.reactor.advance(1)
    assert beats(world)[-1] == (False, ["TWS at 127.0.0.1:4002 is silent"])


def test_the_start_is_one_line_with_all_that_matters_and_no_password(monkeypatch, lines):
    monkeypatch.setenv("REDIS_PSWD", "secret")
    World(monkeypatch, **{"tws-host": "tws.example", "max-quantity": "5", "allowed-symbols": "AAPL,MSFT", "client-id": "7"})
    (start,) = [line for line in lines if line.startswith("info ibgateway ")]
    for word in ("as demo", "tws.example:4002", "client id 7", "127.0.0.1:6379", "max_quantity 5", "allowed_symbols AAPL,MSFT"):
        assert word in start
    assert "secret" not in start


def test_status_needs_no_tws(monkeypatch):
    world = World(monkeypatch)
    world.link.bring_up()
    world.send("STATUS")
    assert world.ack()["ok"]
    world.turn()
    (told,) = world.told("result")
    assert told["status"] is False and told["versions"]["server"] is None and told["ages"]["session"] is None


def test_status_tells_the_books_and_what_waits(world):
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.answer(HK1137)
    for number in range(60):
        world.send("FIND_CONTRACTS", contract={"secType": "STK", "symbol": f"S{number}"})
    world.send("STATUS", id="s")
    world.turn()
    told = next(message for message in world.told("result") if message["id"] == "s")
    assert told["subscriptions"] == {"odbk": ["URANUS:SEHK:HKD-1137:full_odbk_channel"], "top": [], "ticks": [], "oddlots": []}
    assert told["messages"]["waiting"]["question"] > 0 and told["messages"]["rate"] == 45
    world.tws.wire.end()
    world.turn()


# One reset.


def test_a_hundred_resets_are_one_and_a_hundred_acks(world):
    world.seconds(3)
    forget(world)
    for number in range(100):
        world.send("RESET", id=f"r{number}")
    acks = world.told("ack")
    assert len(acks) == 100 and all(ack["ok"] for ack in acks)
    world.seconds(1)
    assert [fields[2] for fields in world.asked("6")] == ["0", "1"]


def test_resets_while_one_is_not_complete_are_that_one_but_not_for_ever(world):
    world.seconds(3)
    forget(world)
    world.send("RESET")
    for _ in range(4):
        world.seconds(2)
        world.send("RESET")
    assert len(world.asked("6")) == 2
    world.seconds(3)
    world.send("RESET")
    world.seconds(1)
    assert len(world.asked("6")) == 2


def test_a_reset_after_one_that_is_complete_is_another(monkeypatch):
    world = OrderWorld(monkeypatch).trading()
    for _ in range(2):
        world.seconds(3)
        forget(world)
        world.send("RESET")
        world.seconds(1)
        assert len(world.asked("6")) == 2
        world.download()
        world.snapshot()
        assert world.gateway.status


def test_several_1102_in_one_read_are_one(world):
    forget(world)
    world.tws.notice(1100)
    said = b"".join(tws_frame(4, 2, -1, code, "text") for code in (1102, 1101, 1102))
    world.tws.session.dataReceived(said)
    world.seconds(1)
    assert [fields[2] for fields in world.asked("6")] == ["0", "1"]


def test_a_link_lost_again_in_the_same_read_is_lost(world):
    world.tws.notice(1100)
    forget(world)
    world.tws.session.dataReceived(tws_frame(4, 2, -1, 1102, "ok") + tws_frame(4, 2, -1, 1100, "lost"))
    world.seconds(1)
    assert not world.asked("6") and not world.status


def test_a_heartbeat_of_false_carries_no_more_than_it_says(world):
    world.tws.wire.end()
    beat = next(message for message in world.link.on_channel(ACK)[::-1] if message["type"] == "heartbeat")
    assert set(beat) == {"type", "status", "reasons", "t"}


# What the service manager hears.


def test_it_is_ready_when_redis_has_the_first_status_and_not_before(monkeypatch):
    world = World(monkeypatch)
    world.seconds(3)
    before = world.manager.heard()
    assert "READY=1" not in before and before[0].startswith("STATUS=status false: no session with TWS at 127.0.0.1:4002 yet")
    world.link.hold = True
    world.link.bring_up()
    world.seconds(2)
    assert not {"READY=1", "WATCHDOG=1"} & set(world.manager.heard())
    world.link.answer()
    assert world.manager.heard().count("READY=1") == 1


def test_each_beat_that_redis_answers_is_a_sign_of_life_and_a_held_one_is_none(world):
    world.manager.heard()
    world.seconds(5)
    assert world.manager.heard() == ["WATCHDOG=1"] * 5
    world.link.hold = True
    world.seconds(5)
    assert world.manager.heard() == []


def test_a_redis_that_is_away_or_refuses_is_no_reason_to_be_started_anew(world):
    world.link.refuse["SET"] = OOM
    world.seconds(2)
    heard = world.manager.heard()
    assert heard.count("WATCHDOG=1") >= 2 and f"STATUS=status false: Redis refuses the status: {OOM}" in heard
    world.link.go_down()
    world.manager.heard()
    world.seconds(2)
    assert world.manager.heard().count("WATCHDOG=1") == 2


def test_a_heartbeat_that_fails_is_no_sign_of_life(world, monkeypatch, failures):
    world.manager.heard()
    monkeypatch.setattr(world.gateway.standing, "_say", lambda reasons: 1 / 0)
    world.seconds(2)
    assert world.manager.heard() == [] and len(failures) >= 2
    failures.clear()


def test_a_stop_is_the_state(world):
    world.manager.heard()
    world.gateway.stopService()
    assert world.manager.heard()[0] == "STATUS=status false: the gateway is stopping"


# Books of before.

BOOK = names.book_key("SEHK", "HKD-1137")


def restarted_with_an_old_book(monkeypatch):
    """A gateway whose former life was killed: Redis has its subscription and the last book that it knew."""
    world = World(monkeypatch)
    world.link.hashes[names.subscriptions("demo")] = {b"odbk": subscriptions.entry("odbk", subscription(HK1137, 1))}
    world.link.keys[BOOK] = b"old"
    return world


def test_a_killed_ones_books_are_gone_before_the_status_is_true(monkeypatch):
    world = restarted_with_an_old_book(monkeypatch)
    world.running()
    for _ in range(20):
        assert not (world.status and world.link.keys[BOOK] == b"old")
        world.reactor.advance(0.05)
    world.seconds(1)
    assert world.status and world.link.json(BOOK)[:2] == [[], []]


def test_old_books_that_cannot_be_written_over_keep_the_status_false(monkeypatch):
    world = restarted_with_an_old_book(monkeypatch)
    world.link.bring_up()
    world.link.books.room = False
    world.ready()
    world.download()
    world.seconds(3)
    assert beats(world)[-1] == (False, ["old books stand on Redis at 127.0.0.1:6379"]) and world.link.keys[BOOK] == b"old"
    world.link.books.room = True
    world.seconds(2)
    assert world.status and world.link.json(BOOK)[:2] == [[], []]


def test_without_the_connection_for_books_the_status_is_false(world):
    beats(world)
    wire, world.link.books = world.link.books, None
    world.seconds(1)
    assert beats(world)[-1] == (False, ["no books can be written to Redis at 127.0.0.1:6379"])
    world.link.books = wire
    world.seconds(1)
    assert world.status
