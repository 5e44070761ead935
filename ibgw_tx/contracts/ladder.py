"""A market rule made ready for many prices: whole numbers in place of decimals, where a float can decide at all. Pure.

A price of a bot is a float. Counted in the finest step of the rule (a power of ten) it is a whole number, or the float is that of
a price with more decimals. Only where the quotient of two whole numbers is the float itself is it known which price was written,
because a double keeps 15 digits of a decimal; everything else is left to `market_rule`, which is exact.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from functools import lru_cache

import attrs

from ibgw_tx.contracts.market_rule import Rule

__all__ = ["Ladder", "ladder_of"]

#: Decimals of the finest step there may be, and the whole numbers up to which a double keeps every digit.
_DECIMALS, _EXACT = 9, 10**15


@attrs.frozen
class Ladder:
    """`edges` and `steps` of the bands, lowest first, in units of 1 / `scale`; none at all where every price passes."""

    scale: int = 1
    edges: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()

    def is_on_tick(self, price: float) -> bool:
        """Whether an order may have this price (clean, above zero) for sure. False: it may not, or floats cannot decide."""
        if not self.steps:
            return True
        count = round(price * self.scale)
        if count / self.scale != price or count >= _EXACT:
            return False
        place = max(bisect_right(self.edges, count) - 1, 0)
        step = self.steps[place]
        return not count % step or not (count - self.edges[place]) % step


@lru_cache(maxsize=1000)
def ladder_of(rule: Rule, magnifier: int = 1) -> Ladder | None:
    """The ladder of a rule for prices as orders have them; None for one that is finer than floats can decide."""
    times = max(magnifier, 1)
    figures = [(band.low_edge * times, band.increment * times) for band in rule]
    decimals = max((_decimals(value) for pair in figures for value in pair), default=0)
    if decimals > _DECIMALS:
        return None
    scale = 10**decimals
    return Ladder(scale, tuple(int(edge * scale) for edge, _ in figures), tuple(int(step * scale) for _, step in figures))


def _decimals(value: Decimal) -> int:
    return max(-int(value.normalize().as_tuple().exponent), 0)
