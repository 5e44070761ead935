"""How the fields of one request lie on the wire: the words that layouts are made of, and the reader of them.

A layout lists fields in the order of the wire. `since` is the first server version that has a field; `when` says,
from the fields already read, whether it is there at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import frozen

INT_MAX = 2**31 - 1  # ids live in a signed 32-bit space; TWS answers 320 to a larger one
# IB's "no value" among doubles begins here, either sign: its clients write the largest double, 1.7976931348623157e308, with
# fewer digits as they please (.NET 1.79769313486232E+308), so that it is a little smaller, or reads as infinite.
UNSET_FROM = 1.797e308
ENDLESS = frozenset({"infinite", "infinity", "inf"})  # spelled out; 2e308 is none
MOST = 1000  # entries of a list inside a request

Kind = Callable[[Iterator[str]], Any]


class BadRequest(Exception):
    """A field cannot be read: `cause` is worded as TWS words it, `req_id` is -1 until the id was read."""

    def __init__(self, name: str, req_id: int, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name, self.req_id, self.cause = name, req_id, cause


def text(fields: Iterator[str]) -> str:
    return next(fields)


def whole(fields: Iterator[str]) -> int:
    raw = next(fields)
    value = int(raw) if raw.strip() else 0
    if not -INT_MAX - 1 <= value <= INT_MAX:
        raise ValueError(raw)
    return value


def real(fields: Iterator[str]) -> float:
    """0 for empty and for IB's unset double."""
    return maybe_real(fields) or 0.0


def boolean(fields: Iterator[str]) -> bool:
    return next(fields).strip().lower() in ("1", "true")


def rest(fields: Iterator[str]) -> tuple[str, ...]:
    return tuple(fields)


def maybe_whole(fields: Iterator[str]) -> int | None:
    """None for empty and for IB's unset integer."""
    raw = next(fields)
    if not raw.strip():
        return None
    value = whole(iter([raw]))
    return None if value == INT_MAX else value


def maybe_real(fields: Iterator[str]) -> float | None:
    """None for empty and for IB's unset double, which infinity is too; NaN is no number."""
    raw = next(fields)
    if not raw.strip():
        return None
    value = float(raw)
    if math.isnan(value):
        raise ValueError(raw)
    return None if abs(value) >= UNSET_FROM else value


def exact(fields: Iterator[str]) -> Fraction | None:
    """As maybe_real, with every digit: an amount."""
    raw = next(fields)
    near = maybe_real(iter([raw]))
    return None if near is None else Fraction(raw.strip()) if near else Fraction(0)  # 1e-999999999 is not reckoned out


def maybe_infinite(fields: Iterator[str]) -> float | None:
    """As maybe_real, but an infinity in words is a number: IB writes Infinity, ib_async Infinite."""
    raw = next(fields)
    return math.inf if raw.strip().lower() in ENDLESS else maybe_real(iter([raw]))


def neutral(fields: Iterator[str]) -> tuple[int, float, float] | None:
    """A delta-neutral contract: a flag and, when set, conId, delta and price."""
    return (whole(fields), real(fields), real(fields)) if boolean(fields) else None


def several(one: Kind) -> Kind:
    """A count, then so many of one kind."""
    return lambda fields: tuple(one(fields) for _ in range(min(whole(fields), MOST)))


def pair(fields: Iterator[str]) -> tuple[str, str]:
    return next(fields), next(fields)


@frozen
class F:
    """A field of a layout, on the wire from server version `since` and before `until`.

    `otherwise` is its value where it is not on the wire because of its version or of `when`.
    """

    name: str
    kind: Kind = text
    since: int = 0
    when: Callable[[Mapping[str, Any]], bool] | None = None
    otherwise: Any = None
    until: int = 10_000


def read(name: str, layout: tuple[F, ...], stream: Iterator[str], server_version: int) -> dict[str, Any]:
    """Values by field name; raises BadRequest."""
    values: dict[str, Any] = {}
    for one in layout:
        if not one.since <= server_version < one.until:
            if one.otherwise is not None:
                values[one.name] = one.otherwise
            continue
        if one.when is not None and not one.when(values):
            values[one.name] = one.otherwise
            continue
        try:
            values[one.name] = one.kind(stream)
        except StopIteration:
            # A trailing field left off reads as empty: older clients do not know the newest ones.
            if one.name not in ("options", "capabilities"):
                raise BadRequest(name, values.get("req_id", -1), "Unexpected end of the message") from None
        except (ValueError, OverflowError, RuntimeError) as e:
            # RuntimeError: StopIteration inside a list, as Python rewords it.
            raise BadRequest(name, values.get("req_id", -1), cause(e)) from None
    return values


def cause(error: Exception) -> str:
    """Java's NumberFormatException text, which is what TWS passes on."""
    if isinstance(error, RuntimeError):
        return "Unexpected end of the message"
    raw = str(error).rsplit(": ", 1)[-1].strip("'\"")
    return f'For input string: "{raw}"'
