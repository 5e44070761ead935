"""Made-up books that TWS could send: rows, changes to them, and what they are in the end. Pure; prices in cents.

A side has ten rows, each in a slot of ten cents; row 0 is the best. Nearly all changes rewrite a row in place within its
slot. Now and then a row is deleted, the level behind the last one comes into view, and later the deleted one comes back and
pushes the last one out: inserts and deletes that keep every state sorted and uncrossed.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

INSERT, UPDATE, DELETE = 0, 1, 2
ASK, BID = 0, 1
ROWS = 10

#: Chances of a change to open a hole, and to close one.
DELETE_CHANCE, RETURN_CHANCE = 0.02, 0.2

#: Cents between the middle and the best slot, and the width of a slot.
_HALF_SPREAD, _SLOT = 5, 10

#: (price, size), best first
Levels = list[tuple[float, float]]


class Change(NamedTuple):
    """One row message; the size is its stamp (0 in a delete)."""

    operation: int
    side: int
    row: int
    cents: int
    size: int


class _Side:
    """Rows as (cents, size), and the slot each stands in."""

    def __init__(self, side: int, middle: int) -> None:
        self.rows: list[tuple[int, int]] = []
        self._side = side
        self._direction = -1 if side == BID else 1
        self._middle = middle
        self._slots: list[int] = []
        self._missing: int | None = None

    def fill(self, random: Random, stamp: int) -> Change:
        return self._insert(len(self.rows), len(self.rows), random, stamp)

    def change(self, random: Random, stamp: int) -> Change:
        chance = random.random()
        if len(self.rows) < ROWS:
            return self._insert(ROWS - 1, ROWS, random, stamp)
        if self._missing is not None and chance < RETURN_CHANCE:
            slot, self._missing = self._missing, None
            return self._insert(slot, slot, random, stamp)
        if self._missing is None and chance < DELETE_CHANCE:
            return self._delete(random.randrange(ROWS))
        return self.rewrite(random.randrange(ROWS), random, stamp)

    def rewrite(self, row: int, random: Random, stamp: int) -> Change:
        cents = self._cents(self._slots[row], random)
        self.rows[row] = cents, stamp
        return Change(UPDATE, self._side, row, cents, stamp)

    def _insert(self, row: int, slot: int, random: Random, stamp: int) -> Change:
        cents = self._cents(slot, random)
        self.rows.insert(row, (cents, stamp))
        self._slots.insert(row, slot)
        del self.rows[ROWS:], self._slots[ROWS:]
        return Change(INSERT, self._side, row, cents, stamp)

    def _delete(self, row: int) -> Change:
        del self.rows[row]
        self._missing = self._slots.pop(row)
        return Change(DELETE, self._side, row, 0, 0)

    def _cents(self, slot: int, random: Random) -> int:
        return self._middle + self._direction * (_HALF_SPREAD + _SLOT * slot + random.randrange(_SLOT))


class Book:
    """One made-up book."""

    def __init__(self, symbol: str, number: int) -> None:
        self.symbol = symbol
        self.last_stamp = 0
        middle = 10_000 + 100 * number
        self.sides = {BID: _Side(BID, middle), ASK: _Side(ASK, middle)}

    def shown(self) -> Iterator[Change]:
        """The rows as they stand, for who begins to look."""
        for side, has in self.sides.items():
            for row, (cents, stamp) in enumerate(has.rows):
                yield Change(INSERT, side, row, cents, stamp)

    def levels(self) -> tuple[Levels, Levels]:
        """(bids, asks) as they have to arrive."""
        bids, asks = ([(cents / 100, size) for cents, size in self.sides[side].rows] for side in (BID, ASK))
        return bids, asks


class Market:
    """Books by number, changed in turn; `stamp` is the last number given out."""

    def __init__(self, symbols: list[str], seed: int = 1) -> None:
        self.books = [Book(symbol, number) for number, symbol in enumerate(symbols)]
        self.stamp = 0
        self._random = Random(seed)

    def initial(self) -> Iterator[tuple[Book, Change]]:
        """The rows of every book, best first."""
        for book in self.books:
            for _ in range(ROWS):
                for side in (BID, ASK):
                    yield book, book.sides[side].fill(self._random, self._next(book))

    def updates(self, count: int) -> Iterator[tuple[Book, Change]]:
        """`count` changes, books in turn; each book's last one rewrites its best bid, so that its stamp is seen."""
        books, random = self.books, self._random
        for number in range(count):
            book = books[number % len(books)]
            stamp = self._next(book)
            if number < count - len(books):
                yield book, book.sides[random.randrange(2)].change(random, stamp)
            else:
                yield book, book.sides[BID].rewrite(0, random, stamp)

    def change(self, number: int) -> tuple[Book, Change]:
        """One more change, of the book that is next after `number` others."""
        book = self.books[number % len(self.books)]
        return book, book.sides[self._random.randrange(2)].change(self._random, self._next(book))

    def _next(self, book: Book) -> int:
        self.stamp += 1
        book.last_stamp = self.stamp
        return self.stamp
