"""Books in both dialects: the same rows, ticks and trades make the same books, and ibapi's own decoder agrees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.wrapper import EWrapper

from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE, OrderBook
from ibgw_tx.books.top_messages import takers
from ibgw_tx.tws.api.generation import MODERN
from ibgw_tx.tws.api.hot import hot_protobuf
from tests.kit.books import BookPath, depth_frame, depth_l2_frame
from tests.kit.contracts import AAPL

pytestmark = pytest.mark.skipif(not MODERN, reason="9.81.1 knows no protobuf")

if MODERN:
    from ibgw_tx.tws.api.decoder import TWSDecoder
    from ibgw_tx.tws.api.protobuf import message_class


class IBBook(EWrapper):
    """What ibapi's own decoder makes of the same messages."""

    def __init__(self):
        super().__init__()
        self.rows = OrderBook(10)
        self.decoder = TWSDecoder(self, 226)

    def updateMktDepth(self, reqId, position, operation, side, price, size):
        self.rows.apply(operation, side, position, price, int(size))

    def updateMktDepthL2(self, reqId, position, marketMaker, operation, side, price, size, isSmartDepth):
        self.rows.apply(operation, side, position, price, int(size))


def path_and_book():
    path = BookPath()
    book = path.fed(AAPL, 7)
    return path, book, hot_protobuf(takers(path.depth, path.top if hasattr(path, "top") else None))


def row(name, position, operation, side, price, size, **more):
    data = {"position": position, "operation": operation, "side": side, "price": price, "size": size, **more}
    data = {member: value for member, value in data.items() if value is not None}
    return message_class(name)(reqId=7, marketDepthData=data).SerializeToString()


def hear(hot, number, payload):
    parse, message, take = hot[(number + 200).to_bytes(4, "big")]
    parse(payload)
    take(message)


ROWS = st.tuples(
    st.integers(0, 12),
    st.sampled_from([INSERT, UPDATE, DELETE]),
    st.sampled_from([ASK, BID]),
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, -0.5, 150.5, 1e-8])),
    st.integers(-5, 10**9),
    st.booleans(),
)


@given(st.lists(ROWS, max_size=40))
def test_both_dialects_and_ibapi_make_the_same_book(rows):
    text = BookPath()
    told = text.fed(AAPL, 7)
    _, book, hot = path_and_book()
    official = IBBook()
    for position, operation, side, price, size, second in rows:
        number, name = (13, "MarketDepthL2") if second else (12, "MarketDepth")
        payload = row(name, position, operation, side, price, str(size), **({"marketMaker": "M"} if second else {}))
        hear(hot, number, payload)
        official.decoder.processProtoBuf(payload, number)
        if second:
            text.depth.depth_l2(depth_l2_frame(7, position, "M", operation, side, repr(price), size))
        else:
            text.depth.depth(depth_frame(7, position, operation, side, repr(price), size))
    assert (book.rows.bids, book.rows.asks) == (told.rows.bids, told.rows.asks)
    assert (book.rows.bids, book.rows.asks) == (official.rows.bids, official.rows.asks)
    assert book.rows.gaps == told.rows.gaps


@pytest.mark.parametrize(
    "wrong",
    [{"operation": None}, {"side": None}, {"operation": 3}, {"side": 2}, {"position": 500}, {"position": -1}, {"size": "x"}],
)
def test_a_broken_row_changes_nothing_and_counts_as_missing(wrong):
    _, book, hot = path_and_book()
    said = {"position": 0, "operation": INSERT, "side": BID, "price": 1.0, "size": "5", **wrong}
    with pytest.raises(ValueError):
        hear(hot, 12, row("MarketDepth", **said))
    assert not book.rows and book.rows.gaps == 1


def test_a_position_that_is_absent_is_the_first_in_l2_and_none_in_depth():
    _, book, hot = path_and_book()
    said = {"position": None, "operation": INSERT, "side": BID, "price": 1.0, "size": "0.00000001"}
    hear(hot, 13, row("MarketDepthL2", **said))
    assert [str(size) for _, size in book.rows.bids] == ["1E-8"]
    with pytest.raises(ValueError):
        hear(hot, 12, row("MarketDepth", **said))


@pytest.mark.parametrize("size", [None, "", "170141183460469231731687303715884105727", "2147483647"])
def test_a_row_without_a_size_or_a_price_makes_no_book(size):
    _, book, hot = path_and_book()
    hear(hot, 12, row("MarketDepth", 0, INSERT, BID, 1.0, size))
    assert book.rows.bids and book.rows.levels() is None
    _, book, hot = path_and_book()
    hear(hot, 12, row("MarketDepth", 0, INSERT, BID, None, "5"))
    assert book.rows.bids and book.rows.levels() is None


def test_a_row_of_a_request_that_is_over_is_a_stray():
    path, book, hot = path_and_book()
    payload = message_class("MarketDepth")(reqId=8, marketDepthData={"operation": 0}).SerializeToString()
    hear(hot, 12, payload)
    assert not book.rows and path.depth.strays == 1
