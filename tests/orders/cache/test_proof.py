"""What proves what: a word, a code or a quantity is judged with the question that it answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.orders.cache.cache import Step
from tests.kit.order_events import (
    LIMIT,
    NOW,
    TSLA_FULL,
    answer_all,
    asks,
    error,
    fill,
    opened,
    query,
    running,
    status,
    told,
)


@pytest.fixture
def cache():
    made = running()
    made.apply(opened(), NOW)
    made.apply(status("Submitted"), NOW)
    return made


def other(word="Submitted", **more):
    """An order that another question is about."""
    return opened(word, order_id=14, perm=5002, **more)


# A late word for a dead order.


def test_a_late_word_while_another_order_is_asked_about_does_not_revive_a_dead_one(cache):
    cache.apply(other(), NOW)
    cache.apply(status("Cancelled"), NOW)
    cache.apply(error(202), NOW)
    changes = query(cache, NOW, other(), status("Submitted"))
    assert all(order["i"] != "5001" for order in told(changes))
    assert (cache.orders.by_perm_id(5001)["status"], cache.orders.by_perm_id(5001)["alive"]) == ("Cancelled", False)


def test_what_stands_in_the_list_does(cache):
    cache.apply(status("Cancelled"), NOW)
    changes = query(cache, NOW, opened(), status("Submitted"))
    assert told(changes)[-1]["alive"] and cache.orders.by_perm_id(5001)["status"] == "Submitted"


def test_an_open_order_after_the_end_of_the_list_is_no_part_of_it(cache):
    cache.apply(status("Cancelled"), NOW)
    cache.query_begin(NOW)
    answer_all(cache)
    cache.apply(opened(), NOW)
    cache.query_done(NOW)
    assert not cache.orders.by_perm_id(5001)["alive"]


def test_a_word_from_outside_the_list_does_not_keep_an_order_that_the_list_lacks(cache):
    cache.apply(other(), NOW)
    query(cache, NOW, other(), status("Submitted"))
    # It was in doubt only if it was asked about: a question about all of them settles it.
    cache.begin(NOW)
    cache.apply(other(), NOW)
    cache.apply(status("Submitted"), NOW)
    answer_all(cache)
    snapshot = cache.snapshot_done(NOW)
    assert "5001" in {change.order["i"] for change in snapshot.changed if not change.order["alive"]}


# Codes.


@pytest.mark.parametrize("code", [320, 321, 322])
def test_a_refused_cancel_leaves_an_inactive_order_alive(cache, code):
    cache.apply(status("Inactive"), NOW)
    cache.own.cancelling(13, NOW)
    cache.apply(error(code), NOW)
    order = cache.orders.by_perm_id(5001)
    assert (order["status"], order["alive"], order["extCode"]) == ("Inactive", True, code)


@pytest.mark.parametrize("code", [321, 322])
def test_a_code_that_may_be_the_cancels_does_not_kill_an_order_without_an_answer(code):
    cache = running()
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    cache.own.cancelling(13, NOW)
    assert asks(cache.apply(error(code), NOW))
    assert cache.orders.by_api_id(13)["alive"]


def test_a_code_that_can_only_be_the_orders_still_does():
    cache = running()
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    cache.own.cancelling(13, NOW)
    cache.apply(error(201), NOW)
    assert not cache.orders.by_api_id(13)["alive"]


@pytest.mark.parametrize("code", [201, 10318])
def test_a_refusal_and_then_no_trace_of_the_order_is_its_end(cache, code):
    assert asks(cache.apply(error(code, "rejected"), NOW))
    (order,) = [order for order in told(query(cache, NOW)) if not order["alive"]]
    assert (order["status"], order["extCode"]) == ("Inactive", code)


def test_without_a_refusal_an_order_that_is_gone_is_unknown(cache):
    assert asks(cache.apply(error(463, "what is this"), NOW))
    (order,) = [order for order in told(query(cache, NOW)) if not order["alive"]]
    assert order["status"] == "Unknown"


def test_a_refusal_that_the_list_has_answered_is_no_longer_the_reason(cache):
    cache.apply(error(201, "rejected"), NOW)
    query(cache, NOW, opened(), status("Submitted"))
    cache.apply(error(463, "what is this"), NOW)
    query(cache, NOW)
    assert cache.orders.by_perm_id(5001)["status"] == "Unknown"


# Filled.


def test_filled_with_less_than_all_is_asked_about_and_alive(cache):
    cache.apply(fill("a.b.01.01", 50, 200.0), NOW)
    assert asks(cache.apply(status("Filled", 50, avg=200.0), NOW))
    assert cache.orders.by_perm_id(5001)["alive"]
    query(cache, NOW, opened(), status("Submitted", 50, avg=200.0))
    order = cache.orders.by_perm_id(5001)
    assert (order["status"], order["alive"], order["executed"]) == ("Submitted", True, 50)


def test_filled_with_less_than_all_that_is_in_no_list_is_its_end(cache):
    cache.apply(fill("a.b.01.01", 50, 200.0), NOW)
    cache.apply(status("Filled", 50, avg=200.0), NOW)
    query(cache, NOW)
    order = cache.orders.by_perm_id(5001)
    assert (order["status"], order["alive"], order["executed"]) == ("Filled", False, 50)


# Answers of two questions that come late, twice, and into each other.

LATE = ("order", "status")
HAPPENS = st.sampled_from((*LATE, "open", "step", "step", "end", "other"))


@given(st.lists(HAPPENS, max_size=40))
def test_only_the_list_that_is_being_told_revives(happens):
    """A dead order lives again exactly when a complete question's list has named it, whatever comes before and after."""
    cache = running()
    for event in (opened(), other(), status("Cancelled"), error(202)):
        cache.apply(event, NOW)
    listed = False
    for what in happens:
        step = cache.step
        if what == "open":
            if step is None:
                cache.query_begin(NOW)
                listed = False
        elif what == "step" and step is not None:
            cache.answered(step, True)
        elif what == "end" and step is not None:
            settled = step is Step.DONE and listed
            cache.query_done(NOW)
            assert cache.orders.by_perm_id(5001)["alive"] == settled
            if settled:
                return
        elif what == "order":
            listed = listed or step is Step.OPEN
            cache.apply(opened(), NOW)
        elif what == "status":
            cache.apply(status("Submitted"), NOW)
        elif what == "other":
            cache.apply(other(), NOW)
        assert not cache.orders.by_perm_id(5001)["alive"], "nothing is concluded before the end"


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30))
def test_executions_count_once_whichever_question_they_answer(happens):
    cache = running()
    cache.apply(opened(), NOW)
    seen = set()
    for number, asking in happens:
        if asking and cache.step is None:
            cache.query_begin(NOW)
        elif cache.step is not None:
            cache.answered(cache.step, True)
        seen.add(number)
        cache.apply(fill(f"a.b.{number}.01", 10, 200.0), NOW)
        assert cache.orders.by_perm_id(5001)["executed"] == 10 * len(seen)
def test_an_order_placed_while_the_other_lists_are_asked_for_is_no_lost_one(cache):
    cache.begin(NOW)
    cache.apply(opened(), NOW)
    cache.answered(Step.OPEN, True)
    cache.apply(other(), NOW)
    cache.apply(status("Submitted", order_id=14, perm=5002), NOW)
    assert cache.unheard == 0
    for step in (Step.COMPLETED, Step.EXECUTIONS):
        cache.answered(step, True)
    (hash_,) = cache.snapshot_done(NOW).hashes.values()
    assert set(hash_) == {"5001", "5002"} and all(order["alive"] for order in hash_.values())
