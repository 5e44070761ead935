"""When a book goes out, and when it can no longer be trusted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.books.live_book import QUIET_LIMIT, UNSETTLED_LIMIT, LiveBook
from ibgw_tx.books.lots import size_factor
from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE
from ibgw_tx.model.contract import Contract
from tests.kit.fakes import AAPL, BRR01, BRR5, HK1137

NOW = 1_700_000_000_000


@pytest.fixture
def book():
    return LiveBook(AAPL, 1)


def crossed(book):
    book.rows.apply(INSERT, BID, 0, 11, 1)
    book.rows.apply(INSERT, ASK, 0, 10, 1)


@pytest.mark.parametrize(
    ("contract", "lots", "factor"),
    [
        (AAPL, 100, 100),
        (AAPL, None, 1),
        (BRR5, 1, 5),
        (BRR01, 1, 0.1),
        (BRR01, None, 0.1),
        (HK1137, 100, 1),
        (Contract(exchange="SMART", primaryExchange="HKFE", multiplier="50"), 100, 1),
        (Contract(exchange="CME", multiplier="junk"), 0, 1),
        (Contract(exchange="CME", multiplier="-5"), -1, 1),
        (Contract(exchange="CME", multiplier="1e-20"), 1, 1),
    ],
)
def test_sizes_count_lots_times_multiplier_but_in_hong_kong(contract, lots, factor):
    found = size_factor(contract, lots)
    assert found == factor and isinstance(found, int if factor == int(factor) else float)


@given(st.one_of(st.none(), st.floats(), st.integers()), st.text(max_size=8))
def test_a_size_factor_is_above_zero_whatever_tws_sends(lots, multiplier):
    assert size_factor(Contract(exchange="CME", multiplier=multiplier), lots) > 0


def test_a_message_is_bids_asks_and_the_time_of_publishing(book):
    book.rows.apply(INSERT, BID, 0, 10.5, 3)
    book.rows.apply(INSERT, ASK, 0, 10.75, 4)
    assert json.loads(book.message(NOW)) == [[{"p": 10.5, "s": 3}], [{"p": 10.75, "s": 4}], NOW]
    assert book.message(NOW + 5).endswith(b",%d]" % (NOW + 5))


def test_a_crossed_book_does_not_go_out_until_it_is_uncrossed(book):
    crossed(book)
    assert book.message(NOW) is None
    book.rows.apply(UPDATE, BID, 0, 9, 1)
    assert book.message(NOW + 1) is not None
    assert book.unsettled_since is None


def test_a_book_is_unsettled_from_the_first_message_it_could_not_give(book):
    crossed(book)
    book.message(NOW)
    book.message(NOW + 4000)
    assert not book.is_unsettled_too_long(NOW + UNSETTLED_LIMIT - 1)
    assert book.is_unsettled_too_long(NOW + UNSETTLED_LIMIT)


def test_a_book_with_missing_rows_is_rebuilt_but_not_more_often_than_its_limit(book):
    for _ in range(3):
        book.rows.apply(INSERT, BID, 5, 1, 1)
    assert book.is_unsettled_too_long(NOW)
    book.rebuilt_at = NOW
    assert not book.is_unsettled_too_long(NOW + book.unsettled_limit - 1)
    assert book.is_unsettled_too_long(NOW + book.unsettled_limit)


def test_a_distrusted_book_is_told_empty_once(book):
    book.rows.apply(INSERT, BID, 0, 10, 1)
    book.message(NOW)
    assert book.distrust()
    assert json.loads(book.message(NOW + 1)) == [[], [], NOW + 1]
    assert not book.distrust()


def test_a_book_never_told_needs_no_emptying(book):
    assert not book.distrust()


def test_an_emptied_book_that_comes_back_crossed_is_still_told_empty(book):
    book.rows.apply(INSERT, BID, 0, 10, 1)
    book.message(NOW)
    book.distrust()
    crossed(book)
    assert json.loads(book.message(NOW + 1)) == [[], [], NOW + 1]
    assert book.message(NOW + 2) is None


def test_a_quiet_book_is_due_again_within_ten_seconds(book):
    book.rows.apply(INSERT, BID, 0, 10, 1)
    book.message(NOW)
    assert not book.is_quiet(NOW + QUIET_LIMIT - 1)
    assert book.is_quiet(NOW + QUIET_LIMIT)
    assert QUIET_LIMIT + 1000 <= 10_000


def test_an_empty_or_unsettled_book_is_never_refreshed(book):
    assert not book.is_quiet(NOW)
    crossed(book)
    book.message(NOW)
    assert not book.is_quiet(NOW + 60_000)


def test_a_book_whose_last_row_went_is_told_empty(book):
    book.rows.apply(INSERT, BID, 0, 10, 1)
    book.message(NOW)
    book.rows.apply(DELETE, BID, 0, 0, 0)
    assert json.loads(book.message(NOW + 1)) == [[], [], NOW + 1]
