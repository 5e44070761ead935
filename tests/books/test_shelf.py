"""All books: rows from frames, the marks, and that our decoder and ibapi's make the same book."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from ibgw_tx.books.live_book import GAP_LIMIT, UNSETTLED_LIMIT, UNSETTLED_LIMIT_MAX, LiveBook
from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE, OrderBook
from ibgw_tx.books.shelf import BookShelf
from tests.kit.fakes import AAPL, HK1137, check_book, depth_frame, depth_l2_frame

NOW = 1_700_000_000_000


@pytest.fixture
def shelf():
    return BookShelf()


@pytest.fixture
def book(shelf):
    made = LiveBook(AAPL, 1)
    shelf.add(made)
    shelf.feed(made, 7)
    return made


def taken(shelf, now=NOW):
    return [(book.channel, json.loads(message)) for book, message in shelf.take_messages(now)]


class IBBook(EWrapper):
    """What ibapi's own decoder makes of the same frames."""

    def __init__(self, num_rows):
        super().__init__()
        self.rows = OrderBook(num_rows)
        self.decoder = Decoder(self, 157)

    def updateMktDepth(self, reqId, position, operation, side, price, size):
        self.rows.apply(operation, side, position, price, size)

    def updateMktDepthL2(self, reqId, position, marketMaker, operation, side, price, size, isSmartDepth):
        self.rows.apply(operation, side, position, price, size)


ROWS = st.tuples(
    st.integers(0, 12),
    st.sampled_from([INSERT, UPDATE, DELETE]),
    st.sampled_from([ASK, BID]),
    st.one_of(st.floats(-1e6, 1e6).map(repr), st.sampled_from(["1", "0", "-0.5", "1e3", "150.50", "0.00000001"])),
    st.integers(-5, 10**9),
    st.booleans(),
)


@given(st.lists(ROWS, max_size=40))
def test_our_decoder_and_ibapis_make_the_same_book(rows):
    shelf, book, theirs = BookShelf(), LiveBook(AAPL, 1), IBBook(10)
    shelf.add(book)
    shelf.feed(book, 7)
    for row, operation, side, price, size, l2 in rows:
        if l2:
            fields = depth_l2_frame(7, row, "ISLAND", operation, side, price, size)
            shelf.depth_l2(fields)
        else:
            fields = depth_frame(7, row, operation, side, price, size)
            shelf.depth(fields)
        theirs.decoder.interpret(fields[:-1])
        ours = book.rows
        assert (ours.bids, ours.asks) == (theirs.rows.bids, theirs.rows.asks)
        assert all(isinstance(size, int) for _, size in ours.bids + ours.asks if size >= 0)
    assert shelf.updates == len(rows)


@pytest.mark.parametrize("missing", ["", "0", "junk"])
def test_a_deleted_row_goes_whatever_price_and_size_it_is_sent_with(shelf, book, missing):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    shelf.depth(depth_frame(7, 0, DELETE, BID, missing, missing))
    assert not book.rows
    shelf.depth_l2(depth_l2_frame(7, 0, "X", INSERT, BID, 10, 1))
    shelf.depth_l2(depth_l2_frame(7, 0, "X", DELETE, BID, missing, missing))
    assert not book.rows


@pytest.mark.parametrize(("text", "size"), [("1.0", 1.0), ("0.5", 0.5), ("12", 12), ("-1", -1.0)])
def test_sizes_that_ibapi_stumbles_over_are_taken(shelf, book, text, size):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, text))
    assert book.rows.bids == [(10, size)]


@pytest.mark.parametrize(
    "fields",
    [
        depth_frame(7, "x", 0, 1, 10, 1),
        depth_frame(7, -1, 0, 1, 10, 1),
        depth_frame(7, 500, 0, 1, 10, 1),
        depth_frame(7, 0, 3, 1, 10, 1),
        depth_frame(7, 0, 0, 2, 10, 1),
        depth_frame(7, 0, 0, 1, "", 1),
        depth_frame(7, 0, 0, 1, "junk", 1),
        depth_frame(7, 0, 0, 1, 10, ""),
        depth_frame(7, 0, 0, 1, 10, "nan"),
        depth_frame(7, 0, 0, 1, 10, "1e999"),
        [b"12", b"1", b"7", b"0", b"0", b""],
    ],
)
def test_a_broken_row_is_told_and_changes_nothing(shelf, book, fields):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 9, 2))
    with pytest.raises((KeyError, ValueError, IndexError)):
        shelf.depth(fields)
    assert book.rows.bids == [(9, 2)] and not book.rows.asks


@given(st.lists(st.binary(max_size=4), min_size=3, max_size=12))
def test_no_frame_raises_anything_but_what_the_session_expects(fields):
    shelf, book = BookShelf(), LiveBook(AAPL, 1)
    shelf.add(book)
    shelf.feed(book, 7)
    fields[2] = b"7"
    for take in (shelf.depth, shelf.depth_l2):
        try:
            take(fields)
        except (KeyError, ValueError, IndexError):
            pass
    for _, message in shelf.take_messages(NOW):
        check_book(json.loads(message))


def test_rows_of_an_ended_request_are_strays(shelf, book):
    shelf.unfeed(book)
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    shelf.depth_l2(depth_l2_frame(99, 0, "X", INSERT, BID, 10, 1))
    assert shelf.strays == 2 and not book.rows and not shelf.has_news


def test_a_new_request_starts_the_book_from_nothing(shelf, book):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    shelf.feed(book, 8)
    assert not book.rows and shelf.fed_by(8) is book and shelf.fed_by(7) is None


def test_many_changes_of_one_turn_are_one_message(shelf, book):
    for row in range(5):
        shelf.depth(depth_frame(7, row, INSERT, BID, 10 - row, 1))
    ((channel, message),) = taken(shelf)
    assert channel == book.channel and len(message[0]) == 5 and message[2] == NOW
    assert not shelf.has_news and not taken(shelf)


def test_marks_stay_until_they_are_taken_and_only_the_newest_state_goes_out(shelf, book):
    for price in range(100):
        shelf.depth(depth_frame(7, 0, UPDATE, BID, price, 1))
    assert taken(shelf)[0][1][0] == [{"p": 99, "s": 1}]


def test_a_key_is_stale_once_for_each_message_told(shelf, book):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    taken(shelf)
    assert list(shelf.take_stale_keys()) == [book] and not list(shelf.take_stale_keys())


def test_a_lost_link_empties_every_book_and_feeds_none(shelf, book):
    other = LiveBook(HK1137, 1)
    shelf.add(other)
    shelf.feed(other, 8)
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    shelf.depth(depth_frame(8, 0, INSERT, BID, 10, 1))
    taken(shelf)
    shelf.distrust_all()
    assert sorted(taken(shelf)) == sorted((found.channel, [[], [], NOW]) for found in (book, other))
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    assert not shelf.has_news and shelf.strays == 1


def test_redis_back_means_every_told_book_goes_out_again(shelf, book):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    taken(shelf)
    never_told = LiveBook(HK1137, 1)
    shelf.add(never_told)
    shelf.retell_all()
    assert [channel for channel, _ in taken(shelf, NOW + 1)] == [book.channel]


def test_a_book_emptied_while_redis_was_away_goes_out_empty(shelf, book):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    taken(shelf)
    shelf.distrust(book)
    taken(shelf)
    shelf.retell_all()
    assert taken(shelf, NOW + 1) == [(book.channel, [[], [], NOW + 1])]


def make_crossed(shelf, req_id=7):
    shelf.depth(depth_frame(req_id, 0, INSERT, BID, 11, 1))
    shelf.depth(depth_frame(req_id, 0, INSERT, ASK, 10, 1))


def test_a_book_senseless_for_five_seconds_is_emptied_and_given_back_once(shelf, book):
    make_crossed(shelf)
    assert not taken(shelf)
    assert shelf.take_senseless(NOW + UNSETTLED_LIMIT - 1) == []
    assert shelf.take_senseless(NOW + UNSETTLED_LIMIT) == [book]
    assert not book.rows
    assert shelf.take_senseless(NOW + UNSETTLED_LIMIT + 1) == []


def test_a_book_senseless_again_waits_twice_as_long_up_to_a_minute(shelf, book):
    now, waits = NOW, []
    for _ in range(7):
        make_crossed(shelf)
        taken(shelf, now)
        waits.append(book.unsettled_limit)
        now += book.unsettled_limit
        assert shelf.take_senseless(now) == [book]
    assert waits == [5000, 10000, 20000, 40000, 60000, 60000, 60000] and waits[-1] == UNSETTLED_LIMIT_MAX


def test_a_book_that_settles_starts_afresh(shelf, book):
    make_crossed(shelf)
    taken(shelf)
    shelf.take_senseless(NOW + UNSETTLED_LIMIT)
    shelf.depth(depth_frame(7, 0, INSERT, BID, 9, 1))
    taken(shelf, NOW + UNSETTLED_LIMIT + 100)
    shelf.take_senseless(NOW + UNSETTLED_LIMIT + 200)
    assert book.unsettled_limit == UNSETTLED_LIMIT


def test_a_tws_that_always_sends_rows_past_the_end_does_not_have_its_book_rebuilt_each_second(shelf, book):
    rebuilt = 0
    for second in range(60):
        shelf.depth(depth_frame(7, 0, UPDATE, BID, 10, 1))
        for _ in range(GAP_LIMIT):
            shelf.depth(depth_frame(7, 4, UPDATE, BID, 5, 1))
        taken(shelf, NOW + second * 1000)
        rebuilt += len(shelf.take_senseless(NOW + second * 1000))
    assert 1 <= rebuilt <= 13


def test_quiet_books_are_marked_and_busy_ones_are_not(shelf, book):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    taken(shelf)
    shelf.touch_quiet(NOW + 5000)
    assert not shelf.has_news
    shelf.touch_quiet(NOW + 9000)
    assert taken(shelf, NOW + 9000) == [(book.channel, [[{"p": 10, "s": 1}], [], NOW + 9000])]


def test_a_removed_book_gets_no_rows_and_no_key(shelf, book):
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    taken(shelf)
    shelf.remove(book)
    shelf.depth(depth_frame(7, 0, UPDATE, BID, 11, 1))
    assert shelf.strays == 1 and not shelf.books and not list(shelf.take_stale_keys())
