"""The finer rules of an order's life, each where only it decides."""

import attrs
import pytest

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.states import TRANSITIONS, Sign, State
from tests.kit.order_events import (
    CLIENT,
    COMBO,
    LIMIT,
    NOW,
    TSLA_FULL,
    answer_all,
    asks,
    completed,
    error,
    fill,
    loaded,
    opened,
    paid,
    query,
    running,
    status,
    told,
)

DAY = 86_400_000
LEG = Contract(9408, "MCD", "STK", "NYSE", "", "USD")


@pytest.fixture
def cache():
    return running()


def test_nothing_leads_out_of_filled_and_only_two_things_out_of_dead():
    assert TRANSITIONS[State.FILLED] == {}
    assert TRANSITIONS[State.DEAD] == {Sign.FILLED: State.FILLED, Sign.REVIVED: State.LIVE}
    assert set(TRANSITIONS) == set(State)


# Words.


def test_a_status_with_less_executed_than_known_is_late_whatever_its_word(cache):
    cache.apply(opened(), NOW)
    cache.apply(status("Submitted", 40, avg=200.0), NOW)
    assert cache.apply(status("PendingCancel", 0), NOW) == ()


def test_a_live_word_in_an_answer_that_was_never_completed_revives_nobody(cache):
    cache.apply(opened("Cancelled"), NOW)
    query(cache, NOW, status("Submitted"), complete=False)
    assert told(query(cache, NOW)) == []


def test_a_second_cancel_after_an_undone_one_shows(cache):
    cache.apply(opened("PendingCancel"), NOW)
    query(cache, NOW, opened("Submitted"))
    assert [order["status"] for order in told(cache.apply(status("PendingCancel"), NOW))] == ["PendingCancel"]


def test_our_own_cancel_makes_an_earlier_word_believable_again(cache):
    for word in ("PreSubmitted", "PendingCancel", "Inactive", "Submitted"):
        cache.apply(opened(word), NOW)
    assert told(cache.apply(status("PendingCancel"), NOW)) == []
    cache.own.cancelling(13, NOW)
    assert [order["status"] for order in told(cache.apply(status("PendingCancel"), NOW))] == ["PendingCancel"]


def test_shares_that_were_located_once_do_not_explain_the_next_hold(cache):
    for event in (opened("PreSubmitted"), error(404), status("Inactive"), status("Submitted", 10), status("Inactive", 10)):
        cache.apply(event, NOW)
    assert asks(cache.due(NOW + 3_000)) == ["inactive without a reason"]


def test_a_revived_order_takes_the_reason_of_its_second_death(cache):
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    cache.apply(error(201, "first"), NOW)
    cache.apply(status("Submitted"), NOW)
    assert [order["alive"] for order in told(query(cache, NOW, opened(orderRef="bot-1")))] == [True]
    cache.apply(status("Cancelled"), NOW)
    assert [order["extMsg"] for order in told(cache.apply(error(202, "second"), NOW))] == ["second"]


def test_a_cancel_that_was_not_sent_is_not_waited_for(cache):
    cache.apply(opened(), NOW)
    cache.own.cancelling(13, NOW)
    assert [order["alive"] for order in told(cache.apply(error(504), NOW))] == [True]
    assert cache.due(NOW + 60_000) == ()


# Terms.


def test_what_is_sent_while_tws_answers_is_not_settled_by_the_answer(cache):
    cache.apply(opened(), NOW)
    cache.apply(error(77777), NOW)
    cache.query_begin(NOW)
    cache.own.modifying(13, attrs.evolve(LIMIT, totalQuantity=200), NOW)
    cache.apply(opened(), NOW)
    answer_all(cache)
    cache.query_done(NOW)
    assert [order["alive"] for order in told(cache.apply(fill("a.b.01.01", 100, 200.0), NOW))] == [True]


def test_terms_that_only_we_have_said_are_no_earlier_terms(cache):
    cache.own.placed(13, LIMIT, "", TSLA_FULL, NOW)
    cache.apply(opened(terms=attrs.evolve(LIMIT, lmtPrice=199.0)), NOW)
    assert [order["p"] for order in told(cache.apply(opened(), NOW))] == [200]


def test_a_newer_modification_outlives_the_answer_to_an_older_one(cache):
    cache.apply(opened(), NOW)
    first, second = (attrs.evolve(LIMIT, lmtPrice=price) for price in (201.0, 202.0))
    cache.own.modifying(13, first, NOW)
    cache.own.modifying(13, second, NOW)
    cache.apply(opened(terms=first), NOW)
    assert asks(cache.apply(error(110), NOW)) == [] and cache.due(NOW + 60_000) == ()
    assert cache.orders.by_api_id(13)["p"] == 201


# Quantities and commissions.


def test_the_cumulative_quantity_of_a_leg_is_not_the_combos(cache):
    cache.apply(opened(contract=COMBO, terms=Terms("BUY", 10, "LMT", 5.45)), NOW)
    cache.apply(fill("a.b.01.01.01", 10, 250.0, contract=LEG, side="SLD", cumQty=10, avgPrice=250.0), NOW)
    assert (cache.orders.by_perm_id(5001)["executed"], cache.orders.by_perm_id(5001)["last_price"]) == (0, None)


def test_a_lower_commission_of_the_whole_order_is_late(cache):
    cache.apply(status("Filled", 100, avg=200.0), NOW)
    cache.apply(opened("Filled", commission=2.0, commissionCurrency="USD"), NOW)
    assert cache.apply(opened("Filled", commission=1.0, commissionCurrency="USD"), NOW) == ()


# Identity.


def test_another_client_may_use_the_same_reference(cache):
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    cache.apply(opened(clientId=7, order_id=99, perm=8000, orderRef="bot-1"), NOW)
    assert cache.orders.by_api_id(13)["i"] is None


def test_after_103_a_bare_status_is_not_ours(cache):
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    cache.apply(error(103), NOW)
    cache.apply(status("Submitted", perm=4000), NOW)
    assert cache.orders.by_client_oid("bot-1")["i"] is None


def test_the_leg_of_a_combo_of_ours_is_ours(cache):
    cache.own.placed(13, Terms("BUY", 10, "LMT", 5.45), "bot-1", COMBO, NOW)
    (order,) = told(cache.apply(fill("a.b.01.01.01", 10, 250.0, contract=LEG, side="SLD"), NOW))
    assert (order["i"], order["client_oid"], order["executed"]) == ("5001", "bot-1", 0)


def test_an_execution_by_perm_id_alone_joins_its_order_when_a_status_names_both(cache):
    cache.own.placed(13, LIMIT, "", TSLA_FULL, NOW)
    assert told(cache.apply(fill("a.b.01.01", 40, 200.0, order_id=0), NOW)) == []
    (order,) = told(cache.apply(status("Submitted", 40, avg=200.0), NOW))
    assert [order[key] for key in ("i", "apiOrderId", "s", "executed", "p")] == ["5001", 13, 100, 40, 200]


def test_an_order_that_was_found_to_be_another_is_not_told_again(cache):
    cache.own.placed(13, LIMIT, "", TSLA_FULL, NOW)
    cache.apply(error(77777), NOW)
    cache.apply(completed("Cancelled"), NOW)
    cache.query_begin(NOW)
    cache.apply(status("Cancelled"), NOW)
    answer_all(cache)
    assert cache.query_done(NOW + 60_000) == () and cache.due(NOW + 100_000) == ()


def test_a_what_if_question_ends_with_its_session(cache):
    cache.own.ignore(13)
    assert cache.apply(opened("PreSubmitted"), NOW) == ()
    cache.session_lost()
    cache.begin(NOW)
    cache.apply(opened(), NOW)
    assert cache.orders.by_api_id(13)["alive"]


# Places.


def test_an_order_of_a_future_stays_on_the_exchange_it_was_sent_to(cache):
    reduced = Contract(9, "ES", "FUT", "QBALGO", "", "USD", "202509", multiplier="50")
    cache.apply(opened(contract=reduced), NOW)
    full = attrs.evolve(reduced, exchange="CME", lastTradeDateOrContractMonth="20250919")
    assert [order["market"] for order in told(cache.contract_known(9, full, NOW))] == ["QBALGO"]


def test_a_contract_of_an_order_of_ours_is_known_for_the_next_one(cache):
    other = attrs.evolve(TSLA_FULL, conId=77, primaryExchange="NYSE")
    cache.own.placed(13, LIMIT, "bot-1", other, NOW)
    (order,) = told(cache.apply(opened(order_id=0, perm=6001, contract=attrs.evolve(other, primaryExchange="")), NOW))
    assert order["market"] == "NYSE"


# Old orders.


def test_an_old_order_that_tws_still_names_stays():
    first = running()
    (change,) = first.apply(opened("Cancelled"), NOW)
    cache = OrderCache(CLIENT)
    cache.seed([change.order])
    cache.begin(NOW + 8 * DAY)
    cache.apply(completed("Cancelled"), NOW + 8 * DAY)
    loaded(cache, NOW + 8 * DAY)
    assert cache.orders.by_perm_id(5001) is not None


def test_nothing_is_told_of_an_order_that_was_removed(cache):
    for event in (opened(), fill("a.b.01.01", 40, 200.0), status("Cancelled", 40)):
        cache.apply(event, NOW)
    cache.begin(NOW + 8 * DAY)
    loaded(cache, NOW + 8 * DAY)
    assert cache.orders.by_perm_id(5001) is None
    assert cache.apply(paid("a.b.01.01"), NOW + 8 * DAY) == ()
