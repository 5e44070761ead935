"""Level 1 of one contract: the best bid and ask as a book of one level, and trades. Pure.

Ticks (tws-facts 5.1): price messages carry a size too, size messages come apart and repeat it; -1 and sizes of 0 are no
prices. Delayed ticks (66..) stand for live ones (1..). Trades come as RTVolume texts (tick 48, generic 233) where TWS has
them, with their time; elsewhere each "last" price with a size is taken as one, at the time it came.
"""

from __future__ import annotations

from typing import Any

from ibgw_tx.books.order_book import Level, scaled
from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext

#: tick type -> (side, what); 66.. are the delayed twins of 1, 2, 4, and 69.. of 0, 3, 5.
PRICES = {1: "bid", 66: "bid", 2: "ask", 67: "ask", 4: "last", 68: "last"}
SIZES = {0: "bid", 69: "bid", 3: "ask", 70: "ask"}
#: RTVolume and its twin without odd trades.
RT_VOLUME = (48, 77)


class TopRows:
    """Has the face of OrderBook where a LiveBook needs it: `levels`, `clear`, truth, `gaps`."""

    __slots__ = ("_last_price", "_prices", "_sizes", "_up", "gaps", "has_rt_volume")

    def __init__(self) -> None:
        self.gaps = 0
        self.has_rt_volume = False
        self._prices: dict[str, float] = {}
        self._sizes: dict[str, float] = {}
        self._last_price: float | None = None
        self._up = True

    def price(self, side: str, price: float, size: float) -> bool:
        """A new best price with its size; says whether anything changed. No price (-1) takes the level away."""
        before = self._prices.get(side), self._sizes.get(side)
        if (price == -1 and size <= 0) or figures.number_or_none(price) is None:
            self._prices.pop(side, None)
        else:
            self._prices[side] = price
        self._sizes[side] = size
        return (self._prices.get(side), size) != before

    def size(self, side: str, size: float) -> bool:
        """A new size of the best price; says whether it changed."""
        if self._sizes.get(side) == size:
            return False
        self._sizes[side] = size
        return True

    def levels(self, factor: float = 1) -> tuple[list[Level], list[Level]] | None:
        """(bids, asks) of at most one level each; None while bid is above ask or a size is negative."""
        bids, asks = self._level("bid", factor), self._level("ask", factor)
        if any(size < 0 for size in self._sizes.values()) or (bids and asks and bids[0]["p"] > asks[0]["p"]):
            return None
        return bids, asks

    def texts(self, factor: float = 1) -> tuple[bytes, bytes] | None:
        """`levels` as JSON."""
        levels = self.levels(factor)
        return None if levels is None else (jsontext.dumps(levels[0]), jsontext.dumps(levels[1]))

    def _level(self, side: str, factor: float) -> list[Level]:
        price, size = self._prices.get(side), self._sizes.get(side, 0)
        if price is None or size <= 0:
            return []
        return [{"p": price, "s": scaled(size, factor)}]

    def trade(self, price: float, size: float, t: int, factor: float) -> dict[str, Any]:
        """A trade as the interface tells it; `T` is "buy" when it took the ask.

        TWS does not say who took: at or above the ask it was a buyer, at or below the bid a seller, between them the
        direction of the last change of price decides.
        """
        bid, ask = self._prices.get("bid"), self._prices.get("ask")
        if self._last_price is not None and price != self._last_price:
            self._up = price > self._last_price
        self._last_price = price
        buy = self._up
        if ask is not None and price >= ask:
            buy = True
        elif bid is not None and price <= bid:
            buy = False
        return {"T": "buy" if buy else "sell", "p": price, "s": scaled(size, factor), "t": t}

    def clear(self) -> None:
        """Forget the quotes."""
        self._prices.clear()
        self._sizes.clear()

    def __bool__(self) -> bool:
        return bool(self._prices)


def parse_rt_volume(text: str) -> tuple[float, float, int] | None:
    """(price, size, time in ms) of `price;size;time_ms;total;vwap;single`; None when it has no price or no size."""
    parts = text.split(";")
    if len(parts) < 3 or not parts[0] or not parts[1]:
        return None
    size = float(parts[1])
    return (float(parts[0]), int(size) if size == int(size) else size, int(parts[2])) if size > 0 else None
