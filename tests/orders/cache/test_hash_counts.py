"""What the replies of Redis say of hashes that were written: whether something is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.orders.cache.hash_counts import HashCounts


@pytest.fixture
def counts():
    counts = HashCounts()
    counts.begin(["one", "two"])
    return counts


@pytest.mark.parametrize("now", [0, 1, 4])
def test_fewer_fields_than_before_are_too_few(counts, now):
    assert counts.counted("one", 5) and counts.counted("one", 5)
    assert not counts.counted("one", now)


def test_more_than_before_are_somebody_elses_and_no_loss(counts):
    assert counts.counted("one", 5) and counts.counted("one", 7)
    assert not counts.counted("one", 6)


def test_a_hash_that_is_gone_before_it_was_counted_is_missed(counts):
    assert not counts.counted("one", 0)


def test_what_was_added_since_counts(counts):
    assert counts.counted("one", 3) and counts.wrote("one", 2, 2)
    assert not counts.counted("one", 4), "one was taken while two were added"


@pytest.mark.parametrize("counted", [True, False])
def test_a_mark_that_is_new_was_gone_and_the_hash_with_it(counts, counted):
    if counted:
        assert counts.counted("one", 3)
    assert counts.wrote("one", 2, 2) and counts.wrote("one", 2, 0)
    assert not counts.wrote("one", 2, 3)


def test_the_first_order_of_a_hash_brings_its_mark(counts):
    assert counts.wrote("new", 2, 3) and counts.wrote("new", 2, 2)
    assert counts.counted("new", 5) and not counts.counted("new", 4)


def test_before_and_after_nothing_is_missed():
    counts = HashCounts()
    for _ in range(2):
        assert counts.counted("one", 0) and counts.wrote("one", 1, 2) and counts.due(9) == []
        counts.begin(["one"])
        counts.end()


@given(st.integers(0, 30), st.integers(1, 12))
def test_all_are_counted_in_turn_and_no_more_at_once_than_is_said(count, most):
    counts, found = HashCounts(), []
    counts.begin([str(number) for number in range(count)])
    for _ in range(count // most + 1):
        due = counts.due(most)
        assert len(due) <= most
        found += due
    assert sorted(set(found)) == sorted(str(number) for number in range(count)) and len(found) == count


def test_a_hash_that_came_since_has_its_turn_in_the_next_round(counts):
    counts.wrote("new", 1, 2)
    assert counts.due(9) == ["one", "two"] and counts.due(9) == ["one", "two", "new"]
