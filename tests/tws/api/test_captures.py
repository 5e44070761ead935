"""Frames of real servers: our decoder calls back with what the official one does (data/frames.jsonl, from other projects)."""

import json
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from ibapi.wrapper import EWrapper

from ibgw_tx.books.order_book import OrderBook
from ibgw_tx.tws.api.client import TWSDecoder
from ibgw_tx.tws.frames import FrameSplitter, fields_of
from tests.kit.books import BookPath
from tests.kit.contracts import AAPL
from tests.kit.ibapi_names import OLD_ONLY, name, old_name
from tests.kit.tws import tws_frame

DATA = Path(__file__).parents[2] / "data"
FRAMES = [json.loads(line) for line in (DATA / "frames.jsonl").read_text(encoding="utf-8").splitlines()]
USABLE = [frame for frame in FRAMES if frame["usable_at_157"]]
by_id = pytest.mark.parametrize("frame", USABLE, ids=lambda frame: f"{frame['id']}-{frame['msg']}")


class Recorder(EWrapper):
    """Notes every callback as the captures do."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name.startswith("_") or name in ("calls", "logAnswer") or not callable(found):
            return found
        return lambda *args, **more: self.calls.append([name, *args, *more.values()])


def fields(frame):
    return [field.encode() for field in frame["fields"]]


def fits(found, expected):
    """Whether a value is what the capture says; of an object the capture lists only what is not the default."""
    if isinstance(expected, dict):
        members = found if isinstance(found, dict) else vars(found)
        return all(fits(members[name(member)], value) for member, value in expected.items() if member not in OLD_ONLY)
    if isinstance(expected, list):
        found = list(found)
        return len(found) >= len(expected) and all(map(fits, found, expected))
    if isinstance(expected, bool):
        # ibapi leaves a bool of its generic messages as the text it came as.
        return found in (expected, str(int(expected)))
    return float(found) == expected if isinstance(found, Decimal) else found == expected


@by_id
def test_a_frame_calls_back_as_in_the_official_client(frame):
    recorder = Recorder()
    TWSDecoder(recorder, 157).interpret(fields(frame))
    # The captures list the first three of many like calls.
    assert len(recorder.calls) >= len(frame["ibapi_calls"])
    for found, expected in zip(recorder.calls, frame["ibapi_calls"], strict=False):
        assert old_name(found[0]) == expected[0] and len(found) == len(expected)
        for value, known in zip(found[1:], expected[1:], strict=True):
            assert fits(value, known), (value if isinstance(value, str) else getattr(value, "__dict__", value), known)


@by_id
def test_a_frame_survives_the_wire(frame):
    (payload,) = FrameSplitter().feed(tws_frame(*fields(frame)))
    assert fields_of(payload) == fields(frame)


@pytest.mark.parametrize("frame", [frame for frame in USABLE if frame["msg_id"] in (12, 13)], ids=lambda frame: frame["id"])
def test_depth_on_the_hot_path_makes_the_book_of_the_official_callback(frame):
    path = BookPath()
    book, hot = path.fed(AAPL, int(frame["fields"][2])), path.depth
    (hot.depth if frame["msg_id"] == 12 else hot.depth_l2)([*fields(frame), b""])
    ((called, _, row, *rest),) = frame["ibapi_calls"]
    operation, side, price, size = rest[:4] if called == "updateMktDepth" else rest[1:5]
    expected = OrderBook(10)
    expected.apply(operation, side, row, price, size)
    assert (book.rows.bids, book.rows.asks) == (expected.bids, expected.asks)


def test_every_message_of_the_captures_that_the_gateway_reads_is_there():
    assert {3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 59, 93, 101, 102} <= {frame["msg_id"] for frame in USABLE}


def test_our_records_are_frozen():
    from ibgw_tx.model import events  # noqa: PLC0415 (the only test about them)

    records = [
        record
        for record in vars(events).values()
        if isinstance(record, type) and attrs.has(record) and record.__module__ == events.__name__
    ]
    assert len(records) >= 8
    for record in records:
        assert record.__setattr__ is not object.__setattr__
