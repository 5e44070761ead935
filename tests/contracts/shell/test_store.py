"""Contracts on Redis: keys, a few at a time, and back."""

import attrs
import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.store import FIRST_WAIT, SLICE, ContractStore
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import RedisDown
from tests.kit.contracts import AAPL, BRR5, HK1137
from tests.kit.deferreds import result
from tests.kit.redis import FakeLink

ASKED = Contract(conId=AAPL.conId)


@pytest.fixture
def link():
    link = FakeLink()
    link.up = True
    return link


@pytest.fixture
def store(link, clock):
    return ContractStore(link, clock, lambda known: known.contract.conId != 1137)


def known(contract=AAPL, **details):
    return KnownContract(contract, details, 77)


def turn(clock):
    """One turn of the reactor: what it puts off is for the next one."""
    for call in clock.getDelayedCalls():
        clock.calls.remove(call)
        call.func(*call.args)


def get(store, asked):
    return result(Deferred.fromCoroutine(store.get(asked)))


def test_a_contract_stands_under_both_spellings_and_its_id(store, link, clock):
    store.put(known())
    assert not link.keys, "in one of the next turns"
    clock.advance(0)
    assert set(link.keys) == {*names.contract_keys(AAPL), names.contract_id(AAPL.conId)}
    assert len(set(link.keys.values())) == 1


def test_a_row_that_does_not_speak_for_its_id_leaves_it_alone(store, link, clock):
    store.put(known(HK1137))
    clock.advance(0)
    assert names.contract_id(1137) not in link.keys


def test_a_name_that_cannot_stand_in_a_key_is_stored_by_its_id_only(store, link, clock, lines):
    store.put(known(attrs.evolve(AAPL, symbol="A:B")))
    clock.advance(0)
    assert set(link.keys) == {names.contract_id(AAPL.conId)} and any("by its id only" in line for line in lines)


def test_each_turn_writes_a_few(store, link, clock):
    store.put_all(known(attrs.evolve(AAPL, conId=10_000 + n, symbol=f"A{n}")) for n in range(SLICE * 2 + 1))
    counts = []
    for _ in range(4):
        turn(clock)
        counts.append(len(link.keys) // 3)
    assert counts == [SLICE, 2 * SLICE, 2 * SLICE + 1, 2 * SLICE + 1]


def test_whoever_waits_is_called_when_all_is_written(store, link, clock):
    called = []
    store.when_written(lambda: called.append("at once"))
    store.put_all(known(attrs.evolve(AAPL, conId=10_000 + n)) for n in range(SLICE + 1))
    store.when_written(lambda: called.append("then"))
    turn(clock)
    assert called == ["at once"]
    turn(clock)
    assert called == ["at once", "then"]


def test_with_redis_away_nothing_waits(store, link, clock):
    link.up = False
    store.put(known())
    assert not clock.getDelayedCalls()


def test_one_document_that_cannot_be_written_costs_no_other(store, link, clock, failures, monkeypatch):
    store.put(known(AAPL, bad=object()))
    store.put(known(BRR5))
    clock.advance(0)
    assert names.contract_id(5) in link.keys and len(failures) == 1
    failures.clear()


# Reading.


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (ASKED, True),
        (Contract(symbol="AAPL", secType="STK", exchange="NASDAQ", currency="USD"), False),
        (Contract(symbol="AAPL", secType="STK", exchange="SMART", currency="USD"), False),
        (Contract(symbol="AAPL", secType="STK"), False),
        (attrs.evolve(ASKED, exchange="NYSE"), False),
        (attrs.evolve(ASKED, includeExpired=True), False),
        (attrs.evolve(ASKED, secIdType="ISIN", secId="US0378331005"), False),
        (Contract(conId=99), False),
    ],
)
def test_only_a_question_that_means_one_contract_is_answered_from_redis(store, link, clock, asked, found):
    store.put(known())
    clock.advance(0)
    assert (get(store, asked) is not None) == found


def test_a_stock_is_found_by_its_name(store, link, clock):
    contract = attrs.evolve(HK1137)
    store.put(known(contract))
    clock.advance(0)
    assert get(store, Contract(symbol="1137", secType="STK", exchange="SEHK", currency="HKD")).contract == contract


def test_a_value_of_somebody_else_is_no_answer(store, link, lines):
    link.keys[names.contract_id(AAPL.conId)] = b"junk"
    assert get(store, ASKED) is None and any("not ours to read" in line for line in lines)


@pytest.mark.parametrize("trouble", ["away", "down"])
def test_without_redis_there_is_no_answer(store, link, clock, trouble):
    clock.advance(FIRST_WAIT)
    link.up = trouble != "away"
    link.refuse["GET"] = RedisDown("gone")
    assert get(store, ASKED) is None


def test_a_gateway_that_has_just_started_gives_redis_a_moment(store, link, clock):
    link.up = False
    asked = Deferred.fromCoroutine(store.get(ASKED))
    clock.advance(0.1)
    assert not asked.called
    link.up = True
    clock.advance(0.1)
    assert asked.called
