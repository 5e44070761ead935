"""Which prices an exchange takes: IB's market rules, exact with Decimal, without I/O.

A rule is a ladder of bands; a price belongs to the band with the greatest `low_edge` that is not above it and must be a
multiple of that band's increment (tws-facts 4.9). Rules are stated in the contract's currency, while prices of orders and
of market data are `priceMagnifier` times that (corn: rule 0.0025 USD, magnifier 100, prices in cents on a grid of 0.25):
every function here takes the price as an order has it, with the magnifier beside it.

An empty rule means that nothing is known (combos have no contract details): then every price passes, and TWS decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import attrs

from ibgw_tx.model.figures import LARGEST, SMALLEST, exact

__all__ = ["BadRule", "Band", "Rule", "flat_rule", "increment_at", "is_on_tick", "neighbours", "parse_rule", "rule_id_for"]


class BadRule(ValueError):
    """A market rule that cannot be read; the text says what is wrong with it."""


@attrs.frozen
class Band:
    """Prices from `low_edge` up to the next band move by `increment` (both in the contract's currency)."""

    low_edge: Decimal
    increment: Decimal


#: Bands by rising low_edge; () when nothing is known.
Rule = tuple[Band, ...]


def parse_rule(rows: object) -> Rule:
    """A rule as section 5 keeps it: `[{"low_edge": 0, "price_increment": 0.01}, ...]`, in any order.

    Bands without a usable increment (0 or less, or finer than any price) say nothing and are left out. Raises BadRule for
    any other shape.
    """
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes | Mapping):
        raise BadRule(f"a market rule is a list of bands, not {type(rows).__name__}")
    bands = (_band(row) for row in rows)
    return tuple(sorted((band for band in bands if band.increment >= SMALLEST), key=lambda band: band.low_edge))


def flat_rule(min_tick: float) -> Rule:
    """The rule of a contract that names none: its minTick from zero on; () when TWS gave no minTick (0, unset)."""
    if not math.isfinite(min_tick) or not SMALLEST <= min_tick < LARGEST:
        return ()
    return (Band(Decimal(0), exact(min_tick)),)


def rule_id_for(exchange: str, valid_exchanges: str, market_rule_ids: str) -> int | None:
    """The id of the rule that holds on `exchange`: the two lists of ContractDetails go in step (tws-facts 6.3).

    None when the exchange is not listed, its id is no number, or the lists differ in length: then no entry can be trusted and
    the contract's minTick (`flat_rule`), the finest of all its ticks, is all that can be held against a price.
    """
    names, ids = valid_exchanges.split(","), market_rule_ids.split(",")
    if len(names) != len(ids):
        return None
    by_name = {name.strip().upper(): text.strip() for name, text in zip(names, ids, strict=True)}
    text = by_name.get((exchange or "SMART").strip().upper(), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def increment_at(price: float | Decimal, rule: Rule, magnifier: int = 1) -> Decimal | None:
    """The step of prices at `price`, in the order's units; None when the rule is empty."""
    if not rule:
        return None
    return _band_at(_as_decimal(price), rule, magnifier).increment


def is_on_tick(price: float | Decimal, rule: Rule, magnifier: int = 1) -> bool:
    """Whether an order may have this price (finite, below LARGEST); True for an empty rule."""
    if not rule:
        return True
    value = _as_decimal(price)
    band = _band_at(value, rule, magnifier)
    # Edges of real ladders are multiples of their increments. Where one is not, either grid will do: TWS has the last word.
    return value % band.increment == 0 or (value - band.low_edge) % band.increment == 0


def neighbours(price: float | Decimal, rule: Rule, magnifier: int = 1) -> tuple[Decimal, Decimal]:
    """The nearest prices on the tick at or below and above `price` in its band, for a refusal that helps. `rule` not empty."""
    step = increment_at(price, rule, magnifier)
    assert step is not None, "an empty rule has no ticks"
    below = (_as_decimal(price) / step).to_integral_value(ROUND_FLOOR) * step
    return below, below + step


def _band(row: object) -> Band:
    if not isinstance(row, Mapping):
        raise BadRule(f"a band is an object with low_edge and price_increment, not {row!r}")
    return Band(_edge(row, "low_edge"), _edge(row, "price_increment"))


def _edge(row: Mapping[str, Any], name: str) -> Decimal:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) >= LARGEST:
        raise BadRule(f"{name} of a band is a number, not {value!r}")
    return exact(value)


def _band_at(value: Decimal, rule: Rule, magnifier: int) -> Band:
    """The band of an order's price, in the order's units."""
    scale = max(magnifier, 1)  # TWS says 1, and 0 where it says nothing
    # A price below every edge (a combo at -2.45 against edges from 0 on) is held to the lowest band: on no real ladder is
    # there a finer one, so nothing legal is refused.
    found = rule[0]
    for band in rule:
        if band.low_edge * scale > value:
            break
        found = band
    return Band(found.low_edge * scale, found.increment * scale)


def _as_decimal(price: float | Decimal) -> Decimal:
    return price if isinstance(price, Decimal) else exact(price)
