"""An order book in rows, and the row messages a subscriber of part of it must get.

Word: a *row* is (price, size, maker), prices as ladder units, sizes in base units, the maker being the exchange it
rests on. The book keeps the rows of every exchange of an instrument in one list for each side; a *view* is what one
kind of subscriber sees of it: all makers (SMART) or one, and the first `limit` rows.

Messages mean what TWS means (tws-facts 5.3): insert moves the rows below down, delete moves them up, and a row pushed
past `limit` is not told about. When a delete lets a deeper row in again, it comes as an insert at the last place.
"""

from __future__ import annotations

from typing import NamedTuple

ASK, BID = 0, 1  # TWS's side codes, also the index of the side's rows
INSERT, UPDATE, DELETE = 0, 1, 2  # TWS's operation codes


class Row(NamedTuple):
    price: int
    size: int
    maker: str


class RowOp(NamedTuple):
    """One depth message without its request id."""

    position: int
    operation: int
    side: int
    price: int
    size: int
    maker: str


class View:
    """The rows of one maker ("" for all) down to `limit`, and the messages since the last `drain`."""

    def __init__(self, book: Book, maker: str, limit: int) -> None:
        self.book, self.maker, self.limit = book, maker, limit
        self.pending: list[RowOp] = []

    def rows(self, side: int) -> list[Row]:
        rows = self.book.rows[side]
        if self.maker:
            rows = [row for row in rows if row.maker == self.maker]
        return rows[: self.limit]

    def opening(self) -> list[RowOp]:
        """The whole view as inserts: what a new subscriber gets first."""
        return [
            RowOp(i, INSERT, side, row.price, row.size, row.maker)
            for side in (BID, ASK)
            for i, row in enumerate(self.rows(side))
        ]

    def drain(self) -> list[RowOp]:
        ops, self.pending = self.pending, []
        return ops

    def note(self, operation: int, side: int, index: int, row: Row) -> None:
        """Follow one edit of the book, already done there, at `index` of all the side's rows."""
        if self.maker:
            if row.maker != self.maker:
                return
            index = sum(1 for other in self.book.rows[side][:index] if other.maker == self.maker)
        if index >= self.limit:
            return
        if operation == DELETE:
            self.pending.append(RowOp(index, DELETE, side, 0, 0, row.maker))
            self._let_in(side)
        else:
            self.pending.append(RowOp(index, operation, side, row.price, row.size, row.maker))

    def _let_in(self, side: int) -> None:
        rows = self.book.rows[side] if not self.maker else self.rows(side)
        if len(rows) >= self.limit:
            row = rows[self.limit - 1]
            self.pending.append(RowOp(self.limit - 1, INSERT, side, row.price, row.size, row.maker))


class Book:
    """Both sides, best row first, equal prices in order of arrival. Every change goes through the three edits."""

    def __init__(self) -> None:
        self.rows: tuple[list[Row], list[Row]] = ([], [])
        self._views: dict[tuple[str, int], tuple[View, int]] = {}

    def watch(self, maker: str, limit: int) -> View:
        """A view shared by all who watch the same; give it back with `unwatch`."""
        view, users = self._views.get((maker, limit)) or (View(self, maker, limit), 0)
        self._views[maker, limit] = view, users + 1
        return view

    def unwatch(self, view: View) -> None:
        key = view.maker, view.limit
        _, users = self._views[key]
        if users > 1:
            self._views[key] = view, users - 1
        else:
            del self._views[key]

    @property
    def watched(self) -> bool:
        return bool(self._views)

    def insert(self, side: int, row: Row) -> None:
        """Put a row behind those as good as it."""
        rows = self.rows[side]
        if side == BID:
            index = next((i for i, other in enumerate(rows) if other.price < row.price), len(rows))
        else:
            index = next((i for i, other in enumerate(rows) if other.price > row.price), len(rows))
        rows.insert(index, row)
        self._tell(INSERT, side, index, row)

    def resize(self, side: int, index: int, size: int) -> None:
        self.replace(side, index, self.rows[side][index]._replace(size=size))

    def replace(self, side: int, index: int, row: Row) -> None:
        """Overwrite a row in place; its maker must stay the same, or a view of one maker would miss it."""
        self.rows[side][index] = row
        self._tell(UPDATE, side, index, row)

    def delete(self, side: int, index: int) -> None:
        row = self.rows[side].pop(index)
        self._tell(DELETE, side, index, row)

    def rewrite(self, side: int, wanted: list[Row]) -> None:
        """Make a side exactly these rows, in place where the maker is the same; it is never empty on the way."""
        rows = self.rows[side]
        for index, row in enumerate(wanted):
            if index == len(rows) or rows[index].maker != row.maker:
                rows.insert(index, row)
                self._tell(INSERT, side, index, row)
            elif rows[index] != row:
                self.replace(side, index, row)
        while len(rows) > len(wanted):
            self.delete(side, len(rows) - 1)

    def best(self, side: int) -> tuple[int, int] | None:
        """Best price and the size there over all makers; None when the side is empty."""
        rows = self.rows[side]
        if not rows:
            return None
        price, size = rows[0].price, 0
        for row in rows:
            if row.price != price:
                break
            size += row.size
        return price, size

    def _tell(self, operation: int, side: int, index: int, row: Row) -> None:
        for view, _ in self._views.values():
            view.note(operation, side, index, row)
