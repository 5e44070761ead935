"""One order book as TWS sends it: rows by position, inserts that shift. No I/O, no clock.

TWS's rows (tws-facts 5.3): operation 0 inserts at a row and moves the rows below down, 1 rewrites a row in place, 2 deletes
it and moves the rows below up; side 1 is bid, 0 is ask. There is no end of snapshot, no sequence number, and nothing is sent
for rows that an insert pushes past the last one. Between two messages of one change a book may be crossed or out of order;
`levels()` then says None and the caller publishes nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.figures import Quantity

INSERT, UPDATE, DELETE = 0, 1, 2
ASK, BID = 0, 1

#: (price, size in TWS's lots)
Row: TypeAlias = tuple[float, Quantity]
#: {"p": price, "s": size}
Level: TypeAlias = dict[str, Any]

#: Beyond these a price or a size is one of IB's ways of saying "unset".
_ABSURD = figures.NOTHING_REAL
_ABSURD_SIZE = figures.LARGEST_SIZE


class _Side(NamedTuple):
    """A side as it was last made: of which rows, its levels (None: they make no publishable side), the JSON, the best price."""

    rows: list[Row]
    factor: Quantity
    merged: bool
    levels: list[Level] | None
    text: bytes
    best: float | None


_NOTHING = _Side([], 0, False, [], b"[]", None)


class OrderBook:
    """The rows of one depth request, best first.

    `merged` says that one price may stand in several rows (market makers, SMART exchanges): `levels()` adds them up.
    `gaps` counts rows that came for a place the book does not have.
    """

    __slots__ = ("_made_asks", "_made_bids", "asks", "bids", "gaps", "merged", "num_rows")

    def __init__(self, num_rows: int = 10) -> None:
        self.num_rows = num_rows
        self.bids: list[Row] = []
        self.asks: list[Row] = []
        self.gaps = 0
        self.merged = False
        self._made_bids = self._made_asks = _NOTHING

    def apply(self, operation: int, side: int, row: int, price: float, size: Quantity) -> bool:
        """Carry out one row message; says whether the book changed. A row past the end changes nothing.

        An update just past the end is taken as an insert; a delete past the end is harmless (IB's own demo meets it);
        an insert or update further out is counted in `gaps`: rows between are missing. What TWS sends beyond the last row
        of a full book was not asked for, and is no gap.
        """
        rows = self.bids if side else self.asks
        have = len(rows)
        if operation == UPDATE and row < have:
            rows[row] = (price, size)
            return True
        if operation == DELETE:
            if row < have:
                del rows[row]
                return True
            return False
        if row > have or row >= self.num_rows:
            if have < self.num_rows:
                self.gaps += 1
            return False
        rows.insert(row, (price, size))
        if have >= self.num_rows:
            del rows[self.num_rows :]
        return True

    def clear(self) -> None:
        """Forget every row (317, a lost link, a new subscription)."""
        self.bids.clear()
        self.asks.clear()
        self.gaps = 0

    def __bool__(self) -> bool:
        """Whether there is any row."""
        return bool(self.bids or self.asks)

    def levels(self, factor: Quantity = 1) -> tuple[list[Level], list[Level]] | None:
        """(bids, asks) with sizes times `factor`, or None while the rows make no publishable book.

        None means: crossed (or locked, unless several exchanges may lock each other: `merged`), a side out of order, a negative
        size, a price or size that is no number (IB's "unset" included). A row of size 0 is no level. Sizes are integers where
        they are whole.
        """
        bids, asks = self._sides(factor)
        if bids.levels is None or asks.levels is None or self._is_crossed(bids.best, asks.best):
            return None
        return bids.levels, asks.levels

    def texts(self, factor: Quantity = 1) -> tuple[bytes, bytes] | None:
        """`levels` as JSON."""
        bids, asks = self._sides(factor)
        if bids.levels is None or asks.levels is None or self._is_crossed(bids.best, asks.best):
            return None
        return bids.text, asks.text

    def best(self) -> tuple[float | None, float | None] | None:
        """(bid, ask), None for a side without a level; None while the rows make no publishable book."""
        levels = self.levels(self._made_bids.factor or 1)
        return None if levels is None else (self._made_bids.best, self._made_asks.best)

    def _sides(self, factor: Quantity) -> tuple[_Side, _Side]:
        """Both sides. One that is as it was the last time is not made again: most changes touch one side."""
        bids, asks = self._made_bids, self._made_asks
        if bids.rows != self.bids or bids.factor != factor or bids.merged != self.merged:
            bids = self._made_bids = _made(self.bids, -1, factor, self.merged)
        if asks.rows != self.asks or asks.factor != factor or asks.merged != self.merged:
            asks = self._made_asks = _made(self.asks, 1, factor, self.merged)
        return bids, asks

    def _is_crossed(self, bid: float | None, ask: float | None) -> bool:
        return bid is not None and ask is not None and (bid > ask or (bid == ask and not self.merged))


def _made(rows: list[Row], direction: int, factor: Quantity, merged: bool) -> _Side:
    levels = _side(rows, direction, factor, merged)
    text = b"" if levels is None else jsontext.dumps(levels)
    return _Side(rows.copy(), factor, merged, levels, text, levels[0]["p"] if levels else None)


def _side(rows: list[Row], direction: int, factor: Quantity, merged: bool) -> list[Level] | None:
    """One side's levels; `direction` 1 wants rising prices, -1 falling ones; None when it does not hold."""
    levels: list[Level] = []
    last = None
    for price, size in rows:
        if not 0 < size < _ABSURD_SIZE:
            if size != 0:
                return None
            continue
        if last is None:
            if not -_ABSURD < price < _ABSURD:
                return None
        elif price == last and merged:
            level = levels[-1]
            level["s"] = scaled(size, factor, level["s"])
            continue
        elif not (last < price < _ABSURD if direction > 0 else last > price > -_ABSURD):
            return None
        last = price
        levels.append({"p": price, "s": size if factor == 1 else scaled(size, factor)})
    return levels


def scaled(size: Quantity, factor: Quantity, plus: Quantity = 0) -> Quantity:
    """size * factor + plus, exact, an integer when whole."""
    value = size * factor + plus
    if isinstance(value, int):
        return value if value < 2**63 else Decimal(value)  # JSON writers end there
    return figures.normal(value)
