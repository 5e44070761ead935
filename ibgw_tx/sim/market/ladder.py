"""Prices on a market rule's ladder, as integers of the ladder's finest unit: exact, cheap, never off the tick."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal

from attrs import field, frozen


@frozen
class Rule:
    """A market rule: `steps` are (low edge, increment) as decimal texts, edges rising from 0."""

    id: int
    steps: tuple[tuple[str, str], ...]


def _places(texts: list[str]) -> int:
    """Decimals needed to hold every one of these numbers exactly."""
    return max(max(0, -int(Decimal(t).normalize().as_tuple().exponent)) for t in texts)


class Ladder:
    """Steps of one rule in integer units of 10**-places."""

    def __init__(self, steps: tuple[tuple[str, str], ...]) -> None:
        self.places = _places([t for step in steps for t in step])
        self.unit: int = 10**self.places
        self._edges = [int(Decimal(low) * self.unit) for low, _ in steps]
        self._steps = [int(Decimal(inc) * self.unit) for _, inc in steps]
        self._texts: dict[int, str] = {}

    def step_above(self, price: int) -> int:
        """The increment that leads up from a price."""
        return self._steps[max(0, bisect_right(self._edges, price) - 1)]

    def step_below(self, price: int) -> int:
        """The increment that leads down: on an edge the cheaper band's counts."""
        return self._steps[max(0, bisect_left(self._edges, price) - 1)]

    def up(self, price: int) -> int:
        return price + self.step_above(price)

    def down(self, price: int) -> int:
        return price - self.step_below(price)

    def snap(self, price: float) -> int:
        """The nearest price on the ladder, at least one step above zero."""
        raw = max(0, round(price * self.unit))
        step = self.step_above(raw)
        band = self._edges[max(0, bisect_right(self._edges, raw) - 1)]
        return max(step, band + round((raw - band) / step) * step)

    def real(self, price: int) -> float:
        return price / self.unit

    def text(self, price: int) -> str:
        """The price as TWS prints it, without trailing zeros; remembered, since a book repeats its prices."""
        found = self._texts.get(price)
        if found is None:
            found = self._texts[price] = plain(Decimal(price) / self.unit)
        return found


def plain(number: Decimal) -> str:
    """A decimal without exponent or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@frozen
class Rules:
    """The market rules of a catalogue by id, with one ladder for each."""

    rules: dict[int, Rule]
    ladders: dict[int, Ladder] = field(factory=dict)

    def ladder(self, rule_id: int) -> Ladder:
        if rule_id not in self.ladders:
            self.ladders[rule_id] = Ladder(self.rules[rule_id].steps)
        return self.ladders[rule_id]
