"""The executed part of an order as JSON for Redis, and back, with every row: a correction finds what it corrects. Pure."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.figures import Quantity, quantity_or_none
from ibgw_tx.orders.cache.fills import Fills, Row

__all__ = ["kept_fills", "read_fills"]

#: What is kept beside the rows and the commission stated.
_PLAIN = ("combo", "account", "_corrected", "_fell")
_PRICES = ("last_price", "_reported_avg")
_EXACT = ("executed", "_reported", "_last_progress", "_history")


def kept_fills(fills: Fills) -> list[Any]:
    """All of it."""
    rows = [[*key, *attrs.astuple(row)] for key, row in fills.rows.items()]
    stated = None if fills.stated is None else list(fills.stated)
    return [[getattr(fills, name) for name in (*_PLAIN, *_PRICES, *_EXACT)], stated, rows]


def read_fills(kept: Any) -> Fills:
    """Raises TypeError, ValueError or KeyError for what `kept_fills` has not given."""
    values, stated, rows = kept
    fills = Fills()
    for name, value in zip((*_PLAIN, *_PRICES, *_EXACT), values, strict=True):
        read = _or_none if name in _PRICES else _exact if name in _EXACT else _as_it_is
        setattr(fills, name, read(value))
    if stated is not None:
        fills.stated = _number(stated[0]), str(stated[1])
    for stem, con_id, account, revision, owner, is_bag, five, shares, price, commission, currency, charged in rows:
        row = Row(revision, owner, is_bag, five, _exact(shares), _number(price), _or_none(commission), currency, charged)
        fills.add_row((stem, con_id, account), row)
    return fills


def _as_it_is(value: Any) -> Any:
    return value


def _exact(value: Any) -> Quantity:
    found = quantity_or_none(value)
    if found is None:
        raise ValueError(f"{value!r} is no quantity")
    return found


def _number(value: Any) -> float:
    """A number of JSON, without the text that it came as."""
    return value if type(value) is int else float(value)


def _or_none(value: Any) -> float | None:
    return None if value is None else _number(value)
