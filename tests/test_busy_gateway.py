"""The whole gateway while more waits than TWS takes: its own needs go first, and nobody is told what is not so."""

import pytest

from ibgw_tx.contracts.shell.contracts import DETAILS_LIMIT
from ibgw_tx.tws.pacing import CEILING, PATIENCE, Lane
from ibgw_tx.tws.shell.liveness import DEAD_AFTER
from tests.kit.contracts import HK1137
from tests.kit.gateway import World


@pytest.fixture
def world(monkeypatch):
    world = World(monkeypatch).running()
    passes(world, 3)
    return world


def flood(world, count=1500):
    """As many questions of bots at once; gives their acks so far."""
    for number in range(count):
        world.send("FIND_CONTRACTS", contract={"secType": "STK", "symbol": f"S{number}"})
    return world.told("ack")


def passes(world, seconds):
    """Time goes by, and TWS says nothing."""
    for _ in range(int(seconds * 20)):
        world.reactor.advance(0.05)


def test_a_bots_question_that_would_wait_for_long_is_refused_now(world):
    refused = [ack for ack in flood(world) if not ack["ok"]]
    assert {ack["code"] for ack in refused} == {"limit"}
    passes(world, PATIENCE + 1.5)
    taken = world.told("ack")
    asked = world.asked("9")
    # Acknowledged when it has left, and only then.
    assert all(ack["ok"] for ack in taken) and len(refused) + len(asked) == 1500
    assert CEILING[Lane.QUESTION] < len(asked) <= (PATIENCE + 2) * CEILING[Lane.QUESTION] + 1


def test_nothing_is_acknowledged_before_it_has_left(world):
    acks = [ack for ack in flood(world, 60) if ack["ok"]]
    assert len(acks) == len(world.asked("9")) <= CEILING[Lane.QUESTION]


def test_the_sign_of_life_does_not_wait_behind_questions_and_a_slow_tws_is_kept(world):
    wire = world.tws.wire
    for _ in range(int(DEAD_AFTER) + 10):
        flood(world, 60)
        passes(world, 1)
        if world.asked("49"):
            world.tws.say(49, 1, 1_700_000_000)
    assert not wire.aborted


def test_after_1102_the_status_is_true_though_bots_have_questions_waiting(world):
    world.tws.notice(1100, "lost")
    world.tws.notice(1102, "back")
    flood(world)
    passes(world, 2.0)
    assert world.asked("6"), "the account was not asked for"
    world.download()
    world.turn()
    assert world.status is True
    passes(world, 4)


def test_the_limit_of_a_question_runs_from_its_sending(world):
    flood(world, 80)
    asked = len(world.asked("9"))
    passes(world, 4)
    later = len(world.asked("9"))
    assert asked + later == 80 and not world.told("error")
    for _ in range(int(DETAILS_LIMIT) - 4):
        passes(world, 1)
        world.tws.say(49, 1, 1)
    passes(world, 0.5)
    # Those that left at once are over; of those that left later none is, until its own limit.
    assert len(world.told("error")) == asked
    for _ in range(6):
        passes(world, 1)
        world.tws.say(49, 1, 1)
    errors = world.told("error")
    assert len(errors) == later and all("did not answer" in told["err"] for told in errors)


def test_a_question_never_sent_is_not_one_that_tws_did_not_answer(world):
    flood(world, 80)
    world.told("ack")
    world.tws.wire.end()
    acks = world.told("ack")
    assert len(acks) == 80 - CEILING[Lane.QUESTION] and {ack["code"] for ack in acks} == {"not_connected"}
    assert all("before it was asked" in ack["err"] for ack in acks)
    world.turn()


def test_a_book_that_waits_and_is_ended_is_never_asked_for(world):
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    passes(world, 3)
    for number in range(100):
        world.gateway._session.client.subscribe_top(900 + number, HK1137, "")
    world.answer(HK1137)
    assert not world.told("ack"), "its bytes have not left"
    (book,) = world.parts.depth.wanted.values()
    assert book.req_id is not None and not world.asked("10")
    world.send("UNSUB_ODBK", exchange="SEHK", showName="HKD-1137")
    passes(world, 6)
    begun, ended = world.told("ack")
    assert (begun["cmd"], begun["ok"], begun["code"]) == ("SUB_ODBK", False, "unavailable") and "nothing was sent" in begun["err"]
    assert ended["cmd"] == "UNSUB_ODBK" and ended["ok"]
    assert not world.asked("10") and not world.asked("11")


def test_the_end_of_a_book_is_not_lost_behind_questions(world):
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.answer(HK1137)
    (request,) = world.asked("10")
    flood(world)
    world.send("UNSUB_ODBK", exchange="SEHK", showName="HKD-1137")
    passes(world, 1.1)
    assert [fields[2] for fields in world.asked("11")] == [request[2]]


def test_the_message_rate_is_a_setting(monkeypatch):
    world = World(monkeypatch, **{"message-rate": "10"}).running()
    passes(world, 3)
    world.tws.asked()
    for number in range(30):
        world.send("CANCEL_ALL", id=f"c{number}")
    sent = [fields for fields in world.tws.asked() if fields and fields[0] == "58"]
    assert len(sent) == 10


def test_bars_and_summaries_are_acknowledged_when_they_leave(world):
    world.send("FIND_CONTRACTS", contract={"conId": HK1137.conId})
    world.answer(HK1137)
    world.turn()
    world.told("ack")
    flood(world, 80)
    world.told("ack")
    question = {"duration": "1 D", "barSize": "1 hour", "whatToShow": "TRADES", "useRTH": True}
    bars = world.send("FIND_HISTORY", contract={"conId": HK1137.conId}, **question)
    summary = world.send("ACCOUNT_SUMMARY")
    assert not [ack for ack in world.told("ack") if ack["id"] in (bars, summary)]
    passes(world, 4)
    taken = {ack["id"]: ack["ok"] for ack in world.told("ack")}
    assert taken[bars] and taken[summary] and len(world.asked("20")) == len(world.asked("62")) == 1


@pytest.mark.parametrize("cmd", ["FIND_HISTORY", "ACCOUNT_SUMMARY"])
def test_bars_and_summaries_that_would_wait_are_refused_and_asked_the_next_time(world, cmd):
    question = {"duration": "1 D", "barSize": "1 hour", "whatToShow": "TRADES", "useRTH": True}
    params = {"contract": {"conId": HK1137.conId}, **question} if cmd == "FIND_HISTORY" else {}
    world.send("FIND_CONTRACTS", contract={"conId": HK1137.conId})
    world.answer(HK1137)
    world.turn()
    flood(world)
    world.told("ack")
    refused = world.send(cmd, **params)
    (ack,) = [ack for ack in world.told("ack") if ack["id"] == refused]
    assert not ack["ok"] and ack["code"] == "limit"
    passes(world, 6)
    world.told("ack")
    again = world.send(cmd, **params)
    assert [ack["ok"] for ack in world.told("ack") if ack["id"] == again] == [True]
    world.turn()
