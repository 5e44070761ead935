"""The bench's pure parts: made-up books, their frames, stamps and percentiles. No process, no socket."""

from __future__ import annotations

from array import array

import orjson
from ibapi.wrapper import EWrapper

from bench import latency, wire
from bench.arrivals import Arrivals, Report, is_book
from bench.floor import _encode as published
from bench.market import DELETE, INSERT, ROWS, Market
from bench.stage import Traffic
from ibgw_tx.tws.api.decoder import TWSDecoder


class Rows(EWrapper):
    """The rows IB's own decoder makes of the frames, applied as IB documents them."""

    def __init__(self) -> None:
        self.sides: tuple[list[tuple[float, int]], list[tuple[float, int]]] = ([], [])
        self.con_ids: list[int] = []

    def updateMktDepth(self, reqId: int, position: int, operation: int, side: int, price: float, size: int) -> None:
        rows = self.sides[side]
        if operation == INSERT:
            rows.insert(position, (price, size))
            del rows[ROWS:]
        elif operation == DELETE:
            del rows[position]
        else:
            rows[position] = price, size

    def contractDetails(self, reqId: int, contractDetails: object) -> None:
        self.con_ids.append(contractDetails.contract.conId)  # type: ignore[attr-defined]


def test_frames_lead_to_the_final_book() -> None:
    """What a client makes of the frames is what the market says the book is, and no state on the way is impossible."""
    market, rows = Market(wire.symbols(1)), Rows()
    decoder = TWSDecoder(rows, wire.SERVER_VERSION)
    kinds = set()
    for changes in (market.initial(), market.updates(2000)):
        for _, change in changes:
            kinds.add(change.operation)
            messages, rest = wire.split(wire.depth(7, change))
            assert rest == b""
            decoder.interpret(messages[0])
            asks, bids = rows.sides
            assert is_book([price for price, _ in bids], [price for price, _ in asks])
    assert (bids, asks) == market.books[0].levels()
    assert kinds == {0, 1, 2}
    assert bids[0][1] == market.books[0].last_stamp == 2020


def test_contract_details_as_ib_decodes_them() -> None:
    """The answer to a contract question has the layout of server version 157."""
    wanted, rows = [b"9", b"8", b"3", b"0", b"S004"], Rows()
    messages, _ = wire.split(wire.answer(wanted))
    TWSDecoder(rows, wire.SERVER_VERSION).interpret(messages[0])
    assert rows.con_ids == [wire.FIRST_CON_ID + 4]
    assert messages[1] == [b"52", b"1", b"3"]


def test_a_stamp_is_counted_once() -> None:
    """A book repeats the stamps of its unchanged rows; each is seen at its first message only."""
    market, arrivals = Market(wire.symbols(2)), Arrivals()
    heard = b"".join(_heard(published(*one)) for one in market.initial())
    arrivals.feed(1, heard)
    arrivals.begin()
    changes = [(published(book, change), change) for book, change in market.updates(100)]
    for at, (message, _) in enumerate(changes, 100):
        arrivals.feed(at, _heard(message))
    last = {wire.channel(book.symbol): book.last_stamp for book in market.books}
    arrivals.await_stamps(last)
    report = arrivals.finish()
    assert arrivals.complete
    assert report.messages == 100
    assert report.broken == 0
    assert list(report.stamps) == [change.size for _, change in changes if change.size]
    assert report.books[wire.channel("S001")] == market.books[1].levels()


def test_latency_is_counted_from_the_write_of_a_stamps_batch() -> None:
    """Stamps 101 to 104 went out in two writes; the first is warm-up."""
    traffic = Traffic(4, 2, 101, {}, {})
    report = Report(stamps=array("q", [101, 103, 104]), seen_at=array("q", [15, 27, 29]))
    assert latency.latencies(traffic, array("q", [10, 20]), report, since=20) == [7, 9]


def test_percentile() -> None:
    """The nearest rank."""
    assert latency.percentile(list(range(1, 101)), 50) == 50
    assert latency.percentile(list(range(1, 101)), 99) == 99
    assert latency.percentile([5], 99) == 5


def _heard(command: bytes) -> bytes:
    """A PUBLISH command as a subscriber of a pattern receives it."""
    _, _, _, _, channel, _, message = command.split(b"\r\n")[:7]
    assert orjson.loads(message)
    words = (b"pmessage", b"URANUS:*", channel, message)
    return b"*4\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
