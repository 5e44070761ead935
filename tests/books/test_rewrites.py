"""The shortcut for rewritten rows: whatever bytes come, books, counts and complaints are those of messages read in full."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.books.depth_messages import DepthMessages
from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE
from ibgw_tx.tws.api.generation import MODERN
from ibgw_tx.tws.api.hot import hot_protobuf
from ibgw_tx.tws.shell.incoming import Incoming
from tests.kit.books import BookPath, depth_frame, depth_l2_frame
from tests.kit.contracts import AAPL

modern = pytest.mark.skipif(not MODERN, reason="9.81.1 knows no protobuf")
FIRST, SECOND, NONE, LONG = 7, 8, 9, 1_000_000_001
OTHER = attrs.evolve(AAPL, conId=1, symbol="OTHER", localSymbol="OTHER")


class Side:
    """Two books of depth behind an ear, with or without the shortcut."""

    def __init__(self, raw, short, first=FIRST):
        self.path = BookPath()
        self.books = self.path.fed(AAPL, first), self.path.fed(OTHER, SECOND)
        hot = self.path.depth
        rows = DepthMessages(hot)
        kinds = hot_protobuf({12: rows.depth, 13: rows.depth_l2})
        self.told = []
        shortcuts = (hot.rewrites.text, hot.rewrites.protobuf) if short else None
        texts = {b"12": hot.depth, b"13": hot.depth_l2}
        self.incoming = Incoming(texts, self.told.append, self.told.append, None, kinds, None, None, shortcuts)
        self.incoming.raw = raw

    def hear(self, frames):
        self.incoming.dispatch(frames)

    def state(self):
        """Everything that can be seen and what goes out now, numbers by their text: 1 is not 1.0 there, nor 0.0 -0.0."""
        books = [(repr(book.rows.bids), repr(book.rows.asks), book.rows.gaps, book.rows.merged) for book in self.books]
        hot, told = self.path.depth, repr(self.told)
        self.told.clear()
        return books, hot.updates, hot.strays, self.incoming.bad_messages, told, self.path.told()


@pytest.fixture(autouse=True)
def no_complaints(failures):
    """Broken messages are logged."""
    yield
    failures.clear()


def payload(fields):
    return b"\0".join(fields)


#: Rows that fill both sides of both books first, so that there is something to rewrite.
FILL = [(book, row, INSERT, side, repr(90.0 + (row if side == ASK else -row - 1)), str(100 + row))
        for book in (FIRST, SECOND) for side in (ASK, BID) for row in range(4)]  # fmt: skip
ODD_PRICES = ["", "101", "1e3", "1E400", "-0", "nan", "inf", " 7", "007", "+5", "true", "[1]", '"3"', "1_0", "null"]
ODD_SIZES = ["", "0", "007", "0.5", "1E3", "999999999", "1000000000", "2147483647", "x", " 5", "5 ", "٣", "0" * 120 + "1"]
PRICES = st.one_of(
    st.floats(allow_nan=True).map(repr),
    st.decimals(-(10**6), 10**6, places=2).map(str),
    st.sampled_from(ODD_PRICES),
)
SIZES = st.one_of(
    st.integers(-5, 10**10).map(str),
    st.sampled_from(ODD_SIZES),
)
OPERATIONS = st.sampled_from([UPDATE, UPDATE, UPDATE, UPDATE, INSERT, DELETE, 3, ""])
ROWS = st.tuples(
    st.sampled_from([FIRST, FIRST, SECOND, NONE]), st.sampled_from([0, 1, 2, 3, 4, 9, 10, 500, -1]), OPERATIONS,
    st.sampled_from([ASK, BID, BID, 2]), PRICES, SIZES,
)  # fmt: skip
#: What is done to the bytes of a frame: nothing mostly.
MISHAPS = st.one_of(
    st.none(), st.none(), st.none(), st.none(),
    st.tuples(st.just("cut"), st.integers(0, 60)),
    st.tuples(st.just("more"), st.binary(max_size=5)),
    st.tuples(st.just("byte"), st.integers(0, 60), st.integers(0, 255)),
)  # fmt: skip


def spoilt(frame, mishap):
    if mishap is None:
        return frame
    what, *about = mishap
    if what == "cut":
        return frame[: about[0]]
    if what == "more":
        return frame + about[0]
    at, byte = about
    return frame[:at] + bytes([byte]) + frame[at + 1 :] if at < len(frame) else frame


def same(raw, chunks):
    """Both ears hear the same; gives the one with the shortcut."""
    short, full = Side(raw, True), Side(raw, False)
    for chunk in chunks:
        short.hear(chunk)
        full.hear(chunk)
        assert short.state() == full.state()
    return short


def text_frame(row):
    return payload(depth_frame(row[0], *row[1:]))


@given(st.lists(st.lists(st.tuples(ROWS, MISHAPS, st.booleans()), max_size=8), max_size=4))
def test_in_text(chunks):
    def made(row, mishap, second):
        fields = depth_l2_frame(row[0], row[1], "M", *row[2:]) if second else depth_frame(row[0], *row[1:])
        return spoilt(payload(fields), mishap)

    same(False, [[text_frame(row) for row in FILL], *([made(*one) for one in chunk] for chunk in chunks)])


def test_odd_figures_in_text():
    rows = [(FIRST, 0, UPDATE, BID, price, size) for price in (*ODD_PRICES, "7.5") for size in (*ODD_SIZES, "5")]
    same(False, [[text_frame(row) for row in FILL], *([text_frame(row)] for row in rows)])


def changed(frame):
    """A frame with one of its bytes changed, by every bit and to what matters in either dialect; and cut short at every place."""
    for at in range(len(frame)):
        yield frame[:at]
        for byte in {*(frame[at] ^ 1 << bit for bit in range(8)), *b"\x00\x010129.- \xff"}:
            yield frame[:at] + bytes([byte]) + frame[at + 1 :]


def test_any_byte_of_a_rewrite_in_text():
    rewrite = text_frame((FIRST, 1, UPDATE, BID, "7.5", "25"))
    same(False, [[text_frame(row) for row in FILL], *([frame] for frame in changed(rewrite))])


def test_rewrites_in_text_are_not_read_in_full():
    """Or the property above would say nothing."""
    rows = [(FIRST, row, UPDATE, side, price, "5") for row in range(4) for side in (ASK, BID) for price in ("7.25", "80")]
    heard = same(False, [[text_frame(row) for row in FILL], [text_frame(row) for row in rows]])
    assert heard.path.depth.rewrites.count == len(rows)


# Protobuf.


def members(row):
    """The members of a row's message; an empty one is absent."""
    _, position, operation, side, price, size = row
    told = {"position": position, "operation": operation, "side": side, "size": size}
    try:
        told["price"] = float(price)
    except ValueError:
        pass
    return {name: value for name, value in told.items() if value != "" or name == "size"}


def message(row, second=False, **more):
    from ibgw_tx.tws.api.protobuf import message_class  # noqa: PLC0415 (9.81.1 has none)

    made = message_class("MarketDepthL2" if second else "MarketDepth")(reqId=row[0], marketDepthData={**members(row), **more})
    return (213 if second else 212).to_bytes(4, "big") + made.SerializeToString()


UNKNOWN = b"\xf8\x07\x05"
ODDITIES = {
    "as it is": lambda frame: frame,
    "an unknown member behind": lambda frame: frame + UNKNOWN,
    "an unknown member in front": lambda frame: frame[:4] + UNKNOWN + frame[4:],
    "twice, which is merged": lambda frame: frame + frame[4:],
    "the request last": lambda frame: frame[:4] + frame[6:] + frame[4:6],
    "another row behind": lambda frame: frame + b"\x12\x02\x08\x00",
    "another request behind": lambda frame: frame + b"\x08\x08",
    "a longer way to write the request": lambda frame: frame[:5] + bytes([frame[5] | 0x80, 0]) + frame[6:],
    "a longer way to write the row's length": lambda frame: frame[:7] + bytes([frame[7] | 0x80, 0]) + frame[8:],
}


@modern
@given(st.lists(
    st.lists(st.tuples(ROWS, MISHAPS, st.sampled_from([*ODDITIES, *["as it is"] * 12]), st.booleans()), max_size=8), max_size=4
))  # fmt: skip
def test_in_protobuf(chunks):
    def made(row, mishap, odd, second):
        if row[0] == NONE and second:
            return message(row, second=True, marketMaker="M")
        return spoilt(ODDITIES[odd](message(row)), mishap)

    same(True, [[message(row) for row in FILL], *([made(*one) for one in chunk] for chunk in chunks)])


@modern
@given(st.lists(st.tuples(st.sampled_from(["position", "operation", "side", "price", "size"]), st.integers(0, 3)), max_size=6))
def test_what_is_absent_in_protobuf_is_not_zero(left_out):
    row = {"position": 0, "operation": UPDATE, "side": BID, "price": 7.5, "size": "5"}
    from ibgw_tx.tws.api.protobuf import message_class  # noqa: PLC0415 (9.81.1 has none)

    def made(name, position):
        told = {member: value for member, value in {**row, "position": position}.items() if member != name}
        body = message_class("MarketDepth")(reqId=FIRST, marketDepthData=told).SerializeToString()
        return (212).to_bytes(4, "big") + body

    same(True, [[message(row) for row in FILL], [made(*one) for one in left_out]])


@modern
@given(st.lists(st.binary(max_size=30), max_size=20))
def test_any_bytes_behind_the_request(tails):
    front = (212).to_bytes(4, "big") + bytes((8, FIRST, 0x12))
    same(True, [[message(row) for row in FILL], [front + tail for tail in tails]])


@modern
def test_any_byte_of_a_rewrite_in_protobuf():
    rewrite = message((FIRST, 1, UPDATE, BID, "7.5", "25"))
    same(True, [[message(row) for row in FILL], *([frame] for frame in changed(rewrite))])


@modern
def test_odd_sizes_in_protobuf():
    rows = [(FIRST, 0, UPDATE, BID, "7.5", size) for size in ODD_SIZES]
    same(True, [[message(row) for row in FILL], *([message(row)] for row in rows)])


@modern
def test_rewrites_in_protobuf_are_not_read_in_full():
    sizes = "0", "5", "999999999"
    rows = [(FIRST, row, UPDATE, side, "7.25", size) for row in range(4) for side in (ASK, BID) for size in sizes]
    heard = same(True, [[message(row) for row in FILL], [message(row) for row in rows]])
    assert heard.path.depth.rewrites.count == len(rows)


@modern
def test_a_request_whose_id_is_longer_is_read_all_the_same():
    """The newest request says how long ids are; an older one is then read in full."""
    side = Side(True, True, first=LONG)
    rows = [(LONG if row[0] == FIRST else row[0], *row[1:]) for row in FILL]
    side.hear([message(row) for row in [*rows, (LONG, 0, UPDATE, BID, "1.5", "3"), (SECOND, 0, UPDATE, BID, "2.5", "4")]])
    assert [book.rows.bids[0] for book in side.books] == [(1.5, 3), (2.5, 4)]
    assert side.path.depth.rewrites.count == 1


@pytest.mark.parametrize("raw", [False, pytest.param(True, marks=modern)])
def test_a_request_that_is_over_is_a_stray_and_the_next_ones_rows_are_its_own(raw):
    short, full = Side(raw, True), Side(raw, False)
    frame = message if raw else text_frame
    for side in (short, full):
        side.hear([frame(row) for row in FILL])
        side.path.depth.feeds.start(side.books[0], NONE)
        side.hear([frame((FIRST, 0, UPDATE, BID, "1.5", "3")), frame((NONE, 0, UPDATE, BID, "1.5", "3"))])
        side.hear([frame((NONE, 0, UPDATE, BID, "2.5", "4"))])
    assert short.state() == full.state()
    assert short.books[0].rows.bids == [(2.5, 4)] and short.path.depth.strays == 1
    assert short.path.depth.rewrites.count == 1


def test_nothing_is_kept_of_requests_that_are_over():
    side = Side(False, True)
    for book in side.books:
        side.path.depth.feeds.end(book)
    rewrites = side.path.depth.rewrites
    assert not rewrites._places and not rewrites._requests
