"""Contracts: asked of TWS once, told apart, stored under every key. Through a whole gateway in memory."""

import json

import attrs
import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.contracts.shell import contracts
from ibgw_tx.model import errors
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import AnswerUnreadable, CommandError, RequestTimeout, SessionLost
from tests.kit.contracts import AAPL, BRR01, BRR5, HK1137
from tests.kit.deferreds import error, result
from tests.kit.gateway import World

ASKED = Contract(symbol="AAPL", secType="STK", exchange="SMART", currency="USD")


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


@pytest.fixture
def desk(world):
    return world.parts.contracts


def found(coroutine):
    return Deferred.fromCoroutine(coroutine)


def test_one_question_one_answer(world, desk):
    asked = found(desk.find_one(ASKED))
    assert world.answer(AAPL, mdSizeMultiplier=100) == 1
    known = result(asked)
    assert attrs.evolve(known.contract, tradingClass="") == AAPL and known.details["mdSizeMultiplier"] == 100


def test_the_same_question_is_not_sent_twice_while_it_is_open_nor_when_it_is_answered(world, desk):
    both = [found(desk.find_one(ASKED)), found(desk.find_one(ASKED))]
    assert world.answer(AAPL) == 1
    assert result(both[0]) is result(both[1])
    again = found(desk.find_one(ASKED))
    assert result(again).contract.conId == AAPL.conId and world.answer(AAPL) == 0


def test_no_security_definition_is_an_unknown_contract_and_asked_anew_the_next_time(world, desk):
    for _ in range(2):
        asked = found(desk.find_one(ASKED))
        assert world.answer() == 1
        assert error(asked, CommandError).code == errors.UNKNOWN_CONTRACT


def test_a_chain_is_not_looked_through_for_what_is_made_ready(world, desk, monkeypatch):
    """Each second: 2,500 rows of it held the reactor for 33 ms."""
    hits = desk.details(ASKED)
    world.answer(*(attrs.evolve(AAPL, exchange=exchange) for exchange in ("SMART", "NASDAQ", "ISLAND", "IEX")))
    assert len(result(hits)) == 4
    for most, is_looked_through in ((4, True), (3, False)):
        monkeypatch.setattr(contracts, "MOST_ROWS", most)
        assert (desk.known_now(ASKED) is not None) is is_looked_through


def test_several_contracts_are_ambiguous(world, desk):
    asked = found(desk.find_show_name("CMECRYPTO", "USD-BRR@202106"))
    world.answer(BRR5, BRR01)
    assert error(asked, CommandError).code == errors.AMBIGUOUS_CONTRACT


def test_a_show_name_with_a_strike_of_0_is_refused_and_nothing_is_asked(world, desk):
    asked = found(desk.find_show_name("EUREX", "EUR-SAP@20261218@100C0"))
    assert error(asked, CommandError).code == errors.BAD_PARAMS and not world.asked("9")


def test_any_other_refusal_is_neither_unknown_nor_ambiguous(world, desk):
    asked = found(desk.find_one(ASKED))
    world.answer(AAPL, code=321)
    assert error(asked, CommandError).code == errors.UNAVAILABLE


def test_a_show_name_is_asked_in_its_readings_until_tws_knows_one(world, desk):
    index = attrs.evolve(HK1137, secType="IND", symbol="HSI", conId=8)
    asked = found(desk.find_show_name("SEHK", "HKD-HSI"))
    (first,) = world.asked("9")
    world.tws.notice(200, "none", first[2])
    assert world.answer(index) == 1
    assert result(asked).contract.secType == "IND"


def test_a_warning_does_not_end_a_question(world, desk):
    asked = found(desk.find_one(ASKED))
    (question,) = world.asked("9")
    world.tws.notice(2174, "warning", question[2])
    assert not asked.called
    world.tws.notice(200, "none", question[2])
    error(asked, CommandError)


def test_without_a_session_there_is_no_question(world, desk):
    world.tws.wire.end()
    assert error(found(desk.find_one(ASKED)), CommandError).code == errors.NOT_CONNECTED


def test_a_lost_session_fails_what_is_open(world, desk):
    asked = found(desk.find_one(ASKED))
    world.tws.wire.end()
    error(asked, SessionLost)


def test_tws_that_does_not_answer_is_not_waited_for_for_ever(world, desk):
    asked = [found(desk.find_one(ASKED)), found(desk.find_one(ASKED))]
    world.seconds(65)
    for each in asked:
        error(each, RequestTimeout)


def test_reset_asks_again(world, desk):
    found(desk.find_one(ASKED)).addErrback(lambda _: None)
    world.answer(AAPL)
    world.seconds(1)
    desk.forget()
    found(desk.find_one(ASKED)).addErrback(lambda _: None)
    assert world.answer(AAPL) == 1


def test_a_contract_found_is_stored_under_all_its_keys(world, desk):
    found(desk.find_one(ASKED)).addErrback(lambda _: None)
    world.answer(AAPL, minTick=0.01, longName="APPLE INC")
    keys = (*names.contract_keys(AAPL), names.contract_id(AAPL.conId))
    documents = [json.loads(world.link.keys[key]) for key in keys]
    assert documents[0] == documents[1] == documents[2]
    assert documents[0]["contract"]["conId"] == AAPL.conId and documents[0]["longName"] == "APPLE INC"
    assert documents[0]["minTick"] == 0.01 and isinstance(documents[0]["_timestamp"], int)


def test_two_that_differ_only_in_multiplier_have_keys_of_their_own(world, desk):
    asked = found(desk.find_show_name("CMECRYPTO", "USD-BRR@202106"))
    world.answer(BRR5, BRR01)
    error(asked)
    for contract in (BRR5, BRR01):
        for key in (*names.contract_keys(contract), names.contract_id(contract.conId)):
            assert json.loads(world.link.keys[key])["contract"]["conId"] == contract.conId


def test_the_smart_row_speaks_for_the_conid(world, desk):
    rows = [attrs.evolve(AAPL, exchange=exchange) for exchange in ("ARCA", "SMART", "BATS")]
    found(desk.find_one(ASKED)).addErrback(lambda _: None)
    world.answer(*rows)
    assert json.loads(world.link.keys[names.contract_id(AAPL.conId)])["contract"]["exchange"] == "SMART"


def test_a_redis_that_came_back_empty_gets_every_contract_again(world, desk):
    found(desk.find_one(ASKED)).addErrback(lambda _: None)
    world.answer(AAPL)
    world.link.go_down()
    world.link.keys.clear()
    world.link.bring_up()
    world.turn()
    assert names.contract_id(AAPL.conId) in world.link.keys


def test_a_contract_whose_name_has_a_colon_is_stored_by_its_id_only(world, desk, lines):
    odd = attrs.evolve(AAPL, symbol="A:B", conId=66)
    asked = found(desk.by_id(66))
    world.answer(odd)
    assert result(asked).contract.symbol == "A:B"
    assert names.contract_id(66) in world.link.keys and not [key for key in world.link.keys if "A:B" in key]
    assert any("by its id only" in line for line in lines)


@pytest.mark.parametrize("name", [r"APPLE \u00e9", r"A\u005cB", "caf\u00e9", "\U0001f680 MOON", r"C:\new"])
def test_a_long_name_of_any_kind_does_not_lose_the_contract(world, desk, name, request):
    asked = found(desk.find_one(ASKED))
    world.answer(AAPL, longName=name)
    told = result(asked).details["longName"]
    assert told == name.replace(r"\u00e9", "é").replace(r"\u005c", "\\")


# One contract, one exchange.

FUTURE = attrs.evolve(BRR5, conId=77, symbol="ES", multiplier="50", exchange="CME")
ROWS = [attrs.evolve(FUTURE, exchange=exchange) for exchange in ("CME", "QBALGO")]


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1]])
@pytest.mark.parametrize("asked_first", [None, "QBALGO"])
def test_a_contract_that_several_venues_list_has_one_exchange_whatever_comes_first(monkeypatch, rows, asked_first):
    world = World(monkeypatch).running()
    if asked_first:
        found(world.parts.contracts.find_one(attrs.evolve(FUTURE, conId=0, exchange=asked_first)))
        world.answer(*[row for row in rows if row.exchange == asked_first], validExchanges="CME,QBALGO")
    asked = found(world.parts.contracts.by_id(77))
    world.answer(*rows, validExchanges="CME,QBALGO")
    assert result(asked).contract.exchange == "CME"
    world.seconds(1)
    kept = dict(world.link.keys)
    # Another life, with what Redis kept, and with nothing.
    for keys in (kept, {}):
        again = World(monkeypatch)
        again.link.keys.update(keys)
        again.running()
        asked = found(again.parts.contracts.by_id(77))
        again.turn()
        again.answer(*rows[::-1], validExchanges="CME,QBALGO")
        assert result(asked).contract.exchange == "CME"


def test_a_stock_goes_by_smart_and_its_listing_whichever_row_came(world, desk):
    row = attrs.evolve(AAPL, exchange="ISLAND")
    found(desk.find_one(attrs.evolve(ASKED, exchange="ISLAND")))
    world.answer(row, validExchanges="SMART,ISLAND,NASDAQ")
    world.seconds(1)
    asked = found(desk.by_id(AAPL.conId))
    world.answer(AAPL, validExchanges="SMART,ISLAND,NASDAQ")
    assert result(asked).contract.exchange == "SMART"


# What could not be read.


def test_details_that_cannot_be_decoded_are_not_told_as_no_contract(world, desk, failures):
    asked = found(desk.find_one(ASKED))
    (question,) = world.asked("9")
    world.tws.say(10, 8, question[2], "AAPL", "STK", "no", "number", "at", "all")
    world.tws.say(52, 1, question[2])
    refused = error(asked)
    assert isinstance(refused, AnswerUnreadable) and "could not be read" in str(refused)
    failures.clear()


def test_a_command_is_told_so_too(world, failures):
    world.send("SUB_ODBK", contract={"secType": "STK", "symbol": "AAPL", "exchange": "SMART", "currency": "USD"})
    (question,) = world.asked("9")
    world.tws.say(10, 8, question[2], "AAPL", "STK", "no", "number", "at", "all")
    world.tws.say(52, 1, question[2])
    ack = world.ack()
    assert (ack["ok"], ack["code"]) == (False, "unavailable") and "could not be read" in ack["err"]
    failures.clear()
