"""The bench's pure parts: made-up books, their frames, stamps and percentiles. No process, no socket."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import orjson
import pytest
from ibapi.wrapper import EWrapper

from bench import latency, minutewire, orderwire, todays, wire
from bench.arrivals import Arrivals, Report, is_book
from bench.flood import Flood
from bench.floor import _encode as published
from bench.latency import Latency
from bench.market import DELETE, INSERT, ROWS, Change, Market
from bench.minute import Minute
from bench.minutefeeder import Exchange
from bench.report import Results, goals
from bench.stage import Traffic
from ibgw_tx.sim.wire.ids import PROTOBUF_IDS
from ibgw_tx.tws.api.decoder import TWSDecoder
from ibgw_tx.tws.api.generation import MODERN


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


def check_frames(rows: Rows, encode: Callable[[int, Change], bytes], take: Callable[[bytes], object]) -> None:
    """What a client makes of the frames is what the market says the book is, and no state on the way is impossible."""
    market, kinds = Market(wire.symbols(1)), set()
    for changes in (market.initial(), market.updates(2000)):
        for _, change in changes:
            kinds.add(change.operation)
            take(encode(7, change))
            asks, bids = rows.sides
            assert is_book([price for price, _ in bids], [price for price, _ in asks])
    assert (bids, asks) == market.books[0].levels()
    assert kinds == {0, 1, 2}
    assert bids[0][1] == market.books[0].last_stamp == 2020


def test_frames_lead_to_the_final_book() -> None:
    """In text."""
    rows = Rows()
    decoder = TWSDecoder(rows, wire.SERVER_VERSION)

    def take(frame: bytes) -> None:
        messages, rest = wire.split(frame)
        assert rest == b""
        decoder.interpret(messages[0])

    check_frames(rows, wire.depth, take)


@pytest.mark.skipif(not MODERN, reason="9.81.1 knows no protobuf")
def test_frames_in_protobuf_lead_to_the_final_book() -> None:
    """Byte for byte what the class itself writes, too."""
    from ibgw_tx.tws.api.protobuf import message_class  # noqa: PLC0415 (9.81.1 has none)

    rows, written = Rows(), message_class("MarketDepth")()
    decoder = TWSDecoder(rows, todays.IN_PROTOBUF)

    def take(frame: bytes) -> None:
        length, kind = (int.from_bytes(frame[at : at + 4], "big") for at in (0, 4))
        assert (length, kind) == (len(frame) - 4, PROTOBUF_IDS + 12)
        decoder.processProtoBuf(frame[8:], 12)
        written.ParseFromString(frame[8:])
        assert written.SerializeToString() == frame[8:]

    check_frames(rows, todays.depth, take)


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


def _flood(rate: int, cpu: float) -> Flood:
    return Flood(rate, 1.0, 100, 0, 0, True, cpu)


def _latency(p50: float, p99: float, cpu: float) -> Latency:
    return Latency(10_000, 10_000, 10_000, p50, p99, 9.0, 1000, 0, 0, True, cpu)


def test_goals_of_both_dialects() -> None:
    """Each is held to its own: a miss of one is no miss of the other."""
    floods = {"gateway": _flood(1000, 0.10), "protobuf": _flood(799, 0.16), "async": _flood(100, 0.8)}
    busy = {
        "gateway": _latency(0.3, 0.4, 1.5), "protobuf": _latency(0.4, 0.5, 1.7),
        "async": _latency(0.8, 4.0, 4.8), "floor": _latency(0.1, 0.3, 0.0),
    }  # fmt: skip
    missed = [goal.what for goal in goals(Results(floods=floods, latencies=busy)) if not goal.met]
    assert missed == [
        "flood: ibgateway, protobuf at least 8 times ib_async + redis.asyncio",
        "flood: protobuf costs at most 1.5 times what text does",
        "10,000/s: ibgateway, protobuf, p50 at most 3 times floor: raw PUBLISH",
        "10,000/s: ibgateway, protobuf, p99 at most 0.1 times ib_async + redis.asyncio",
        "10,000/s: ibgateway, protobuf, processor seconds at most 0.33 times ib_async + redis.asyncio",
    ]


def test_a_book_as_it_stands() -> None:
    """Who begins to look in the middle sees what all others see."""
    market = Market(wire.symbols(2))
    for _ in market.initial():
        pass
    for number in range(501):
        market.change(number)
    for book in market.books:
        sides: tuple[list[tuple[float, int]], list[tuple[float, int]]] = ([], [])
        for change in book.shown():
            assert change.operation == INSERT
            sides[change.side].insert(change.row, (change.cents / 100, change.size))
        assert sides[::-1] == book.levels()
        assert book.last_stamp in (market.stamp, market.stamp - 1)


class Options(EWrapper):
    """What IB's own decoder makes of a chain and of an execution."""

    def __init__(self) -> None:
        self.names: set[tuple[int, str, float, str]] = set()
        self.chains: list[tuple[str, int, int]] = []
        self.fills: list[tuple[int, str, float, str]] = []

    def contractDetails(self, reqId: int, contractDetails: object) -> None:
        contract = contractDetails.contract  # type: ignore[attr-defined]
        self.names.add((contract.conId, contract.lastTradeDateOrContractMonth, contract.strike, contract.right))

    def securityDefinitionOptionParameter(
        self, reqId: int, exchange: str, underlyingConId: int, tradingClass: str, multiplier: str, expirations: set[str],
        strikes: set[float],
    ) -> None:  # fmt: skip
        self.chains.append((exchange, len(expirations), len(strikes)))

    def execDetails(self, reqId: int, contract: object, execution: object) -> None:
        read = execution.orderId, execution.orderRef, execution.shares, execution.execId  # type: ignore[attr-defined]
        self.fills.append(read)


def test_options_and_executions_as_ib_decodes_them() -> None:
    """The messages of the busy minute have the layout of server version 157."""
    read = Options()
    decoder = TWSDecoder(read, wire.SERVER_VERSION)
    frames = minutewire.options(7) + minutewire.chains(8) + orderwire.executed(-1, 12, "S003", "mine", 100)
    messages, rest = wire.split(frames)
    for message in messages:
        decoder.interpret(message)
    assert rest == b""
    assert len(read.names) == minutewire.OPTIONS
    assert {each[3] for each in read.names} == {"C", "P"}
    assert read.chains == [(f"X{at:02d}", minutewire.EXPIRIES, minutewire.STRIKES) for at in range(minutewire.EXCHANGES)]
    assert [fill[:3] for fill in read.fills] == [(12, "mine", 100)]


def test_orders_of_the_busy_minute_come_to_their_ends() -> None:
    """Even quantities are filled when they are due, odd ones rest until they are cancelled; each once."""
    exchange = Exchange()
    for order_id, quantity in ((1, 100), (2, 101)):
        exchange.placed(order_id, "S001", quantity, f"ref-{order_id}", at=0)
    assert exchange.fills(999_999_999) == b""
    assert exchange.fills(1_000_000_000) != b""
    assert exchange.fills(2_000_000_000) == b""
    assert exchange.cancelled(2) != b""
    assert exchange.cancelled(2) == exchange.cancelled(1) == exchange.living() == b""
    assert exchange.counts == {"placed": 2, "filled": 1, "cancelled": 1}


def _minute(held_ms: float, found: tuple[int, ...]) -> Minute:
    return Minute(60.0, held_ms, 30.0, 590_000, 1100, 540, 530, found, 20, 1)


def test_goals_of_a_busy_minute() -> None:
    """A hold that is too long misses, and so does a minute in which something did not take place."""
    both = minutewire.OPTIONS, minutewire.OPTIONS
    assert [goal.met for goal in goals(Results(minute=_minute(19.9, both)))] == [True, True]
    assert [goal.met for goal in goals(Results(minute=_minute(20.1, both)))] == [True, False]
    assert [goal.met for goal in goals(Results(minute=_minute(19.9, both[:1])))] == [False, True]


def _heard(command: bytes) -> bytes:
    """A PUBLISH command as a subscriber of a pattern receives it."""
    _, _, _, _, channel, _, message = command.split(b"\r\n")[:7]
    assert orjson.loads(message)
    words = (b"pmessage", b"URANUS:*", channel, message)
    return b"*4\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
