"""Rows from frames, and that our decoder and ibapi's make the same book."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.wrapper import EWrapper

from ibgw_tx.books.channel import GAP_LIMIT
from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE, OrderBook
from ibgw_tx.tws.api.decoder import TWSDecoder
from tests.kit.books import NOW, BookPath, check_book, depth_frame, depth_l2_frame
from tests.kit.contracts import AAPL


@pytest.fixture
def path():
    return BookPath()


@pytest.fixture
def book(path):
    return path.fed(AAPL, 7)


@pytest.fixture
def hot(path, book):
    return path.depth


class IBBook(EWrapper):
    """What ibapi's own decoder makes of the same frames."""

    def __init__(self, num_rows):
        super().__init__()
        self.rows = OrderBook(num_rows)
        self.decoder = TWSDecoder(self, 157)

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
    path, theirs = BookPath(), IBBook(10)
    hot, book = path.depth, path.fed(AAPL, 7)
    for row, operation, side, price, size, l2 in rows:
        if l2:
            fields = depth_l2_frame(7, row, "ISLAND", operation, side, price, size)
            hot.depth_l2(fields)
        else:
            fields = depth_frame(7, row, operation, side, price, size)
            hot.depth(fields)
        theirs.decoder.interpret(fields[:-1])
        ours = book.rows
        assert (ours.bids, ours.asks) == (theirs.rows.bids, theirs.rows.asks)
        assert all(isinstance(size, int) for _, size in ours.bids + ours.asks if size >= 0)
    assert hot.updates == len(rows)


@pytest.mark.parametrize("missing", ["", "0", "junk"])
def test_a_deleted_row_goes_whatever_price_and_size_it_is_sent_with(hot, book, missing):
    hot.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    hot.depth(depth_frame(7, 0, DELETE, BID, missing, missing))
    assert not book.rows
    hot.depth_l2(depth_l2_frame(7, 0, "X", INSERT, BID, 10, 1))
    hot.depth_l2(depth_l2_frame(7, 0, "X", DELETE, BID, missing, missing))
    assert not book.rows


@pytest.mark.parametrize(("text", "size"), [("1.0", 1.0), ("0.5", 0.5), ("12", 12), ("-1", -1.0)])
def test_sizes_that_ibapi_stumbles_over_are_taken(hot, book, text, size):
    hot.depth(depth_frame(7, 0, INSERT, BID, 10, text))
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
        [b"12", b"1", b"7", b"0", b"0", b""],
    ],
)
def test_a_broken_row_is_told_and_changes_nothing(hot, book, fields):
    hot.depth(depth_frame(7, 0, INSERT, BID, 9, 2))
    with pytest.raises((KeyError, ValueError, IndexError)):
        hot.depth(fields)
    assert book.rows.bids == [(9, 2)] and not book.rows.asks and book.rows.gaps == 1, "counted as a missing row"


@given(st.lists(st.binary(max_size=4), min_size=3, max_size=12))
def test_no_frame_raises_anything_but_what_the_session_expects(fields):
    path = BookPath()
    hot = path.depth
    path.fed(AAPL, 7)
    fields[2] = b"7"
    for take in (hot.depth, hot.depth_l2):
        try:
            take(fields)
        except (KeyError, ValueError, IndexError):
            pass
    for _, message in path.told():
        check_book(message)


def test_rows_of_an_ended_request_are_strays(path, hot, book):
    hot.feeds.end(book)
    hot.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    hot.depth_l2(depth_l2_frame(99, 0, "X", INSERT, BID, 10, 1))
    assert hot.strays == 2 and not book.rows and not path.channels.has_news


def test_a_new_request_starts_the_book_from_nothing(hot, book):
    hot.depth(depth_frame(7, 0, INSERT, BID, 10, 1))
    hot.feeds.start(book, 8)
    assert not book.rows and hot.feeds.by_request == {b"8": book}


WHOLE = ["2147483647", "9223372036854775807", "170141183460469231731687303715884105727"]
SENTINELS = [*WHOLE, "1.7e38", "1.7976931348623157E308", "1e999"]


@pytest.mark.parametrize("unset", SENTINELS)
def test_a_row_whose_size_is_unset_keeps_its_place_and_makes_no_book(path, hot, book, unset):
    hot.depth(depth_frame(7, 0, INSERT, BID, 10, 5))
    assert len(path.told()) == 1
    hot.depth(depth_frame(7, 0, INSERT, BID, 11, unset))
    assert len(book.rows.bids) == 2 and path.told() == []
    hot.depth_l2(depth_l2_frame(7, 0, "X", UPDATE, BID, 11, 3))
    assert path.told() == [(book.channel.name, [[{"p": 11, "s": 3}, {"p": 10, "s": 5}], [], NOW])]


@pytest.mark.parametrize("price", ["1.7976931348623157E308", "nan", "inf", "-inf"])
def test_a_row_whose_price_is_unset_makes_no_book(path, hot, book, price):
    hot.depth(depth_frame(7, 0, INSERT, BID, price, 5))
    assert path.told() == [] and book.unsettled_since == NOW


def test_messages_that_cannot_be_read_have_the_book_asked_for_anew(hot, book):
    for _ in range(GAP_LIMIT):
        with pytest.raises(ValueError):
            hot.depth(depth_frame(7, 0, UPDATE, BID, 10, "junk"))
    assert book.is_senseless(NOW)
