"""One order's life by words, terms and codes."""

import attrs
import pytest

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.cache import OrderCache
from tests.kit.order_events import (
    CLIENT,
    COMBO,
    LIMIT,
    NOW,
    TSLA,
    TSLA_FULL,
    TSLA_OPEN,
    asks,
    completed,
    error,
    fill,
    notes,
    opened,
    query,
    running,
    status,
    told,
    wants,
)


@pytest.fixture
def cache():
    return running()


def placed(cache, client_oid="bot-1", **kwargs):
    return cache.own.placed(13, LIMIT, client_oid, TSLA_FULL, NOW, **kwargs)


def test_an_open_order_is_told_with_every_member_of_the_interface(cache):
    (order,) = told(cache.apply(opened(orderRef="bot-1"), NOW))
    assert order == {
        "i": "5001",
        "client_oid": "bot-1",
        "apiOrderId": 13,
        "clientId": CLIENT,
        "account": "DU1",
        "market": "NASDAQ",
        "pair": "USD-TSLA",
        "secType": "STK",
        "conId": TSLA,
        "T": "buy",
        "s": 100,
        "p": 200,
        "aux": None,
        "orderType": "LMT",
        "tif": "DAY",
        "executed": 0,
        "remained": 100,
        "avg_price": None,
        "last_price": None,
        "status": "Submitted",
        "alive": True,
        "commission": None,
        "commissionCurrency": None,
        "t": NOW,
        "updateTime": NOW,
        "extCode": None,
        "extMsg": None,
        "ttl_qty": 100,
        "executed_qty": 0,
        "remained_qty": 100,
        "permId": "5001",
        "orderRef": "bot-1",
    }
    assert all(not isinstance(value, float) for value in order.values())


def test_an_unchanged_order_is_not_told_again(cache):
    cache.apply(opened(), NOW)
    assert cache.apply(opened(), NOW + 5) == ()
    assert cache.apply(status("Submitted"), NOW + 6) == ()


def test_the_fields_are_the_perm_id_and_the_client_oid(cache):
    (change,) = cache.apply(opened(orderRef="bot-1"), NOW)
    assert (change.exchange, change.pair, change.fields) == ("NASDAQ", "USD-TSLA", ("5001", "bot-1"))


@pytest.mark.parametrize("ref", ["t", "5002", ""])
def test_a_strangers_order_ref_never_takes_the_place_of_the_time_or_of_an_order(cache, ref):
    (change,) = cache.apply(opened(orderRef=ref), NOW)
    assert change.fields == ("5001",)


def test_a_market_order_has_no_price_though_tws_echoes_zero(cache):
    (order,) = told(cache.apply(opened(terms=Terms("SELL", 5, "MKT", 0.0, 0.0, "DAY")), NOW))
    assert (order["p"], order["aux"], order["T"], order["account"]) == (None, None, "sell", None)


def test_a_combo_may_have_a_limit_of_zero_and_needs_no_contract(cache):
    changes = cache.apply(opened(terms=Terms("BUY", 1, "LMT", 0.0), contract=COMBO), NOW)
    assert wants(changes) == []
    assert [(order["p"], order["market"], order["pair"]) for order in told(changes)] == [(0, "SMART", "USD-IECombo")]


def test_a_stop_order_shows_its_stop(cache):
    (order,) = told(cache.apply(opened(terms=Terms("SELL", 1, "STP", 0.0, 180.0)), NOW))
    assert (order["p"], order["aux"]) == (None, 180)


def test_no_sentinel_survives(cache):
    unset = 1.7976931348623157e308
    terms = Terms("BUY", 2147483647, "LMT", unset, float("nan"))
    cache.apply(opened(terms=terms, commission=unset), NOW)
    (order,) = told(cache.apply(status("Submitted", float("inf"), avg=unset, order_id=2147483647), NOW)) or [
        cache.orders.by_perm_id("5001")
    ]
    assert {order[key] for key in ("s", "p", "aux", "remained", "avg_price", "last_price", "commission")} == {None}
    assert order["executed"] == 0 and order["apiOrderId"] == 13


# Contracts and places.


def test_an_order_is_not_written_before_its_listing_exchange_is_known():
    cache = OrderCache(CLIENT)
    cache.begin(NOW)
    for step in list(type(cache.step)):
        cache.answered(step, True)
    cache.snapshot_done(NOW)
    assert wants(cache.apply(opened(), NOW)) == [TSLA]
    assert cache.apply(status("Submitted"), NOW) == ()
    (order,) = told(cache.contract_known(TSLA, TSLA_FULL, NOW + 9))
    assert (order["market"], order["t"], order["updateTime"]) == ("NASDAQ", NOW, NOW + 9)


def test_one_contract_is_asked_for_once(cache):
    other = attrs.evolve(TSLA_OPEN, conId=7)
    assert wants(cache.apply(opened(contract=other), NOW)) == [7]
    assert wants(cache.apply(opened(contract=other, perm=5002, order_id=14), NOW)) == []
    assert len(told(cache.contract_known(7, attrs.evolve(TSLA_FULL, conId=7), NOW))) == 2


def test_an_order_of_a_contract_that_tws_does_not_know_is_told_with_what_it_has(cache):
    cache.apply(opened(contract=attrs.evolve(TSLA_OPEN, conId=7)), NOW)
    assert [order["market"] for order in told(cache.contract_known(7, None, NOW))] == ["SMART"]


def test_a_directly_routed_order_stands_under_its_exchange(cache):
    (order,) = told(cache.apply(opened(contract=attrs.evolve(TSLA_OPEN, exchange="ARCA")), NOW))
    assert order["market"] == "ARCA"


def test_a_future_without_its_day_is_resolved_first(cache):
    reduced = Contract(9, "BRR", "FUT", "CMECRYPTO", "", "USD", "202106", multiplier="5")
    assert wants(cache.apply(opened(contract=reduced), NOW)) == [9]
    full = attrs.evolve(reduced, lastTradeDateOrContractMonth="20210625")
    assert [order["pair"] for order in told(cache.contract_known(9, full, NOW))] == ["USD-BRR@20210625@5"]


def test_a_contract_with_an_impossible_name_is_noted_once_and_never_written(cache):
    bad = Contract(9, "A:B", "STK", "NYSE", "", "USD")
    assert notes(cache.apply(opened(contract=bad), NOW)) == ["an order has no name in Redis and is not shown"]
    assert cache.apply(status("Cancelled"), NOW) == ()


# Words.


def test_the_usual_life_of_an_order(cache):
    words = []
    for word in ("ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "Cancelled"):
        for event in (opened(word), status(word)):
            words += [(order["status"], order["alive"]) for order in told(cache.apply(event, NOW))]
    assert [word for word, _ in words] == [
        "ApiPending",
        "PendingSubmit",
        "PreSubmitted",
        "Submitted",
        "PendingCancel",
        "Cancelled",
    ]
    assert [alive for _, alive in words] == [True] * 5 + [False]


def test_a_status_nobody_knows_changes_nothing(cache):
    cache.apply(opened(), NOW)
    changes = cache.apply(status("Glorious"), NOW)
    assert notes(changes) == ["a status nobody knows"]
    assert told(changes) == []


def test_a_step_back_is_a_late_message(cache):
    cache.apply(opened(), NOW)
    assert cache.apply(status("PreSubmitted"), NOW) == ()


def test_an_undone_cancel_is_asked_about_and_believed_in_the_answer(cache):
    cache.apply(opened("PendingCancel"), NOW)
    changes = cache.apply(status("Submitted"), NOW)
    assert told(changes) == [] and len(asks(changes)) == 1
    assert [order["status"] for order in told(query(cache, NOW, opened(), status("Submitted")))] == ["Submitted"]


def test_an_order_that_is_cancelling_can_still_be_filled(cache):
    cache.apply(opened("PendingCancel"), NOW)
    (order,) = told(cache.apply(status("Filled", 100, avg=200.0), NOW))
    assert (order["status"], order["executed"], order["alive"]) == ("Filled", 100, False)


def test_filled_never_goes_back(cache):
    cache.apply(opened(), NOW)
    cache.apply(status("Filled", 100), NOW)
    late = [
        status("Submitted"),
        opened("Cancelled"),
        error(202),
        error(201),
        status("Inactive"),
        completed("Cancelled"),
        opened(),
    ]
    assert [told(cache.apply(event, NOW)) for event in late] == [[]] * len(late)
    assert told(query(cache, NOW, opened("Submitted"))) == []
    assert cache.orders.by_perm_id(5001)["status"] == "Filled"


def test_a_cancelled_order_that_speaks_is_asked_about_and_not_believed(cache):
    cache.apply(opened("Cancelled"), NOW)
    changes = cache.apply(status("Submitted"), NOW)
    assert told(changes) == [] and asks(changes) == ["Submitted after Cancelled"]
    assert told(query(cache, NOW)) == []


def test_a_cancelled_order_that_is_found_open_when_asked_for_lives_again(cache):
    cache.apply(opened("Cancelled"), NOW)
    cache.apply(status("Submitted"), NOW)
    (order,) = told(query(cache, NOW, opened("Submitted")))
    assert (order["status"], order["alive"]) == ("Submitted", True)


def test_a_late_execution_of_a_cancelled_order_counts(cache):
    cache.apply(opened("Cancelled"), NOW)
    (order,) = told(cache.apply(fill("a.b.c.01", 40, 200.0), NOW))
    assert (order["status"], order["alive"], order["executed"], order["remained"]) == (
        "Cancelled",
        False,
        40,
        60,
    )
    (order,) = told(cache.apply(fill("a.b.d.01", 60, 200.0), NOW))
    assert (order["status"], order["executed"]) == ("Filled", 100)


def test_filled_without_its_quantity_waits_for_the_quantity(cache):
    cache.apply(opened(), NOW)
    assert told(cache.apply(opened("Filled"), NOW)) == []
    (order,) = told(cache.apply(fill("a.b.c.01", 100, 200.0), NOW))
    assert (order["status"], order["executed"], order["alive"]) == ("Filled", 100, False)


def test_filled_without_its_quantity_is_asked_about_and_then_taken_by_its_word(cache):
    cache.apply(opened(), NOW)
    cache.apply(opened("Filled"), NOW)
    assert len(asks(cache.due(NOW + 2_000))) == 1
    (order,) = told(query(cache, NOW + 2_100, completed("Filled")))
    assert (order["status"], order["executed"], order["avg_price"]) == ("Filled", 100, None)


# Inactive.


def test_inactive_alone_is_held_alive_and_asked_about(cache):
    cache.apply(opened(), NOW)
    (order,) = told(cache.apply(status("Inactive"), NOW))
    assert (order["status"], order["alive"]) == ("Inactive", True)
    assert cache.due(NOW + 2_999) == ()
    assert asks(cache.due(NOW + 3_000)) == ["inactive without a reason"]


def test_inactive_beside_a_refusing_code_is_dead(cache):
    cache.apply(opened("PreSubmitted"), NOW)
    assert asks(cache.apply(error(201), NOW)) == ["code 201"]
    (order,) = told(cache.apply(status("Inactive"), NOW + 50))
    assert (order["status"], order["alive"], order["extCode"]) == ("Inactive", False, 201)


def test_inactive_long_after_a_refusing_code_is_held(cache):
    cache.apply(opened("PreSubmitted"), NOW)
    cache.apply(error(201), NOW)
    (order,) = told(cache.apply(status("Inactive"), NOW + 60_000))
    assert order["alive"]


def test_a_refusing_code_after_inactive_says_why(cache):
    cache.apply(opened("Inactive"), NOW)
    (order,) = told(cache.apply(error(201, "no margin"), NOW))
    assert (order["alive"], order["extCode"], order["extMsg"]) == (False, 201, "no margin")


def test_an_order_held_while_shares_are_located_is_alive_and_not_asked_about(cache):
    cache.apply(opened(), NOW)
    cache.apply(status("Inactive", whyHeld="locate"), NOW)
    assert cache.due(NOW + 100_000) == ()
    (order,) = told(cache.apply(status("PreSubmitted"), NOW))
    assert (order["status"], order["alive"]) == ("PreSubmitted", True)


def test_404_says_that_shares_are_located(cache):
    cache.apply(opened("PreSubmitted"), NOW)
    cache.apply(error(404), NOW)
    cache.apply(status("Inactive"), NOW)
    assert cache.due(NOW + 100_000) == ()


def test_a_held_order_that_nobody_knows_becomes_unknown(cache):
    cache.apply(opened("Inactive"), NOW)
    cache.due(NOW + 3_000)
    (order,) = told(query(cache, NOW + 3_000))
    assert (order["status"], order["alive"]) == ("Unknown", False)


# Terms.


def test_terms_follow_the_open_order(cache):
    cache.apply(opened(), NOW)
    (order,) = told(cache.apply(opened(terms=attrs.evolve(LIMIT, lmtPrice=201.5)), NOW))
    assert order["p"] == 201.5


def test_terms_it_had_before_are_asked_about(cache):
    cache.apply(opened(), NOW)
    cache.apply(opened(terms=attrs.evolve(LIMIT, lmtPrice=201.5)), NOW)
    changes = cache.apply(opened(), NOW)
    assert told(changes) == [] and len(asks(changes)) == 1
    assert [order["p"] for order in told(query(cache, NOW, opened()))] == [200]


def test_a_modification_back_to_earlier_terms_is_believed_at_once(cache):
    cache.apply(opened(), NOW)
    cache.apply(opened(terms=attrs.evolve(LIMIT, lmtPrice=201.5)), NOW)
    cache.own.modifying(13, LIMIT, NOW)
    assert [order["p"] for order in told(cache.apply(opened(), NOW))] == [200]


def test_a_modification_is_shown_when_tws_shows_it(cache):
    cache.apply(opened(), NOW)
    cache.own.modifying(13, attrs.evolve(LIMIT, lmtPrice=201.5), NOW)
    assert cache.orders.by_api_id(13)["p"] == 200
    assert [order["p"] for order in told(cache.apply(opened(terms=attrs.evolve(LIMIT, lmtPrice=201.5)), NOW))] == [201.5]
    assert cache.due(NOW + 60_000) == ()


@pytest.mark.parametrize("code", [105, 110, 321, 329, 2102, 579])
def test_a_refused_modification_leaves_the_order_live_with_its_terms(cache, code):
    cache.apply(opened(), NOW)
    cache.own.modifying(13, attrs.evolve(LIMIT, lmtPrice=201.55555), NOW)
    changes = cache.apply(error(code), NOW)
    (order,) = told(changes)
    assert (order["alive"], order["p"], order["status"], order["extCode"]) == (True, 200, "Submitted", code)
    assert asks(changes) == [] and cache.due(NOW + 60_000) == ()


def test_201_on_a_modification_is_asked_about(cache):
    cache.apply(opened(), NOW)
    cache.own.modifying(13, attrs.evolve(LIMIT, lmtPrice=201.5), NOW)
    changes = cache.apply(error(201), NOW)
    assert [order["alive"] for order in told(changes)] == [True]
    assert asks(changes) == ["code 201"]


def test_a_modification_without_an_answer_is_asked_about(cache):
    cache.apply(opened(), NOW)
    cache.own.modifying(13, attrs.evolve(LIMIT, lmtPrice=201.5), NOW)
    assert asks(cache.due(NOW + 30_000)) == ["no answer to a modification"]


def test_an_order_that_is_being_made_larger_is_not_filled_by_its_old_size(cache):
    cache.apply(opened(), NOW)
    larger = attrs.evolve(LIMIT, totalQuantity=200)
    cache.own.modifying(13, larger, NOW)
    (order,) = told(cache.apply(fill("a.b.c.01", 100, 200.0), NOW))
    assert (order["alive"], order["remained"]) == (True, 0)
    (order,) = told(cache.apply(opened(terms=larger), NOW))
    assert (order["alive"], order["remained"]) == (True, 100)


def test_104_on_a_modification_waits_for_the_executions(cache):
    cache.apply(opened(), NOW)
    cache.own.modifying(13, attrs.evolve(LIMIT, lmtPrice=201.5), NOW)
    changes = cache.apply(error(104), NOW)
    assert asks(changes) == ["code 104"] and [order["alive"] for order in told(changes)] == [True]


# Codes.


@pytest.mark.parametrize("code", [77777, 2148, 463, 134])
def test_an_unknown_code_never_ends_an_order_it_asks(cache, code):
    cache.apply(opened(), NOW)
    changes = cache.apply(error(code, "what?"), NOW)
    assert asks(changes) == [f"code {code}"]
    assert [(order["alive"], order["extCode"], order["extMsg"]) for order in told(changes)] == [(True, code, "what?")]


@pytest.mark.parametrize("code", [399, 10349, 2109, 481])
def test_a_notice_annotates_a_living_order(cache, code):
    cache.apply(opened(), NOW)
    changes = cache.apply(error(code), NOW)
    assert asks(changes) == [] and [(order["alive"], order["extCode"]) for order in told(changes)] == [(True, code)]


def test_202_after_cancelled_says_why(cache):
    cache.apply(opened(), NOW)
    cache.apply(error(399, "advice"), NOW)
    cache.apply(status("Cancelled"), NOW)
    (order,) = told(cache.apply(error(202, "Order Canceled - reason:"), NOW))
    assert (order["status"], order["extCode"]) == ("Cancelled", 202)
    assert cache.apply(error(399, "advice"), NOW) == ()


def test_202_alone_is_a_cancel(cache):
    cache.apply(opened(), NOW)
    (order,) = told(cache.apply(error(202), NOW))
    assert (order["status"], order["alive"]) == ("Cancelled", False)
    assert cache.apply(status("Cancelled"), NOW) == ()


@pytest.mark.parametrize("code", [10147, 10148, 161, 135, 136])
def test_a_refused_cancel_is_asked_about(cache, code):
    cache.apply(opened(), NOW)
    cache.own.cancelling(13, NOW)
    changes = cache.apply(error(code), NOW)
    assert asks(changes) == [f"code {code}"] and [order["alive"] for order in told(changes)] == [True]


def test_a_cancel_without_an_answer_is_asked_about(cache):
    cache.apply(opened(), NOW)
    cache.own.cancelling(13, NOW)
    assert asks(cache.due(NOW + 30_000)) == ["no answer to a cancel"]


def test_a_live_order_that_tws_does_not_know_when_asked_becomes_unknown(cache):
    cache.apply(opened(), NOW)
    cache.apply(error(10147), NOW)
    (order,) = told(query(cache, NOW))
    assert (order["status"], order["alive"], order["extCode"]) == ("Unknown", False, 10147)


def test_errors_of_ids_nobody_knows_are_nothing(cache):
    assert cache.apply(error(201, order_id=999), NOW) == ()
