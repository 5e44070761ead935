"""FIND_CONTRACTS, ACCOUNT_LIST, ACCOUNT_SUMMARY, FIND_HISTORY in a whole gateway in memory."""

import attrs
import pytest

from ibgw_tx.contracts.shell.store import SLICE
from ibgw_tx.history import pacing
from ibgw_tx.history.shell.commands import HISTORY_LIMIT, SUMMARY_LIMIT
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull
from tests.kit.fakes import AAPL
from tests.kit.gateway import World, contract_data

QUESTION = {"contract": {"conId": AAPL.conId, "exchange": "SMART"}, "duration": "1 D", "barSize": "1 min"}


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


def chain(count):
    return [
        attrs.evolve(AAPL, conId=5000 + n, secType="OPT", strike=float(n), right="C", multiplier="100",
                     lastTradeDateOrContractMonth="20260116", exchange="SMART") for n in range(1, count + 1)
    ]  # fmt: skip


# FIND_CONTRACTS.


def test_a_result_comes_after_its_ack_and_names_keys_that_are_there(world):
    hits = chain(3 * SLICE + 1)
    world.send("FIND_CONTRACTS", symbol="AAPL", secType="OPT")
    assert world.ack()["ok"] and not world.told("result")
    world.turn()
    (asked,) = world.asked("9")
    for hit in hits:
        world.tws.say(*contract_data(asked[2], hit))
    world.tws.say(52, 1, asked[2])
    assert not world.told("result"), "its keys are not written yet"
    for _ in range(5):
        world.turn()
    (result,) = world.told("result")
    assert len(result["keys"]) == len(hits) and set(result["keys"]) <= set(world.link.keys)


def test_no_hit_is_the_error_200_with_the_commands_id(world):
    id = world.send("FIND_CONTRACTS", symbol="NO", secType="STK")
    world.turn()
    world.answer()
    (told,) = world.told("error")
    assert (told["id"], told["code"]) == (id, 200) and not world.told("result")


def test_a_question_without_an_answer_is_an_error_in_the_end(world):
    world.send("FIND_CONTRACTS", symbol="SLOW", secType="STK")
    world.seconds(62)
    (told,) = world.told("error")
    assert told["code"] is None and "60 s" in told["err"]


def test_a_session_that_ends_meanwhile_is_an_error(world):
    world.send("FIND_CONTRACTS", symbol="AAPL", secType="STK")
    world.turn()
    world.tws.wire.end()
    assert len(world.told("error")) == 1


@pytest.mark.parametrize("params", [{}, {"symbol": "A"}, {"contract": {}, "symbol": "A"}, {"colour": "red"}, {"conId": "x"}])
def test_questions_that_are_none(world, params):
    world.send("FIND_CONTRACTS", **params)
    assert world.ack()["code"] == "bad_params"


def test_contracts_of_one_name_have_keys_of_their_own(world):
    world.send("FIND_CONTRACTS", symbol="AAPL", secType="STK")
    world.turn()
    world.answer(AAPL, attrs.evolve(AAPL, conId=2))
    world.turn()
    (result,) = world.told("result")
    assert len(result["keys"]) == 2 and names.contract_id(2) in result["keys"]


# Accounts.


def test_the_accounts_are_in_the_ack(monkeypatch):
    world = World(monkeypatch)
    world.link.bring_up()
    world.ready("DU1,DU2,")
    world.send("ACCOUNT_LIST")
    assert world.ack()["accounts"] == ["DU1", "DU2"]


def summary(world, *rows):
    (asked,) = world.asked("62")
    for row in rows:
        world.tws.say(63, 1, asked[2], *row)
    world.tws.say(64, 1, asked[2])
    return asked[2]


def test_a_summary_is_written_then_told_and_its_request_cancelled(world):
    id = world.send("ACCOUNT_SUMMARY")
    world.turn()
    req_id = summary(world, ("DU1", "NetLiquidation", "1000", "USD"), ("DU1", "CashBalance", "5", "EUR"))
    (result,) = world.told("result")
    assert result["id"] == id and result["keys"] == [names.summary("demo", "DU1")]
    document = world.link.json(result["keys"][0])
    assert document["NetLiquidation"] == {"value": 1000, "currency": "USD"} and document["ledger"]["EUR"]["CashBalance"] == 5
    assert [message[2] for message in world.asked("63")] == [req_id]


def test_one_question_serves_everybody_who_asks_meanwhile(world):
    ids = [world.send("ACCOUNT_SUMMARY"), world.send("ACCOUNT_SUMMARY", account="DU1")]
    world.turn()
    summary(world, ("DU1", "NetLiquidation", "1000", "USD"))
    assert [result["id"] for result in world.told("result")] == ids
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    assert len(world.asked("62")) == 1


def test_everybody_who_asked_hears_why_there_is_no_summary(world):
    world.send("ACCOUNT_SUMMARY")
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    (asked,) = world.asked("62")
    world.tws.notice(322, "too many", int(asked[2]))
    assert [told["code"] for told in world.told("error")] == [322, 322]


def test_a_summary_without_an_end_is_an_error_and_the_next_one_asks_anew(world):
    world.send("ACCOUNT_SUMMARY")
    world.seconds(int(SUMMARY_LIMIT) + 1)
    assert world.told("error")[0]["code"] is None and len(world.asked("63")) == 1
    world.asked("62")
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    assert len(world.asked("62")) == 1


def test_no_room_for_the_question_is_told_and_blocks_no_later_one(world, monkeypatch):
    client = world.gateway._session.client
    with monkeypatch.context() as patched:
        patched.setattr(client, "ask_summary", lambda *_: (_ for _ in ()).throw(PacingFull("full")))
        world.send("ACCOUNT_SUMMARY")
        world.turn()
        assert world.told("error")[0]["err"] == "full"
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    assert len(world.asked("62")) == 1


def test_no_room_for_the_cancel_costs_nobody_an_answer(world, monkeypatch):
    client = world.gateway._session.client
    monkeypatch.setattr(client, "cancel_summary", lambda *_: (_ for _ in ()).throw(PacingFull("full")))
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    summary(world, ("DU1", "NetLiquidation", "1000", "USD"))
    assert len(world.told("result")) == 1


def test_an_account_of_another_login_is_refused(world):
    world.send("ACCOUNT_SUMMARY", account="DU9")
    assert world.ack()["code"] == "bad_params"


# FIND_HISTORY.


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
    assert len(world.told("error")) == 3 and world.parts.queries.pacing.open == 0
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
    assert len(world.told("error")) == 1 and world.parts.queries.pacing.open == 0


def test_bars_that_do_not_come_are_an_error_and_cancelled_even_without_room(world, monkeypatch):
    ask(world)
    client = world.gateway._session.client
    monkeypatch.setattr(client, "cancel_history", lambda *_: (_ for _ in ()).throw(PacingFull("full")))
    world.seconds(int(HISTORY_LIMIT) + 1)
    (told,) = world.told("error")
    assert told["code"] is None and "60 s" in told["err"] and world.parts.queries.pacing.open == 0


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
