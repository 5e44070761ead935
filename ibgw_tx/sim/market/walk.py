"""The live market of one instrument: a book that follows the fair value in small, tick-sized steps, and its trades."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import NamedTuple

from ibgw_tx.sim.market.book import ASK, BID, Book, Row
from ibgw_tx.sim.market.fair_value import Fair
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.market.ladder import Ladder

DEPTH = 12  # rows each exchange keeps on a side
DEEPEST = 15  # rows beyond this are taken off at the far end
FAR = 40  # steps between book and fair value at which an unwatched book is built anew instead of walked there
KEPT_TRADES = 512


class Trade(NamedTuple):
    number: int
    when: float
    price: int
    size: int
    maker: str


class Walk:
    """Book, last trade and the day's figures of an instrument; `step` is one believable event in it.

    Between the edits of one step a book may be crossed for a moment, as on the real wire; after it never.
    """

    def __init__(self, instrument: Instrument, ladder: Ladder, fair: Fair, rng: Random, now: float) -> None:
        self.instrument, self.ladder, self.fair, self.rng = instrument, ladder, fair, rng
        self.book = Book()
        self.trades: deque[Trade] = deque(maxlen=KEPT_TRADES)
        self.count = 0  # trades so far
        self.pinned = False  # an exact book was set: steps leave it alone
        self._day = now // 86400.0
        midnight = now - now % 86400.0
        self.close = ladder.snap(fair(midnight - 1.0))
        self.open = ladder.snap(fair(midnight))
        self.last = ladder.snap(fair(now))
        self.last_size = instrument.lot
        self.last_time = now
        self.high = max(self.open, self.last)
        self.low = min(self.open, self.last)
        self.volume = instrument.depth_size * int(200 + (now % 86400.0) / 20.0)
        self.turnover = float(self.volume) * self.last
        self._looked, self._target = now, fair(now) * ladder.unit
        self.rebuild(now)

    def middle(self) -> float:
        """Between best bid and ask as a price; the last one when a side is empty."""
        bid, ask = self.book.best(BID), self.book.best(ASK)
        if bid is None or ask is None:
            return self.ladder.real(self.last)
        return self.ladder.real(bid[0] + ask[0]) / 2.0

    def mark(self) -> float:
        """The price an account values it at: the middle, exact to half a tick."""
        return round(self.middle(), self.ladder.places + 1)

    # Building

    def rebuild(self, now: float) -> None:
        """A fresh book about the fair value; watchers get the rows rewritten."""
        centre = self.ladder.snap(self.fair(now))
        if not self.instrument.books:
            self.last, self.last_time = centre, now
            return
        for side in (BID, ASK):
            rows: list[Row] = []
            price = self.ladder.down(centre) if side == BID else centre
            for depth in range(DEPTH):
                if price <= 0:
                    break
                rows += [Row(price, self._size(depth), maker) for maker in self.instrument.books]
                price = self._worse(side, price)
            self.book.rewrite(side, rows)

    def set_rows(self, side: int, rows: list[Row]) -> None:
        """An exact side, for tests and demonstrations; the walk then stands still until `pinned` is cleared."""
        self.pinned = True
        self.book.rewrite(side, rows)

    def _size(self, depth: int) -> int:
        """A size in whole lots of the wire, larger away from the top."""
        lot = max(self.instrument.lot, self.instrument.wire_lot)
        wanted = self.instrument.depth_size * (0.4 + 0.12 * depth) * self.rng.uniform(0.4, 1.8)
        return max(lot, round(wanted / lot) * lot)

    def _worse(self, side: int, price: int) -> int:
        return self.ladder.down(price) if side == BID else self.ladder.up(price)

    # Moving

    def step(self, now: float) -> None:
        """One event: mostly a size changing, sometimes a trade, a better price or a level giving way."""
        self._new_day(now)
        if self.pinned:
            return
        if not self.instrument.books:
            self._index(now)
            return
        if not self.book.rows[BID] or not self.book.rows[ASK]:
            self.rebuild(now)
        if now != self._looked:
            self._looked, self._target = now, self.fair(now) * self.ladder.unit
        gap = (self._target - (self.book.rows[BID][0].price + self.book.rows[ASK][0].price) / 2.0) / (
            self.ladder.step_above(self.book.rows[BID][0].price)
        )
        if abs(gap) > FAR and not self.book.watched:
            self.rebuild(now)
            return
        pull = min(0.9, 0.12 + 0.08 * abs(gap))
        pick = self.rng.random()
        if pick < pull:
            self._move(BID if (gap > 0) == (self.rng.random() < 0.9) else ASK)
        elif pick < pull + 0.12:
            self._trade(now)
        else:
            self._resize()
            return
        self._tidy()

    def _new_day(self, now: float) -> None:
        """At midnight UTC the last price becomes the close and the day's figures begin again."""
        if now // 86400.0 == self._day:
            return
        self._day = now // 86400.0
        self.close = self.open = self.high = self.low = self.last
        self.volume, self.turnover = 0, 0.0

    def _index(self, now: float) -> None:
        self.last, self.last_time = self.ladder.snap(self.fair(now)), now
        self.high, self.low = max(self.high, self.last), min(self.low, self.last)

    def _resize(self) -> None:
        side = self.rng.randrange(2)
        rows = self.book.rows[side]
        index = min(int(self.rng.expovariate(0.35)), len(rows) - 1)
        self.book.resize(side, index, self._size(index // max(1, len(self.instrument.books))))

    def _move(self, side: int) -> None:
        """Pressure on one side: the other gives way until there is room, then the price improves by a step."""
        other = ASK if side == BID else BID
        best = self.book.rows[side][0].price
        price = self.ladder.up(best) if side == BID else self.ladder.down(best)
        if price <= 0:
            return
        crossed_first = self.rng.random() < 0.5
        row = Row(price, self._size(0), self.rng.choice(self.instrument.books))
        if crossed_first:
            self.book.insert(side, row)
        rows = self.book.rows[other]
        while rows and (rows[0].price <= price if side == BID else rows[0].price >= price):
            self.book.delete(other, 0)
        if not crossed_first:
            self.book.insert(side, row)
        if self.rng.random() < 0.7:
            self._follow(other, price)

    def _follow(self, side: int, facing: int) -> None:
        """The side that gave way comes back to one step off the new best price, so that spreads stay narrow."""
        price = self._worse(side, facing)
        rows = self.book.rows[side]
        if price > 0 and rows and rows[0].price != price:
            self.book.insert(side, Row(price, self._size(0), self.rng.choice(self.instrument.books)))

    def _trade(self, now: float) -> None:
        side = self.rng.randrange(2)
        row = self.book.rows[side][0]
        lot = max(self.instrument.lot, self.instrument.wire_lot)
        size = min(row.size, lot * max(1, round(row.size / lot * self.rng.random())))
        self.record(row.price, size, row.maker, now)
        if size < row.size:
            self.book.resize(side, 0, row.size - size)
        elif len(self.book.rows[side]) > 1:
            self.book.delete(side, 0)

    def record(self, price: int, size: int, maker: str, now: float) -> None:
        """Print a trade on the tape."""
        self.count += 1
        self.trades.append(Trade(self.count, now, price, size, maker))
        self.last, self.last_size, self.last_time = price, size, now
        self.high, self.low = max(self.high, price), min(self.low, price)
        self.volume += size
        self.turnover += float(size) * price

    def _tidy(self) -> None:
        """Every exchange keeps its depth: thin sides grow at the far end, long ones lose their last row."""
        for side in (BID, ASK):
            rows = self.book.rows[side]
            makers = self.instrument.books
            if len(makers) == 1:
                if len(rows) > DEEPEST:
                    self.book.delete(side, len(rows) - 1)
                while rows and len(rows) < DEPTH and self._grow(side, makers[0], rows[-1].price, len(rows)):
                    pass
            else:
                for maker in makers:
                    self._tidy_maker(side, maker)

    def _tidy_maker(self, side: int, maker: str) -> None:
        rows = self.book.rows[side]
        mine = [i for i, row in enumerate(rows) if row.maker == maker]
        if len(mine) > DEEPEST:
            self.book.delete(side, mine.pop())
        if not rows:
            return
        price, depth = (rows[mine[-1]].price if mine else rows[0].price), len(mine)
        while depth < DEPTH and self._grow(side, maker, price, depth):
            price, depth = self._worse(side, price), depth + 1

    def _grow(self, side: int, maker: str, price: int, depth: int) -> bool:
        worse = self._worse(side, price)
        if worse <= 0:
            return False
        self.book.insert(side, Row(worse, self._size(depth), maker))
        return True
