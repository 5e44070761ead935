"""What has been told of executions, by their names: some 90 bytes each, since TWS repeats days of them. Pure.

Names are kept as hashes of 64 bits; the shell has them, and the same figures, in Redis.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from typing import Any

import attrs

from ibgw_tx.model.figures import Quantity, exact, normal, quantity_or_none, tidy
from ibgw_tx.model.order_events import Commission
from ibgw_tx.orders.cache.archive import hash_of
from ibgw_tx.orders.cache.number_table import NumberTable

__all__ = ["Kept", "ToldExecutions"]

_HOUR = 3_600_000  # ms
_NOTHING = math.nan


@attrs.frozen
class Kept:
    """What has been told of an execution: when (epoch ms), its commission as far as TWS has told it, and its figures.

    `shares` and `price` are None in what an older gateway has kept.
    """

    t: int
    commission: float | None = None
    currency: str = ""
    realized: float | None = None
    shares: Quantity | None = None
    price: float | None = None

    @classmethod
    def parsed(cls, value: Any) -> Kept | None:
        """From the JSON of Redis; None for what is none."""
        if not isinstance(value, list) or len(value) not in (4, 6) or not isinstance(value[0], int) or not 0 <= value[0] < 2**53:
            return None
        # True is no figure.
        figures = [each if type(each) in (int, float) else None for each in (value[1], value[3], *value[4:])]
        shares, price = figures[2:] or (None, None)
        currency = value[2] if isinstance(value[2], str) else ""
        return cls(value[0], figures[0], currency, figures[1], quantity_or_none(shares), price)

    def written(self) -> list[Any]:
        """As JSON for Redis."""
        figures = [] if self.shares is None else [self.shares, self.price]
        return [self.t, self.commission, self.currency, self.realized, *figures]

    def charged(self, said: Commission | None) -> Kept:
        """With what TWS says of its commission; a figure that is left out this time stays."""
        if said is None or said.commission is None:
            return self
        realized = self.realized if said.realizedPnl is None else tidy(said.realizedPnl)
        return attrs.evolve(self, commission=tidy(said.commission), currency=said.currency, realized=realized)


class ToldExecutions:
    """Records by key, and of each execution the highest revision that was told."""

    def __init__(self) -> None:
        self._at = NumberTable()
        self._revisions = NumberTable()
        self._times = array("q")
        self._commissions, self._realized = array("d"), array("d")
        self._shares, self._prices = array("d"), array("d")
        self._currencies = array("H")
        self._names: list[str] = []  # of currencies
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: str) -> bool:
        return bool(self._at.of(hash_of(key)))

    def get(self, key: str) -> Kept | None:
        """What was told under this key."""
        found = self._at.of(hash_of(key))
        if not found:
            return None
        at = found[0]
        currency = self._names[self._currencies[at]]
        figures = _figure(self._realized[at]), *self._figures(at)
        return Kept(self._times[at], _figure(self._commissions[at]), currency, *figures)

    def figures(self, key: str) -> tuple[Quantity | None, float | None] | None:
        """Shares and price of what was told under this key: None and None when they were not kept."""
        found = self._at.of(hash_of(key))
        return self._figures(found[0]) if found else None

    def _figures(self, at: int) -> tuple[Quantity | None, float | None]:
        shares = self._shares[at]
        if math.isnan(shares):
            return None, None
        quantity = int(shares) if shares.is_integer() else normal(exact(shares))
        return quantity, _figure(self._prices[at])

    def put(self, key: str, kept: Kept) -> None:
        """That it was told."""
        found = self._at.of(hash_of(key))
        at = found[0] if found else self._place()
        if not found:
            self._at.add(hash_of(key), at)
        if kept.currency not in self._names:
            self._names.append(kept.currency)
        self._times[at], self._currencies[at] = kept.t, self._names.index(kept.currency)
        self._commissions[at] = _NOTHING if kept.commission is None else kept.commission
        self._realized[at] = _NOTHING if kept.realized is None else kept.realized
        self._shares[at] = _NOTHING if kept.shares is None else float(kept.shares)
        self._prices[at] = _NOTHING if kept.price is None else kept.price

    def _place(self) -> int:
        if self._free:
            return self._free.pop()
        for column in (self._times, self._currencies):
            column.append(0)
        for figures in (self._commissions, self._realized, self._shares, self._prices):
            figures.append(_NOTHING)
        return len(self._times) - 1

    def drop(self, key: str) -> None:
        """It need be known no longer."""
        for at in self._at.of(hash_of(key)):
            self._at.discard(hash_of(key), at)
            self._times[at] = 0
            self._free.append(at)

    def revision(self, name: tuple[str, str]) -> int:
        """The highest that was told of this execution; -1 for none."""
        found = self._revisions.of(hash_of(*name))
        return found[0] if found else -1

    def note(self, name: tuple[str, str], revision: int) -> None:
        """A revision was told."""
        known = self.revision(name)
        if revision > known:
            if known >= 0:
                self._revisions.discard(hash_of(*name), known)
            self._revisions.add(hash_of(*name), revision)

    def forget(self, name: tuple[str, str]) -> None:
        """Nothing was told of this execution."""
        for revision in self._revisions.of(hash_of(*name)):
            self._revisions.discard(hash_of(*name), revision)

    def begin_of(self, most: int) -> int:
        """The time (ms, a whole hour) from which on there are at most so many."""
        hours = Counter(time // _HOUR for time in self._times if time)
        left = 0
        for hour in sorted(hours, reverse=True):
            left += hours[hour]
            if left > most:
                return (hour + 1) * _HOUR
        return 0

    def oldest(self) -> int:
        """When the oldest was told; a far future for none."""
        return min((time for time in self._times if time), default=2**62)


def _figure(value: float) -> float | None:
    return None if math.isnan(value) else tidy(value)
