"""What order entry knows of a contract: its ticks, its magnifier, its last known book."""

import attrs
import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.contracts.market_rule import is_on_tick
from ibgw_tx.model import errors
from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry.limits import Limits
from ibgw_tx.orders.shell.contract_facts import PORTION
from tests.kit.books import depth_frame
from tests.kit.contracts import AAPL, HK1137
from tests.kit.deferreds import error, result
from tests.kit.gateway import World

BUY = {"action": "BUY", "totalQuantity": 10, "orderType": "LMT", "lmtPrice": 100.0}
BAG = {
    "secType": "BAG", "symbol": "AAPL", "currency": "USD", "exchange": "SMART",
    "comboLegs": [{"conId": 1, "ratio": 1, "action": "BUY", "exchange": "SMART"}],
}  # fmt: skip


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


@pytest.fixture
def contracts(world):
    return world.parts.order_entry.facts


def refusal(contracts, limits, members, contract):
    return limits.order(contracts.exposure(members, contract), *contracts.touch(contract))


def resolved(world, contracts, given, *answers, **details):
    asked = Deferred.fromCoroutine(contracts.resolve(given))
    world.answer(*answers, **details)
    return result(asked)


def test_a_contract_is_resolved_with_its_facts(world, contracts):
    contract, facts = resolved(world, contracts, {"symbol": "AAPL", "secType": "STK"}, AAPL)
    assert contract.conId == AAPL.conId and facts.secType == "STK" and facts.magnifier == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"symbol": "NO", "secType": "STK"}, errors.UNKNOWN_CONTRACT),
        ({"colour": "red"}, errors.BAD_PARAMS),
        ([], errors.BAD_PARAMS),
    ],
)
def test_a_contract_that_is_none_is_refused(world, contracts, given, code):
    asked = Deferred.fromCoroutine(contracts.resolve(given))
    world.answer()
    assert error(asked, CommandError).code == code


def test_a_combo_is_not_asked_for_and_has_no_ladder(world, contracts):
    contract, facts = resolved(world, contracts, BAG)
    assert facts.legs == 1 and contract.comboLegs and not world.asked("9")
    assert result(Deferred.fromCoroutine(contracts.facts_of(contract))).legs == 1


def test_a_combo_without_legs_is_refused(contracts):
    asked = Deferred.fromCoroutine(contracts.resolve({**BAG, "comboLegs": []}))
    assert error(asked, CommandError).code == errors.BAD_PARAMS


def test_before_the_ladder_is_told_the_finest_tick_holds(world, contracts):
    details = {"marketRuleIds": "26", "validExchanges": "SMART", "minTick": 0.01}
    _, facts = resolved(world, contracts, {"conId": AAPL.conId}, AAPL, **details)
    assert is_on_tick(100.01, facts.rule) and not is_on_tick(100.001, facts.rule)
    world.tws.say(93, 26, 2, 0, 0.01, 100, 0.05)
    _, facts = resolved(world, contracts, {"conId": AAPL.conId}, AAPL)
    assert not is_on_tick(100.01, facts.rule) and is_on_tick(99.99, facts.rule)


def test_a_contract_without_any_tick_refuses_no_price(world, contracts):
    _, facts = resolved(world, contracts, {"conId": AAPL.conId}, AAPL, minTick="")
    assert is_on_tick(1.23456, facts.rule)


def test_limits_of_combos_are_judged_without_a_book(contracts):
    combo = Contract(secType="BAG", symbol="AAPL", exchange="SMART", currency="USD", comboLegs=(ComboLeg(1, 1, "BUY", "SMART"),))
    assert refusal(contracts, Limits(), BUY, combo) is None


def test_the_price_collar_is_measured_from_the_last_known_book(world, contracts):
    collar = Limits(price_collar=1.0)
    assert "no book" in refusal(contracts, collar, BUY, HK1137).text
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.answer(HK1137)
    (request,) = world.asked("10")
    for side, price in ((1, 99), (0, 100)):
        world.parts.hot_depth.depth(depth_frame(request[2], 0, 0, side, price, 5))
    assert refusal(contracts, collar, BUY, HK1137) is None
    assert refusal(contracts, collar, {**BUY, "lmtPrice": 102.0}, HK1137).limit == "price_collar"
    world.tws.notice(1100)
    assert "no book" in refusal(contracts, collar, BUY, HK1137).text


def test_what_can_have_no_book_has_none(contracts):
    assert contracts.touch(attrs.evolve(AAPL, symbol="A:B")) == (None, None)
    assert contracts.touch(attrs.evolve(AAPL, secType="BAG")) == (None, None)


def test_a_price_magnifier_counts_in_the_notional(world, contracts):
    pence = attrs.evolve(AAPL, conId=77, exchange="LSE", primaryExchange="LSE")
    resolved(world, contracts, {"conId": 77}, pence)
    contracts._magnifiers[77] = 100
    assert refusal(contracts, Limits(max_notional=10), BUY, pence) is None
    contracts._magnifiers[77] = 1
    assert refusal(contracts, Limits(max_notional=10), BUY, pence).limit == "max_notional"


def test_the_last_known_book_may_be_level_1(world, contracts):
    assert contracts.touch(HK1137) == (None, None)
    world.send("SUB_TOP", exchange="SEHK", showName="HKD-1137")
    world.answer(HK1137)
    (request,) = world.asked("1")
    world.tws.say(1, 6, request[2], 1, 10.0, 5, 0)
    assert contracts.touch(HK1137) == (10.0, None)


HOW = {"symbol": "AAPL", "secType": "STK"}


def counted(contracts, monkeypatch):
    """Each contract that is made ready from now on."""
    made, make = [], contracts._make_ready
    monkeypatch.setattr(contracts, "_make_ready", lambda given, stands: made.append(given) or make(given, stands))
    return made


@pytest.mark.parametrize(
    ("cmd", "params"), [("FIND_CONTRACTS", HOW), ("SUB_ODBK", {"contract": HOW}), ("SUB_TOP", {"contract": HOW})]
)
def test_what_bots_look_at_is_made_ready_before_it_is_ordered(world, contracts, monkeypatch, cmd, params):
    world.send(cmd, **params)
    world.answer(AAPL)
    world.seconds(2)
    made = counted(contracts, monkeypatch)
    assert contracts.plain(HOW, world.parts.order_entry.gate.now_ms()).contract.conId == AAPL.conId and not made


def test_what_tws_tells_later_is_in_what_is_made_ready(world, contracts, monkeypatch):
    resolved(world, contracts, HOW, AAPL, marketRuleIds="26", validExchanges="SMART", minTick=0.01)
    assert contracts.plain(HOW, world.parts.order_entry.gate.now_ms()).ladder.is_on_tick(100.01)
    world.tws.say(93, 26, 2, 0, 0.01, 100, 0.05)
    world.seconds(2)
    made = counted(contracts, monkeypatch)
    assert not contracts.plain(HOW, world.parts.order_entry.gate.now_ms()).ladder.is_on_tick(100.01) and not made


def test_what_is_known_no_more_is_not_made_ready(world, contracts):
    resolved(world, contracts, HOW, AAPL)
    assert contracts.plain(HOW, world.parts.order_entry.gate.now_ms()) is not None and list(contracts.made_ready)
    world.parts.contracts.forget()
    world.seconds(2)
    assert contracts.plain(HOW, world.parts.order_entry.gate.now_ms()) is None and not list(contracts.made_ready)


@pytest.mark.parametrize("given", [None, "AAPL", {"conId": [1]}, {"colour": "red"}, {"symbol": "AAPL", "strike": True}])
def test_what_is_no_contract_is_not_foreseen_and_hinders_nothing(world, contracts, given):
    contracts.foresee(given)
    contracts.foresee(HOW)
    resolved(world, contracts, HOW, AAPL)
    world.seconds(2)
    assert [each.contract.conId for each in contracts.made_ready] == [AAPL.conId]


def test_many_contracts_are_made_ready_in_portions(world, contracts, monkeypatch):
    made = counted(contracts, monkeypatch)
    for number in range(PORTION + 1):
        contracts.foresee({"conId": 1000 + number})
    now = world.parts.order_entry.gate.now_ms()
    contracts.make_some_ready(now)
    assert len(made) == PORTION
    contracts.make_some_ready(now)
    contracts.make_some_ready(now)
    assert len(made) == PORTION + 1, "and then no more, until TWS has told something"
