"""One side of a book as JSON, made anew only where it has changed: most changes rewrite one row of ten. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import orjson

from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.figures import Quantity

_dumps = orjson.dumps

#: (price, size in TWS's lots)
Row: TypeAlias = tuple[float, Quantity]
#: {"p": price, "s": size}
Level: TypeAlias = dict[str, Any]

#: Beyond these a price or a size is one of IB's ways of saying "unset".
_ABSURD = figures.NOTHING_REAL
_ABSURD_SIZE = figures.LARGEST_SIZE


class MadeSide:
    """A side as it was last made. `text` is None while its rows make no publishable side, `best` without a level.

    `direction` 1 wants rising prices (asks), -1 falling ones.
    """

    __slots__ = ("_direction", "_factor", "_merged", "_parts", "best", "rows", "text")

    def __init__(self, direction: int) -> None:
        self.text: bytes | None = b"[]"
        self.best: float | None = None
        self._direction = direction
        self._factor: Quantity = 1
        self._merged = False
        #: What it was made of.
        self.rows: list[Row] = []
        #: The JSON of each row, as long as every row is a level of its own.
        self._parts: list[bytes] | None = []

    def make(self, rows: list[Row], factor: Quantity, merged: bool) -> None:
        """Bring it up to any rows, with sizes times `factor`. `merged`: one price may stand in several rows."""
        known: dict[int, bytes] = {}
        if factor == self._factor and merged == self._merged:
            # Rows that have moved.
            known = dict(zip(map(id, self.rows), self._parts or (), strict=False))
        levels = levels_of(rows, self._direction, factor, merged)
        if levels is None:
            self._parts = self.text = self.best = None
        else:
            whole = len(levels) == len(rows)
            parts = [
                (known.get(id(row)) if whole else None) or level_text(level["p"], level["s"])
                for row, level in zip(rows, levels, strict=False)
            ]
            self._parts = parts if whole else None
            self.text = b"[%b]" % b",".join(parts)
            self.best = levels[0]["p"] if levels else None
        # Last: an object that is gone may leave its id to another.
        self._factor, self._merged, self.rows = factor, merged, rows.copy()

    def rewritten(self, rows: list[Row]) -> bool:
        """Take rows in that were only rewritten, and stay levels in their order; False when it takes `make`."""
        parts, made = self._parts, self.rows
        if parts is None or len(rows) != len(made):
            return False
        rising, factor, last = self._direction > 0, self._factor, len(rows) - 1
        for at, row in enumerate(rows):
            if row is made[at]:
                continue
            price, size = row
            if not (0 < size < _ABSURD_SIZE and -_ABSURD < price < _ABSURD):
                return False
            if at and not (rows[at - 1][0] < price if rising else rows[at - 1][0] > price):
                return False
            if at < last and not (price < rows[at + 1][0] if rising else price > rows[at + 1][0]):
                return False
            if factor == 1 and type(size) is int:
                parts[at] = b'{"p":%b,"s":%d}' % (_dumps(price), size)
            else:
                parts[at] = level_text(price, scaled(size, factor))
            made[at] = row
        self.text = b"[%b]" % b",".join(parts)
        self.best = rows[0][0]
        return True


def level_text(price: float, size: Quantity) -> bytes:
    """A level as JSON, to be kept: what orjson writes holds on to the 16 kB that it was made in, and this is a copy."""
    if type(size) is int:
        return b'{"p":%b,"s":%d}' % (_dumps(price), size)
    return jsontext.dumps_to_keep({"p": price, "s": size})


def levels_of(rows: list[Row], direction: int, factor: Quantity, merged: bool) -> list[Level] | None:
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
