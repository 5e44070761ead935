"""Executions as bots are told them: once, with a commission later, corrections and combos told apart."""

import attrs
import pytest

from ibgw_tx.model.order_events import Commission
from ibgw_tx.orders.cache import executions as module
from ibgw_tx.orders.cache.executions import Executions
from ibgw_tx.orders.cache.told_executions import Kept, ToldExecutions
from tests.kit.order_events import COMBO, NOW, TSLA_EXEC, fill, opened, paid, query, running


@pytest.fixture
def cache():
    cache = running()
    cache.apply(opened(), NOW)
    return cache


def restore(executions, kept):
    """As the shell does with what Redis has."""
    executions.begin_restore()
    for key, record in kept.items():
        executions.restored(key, record)


def told(cache, now=NOW):
    return [telling.document for telling in cache.executions.take(now)]


def test_an_execution_is_told_once_and_once_more_with_its_commission(cache):
    cache.apply(fill("a.b.01.01", 40, 200.5, liquidity=2, time="20231114-22:13:20"), NOW)
    (first,) = told(cache, NOW + 5)
    assert first == {
        **{"execId": "a.b.01.01", "i": "5001", "client_oid": None, "apiOrderId": 13, "clientId": 100, "account": "DU1"},
        **{"market": "NASDAQ", "pair": "USD-TSLA", "secType": "STK", "conId": TSLA_EXEC.conId, "T": "buy", "s": 40, "p": 200.5},
        **{"exchange": "ISLAND", "liquidity": 2, "t": 1_700_000_000_000, "commission": None},
    }
    cache.apply(Commission("a.b.01.01", 1.25, "USD", 3.5), NOW)
    (update,) = told(cache)
    assert update == first | {"commission": 1.25, "commissionCurrency": "USD", "realizedPnl": 3.5, "update": True}
    cache.apply(fill("a.b.01.01", 40, 200.5), NOW)
    cache.apply(Commission("a.b.01.01", 1.25, "USD", 3.5), NOW)
    assert told(cache) == []


def test_a_commission_that_comes_first_is_told_second(cache):
    cache.apply(paid("a.b.01.01", 1.5), NOW)
    cache.apply(fill("a.b.01.01", 40, 200.5), NOW)
    assert [(one["commission"], one.get("update")) for one in told(cache)] == [(None, None), (1.5, True)]


def test_minus_one_is_no_commission(cache):
    cache.apply(fill("a.b.01.01", 40, 200.5), NOW)
    cache.apply(paid("a.b.01.01", -1), NOW)
    assert len(told(cache)) == 1
    cache.apply(paid("a.b.01.01", 2), NOW)
    assert [one["commission"] for one in told(cache)] == [2]


def test_what_a_former_life_has_told_is_not_told_again_but_a_commission_that_it_lacks_is(cache):
    key = f"a.b.01.01 {TSLA_EXEC.conId} DU1"
    restore(cache.executions, {key: Kept(NOW - 1000)})
    cache.apply(fill("a.b.01.01", 40, 200.5, asked=True), NOW)
    cache.apply(fill("a.b.02.01", 10, 200.5, asked=True), NOW)
    assert [(one["execId"], one["recovered"]) for one in told(cache)] == [("a.b.02.01", True)]
    cache.apply(paid("a.b.01.01", 1), NOW)
    assert [(one["execId"], one["update"]) for one in told(cache)] == [("a.b.01.01", True)]


def test_a_commission_that_is_said_without_its_result_keeps_the_result(cache):
    cache.apply(fill("a.b.01.01", 40, 200.5), NOW)
    cache.apply(Commission("a.b.01.01", 1.25, "USD", 3.5), NOW)
    told(cache)
    cache.apply(fill("a.b.01.01", 40, 200.5, asked=True), NOW)
    cache.apply(Commission("a.b.01.01", 1.25, "USD"), NOW)
    assert told(cache) == []


def test_a_correction_and_a_bust_say_what_they_correct(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    cache.apply(fill("a.b.01.02", 40, 199.0), NOW)
    cache.apply(fill("a.b.01.03", 0, 0.0), NOW)
    assert [(one["execId"], one.get("corrects"), one["s"], one.get("busted")) for one in told(cache)] == [
        ("a.b.01.01", None, 40, None),
        ("a.b.01.02", "a.b.01.01", 40, None),
        ("a.b.01.03", "a.b.01.02", 0, True),
    ]
    restore(cache.executions, {f"a.b.01.03 {TSLA_EXEC.conId} DU1": Kept(NOW)})
    cache.apply(fill("a.b.01.02", 40, 199.0, asked=True), NOW)
    assert told(cache) == []  # late


def test_a_correction_of_an_execution_nobody_has_heard_of_names_it_all_the_same(cache):
    cache.apply(fill("a.b.01.02", 40, 199.0), NOW)
    assert [one["corrects"] for one in told(cache)] == ["a.b.01.01"]


def test_the_parts_of_a_combo_are_told_apart():
    cache = running()
    cache.apply(opened(contract=COMBO), NOW)
    cache.contract_known(COMBO.conId, COMBO, NOW)
    cache.apply(fill("a.b.01.01", 1, 5.0, contract=COMBO), NOW)
    cache.apply(fill("a.b.02.01.01", 1, 10.0, contract=TSLA_EXEC), NOW)
    cache.apply(fill("a.b.02.02.01", 1, 15.0, contract=TSLA_EXEC, side="SLD"), NOW)
    found = told(cache)
    assert [(one.get("combo"), one.get("leg"), one["T"]) for one in found] == [
        (True, None, "buy"), (None, True, "buy"), (None, True, "sell")
    ]  # fmt: skip
    assert len({(one["market"], one["pair"]) for one in found}) == 1


def test_an_execution_waits_for_the_place_of_its_order():
    cache = running()
    cache.apply(fill("a.b.01.01", 1, 5.0, perm=77, order_id=0, contract=attrs.evolve(TSLA_EXEC, conId=9)), NOW)
    assert cache.due(NOW + 60_000)  # no openOrder says what it is: TWS is asked
    query(cache, NOW + 60_000)
    assert told(cache) == []
    cache.contract_known(9, attrs.evolve(TSLA_EXEC, conId=9, exchange="SMART", primaryExchange="ARCA"), NOW)
    assert [one["market"] for one in told(cache)] == ["ARCA"]


def test_an_allocation_under_the_same_name_is_an_execution_of_its_own(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0, acctNumber="F1"), NOW)
    cache.apply(fill("a.b.01.01", 20, 200.0, acctNumber="DU1"), NOW)
    assert [(one["account"], one["s"]) for one in told(cache)] == [("F1", 40), ("DU1", 20)]


def test_what_did_not_reach_redis_is_told_again_and_nothing_else(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    cache.apply(fill("a.b.02.01", 40, 200.0), NOW)
    tellings = cache.executions.take(NOW)
    cache.executions.again(tellings)
    restore(cache.executions, {tellings[0].key: tellings[0].record})
    assert [one["execId"] for one in told(cache)] == ["a.b.02.01"]


def test_what_is_kept_goes_by_age_and_by_number(monkeypatch):
    monkeypatch.setattr(module, "MAX_KEPT", 3)
    executions = Executions(history_days=1)
    day = 86_400_000
    restore(executions, {f"a.b.0{n}.01 1 DU1": Kept(NOW - n * day) for n in (9, 7, 5, 3, 1)})
    since = executions.kept_since(NOW)
    assert NOW - 7 * day < since < NOW - 5 * day and executions.kept.oldest() == NOW - 9 * day
    for n in (9, 7):
        executions.forget(f"a.b.0{n}.01 1 DU1")
    assert executions.kept_since(NOW) == NOW - 8 * day and len(executions.kept) == 3


def test_a_record_comes_out_as_it_went_in():
    kept = ToldExecutions()
    records = [Kept(5), Kept(6, 1.25, "USD", 3.5), Kept(7, 1, "EUR"), Kept(8, -0.1, "USD", 0)]
    for number, record in enumerate(records):
        kept.put(f"e{number}", record)
    assert [kept.get(f"e{number}") for number in range(5)] == [*records, None] and "e4" not in kept
    assert type(kept.get("e2").commission) is int
    kept.drop("e1")
    kept.put("e9", Kept(9, 2.5, "HKD"))
    assert "e1" not in kept and len(kept) == 4 and kept.get("e9") == Kept(9, 2.5, "HKD") and kept.get("e2") == records[2]


def test_who_waits_too_long_gives_way(cache, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    for number in range(4):
        cache.apply(fill(f"a.b.0{number}.01", 1, 200.0), NOW)
    assert [one["execId"] for one in told(cache)] == ["a.b.02.01", "a.b.03.01"]
    cache.apply(paid("a.b.00.01"), NOW)
    assert told(cache) == []


@pytest.mark.parametrize("value", [None, {}, [], ["x", None, "", None], [1, 2], 5])
def test_what_is_no_record_counts_as_none(value):
    assert Kept.parsed(value) is None
