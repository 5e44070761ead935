"""The hot path of depth in protobuf: MarketDepth and MarketDepthL2 into the rows of hot_depth. Pure.

The messages are ibapi's own, used again for each frame; only their members are known here. Absent is what its decoder says:
an absent operation or side tells a broken message (ValueError), an absent price or size makes a row that is no level.
"""

from __future__ import annotations

from typing import Any

from ibgw_tx.books.hot_depth import PLAIN, HotDepth
from ibgw_tx.books.order_book import DELETE
from ibgw_tx.model import figures

_MOST_ROWS = 500


class DepthMessages:
    """Rows for the feeds of `hot`, whose counts are kept as for text."""

    def __init__(self, hot: HotDepth) -> None:
        self._hot = hot
        self._by_number = hot.feeds.by_number

    def depth(self, message: Any) -> None:
        """MarketDepth: reqId, marketDepthData."""
        feed = self._by_number.get(message.reqId)
        if feed is None:
            self._hot.strays += 1
            return
        self._apply(feed, message.marketDepthData, False)

    def depth_l2(self, message: Any) -> None:
        """MarketDepthL2: reqId, marketDepthData."""
        feed = self._by_number.get(message.reqId)
        if feed is None:
            self._hot.strays += 1
            return
        feed.rows.merged = True
        self._apply(feed, message.marketDepthData, True)

    def _apply(self, feed: Any, row: Any, first_place: bool) -> None:
        """`first_place`: an absent position is the first one, as in ibapi's reading of L2."""
        hot, rows = self._hot, feed.rows
        hot.read += 1
        operation, side, position = row.operation, row.side, row.position
        try:
            if not (operation and side and position):
                _check_present(row, first_place)
            if not (0 <= operation <= DELETE and 0 <= side <= 1 and 0 <= position < _MOST_ROWS):
                raise ValueError(f"operation {operation}, side {side}, position {position}")
            if operation == DELETE:
                changed = rows.apply(DELETE, side, position, 0, 0)
            else:
                text = row.size
                size: figures.Quantity = int(text) if text.isdigit() else PLAIN
                if size >= PLAIN:
                    size = figures.row_size(text) if text else figures.NO_SIZE
                price = row.price
                if not price and not row.HasField("price"):
                    price = figures.UNSET_DOUBLE
                changed = rows.apply(operation, side, position, price, size)
        except ValueError:
            rows.gaps += 1
            raise
        if changed and not feed.channel.dirty:
            hot.mark(feed)


def _check_present(row: Any, first_place: bool) -> None:
    for name in ("operation", "side", *(() if first_place else ("position",))):
        if not row.HasField(name):
            raise ValueError(f"a row without its {name}")
