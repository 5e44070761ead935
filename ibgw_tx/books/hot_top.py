"""The hot path of level 1: TICK_PRICE (1), TICK_SIZE (2) and TICK_STRING (46) straight from the frame's fields. Pure.

What it raises tells a broken message, as in hot_depth. `now_ms` gives epoch ms, for trades without a time of their own.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.books.channel import Feed
from ibgw_tx.books.channels import Channels
from ibgw_tx.books.feeds import Feeds
from ibgw_tx.books.top_of_book import PRICES, SIZES, TopOfBook
from ibgw_tx.books.trades import DELAYED_LAST, LAST, LAST_TIME, RT_VOLUME
from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext

_PRICE_SIDES = {b"%d" % tick: side for tick, side in PRICES.items()}
_SIZE_SIDES = {b"%d" % tick: side for tick, side in SIZES.items()}
_LAST = {b"%d" % tick: tick for tick in (LAST, DELAYED_LAST)}
_RT_VOLUME = frozenset(b"%d" % tick for tick in RT_VOLUME)
_LAST_TIME = {b"%d" % tick: tick for tick in LAST_TIME}


class HotTop:
    """Quotes and trades. `strays` counts ticks of requests that have ended; `broken`: trades that cannot be told, and why."""

    def __init__(self, channels: Channels, now_ms: Callable[[], int]) -> None:
        self.feeds: Feeds[TopOfBook] = Feeds(channels)
        self.strays = 0
        self.updates = 0
        self.broken: list[tuple[str, Exception]] = []
        self._by_request = self.feeds.by_request
        self._mark = channels.mark
        self._now_ms = now_ms
        self._trading: dict[str, TopOfBook] = {}

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
                self._mark(feed)
        elif last is not None and price is not None and price != -1 and size is not None and size > 0:
            rows = feed.rows
            if rows.trades.last(last, price, size, self._now_ms(), rows.quotes(), feed.factor):
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
            self._mark(feed)

    def tick_string(self, fields: list[bytes]) -> None:
        """TICK_STRING: 46, version, reqId, tick type, text; RTVolume and the time of the last trade are of interest."""
        feed = self._by_request.get(fields[2])
        if feed is None:
            return
        rows = feed.rows
        if fields[3] in _RT_VOLUME:
            self.updates += 1
            if rows.trades.rt_volume(fields[4].decode("ascii"), rows.quotes(), feed.factor):
                self._traded(feed)
        elif fields[3] in _LAST_TIME:
            self.updates += 1
            if rows.trades.last_time(_LAST_TIME[fields[3]], int(fields[4]), self._now_ms(), rows.quotes(), feed.factor):
                self._traded(feed)

    def _traded(self, feed: Feed[TopOfBook]) -> None:
        self._trading[feed.rows.trades.channel] = feed.rows

    # What goes out.

    @property
    def has_trades(self) -> bool:
        """Whether any trade waits to be published."""
        return bool(self._trading)

    def take_trades(self, t: int) -> list[tuple[str, bytes]]:
        """(channel, message `[[trades], t]`) of every contract that traded."""
        trading, self._trading = self._trading, {}
        messages = []
        for rows in trading.values():
            try:
                messages.append((rows.trades.channel, jsontext.dumps([rows.trades.take(), t])))
            except Exception as error:
                self.broken.append((rows.trades.channel, error))
        return messages

    def forget_trades(self) -> None:
        """Redis is back: old trades are no news."""
        for rows in self._trading.values():
            rows.trades.drop()
        self._trading.clear()
