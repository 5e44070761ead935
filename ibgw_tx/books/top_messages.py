"""The hot path of level 1 in protobuf: TickPrice, TickSize, TickString and TickByTickData for the feeds of hot_top. Pure.

As in depth_messages: the messages are ibapi's own, used again for each frame. An absent price is no price, an absent size none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.books import odd_lots
from ibgw_tx.books.depth_messages import DepthMessages
from ibgw_tx.books.hot_depth import HotDepth
from ibgw_tx.books.hot_top import HotTop
from ibgw_tx.books.top_of_book import PRICES, SIZES
from ibgw_tx.books.trades import DELAYED_LAST, LAST, LAST_TIME, RT_VOLUME
from ibgw_tx.model import figures

_LAST = frozenset({LAST, DELAYED_LAST})
#: Kinds of tick-by-tick data that are trades.
_TRADES = frozenset({1, 2})


def _size(text: str) -> figures.Quantity | None:
    """As the text dialect's; an empty one is 0 there too."""
    return figures.size_or_none(text) if text else 0


def takers(depth: HotDepth, top: HotTop) -> dict[int, Callable[[Any], None]]:
    """Who takes each message of books in protobuf, by the id of its text."""
    rows, ticks = DepthMessages(depth), TopMessages(top)
    return {
        1: ticks.tick_price, 2: ticks.tick_size, 12: rows.depth, 13: rows.depth_l2, 46: ticks.tick_string, 99: ticks.tick_by_tick,
    }  # fmt: skip


class TopMessages:
    """Quotes and trades for the feeds of `hot`, whose counts are kept as for text."""

    def __init__(self, hot: HotTop) -> None:
        self._hot = hot
        self._by_number = hot.feeds.by_number

    def tick_price(self, message: Any) -> None:
        """TickPrice: reqId, tickType, price, size; what its attributes say when they are absent is not asked."""
        hot = self._hot
        feed = self._by_number.get(message.reqId)
        if feed is None:
            self._odd_lot(message, odd_lots.PRICES)
            return
        tick = message.tickType
        side = PRICES.get(tick)
        if side is None and tick not in _LAST:
            return
        hot.updates += 1
        price = message.price
        price = None if not price and not message.HasField("price") else figures.price_or_none(price)
        size = _size(message.size)
        if side is not None:
            if feed.rows.price(side, price, size):
                hot.mark(feed)
        else:
            hot.last_price(feed, tick, price, size)

    def tick_size(self, message: Any) -> None:
        """TickSize: reqId, tickType (0, the size of the bid, is a type too: absent is none), size."""
        hot = self._hot
        feed = self._by_number.get(message.reqId)
        if feed is None:
            self._odd_lot(message, odd_lots.SIZES)
            return
        tick = message.tickType
        side = SIZES.get(tick) if tick or message.HasField("tickType") else None
        if side is None:
            return
        hot.updates += 1
        if feed.rows.size(side, _size(message.size)):
            hot.mark(feed)

    def tick_string(self, message: Any) -> None:
        """TickString: reqId, tickType, value."""
        feed = self._by_number.get(message.reqId)
        if feed is None:
            self._odd_lot(message, odd_lots.EXCHANGES)
            return
        if message.tickType in RT_VOLUME:
            self._hot.rt_volume(feed, message.value)
        elif message.tickType in LAST_TIME:
            self._hot.last_time(feed, message.tickType, int(message.value))

    def _odd_lot(self, message: Any, kinds: dict[int, str]) -> None:
        """A message for no line of level 1: of odd lots, or late."""
        feed = self._hot.odd_lot_feeds.by_number.get(message.reqId)
        if feed is None:
            self._hot.strays += 1
            return
        side = kinds.get(message.tickType)
        if side is None:
            return  # the line's plain quotes, which nobody has asked for
        if kinds is odd_lots.PRICES:
            feed.rows.price(side, figures.price_or_none(message.price) if message.HasField("price") else None)
        elif kinds is odd_lots.SIZES:
            feed.rows.size(side, _size(message.size))
        else:
            feed.rows.exchange(side, message.value)

    def tick_by_tick(self, message: Any) -> None:
        """TickByTickData: reqId, tickType (1 Last, 2 AllLast), historicalTickLast."""
        hot = self._hot
        feed = hot.tick_feeds.by_number.get(message.reqId)
        if feed is None:
            hot.strays += 1
            return
        trade = message.historicalTickLast
        if message.tickType not in _TRADES or not trade.HasField("price"):
            hot.updates += 1
            return
        price = figures.price_or_none(trade.price)
        hot.print_told(feed, price, _size(trade.size), trade.time, trade.specialConditions, trade.exchange)
