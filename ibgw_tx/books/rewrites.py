"""The hottest path: rows of depth that are only rewritten, which most rows are, told by the bytes in front of their price. Pure.

Of all that a row message says only price and size are new when it rewrites a row that is there: what stands before them is the
same bytes each time. These are made once, when a request begins, and looked up; nothing else of the message is read. What is not
exactly such a message (inserts, deletes, other requests, anything odd or broken) is left to whoever reads messages in full, and
tests hold both to the same book. In protobuf it has to be what TWS's own class writes, byte by byte: every member there, in the
order of their numbers, none besides.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import orjson

from ibgw_tx.books.channel import Channel, Feed
from ibgw_tx.books.order_book import ASK, BID, UPDATE, OrderBook
from ibgw_tx.books.sides import Row
from ibgw_tx.tws.dialects import PROTOBUF
from ibgw_tx.tws.protobuf import varint

#: Digits of a plain whole size: beyond them a text may be one of IB's ways of saying "unset".
_DIGITS = 9
_ID = 12
#: Rows of a side whose bytes are made.
_ROWS = 10
#: MarketDepth behind its request: the length of the row, the members up to the price's key, the price, the size's key and length.
_BODY = struct.Struct("<B7sdBB")
#: Bytes of a row without the digits of its size; the key of the size.
_REST, _SIZE = 17, 0x2A
#: (side, position) by the members in front of the price: position, operation, side, and the price's key.
_PLACES = {
    bytes((0x08, row, 0x10, UPDATE, 0x18, side, 0x21)): (side, row) for row in range(_ROWS) for side in (ASK, BID)
}  # fmt: skip


class Rewrites:
    """`text` and `protobuf` carry out what stands first among messages as far as it is rewrites; `count`: how many."""

    def __init__(self, mark: Callable[[Feed[OrderBook]], None]) -> None:
        self.count = 0
        self._mark = mark
        self._places: dict[bytes, tuple[list[Row], int, Feed[OrderBook], Channel]] = {}
        self._requests: dict[bytes, tuple[tuple[list[Row], list[Row]], Feed[OrderBook], Channel]] = {}
        #: Bytes in front of the row's length, with the newest request's id; one with an id of another length is read in full.
        self._front = 0

    def start(self, feed: Feed[OrderBook], req_id: int) -> None:
        """The rows of a request are this feed's."""
        sides = feed.rows.asks, feed.rows.bids
        for head, side, row in _heads(req_id):
            self._places[head] = sides[side], row, feed, feed.channel
        front = _front(req_id)
        self._requests[front] = sides, feed, feed.channel
        self._front = len(front)

    def end(self, req_id: int) -> None:
        """A request is over."""
        for head, _, _ in _heads(req_id):
            self._places.pop(head, None)
        self._requests.pop(_front(req_id), None)

    def text(self, frames: Iterator[bytes]) -> bytes | None:
        """Take rewrites from `frames`; gives the first message that is none, to be read in full, None when all are taken."""
        places, mark, number = self._places, self._mark, orjson.loads
        count = 0
        for payload in frames:
            parts = payload.rsplit(b"\0", 3)
            place = places.get(parts[0])
            if place is None:
                break
            rows, row, feed, channel = place
            size = parts[2]
            if len(size) > _DIGITS:
                break
            try:
                # Half the time of float(), which has to read what else it is for that this makes of a text.
                price = number(parts[1])
                rows[row] = price if type(price) is float else float(parts[1]), int(size)
            except (ValueError, IndexError):
                break
            count += 1
            if not channel.dirty:
                mark(feed)
        else:
            payload = None
        self.count += count
        return payload

    def protobuf(self, frames: Iterator[bytes]) -> bytes | None:
        """`text`, for messages behind the four bytes of their id."""
        requests, mark, read, front = self._requests, self._mark, _BODY.unpack_from, self._front
        behind = front + _BODY.size
        count = 0
        for payload in frames:
            request = requests.get(payload[:front])
            if request is None:
                break
            sides, feed, channel = request
            size = payload[behind:]
            try:
                length, place, price, key, digits = read(payload, front)
                if digits > _DIGITS or length != _REST + digits or len(size) != digits or key != _SIZE or not size.isdigit():
                    break
                side, row = _PLACES[place]
                sides[side][row] = price, int(size)
            except (struct.error, LookupError):
                break
            count += 1
            if not channel.dirty:
                mark(feed)
        else:
            payload = None
        self.count += count
        return payload


def _heads(req_id: int) -> Iterator[tuple[bytes, int, int]]:
    """(bytes in front of the price, side, position) of MARKET_DEPTH in text, that rewrites a row."""
    for side in (ASK, BID):
        for row in range(_ROWS):
            yield b"%d\x001\x00%d\x00%d\x00%d\x00%d" % (_ID, req_id, row, UPDATE, side), side, row


def _front(req_id: int) -> bytes:
    """The bytes of MarketDepth up to the length of its row."""
    return (PROTOBUF + _ID).to_bytes(4, "big") + b"\x08%b\x12" % varint(req_id)
