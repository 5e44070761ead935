"""The rows of one book, against a naive model; and what may be published of them."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE, OrderBook
from ibgw_tx.books.sides import scaled
from ibgw_tx.model import json_text as jsontext
from tests.kit.books import check_book

OPERATIONS = st.tuples(
    st.sampled_from([INSERT, UPDATE, DELETE]),
    st.sampled_from([ASK, BID]),
    st.integers(0, 7),
    st.integers(-2, 12).map(lambda n: n / 4),
    st.sampled_from([-1, 0, 1, 2, 0.5, 100, 2**127 - 1]),
)


def model(rows, operation, row, price, size, most):
    """What TWS means, spelled out on a plain list."""
    if operation == DELETE:
        return [old for place, old in enumerate(rows) if place != row]
    if operation == UPDATE and row < len(rows):
        return [(price, size) if place == row else old for place, old in enumerate(rows)]
    if row > len(rows) or row >= most:
        return rows
    return [*rows[:row], (price, size), *rows[row:]][:most]


@given(st.lists(OPERATIONS, max_size=60), st.integers(1, 5))
def test_rows_move_as_in_a_naive_list(operations, most):
    book, sides = OrderBook(most), {BID: [], ASK: []}
    for operation, side, row, price, size in operations:
        before = sides[side]
        sides[side] = model(before, operation, row, price, size, most)
        changed = book.apply(operation, side, row, price, size)
        assert book.bids == sides[BID] and book.asks == sides[ASK]
        assert changed or sides[side] == before


@given(st.lists(OPERATIONS, max_size=40), st.booleans(), st.sampled_from([1, 100, 0.1, 0.5]))
def test_what_is_published_is_never_crossed_nor_out_of_order_nor_without_size(operations, merged, factor):
    book = OrderBook(5)
    book.merged = merged
    for operation in operations:
        book.apply(*operation)
        levels, texts = book.levels(factor), book.texts(factor)
        assert (levels is None) == (texts is None)
        if levels is not None:
            assert [json.loads(text) for text in texts] == [*levels]
            check_book(json.loads(jsontext.dumps([*levels, 1])), may_lock=merged)


GOOD = st.tuples(
    st.just(UPDATE),
    st.sampled_from([ASK, BID]),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.25, 0.5]),
    st.sampled_from([1, 2, 7, 300, Decimal("0.5"), Decimal("0.00000001")]),
)
BAD = st.tuples(
    st.sampled_from([UPDATE, UPDATE, UPDATE, UPDATE, INSERT, DELETE]),
    st.sampled_from([ASK, BID]),
    st.integers(0, 5),
    st.sampled_from([0.0, 1.0, -1.0, 5.5, -5.5, math.nan, math.inf, -math.inf, 1.7976931348623157e308]),
    st.sampled_from([1, 1, 1, 0, -1, 10**15]),
)
#: What spoils a row is followed by what mends it, so that most books make sense.
CHANGES = st.lists(GOOD, max_size=3) | BAD.flatmap(
    lambda bad: st.tuples(st.just([bad]), st.just([(UPDATE, bad[1], min(bad[2], 4), 0.25, 9)]))
)


@given(st.lists(CHANGES, max_size=25), st.booleans(), st.sampled_from([1, 100, Decimal("0.1")]))
def test_a_side_made_anew_where_it_has_changed_is_the_side_made_whole(changes, merged, factor):
    """Rows of a sane book are rewritten a little, moved, spoilt and mended again; looked at now and then."""
    book = filled(bids=[(10 - row, 5) for row in range(5)], asks=[(11 + row, 5) for row in range(5)], most=5)
    book.merged = merged
    looks = [look for change in changes for look in (change if isinstance(change, tuple) else [change])]
    for several in looks:
        for operation, side, row, shift, size in several:
            book.apply(operation, side, row, (11 + row if side == ASK else 10 - row) + shift, size)
        whole = OrderBook(5)
        whole.bids, whole.asks, whole.merged = book.bids.copy(), book.asks.copy(), merged
        assert book.texts(factor) == whole.texts(factor)
        assert book.best() == whole.best() and book.levels(factor) == whole.levels(factor)


def filled(bids=(), asks=(), most=10):
    book = OrderBook(most)
    for side, rows in ((BID, bids), (ASK, asks)):
        for row, (price, size) in enumerate(rows):
            assert book.apply(INSERT, side, row, price, size)
    return book


def test_an_insert_moves_the_rows_below_down():
    book = filled(bids=[(10, 1), (9, 2)])
    book.apply(INSERT, BID, 0, 11, 3)
    assert book.bids == [(11, 3), (10, 1), (9, 2)]


def test_a_deleted_row_moves_the_rows_below_up():
    book = filled(asks=[(10, 1), (11, 2), (12, 3)])
    book.apply(DELETE, ASK, 1, 0, 0)
    assert book.asks == [(10, 1), (12, 3)]


def test_an_insert_into_a_full_side_pushes_the_last_row_out():
    book = filled(bids=[(10, 1), (9, 1)], most=2)
    book.apply(INSERT, BID, 0, 11, 1)
    assert book.bids == [(11, 1), (10, 1)]


def test_an_update_just_past_the_end_is_an_insert():
    book = filled(bids=[(10, 1)])
    assert book.apply(UPDATE, BID, 1, 9, 2)
    assert book.bids == [(10, 1), (9, 2)] and book.gaps == 0


@pytest.mark.parametrize("operation", [INSERT, UPDATE])
def test_a_row_further_out_is_a_gap_and_changes_nothing(operation):
    book = filled(bids=[(10, 1)])
    assert not book.apply(operation, BID, 3, 7, 1)
    assert book.bids == [(10, 1)] and book.gaps == 1


def test_a_delete_past_the_end_is_harmless():
    book = filled(bids=[(10, 1)])
    assert not book.apply(DELETE, BID, 5, 0, 0)
    assert book.gaps == 0


@pytest.mark.parametrize(("operation", "row"), [(INSERT, 2), (UPDATE, 2), (UPDATE, 7), (INSERT, 9)])
def test_rows_beyond_a_full_book_were_not_asked_for_and_are_no_gap(operation, row):
    book = filled(bids=[(10, 1), (9, 1)], most=2)
    assert not book.apply(operation, BID, row, 8, 1)
    assert book.gaps == 0 and book.bids == [(10, 1), (9, 1)]


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ([(10, 1)], [(9, 1)]),
        ([(10, 1)], [(10, 1)]),
        ([(9, 1), (10, 1)], []),
        ([(10, 1), (10, 1)], []),
        ([], [(10, 1), (9, 1)]),
        ([(10, -1)], []),
        ([(math.nan, 1)], []),
        ([(10, 1), (math.nan, 1)], []),
        ([(math.inf, 1)], []),
        ([], [(1.7976931348623157e308, 1)]),
        ([], [(10, 1), (1.7976931348623157e308, 1)]),
        ([(10, math.nan)], []),
        ([(10, 2**127 - 1)], []),
        ([(10, 1.7976931348623157e308)], []),
    ],
)
def test_a_book_that_makes_no_sense_is_not_published(bids, asks):
    assert filled(bids, asks).levels() is None


def test_a_row_without_size_is_no_level():
    assert filled(bids=[(10, 0), (9, 5)]).levels() == ([{"p": 9, "s": 5}], [])


def test_a_side_may_be_empty():
    assert filled(asks=[(10, 1)]).levels() == ([], [{"p": 10, "s": 1}])


def test_rows_of_one_price_are_added_up_in_a_merged_book():
    book = filled(asks=[(10, 1), (10, 2), (10, 3), (11, 1)])
    book.merged = True
    assert book.levels(100) == ([], [{"p": 10, "s": 600}, {"p": 11, "s": 100}])


@pytest.mark.parametrize(
    ("size", "factor", "plus", "told"),
    [
        (3, Decimal("0.1"), 0, "0.3"),
        (3, 100, 0, "300"),
        (Decimal("0.5"), 2, 0, "1"),
        (1, Decimal("0.1"), Decimal("0.2"), "0.3"),
        (Decimal("12345678.00000001"), 1, Decimal("0.00000001"), "12345678.00000002"),
        (2**60, 2**10, 0, str(2**70)),
    ],
)
def test_sizes_are_scaled_without_binary_noise(size, factor, plus, told):
    value = scaled(size, factor, plus)
    assert jsontext.text(value) == told


def test_a_cleared_book_is_empty_and_has_no_gaps():
    book = filled(bids=[(10, 1)])
    book.apply(INSERT, BID, 9, 1, 1)
    assert book and book.gaps
    book.clear()
    assert not book and not book.gaps and book.levels() == ([], [])
