"""FIND_CONTRACTS in a whole gateway in memory."""

import attrs
import pytest

from ibgw_tx.contracts.shell import commands
from ibgw_tx.contracts.shell.store import SLICE
from ibgw_tx.model import keys as names
from tests.kit.contracts import AAPL
from tests.kit.gateway import World, contract_data


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


def chain(count):
    return [
        attrs.evolve(AAPL, conId=5000 + n, secType="OPT", strike=float(n), right="C", multiplier="100",
                     lastTradeDateOrContractMonth="20260116", exchange="SMART") for n in range(1, count + 1)
    ]  # fmt: skip


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


def test_the_keys_of_a_long_chain_are_made_in_slices(world, monkeypatch):
    """2,500 of them held the reactor for 15 ms."""
    monkeypatch.setattr(commands, "SLICE", 5)
    world.send("FIND_CONTRACTS", symbol="AAPL", secType="OPT")
    world.turn()
    (asked,) = world.asked("9")
    for hit in chain(SLICE):
        world.tws.say(*contract_data(asked[2], hit))
    world.tws.say(52, 1, asked[2])
    pauses = []
    followups = world.parts.followups
    pause = followups.pause
    monkeypatch.setattr(type(followups), "pause", lambda self: pauses.append(world.told("result")) or pause())
    for _ in range(8):
        world.turn()
    (result,) = world.told("result")
    assert len(result["keys"]) == SLICE and pauses == [[]] * (SLICE // 5)


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


def test_a_name_that_may_not_stand_in_a_key_on_two_exchanges_is_stored_by_its_conid(world):
    odd = [attrs.evolve(AAPL, conId=9, symbol="A:B", exchange=exchange, primaryExchange="") for exchange in ("NYSE", "ARCA")]
    id_ = world.send("FIND_CONTRACTS", secType="STK", symbol="A:B", currency="USD")
    assert world.ack()["ok"]
    world.turn()
    world.answer(*odd, validExchanges="NYSE,ARCA")
    world.seconds(1)
    (told,) = world.told("result")
    assert told["id"] == id_ and told["keys"] == ["IBGateway:ContractId:9", "IBGateway:ContractId:9"][:len(told["keys"])]
    assert "IBGateway:ContractId:9" in world.link.keys
