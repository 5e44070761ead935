"""FIND_HISTORY in a whole gateway in memory."""

import pytest

from ibgw_tx.history import pacing
from ibgw_tx.history.shell.commands import HISTORY_LIMIT
from ibgw_tx.model.contract import Contract
from tests.kit.contracts import AAPL
from tests.kit.gateway import World, contract_data

AAPL_ASKED = Contract(conId=AAPL.conId, exchange="SMART")
QUESTION = {"contract": {"conId": AAPL.conId, "exchange": "SMART"}, "duration": "1 D", "barSize": "1 min"}


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


def ask(world, **more):
    id = world.send("FIND_HISTORY", **{**QUESTION, **more})
    world.answer(AAPL)
    world.turn()
    return id


def bars(world, req_id, price="1"):
    world.tws.say(17, req_id, "a", "b", 1, "1700000000", price, price, price, price, 5, price, 1)


def test_bars_are_in_the_result(world):
    id = ask(world)
    assert world.ack()["open"] == 0
    (asked,) = world.asked("20")
    bars(world, asked[1])
    (result,) = world.told("result")
    assert result["id"] == id and result["bars"] == [[1700000000000, 1.0, 1.0, 1.0, 1.0, 5]]


def test_the_same_question_within_fifteen_seconds_is_answered_from_the_last_answer(world):
    ask(world)
    (asked,) = world.asked("20")
    bars(world, asked[1])
    ask(world)
    assert len(world.told("result")) == 2 and not world.asked("20")
    world.seconds(16)
    ask(world)
    assert len(world.asked("20")) == 1


def test_the_same_question_while_it_is_under_way_is_not_sent_again(world):
    ids = [ask(world), ask(world)]
    (asked,) = world.asked("20")
    bars(world, asked[1])
    assert [result["id"] for result in world.told("result")] == ids


def asked_behind_a_flood(world):
    """Two commands with one question that waits for TWS's message rate; their ids."""
    world.parts.history_commands.contracts.details(AAPL_ASKED)
    world.answer(AAPL)
    world.seconds(2)
    for number in range(60):
        world.send("FIND_CONTRACTS", contract={"secType": "STK", "symbol": f"S{number}"})
    ids = [world.send("FIND_HISTORY", **QUESTION), world.send("FIND_HISTORY", **QUESTION)]
    world.turn()
    assert not world.asked("20")
    return ids


def test_who_joins_a_question_that_waits_is_acknowledged_when_it_leaves(world):
    ids = asked_behind_a_flood(world)
    assert not [ack for ack in world.told("ack") if ack["id"] in ids]
    world.seconds(3)
    (asked,) = world.asked("20")
    acks = {ack["id"]: ack["ok"] for ack in world.told("ack")}
    assert [acks[id] for id in ids] == [True, True]
    bars(world, asked[1])
    assert [result["id"] for result in world.told("result")] == ids


def test_who_joins_a_question_that_never_leaves_is_refused_and_hears_no_more(world):
    ids = asked_behind_a_flood(world)
    world.tws.wire.end()
    world.turn()
    acks = {ack["id"]: ack for ack in world.told("ack")}
    assert [(acks[id]["ok"], acks[id]["code"]) for id in ids] == [(False, "not_connected")] * 2
    assert not [told for told in world.told("error") if told.get("id") in ids]
    assert world.parts.history_commands.pacing.open == 0


def test_what_ibs_pacing_forbids_is_refused_with_when_it_can_be(world):
    for number in range(pacing.SHORT_LIMIT):
        ask(world, duration=f"{number + 1} D")
    world.told("ack")
    ask(world, duration="90 D")
    ack = world.ack()
    assert ack["code"] == "unavailable" and "possible again in 2 s" in ack["err"]


def test_questions_of_a_lost_session_are_over_and_not_counted_below_zero(world):
    for number in range(3):
        ask(world, duration=f"{number + 1} D")
    world.tws.wire.end()
    assert len(world.told("error")) == 3 and world.parts.history_commands.pacing.open == 0
    world.ready()
    world.told("ack")
    ask(world, duration="9 D")
    assert world.ack()["open"] == 0


def test_a_question_whose_session_ends_before_it_is_sent_is_over_too(world):
    world.send("FIND_HISTORY", **QUESTION)
    (asked,) = world.asked("9")
    world.tws.say(*contract_data(asked[2], AAPL))
    world.tws.say(52, 1, asked[2])
    world.tws.wire.end()
    world.turn()
    assert len(world.told("error")) == 1 and world.parts.history_commands.pacing.open == 0


def test_bars_that_do_not_come_are_an_error_and_cancelled(world):
    ask(world)
    world.seconds(int(HISTORY_LIMIT) + 1)
    assert len(world.asked("25")) == 1
    (told,) = world.told("error")
    assert told["code"] is None and "60 s" in told["err"] and world.parts.history_commands.pacing.open == 0


def test_a_refusal_of_tws_is_told_with_its_code(world):
    id = ask(world)
    (asked,) = world.asked("20")
    world.tws.notice(162, "no permission", int(asked[1]))
    (told,) = world.told("error")
    assert (told["id"], told["code"]) == (id, 162)


@pytest.mark.parametrize("params", [{}, {"contract": {}}, {**QUESTION, "barSize": "1"}, {**QUESTION, "x": 1}])
def test_histories_that_are_none(world, params):
    world.send("FIND_HISTORY", **params)
    assert world.ack()["code"] == "bad_params"
