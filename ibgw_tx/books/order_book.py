"""One order book as TWS sends it: rows by position, inserts that shift. No I/O, no clock.

TWS's rows (tws-facts 5.3): operation 0 inserts at a row and moves the rows below down, 1 rewrites a row in place, 2 deletes
it and moves the rows below up; side 1 is bid, 0 is ask. There is no end of snapshot, no sequence number, and nothing is sent
for rows that an insert pushes past the last one. Between two messages of one change a book may be crossed or out of order;
`levels()` then says None and the caller publishes nothing.
"""

from __future__ import annotations

from ibgw_tx.books.sides import Level, MadeSide, Row, levels_of
from ibgw_tx.model.figures import Quantity

INSERT, UPDATE, DELETE = 0, 1, 2
ASK, BID = 0, 1


class OrderBook:
    """The rows of one depth request, best first.

    `merged` says that one price may stand in several rows (market makers, SMART exchanges): `levels()` adds them up.
    `gaps` counts rows that came for a place the book does not have.
    """

    __slots__ = ("_factor", "_made_asks", "_made_bids", "_made_merged", "asks", "bids", "gaps", "merged", "num_rows")

    def __init__(self, num_rows: int = 10) -> None:
        self.num_rows = num_rows
        self.bids: list[Row] = []
        self.asks: list[Row] = []
        self.gaps = 0
        self.merged = False
        self._factor: Quantity = 1
        self._made_merged = False
        self._made_bids, self._made_asks = MadeSide(-1), MadeSide(1)

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
        if self.texts(factor) is None:
            return None
        bids, asks = levels_of(self.bids, -1, factor, self.merged), levels_of(self.asks, 1, factor, self.merged)
        assert bids is not None and asks is not None
        return bids, asks

    def texts(self, factor: Quantity = 1) -> tuple[bytes, bytes] | None:
        """`levels` as JSON."""
        bids, asks, merged = self._made_bids, self._made_asks, self.merged
        if factor != self._factor or merged != self._made_merged:
            self._factor, self._made_merged = factor, merged
            bids.make(self.bids, factor, merged)
            asks.make(self.asks, factor, merged)
        else:
            # Of the same tuples in their places each comparison is a glance.
            if bids.rows != self.bids and not bids.rewritten(self.bids):
                bids.make(self.bids, factor, merged)
            if asks.rows != self.asks and not asks.rewritten(self.asks):
                asks.make(self.asks, factor, merged)
        if bids.text is None or asks.text is None:
            return None
        bid, ask = bids.best, asks.best
        if bid is not None and ask is not None and (bid > ask or (bid == ask and not merged)):
            return None
        return bids.text, asks.text

    def best(self) -> tuple[float | None, float | None] | None:
        """(bid, ask), None for a side without a level; None while the rows make no publishable book."""
        return None if self.texts(self._factor) is None else (self._made_bids.best, self._made_asks.best)
