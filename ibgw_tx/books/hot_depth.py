"""The hot path of depth: MARKET_DEPTH (12) and MARKET_DEPTH_L2 (13) straight from the frame's fields into rows. Pure.

Without ibapi's per-field logging; tests hold both decoders equal. KeyError, IndexError or ValueError tell a broken message, which
changes nothing (the session counts it) but counts as a missing row. A deleted row's price and size say nothing and
may be missing. The two methods are alike on purpose: a call between them would cost more than it saves.
"""

from __future__ import annotations

from ibgw_tx.books.channels import Channels
from ibgw_tx.books.feeds import Feeds
from ibgw_tx.books.order_book import DELETE, OrderBook
from ibgw_tx.books.rewrites import Rewrites
from ibgw_tx.model import figures
from ibgw_tx.model.figures import Quantity

#: Texts of the few small whole numbers on this path; a text not here is a broken message (KeyError).
_POSITION = {b"%d" % number: number for number in range(500)}
_OPERATION = {b"0": 0, b"1": 1, b"2": 2}
_SIDE = {b"0": 0, b"1": 1}

#: Below it whole numbers are sizes; above are IB's ways of saying "unset" (2147483647 is the smallest).
PLAIN = 1_000_000_000


class HotDepth:
    """Rows of depth. `strays` counts rows of requests that have ended (late, harmless), `read` those that were read in full."""

    def __init__(self, channels: Channels) -> None:
        self.rewrites = Rewrites(channels.mark)
        self.feeds: Feeds[OrderBook] = Feeds(channels, self.rewrites)
        self.strays = 0
        self.read = 0
        self._by_request = self.feeds.by_request
        self.mark = channels.mark

    @property
    def updates(self) -> int:
        """Rows that were taken."""
        return self.read + self.rewrites.count

    def depth(self, fields: list[bytes]) -> None:
        """MARKET_DEPTH: 12, version, reqId, position, operation, side, price, size."""
        feed = self._by_request.get(fields[2])
        if feed is None:
            self.strays += 1
            return
        self.read += 1
        rows = feed.rows
        try:
            operation, text = _OPERATION[fields[4]], fields[7]
            if operation == DELETE:
                changed = rows.apply(DELETE, _SIDE[fields[5]], _POSITION[fields[3]], 0, 0)
            else:
                size: Quantity = int(text) if text.isdigit() else PLAIN
                if size >= PLAIN:
                    size = figures.row_size(text)
                changed = rows.apply(operation, _SIDE[fields[5]], _POSITION[fields[3]], float(fields[6]), size)
        except (KeyError, IndexError, ValueError):
            rows.gaps += 1
            raise
        if changed and not feed.channel.dirty:
            self.mark(feed)

    def depth_l2(self, fields: list[bytes]) -> None:
        """MARKET_DEPTH_L2: 13, version, reqId, position, marketMaker, operation, side, price, size, isSmartDepth."""
        feed = self._by_request.get(fields[2])
        if feed is None:
            self.strays += 1
            return
        self.read += 1
        rows = feed.rows
        rows.merged = True
        try:
            operation, text = _OPERATION[fields[5]], fields[8]
            if operation == DELETE:
                changed = rows.apply(DELETE, _SIDE[fields[6]], _POSITION[fields[3]], 0, 0)
            else:
                size: Quantity = int(text) if text.isdigit() else PLAIN
                if size >= PLAIN:
                    size = figures.row_size(text)
                changed = rows.apply(operation, _SIDE[fields[6]], _POSITION[fields[3]], float(fields[7]), size)
        except (KeyError, IndexError, ValueError):
            rows.gaps += 1
            raise
        if changed and not feed.channel.dirty:
            self.mark(feed)
