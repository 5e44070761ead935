"""Level 1: ticks in, one-level books and trades out. Pure; times in ms, `now_ms` is the clock for trades without a time.

TICK_PRICE (1), TICK_SIZE (2) and TICK_STRING (46) straight from the frame's fields, as the depth of shelf.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ibgw_tx.books.live_book import LiveBook
from ibgw_tx.books.shelf import BookShelf
from ibgw_tx.books.top_of_book import PRICES, RT_VOLUME, SIZES, TopRows, parse_rt_volume
from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract

#: Trades of one contract that wait for Redis; older ones are dropped and counted.
MAX_TRADES = 1000

_PRICE_SIDES = {b"%d" % tick: side for tick, side in PRICES.items()}
_SIZE_SIDES = {b"%d" % tick: side for tick, side in SIZES.items()}
_RT_VOLUME = frozenset(b"%d" % tick for tick in RT_VOLUME)


class TopBook(LiveBook):
    """A one-level book and the trades of one contract."""

    rows: TopRows  # type: ignore[assignment]

    def __init__(self, contract: Contract, factor: float) -> None:
        super().__init__(contract, factor)
        self.rows = TopRows()
        self.tick_channel = names.tick_channel(self.exchange, self.pair)
        self.trades: list[dict[str, Any]] = []


class TopShelf(BookShelf):
    """The TopBooks; silent where the depth of the same channel is on, but for their trades.

    `trades_dropped` counts trades that Redis was not there for.
    """

    def __init__(self, above: BookShelf, now_ms: Callable[[], int]) -> None:
        super().__init__(above)
        self.trades_dropped = 0
        self._now_ms = now_ms
        self._trading: dict[str, TopBook] = {}

    # The hot path, as in shelf.py: what it raises tells a broken message.

    def tick_price(self, fields: list[bytes]) -> None:
        """TICK_PRICE: 1, version, reqId, tick type, price, size, attributes. The size may be empty."""
        book = self.by_request.get(fields[2])
        side = _PRICE_SIDES.get(fields[3])
        if side is None or not isinstance(book, TopBook):
            self.strays += book is None
            return
        self.updates += 1
        price = float(fields[4])
        size = float(fields[5]) if fields[5] else 0
        size = int(size) if size == int(size) else size
        if side != "last":
            if book.rows.price(side, price, size):
                self.touch(book)
        elif size > 0 and price != -1 and figures.number_or_none(price) is not None and not book.rows.has_rt_volume:
            self._traded(book, price, size, self._now_ms())

    def tick_size(self, fields: list[bytes]) -> None:
        """TICK_SIZE: 2, version, reqId, tick type, size."""
        book = self.by_request.get(fields[2])
        side = _SIZE_SIDES.get(fields[3])
        if side is None or not isinstance(book, TopBook):
            self.strays += book is None
            return
        self.updates += 1
        size = float(fields[4])
        if book.rows.size(side, int(size) if size == int(size) else size):
            self.touch(book)

    def tick_string(self, fields: list[bytes]) -> None:
        """TICK_STRING: 46, version, reqId, tick type, text; only RTVolume is of interest."""
        book = self.by_request.get(fields[2])
        if fields[3] not in _RT_VOLUME or not isinstance(book, TopBook):
            return
        self.updates += 1
        trade = parse_rt_volume(fields[4].decode("ascii"))
        book.rows.has_rt_volume = True
        if trade is not None:
            self._traded(book, *trade)

    def _traded(self, book: TopBook, price: float, size: float, t: int) -> None:
        book.trades.append(book.rows.trade(price, size, t, book.factor))
        if len(book.trades) > MAX_TRADES:
            del book.trades[0]
            self.trades_dropped += 1
        self._trading[book.channel] = book

    # What goes out.

    @property
    def has_news(self) -> bool:
        """Whether any book or trade waits to be published."""
        return bool(self._trading) or super().has_news

    def take_trades(self, now: int) -> Iterator[tuple[str, bytes]]:
        """(channel, message `[[trades], t]`) of every contract that traded."""
        trading, self._trading = self._trading, {}
        for book in trading.values():
            trades, book.trades = book.trades, []
            yield book.tick_channel, jsontext.dumps([trades, now])

    def retell_all(self) -> None:
        """Redis is back: old trades are no news."""
        for book in self._trading.values():
            self.trades_dropped += len(book.trades)
            book.trades = []
        self._trading.clear()
        super().retell_all()
