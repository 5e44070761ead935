"""Level 1 of one contract: the best bid and ask as a book of one level. Pure.

Ticks (tws-facts 5.1): price messages carry a size too, size messages come apart and repeat it; -1 and sizes of 0 are no
prices. Delayed ticks (66..) stand for live ones (1..). An unreadable figure (None) is no figure: it makes no level.
"""

from __future__ import annotations

from ibgw_tx.books.sides import Level, scaled
from ibgw_tx.books.trades import Trades
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.figures import Quantity

#: tick type -> (side, what); 66.. are the delayed twins of 1, 2, and 69.. of 0, 3.
PRICES = {1: "bid", 66: "bid", 2: "ask", 67: "ask"}
SIZES = {0: "bid", 69: "bid", 3: "ask", 70: "ask"}


class TopOfBook:
    """Quotes of one contract, and its `trades`. A book's rows to a channel."""

    __slots__ = ("_prices", "_sizes", "gaps", "trades")

    def __init__(self, trades: Trades) -> None:
        self.gaps = 0
        self.trades = trades
        self._prices: dict[str, float] = {}
        self._sizes: dict[str, Quantity] = {}

    def price(self, side: str, price: float | None, size: Quantity | None) -> bool:
        """A new best price with its size; says whether anything changed. No price (-1, None) takes the level away."""
        before = self._prices.get(side), self._sizes.get(side)
        size = size or 0
        if price is None or (price == -1 and size <= 0):
            self._prices.pop(side, None)
        else:
            self._prices[side] = price
        self._sizes[side] = size
        return (self._prices.get(side), size) != before

    def size(self, side: str, size: Quantity | None) -> bool:
        """A new size of the best price; says whether it changed."""
        size = size or 0
        if self._sizes.get(side) == size:
            return False
        self._sizes[side] = size
        return True

    def levels(self, factor: Quantity = 1) -> tuple[list[Level], list[Level]] | None:
        """(bids, asks) of at most one level each; None while bid is above ask or a size is negative."""
        bids, asks = self._level("bid", factor), self._level("ask", factor)
        if any(size < 0 for size in self._sizes.values()) or (bids and asks and bids[0]["p"] > asks[0]["p"]):
            return None
        return bids, asks

    def texts(self, factor: Quantity = 1) -> tuple[bytes, bytes] | None:
        """`levels` as JSON."""
        levels = self.levels(factor)
        return None if levels is None else (jsontext.dumps(levels[0]), jsontext.dumps(levels[1]))

    def best(self) -> tuple[float | None, float | None] | None:
        """(bid, ask), None for a side without a level; None while they make no book."""
        levels = self.levels()
        return None if levels is None else tuple(side[0]["p"] if side else None for side in levels)  # type: ignore[return-value]

    def _level(self, side: str, factor: Quantity) -> list[Level]:
        price, size = self._prices.get(side), self._sizes.get(side, 0)
        if price is None or size <= 0:
            return []
        return [{"p": price, "s": scaled(size, factor)}]

    def quotes(self) -> tuple[float | None, float | None]:
        """(bid, ask) as TWS told them last, whatever their sizes."""
        return self._prices.get("bid"), self._prices.get("ask")

    def clear(self) -> None:
        """Forget the quotes."""
        self.gaps = 0
        self._prices.clear()
        self._sizes.clear()

    def __bool__(self) -> bool:
        return bool(self._prices)
