"""Numbers as people write them: clean floats from JSON's, exact decimals, and floats that ibapi writes without exponent.

Why: a bot's 0.1 + 0.2 is 0.30000000000000004, ibapi sends `str()` of it, and TWS answers 110 to such a price
(tws-facts 4.9, 9.5); the same `str()` turns a trailing amount of 0.00002 into `2e-05`.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

#: A quantity, a size or a volume, exact: an int where it is whole (fast on the path of books), else the decimal that was written.
Quantity: TypeAlias = int | Decimal

#: A double keeps 15 significant digits of what was written (DBL_DIG): beyond them is noise, within them nothing changes.
DIGITS = ".15g"

#: Sizes between which a number of an order lies, or is zero; IB's sentinels (1.797e308, 2^127 - 1) are far outside.
LARGEST = 1e15
SMALLEST = 1e-12


def exact(value: float | Decimal) -> Decimal:
    """The decimal that `value` was written as: 0.30000000000000004 -> Decimal("0.3"). `value` is finite."""
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(format(value, DIGITS))


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
    """A member's value as it is to be set on ibapi's objects: floats as PlainFloat, decimals as text without exponent."""
    if isinstance(value, Decimal):
        return written(value)
    return PlainFloat(value) if isinstance(value, float) else value


#: IB's ways of saying "unset" (tws-facts 4.10).
UNSET_DOUBLE = 1.7976931348623157e308
UNSET_INTEGER = 2147483647
UNSET_LONG = 2**63 - 1
UNSET_DECIMAL = 2**127 - 1

_UNSET_SIZES = frozenset({UNSET_INTEGER, UNSET_LONG, UNSET_DECIMAL, float(UNSET_LONG), float(UNSET_DECIMAL)})
_LARGEST_INT = 2**53  # beyond it a float is no exact integer, and JSON ends at 64 bits
#: IB's sentinel is larger; nothing of this size is a price, or a figure of an order.
NOTHING_REAL = 1e300
_SIZE_DIGITS = 15
#: From here on a size is IB's "unset" (2^63 - 1, 2^127 - 1, 1.797e308), not a size.
LARGEST_SIZE = 10**_SIZE_DIGITS
#: IB's sizes have eight decimals (crypto); a text with more than these, and more digits than a double keeps, is a double's noise.
_PLACES, _DIGITS = 10, 15
#: What stands in a book's row for a size that cannot be read: it makes no publishable book while it is there.
NO_SIZE = -1


def known(value: Any) -> Any:
    """`value`, or None when it is one of IB's sentinels or not finite."""
    if isinstance(value, float) and (not math.isfinite(value) or value >= UNSET_DOUBLE):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value in (UNSET_INTEGER, UNSET_LONG, UNSET_DECIMAL):
        return None
    if isinstance(value, Decimal) and (not value.is_finite() or value in _UNSET_SIZES or abs(value) >= NOTHING_REAL):
        return None
    return value


def is_unset(value: Any) -> bool:
    """Whether a number, or a text of one, is a sentinel of IB's: TWS would read it as none given."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return math.isfinite(found) and (found in _UNSET_SIZES or abs(found) >= NOTHING_REAL)


def number_or_none(value: Any) -> float | None:
    """A number TWS sent (float, int, Decimal or text): an int when whole; None for every way of saying "unset" and for no number.

    The one place that knows IB's sentinels: 1.797e308, 2147483647, 2^63-1, 2^127-1, NaN and Infinity (tws-facts 4.10).
    """
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(found) or abs(found) >= NOTHING_REAL or found in _UNSET_SIZES:
        return None
    return int(found) if found == int(found) and abs(found) < _LARGEST_INT else found


def tidy(value: float) -> float:
    """An int when integral, else without the noise of float sums: 100.0 -> 100, 0.1 + 0.2 -> 0.3."""
    rounded = round(value, 10)
    return int(rounded) if rounded == int(rounded) and abs(rounded) < _LARGEST_INT else rounded


def charge(value: Any) -> float | None:
    """A commission: -1 is "none yet" (tws-facts 4.8). A rebate of exactly 1 is lost: better than a lie."""
    found = number_or_none(value)
    return None if found == -1 else found


def order_id(value: Any) -> int:
    """An order, client or perm id; 0 for none: TWS writes 0, 2147483647 (manual executions) or 2^63-1."""
    found = int(value or 0)
    return 0 if found in (UNSET_INTEGER, UNSET_LONG) else found


def whole(value: float) -> float:
    """An int when it is a whole number that a float holds exactly."""
    return int(value) if value == int(value) and abs(value) < _LARGEST_INT else value


def normal(value: Quantity) -> Quantity:
    """An int where it is whole: of two equal quantities both are written alike."""
    if isinstance(value, int):
        return value
    found = int(value)
    return found if found == value else value


def _decimal(value: Any) -> Decimal:
    """As `value` was written; ValueError for what is no number."""
    # A float of json_text.NumberText writes the text that it was read from.
    text = value.decode("latin-1") if isinstance(value, bytes) else repr(value) if isinstance(value, float) else value
    try:
        found = Decimal(text)
    except (InvalidOperation, TypeError):
        raise ValueError(f"{value!r} is no number") from None
    if found.is_nan():
        raise ValueError(f"a quantity of {value!r}")
    return found


def quantity(value: Any) -> Quantity:
    """The exact number that `value` (text, bytes, int, float, Decimal) was written as: `1E-8` and `1E+3` are numbers, and a
    float has the digits that it is written with. ValueError for what is none, or LARGEST_SIZE or more.
    """
    found = size_or_none(value)
    if found is None:
        raise ValueError(f"{value!r} is no quantity")
    return found


def quantity_or_none(value: Any) -> Quantity | None:
    """A quantity that TWS has told; None for every way of saying "unset" and for no number."""
    try:
        return size_or_none(value)
    except ValueError:
        return None


def size_or_none(value: Any) -> Quantity | None:
    """A size TWS tells, as text or not; None for every way of saying "unset". Raises ValueError for what is no number at all."""
    if isinstance(value, bytes) and value.isdigit():
        value = int(value)
    found = value if isinstance(value, int) else _decimal(value)
    if isinstance(found, Decimal):
        if found.is_infinite() or found.adjusted() >= _SIZE_DIGITS:
            return None
        if int(found.as_tuple().exponent) < -_PLACES and len(found.as_tuple().digits) > _DIGITS:
            found = exact(float(found))
    return None if abs(found) >= LARGEST_SIZE or found in _UNSET_SIZES else normal(found)


def row_size(value: Any) -> Quantity:
    """`size_or_none` for a row of a book, whose place counts even when its size cannot be read: NO_SIZE then."""
    found = size_or_none(value)
    return NO_SIZE if found is None else found


def price_or_none(value: Any) -> float | None:
    """A price TWS tells; None for IB's sentinel. Raises ValueError for what is no number at all."""
    found = float(value)
    if math.isnan(found):
        raise ValueError(f"a price of {value!r}")
    return None if abs(found) >= NOTHING_REAL else found
