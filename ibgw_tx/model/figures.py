"""Numbers as people write them: clean floats from JSON's, exact decimals, and floats that ibapi writes without exponent.

Why: a bot's 0.1 + 0.2 is 0.30000000000000004, ibapi sends `str()` of it, and TWS answers 110 to such a price
(tws-facts 4.9, 9.5); the same `str()` turns a trailing amount of 0.00002 into `2e-05`.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

__all__ = ["LARGEST", "SMALLEST", "PlainFloat", "clean", "exact", "on_wire", "written"]

#: A double keeps 15 significant digits of what was written (DBL_DIG): beyond them is noise, within them nothing changes.
DIGITS = ".15g"

#: Sizes between which a number of an order lies, or is zero; IB's sentinels (1.797e308, 2^127 - 1) are far outside.
LARGEST = 1e15
SMALLEST = 1e-12


def exact(value: float) -> Decimal:
    """The decimal that `value` was written as: 0.30000000000000004 -> Decimal("0.3"). `value` is finite."""
    return Decimal(value) if isinstance(value, int) else Decimal(format(value, DIGITS))


def clean(value: float) -> float:
    """`value` without noise: 0.30000000000000004 -> 0.3. Raises ValueError when no order can have such a number."""
    if not math.isfinite(value) or abs(value) >= LARGEST or 0 < abs(value) < SMALLEST:
        raise ValueError(f"{value!r} is no number for an order")
    return float(exact(value)) + 0.0  # + 0.0: there is no price of -0


def written(value: float | Decimal) -> str:
    """`value` without noise, exponent or idle zeros: "0.3", "0.00002", "100"."""
    text = format(value if isinstance(value, Decimal) else exact(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class PlainFloat(float):
    """A float whose `str()` is `written`: for ibapi's make_field. (orjson refuses subclasses of float: not for Redis.)"""

    def __str__(self) -> str:
        return written(self)


def on_wire(value: Any) -> Any:
    """A member's value as it is to be set on ibapi's objects: floats as PlainFloat, everything else as it is."""
    return PlainFloat(value) if isinstance(value, float) else value
