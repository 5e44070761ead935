"""Books of a recording as the market of their instruments, instead of the random walk. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ibgw_tx.sim.desks.tws import SimulatedTWS
from ibgw_tx.sim.market.book import ASK, BID, Row
from ibgw_tx.sim.replay.recording import Sent, Session
from ibgw_tx.sim.replay.reply_ids import id_of, id_place
from ibgw_tx.sim.wire.ids import In, Out, Since
from ibgw_tx.sim.wire.protobuf import decode

INSERT, UPDATE, DELETE = 0, 1, 2
RESET = "317"
ROWS = frozenset({In.MARKET_DEPTH, In.MARKET_DEPTH_L2, In.ERR_MSG})
RowFacts = tuple[int, str, int, int, float, float]  # position, maker, operation, side, price, size
EMPTIED: RowFacts = (-1, "", DELETE, 0, 0.0, 0.0)


class Event(NamedTuple):
    """A depth row as recorded; `position` -1 empties the book."""

    when: float
    con_id: int
    stream: int
    position: int
    maker: str
    operation: int
    side: int
    price: float
    size: float
    lots: bool


class Tape:
    """Plays every depth row of a recording into the books of the same instruments; after its end they stand still.

    Sessions follow each other as they did; sizes of lots are turned into shares.
    """

    def __init__(self, sessions: Iterable[Session]) -> None:
        self._events: list[Event] = []
        self._books: dict[int, list[list[Event]]] = {}
        self._next = 0
        start = 0.0
        for number, session in enumerate(sessions):
            self._events += _events(session, start, number << 32)
            start += session.length

    def __len__(self) -> int:
        return len(self._events)

    def play(self, position: float, tws: SimulatedTWS, now: float) -> None:
        """Bring the books to a position of the recording, in seconds."""
        touched: dict[int, int] = {}
        while self._next < len(self._events) and self._events[self._next].when <= position:
            event = self._events[self._next]
            self._next += 1
            _apply(self._books.setdefault(event.stream, [[], []]), event)
            touched[event.con_id] = event.stream
        for con_id, stream in touched.items():
            self._show(con_id, stream, tws, now)
        if touched and tws.office.faults.link_up:
            tws.orders.engine.look()

    def _show(self, con_id: int, stream: int, tws: SimulatedTWS, now: float) -> None:
        instrument = tws.office.catalogue.instruments.get(con_id)
        if instrument is None or not instrument.books:
            return
        walk = tws.office.market.walk(instrument, now)
        for side in (BID, ASK):
            # A recorded side 1 is the bid.
            rows = [
                Row(round(row.price * walk.ladder.unit),
                    round(row.size * instrument.parts * (instrument.wire_lot if row.lots else 1)),
                    row.maker if row.maker in instrument.books else instrument.books[0])
                for row in self._books[stream][1 if side == BID else 0]
            ]
            walk.set_rows(side, [row for row in rows if row.size > 0])
        tws.depth.flush(walk)


def _apply(book: list[list[Event]], event: Event) -> None:
    if event.position < 0:
        book[0].clear()
        book[1].clear()
        return
    rows, place = book[event.side], event.position
    if event.operation == DELETE:
        del rows[place : place + 1]
    elif event.operation == UPDATE and place < len(rows):
        rows[place] = event
    else:
        rows.insert(place, event)


def _events(session: Session, start: float, stream: int) -> Iterable[Event]:
    """Depth rows whose request named a conId."""
    asked = {one.req_id: one.contract.con_id for one in session.asked if one.msg_id == Out.REQ_MKT_DEPTH}
    lots = session.version < Since.MARKET_DATA_IN_SHARES
    for sent in session.sent:
        req_id = id_of(sent, session.version) if sent.kind in ROWS else None
        if req_id is None or not asked.get(req_id):
            continue
        try:
            row = _text(sent, session.version) if sent.data is None else _protobuf(sent.kind, sent.data)
        except (ValueError, IndexError, KeyError):
            continue
        if row is not None:
            yield Event(start + sent.when, asked[req_id], stream + req_id, *row, lots)


def _text(sent: Sent, version: int) -> RowFacts | None:
    """A depth row (behind message, version and request), or what empties a book."""
    fields = sent.fields[3:]
    if sent.kind == In.MARKET_DEPTH:
        return int(fields[0]), "", int(fields[1]), int(fields[2]), float(fields[3]), float(fields[4])
    if sent.kind == In.MARKET_DEPTH_L2:
        return int(fields[0]), fields[1], int(fields[2]), int(fields[3]), float(fields[4]), float(fields[5])
    return EMPTIED if sent.fields[id_place(sent.fields, version) + 1] == RESET else None


def _protobuf(kind: int, data: bytes) -> RowFacts | None:
    if kind == In.ERR_MSG:
        return EMPTIED if str(decode("ErrorMessage", data).get("errorCode")) == RESET else None
    row = decode("MarketDepthL2" if kind == In.MARKET_DEPTH_L2 else "MarketDepth", data)["marketDepthData"]
    place, operation, side = (row.get(name, 0) for name in ("position", "operation", "side"))
    return place, row.get("marketMaker", ""), operation, side, row.get("price", 0.0), float(row.get("size") or 0)
