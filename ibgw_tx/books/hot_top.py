"""The hot path of level 1: TICK_PRICE (1), TICK_SIZE (2), TICK_STRING (46), TICK_BY_TICK (99) straight from frames. Pure.

One feed tells the trades of a channel: tick-by-tick where it is on, else the first of level 1 that has a request. What is raised
tells a broken message, as in hot_depth. `now_ms` gives epoch ms, for trades without a time of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.books.channel import TICK_RANK, TOP_RANK, Channel, Feed
from ibgw_tx.books.channels import Channels
from ibgw_tx.books.feeds import Feeds
from ibgw_tx.books.odd_lots import OddLotRows
from ibgw_tx.books.ticks import TickRows
from ibgw_tx.books.top_of_book import PRICES, SIZES, TopOfBook
from ibgw_tx.books.trades import DELAYED_LAST, LAST, LAST_TIME, RT_VOLUME, Quotes, Trades
from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.figures import Quantity

_PRICE_SIDES = {b"%d" % tick: side for tick, side in PRICES.items()}
_SIZE_SIDES = {b"%d" % tick: side for tick, side in SIZES.items()}
_LAST = {b"%d" % tick: tick for tick in (LAST, DELAYED_LAST)}
#: Kinds of tick-by-tick data that are trades.
_TRADES = frozenset({b"1", b"2"})
_RT_VOLUME = frozenset(b"%d" % tick for tick in RT_VOLUME)
_LAST_TIME = {b"%d" % tick: tick for tick in LAST_TIME}


class HotTop:
    """Quotes and trades. `strays` counts ticks of requests that have ended; `broken`: trades that cannot be told, and why."""

    def __init__(self, channels: Channels, now_ms: Callable[[], int]) -> None:
        self.feeds: Feeds[TopOfBook] = Feeds(channels)
        self.tick_feeds: Feeds[TickRows] = Feeds(channels)
        #: Told in protobuf only.
        self.odd_lot_feeds: Feeds[OddLotRows] = Feeds(channels)
        self.strays = 0
        self.updates = 0
        self.broken: list[tuple[str, Exception]] = []
        self._by_request = self.feeds.by_request
        self.mark = channels.mark
        self._now_ms = now_ms
        self.trading: dict[Trades, None] = {}

    def tick_price(self, fields: list[bytes]) -> None:
        """TICK_PRICE: 1, version, reqId, tick type, price, size, attributes. The size may be empty."""
        feed = self._by_request.get(fields[2])
        if feed is None:
            self.strays += 1
            return
        side, last = _PRICE_SIDES.get(fields[3]), _LAST.get(fields[3])
        if side is None and last is None:
            return
        self.updates += 1
        price = figures.price_or_none(fields[4])
        size = figures.size_or_none(fields[5]) if fields[5] else 0
        if side is not None:
            if feed.rows.price(side, price, size):
                self.mark(feed)
        elif last is not None:
            self.last_price(feed, last, price, size)

    def last_price(self, feed: Feed[TopOfBook], tick: int, price: float | None, size: Quantity | None) -> None:
        """A "last" price with a size may be a trade."""
        if price is not None and price != -1 and size is not None and size > 0:
            rows = feed.rows
            if rows.trades.last(tick, price, size, self._now_ms(), rows.quotes(), feed.factor):
                self._traded(feed)

    def tick_size(self, fields: list[bytes]) -> None:
        """TICK_SIZE: 2, version, reqId, tick type, size."""
        feed = self._by_request.get(fields[2])
        if feed is None:
            self.strays += 1
            return
        side = _SIZE_SIDES.get(fields[3])
        if side is None:
            return
        self.updates += 1
        if feed.rows.size(side, figures.size_or_none(fields[4])):
            self.mark(feed)

    def tick_string(self, fields: list[bytes]) -> None:
        """TICK_STRING: 46, version, reqId, tick type, text; RTVolume and the time of the last trade are of interest."""
        feed = self._by_request.get(fields[2])
        if feed is None:
            return
        if fields[3] in _RT_VOLUME:
            self.rt_volume(feed, fields[4].decode("ascii"))
        elif fields[3] in _LAST_TIME:
            self.last_time(feed, _LAST_TIME[fields[3]], int(fields[4]))

    def rt_volume(self, feed: Feed[TopOfBook], text: str) -> None:
        """An RTVolume text."""
        self.updates += 1
        rows = feed.rows
        if rows.trades.rt_volume(text, rows.quotes(), feed.factor):
            self._traded(feed)

    def last_time(self, feed: Feed[TopOfBook], tick: int, seconds: int) -> None:
        """The time of the last trade (epoch s)."""
        self.updates += 1
        rows = feed.rows
        if rows.trades.last_time(tick, seconds, self._now_ms(), rows.quotes(), feed.factor):
            self._traded(feed)

    def tick_by_tick(self, fields: list[bytes]) -> None:
        """TICK_BY_TICK: 99, reqId, kind (1 Last, 2 AllLast), time in s, price, size, mask, exchange, conditions.

        A halt is told as price 0 and size 0 (tws-facts 5.4): no trade.
        """
        feed = self.tick_feeds.by_request.get(fields[1])
        if feed is None:
            self.strays += 1
            return
        price, size = figures.price_or_none(fields[4]), figures.size_or_none(fields[5])
        if fields[2] not in _TRADES:
            self.updates += 1
            return
        exchange, conditions = fields[7].decode("latin-1"), fields[8].decode("latin-1")
        self.print_told(feed, price, size, int(fields[3]), conditions, exchange)

    def print_told(
        self, feed: Feed[TickRows], price: float | None, size: Quantity | None, seconds: int, conditions: str, exchange: str
    ) -> None:
        """One print of the tape (epoch s); without a price or a size it is no trade."""
        self.updates += 1
        if price is None or size is None or size <= 0:
            return
        trades = feed.rows.trades
        if trades.tick(price, size, seconds, conditions, exchange, self._quotes(feed.channel), feed.factor):
            self._traded(feed)

    def _quotes(self, channel: Channel) -> Quotes:
        top = next((feed for feed in channel.feeds if feed.rank == TOP_RANK), None)
        return channel.best() if top is None else top.rows.quotes()  # type: ignore[attr-defined]

    def _traded(self, feed: Feed[TopOfBook] | Feed[TickRows]) -> None:
        trades = feed.rows.trades
        if self._teller(feed.channel) is feed:
            self.trading[trades] = None
        else:
            trades.take_back()

    def _teller(self, channel: Channel) -> Feed[Any] | None:
        """Whose trades are told on a channel."""
        top = None
        for feed in channel.feeds:
            if feed.rank == TOP_RANK and top is None and feed.req_id is not None:
                top = feed
            elif feed.rank == TICK_RANK and feed.rows:
                return feed
        return top

    # What goes out.

    @property
    def has_trades(self) -> bool:
        """Whether any trade waits to be published."""
        return bool(self.trading)

    def take_trades(self, t: int) -> list[tuple[str, bytes]]:
        """(channel, message `[[trades], t]`) of every contract that traded."""
        trading, self.trading = self.trading, {}
        messages = []
        for trades in trading:
            try:
                messages.append((trades.channel, jsontext.dumps([trades.take(), t])))
            except Exception as error:
                self.broken.append((trades.channel, error))
        return messages

    def forget_trades(self) -> None:
        """Redis is back: old trades are no news."""
        for trades in self.trading:
            trades.drop()
        self.trading.clear()
