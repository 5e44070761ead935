"""The executed part of an order as JSON for Redis, and back, with every row: a correction finds what it corrects. Pure."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.figures import Quantity, quantity_or_none
from ibgw_tx.orders.cache.fills import Fills
from ibgw_tx.orders.cache.rows import Row

__all__ = ["kept_fills", "read_fills"]

#: What is kept beside the rows and the commission stated.
_PLAIN = ("combo", "account", "_corrected", "_fell")
_PRICES = ("last_price", "_reported_avg")
_EXACT = ("executed", "_reported", "_last_progress", "_history")
_BESIDE = (*_PLAIN, *_PRICES, *_EXACT)


def kept_fills(fills: Fills) -> list[Any]:
    """All of it, but for what TWS has stated in this life only."""
    rows = [[*key, *_row(row)] for key, row in fills.rows.items()]
    stated = None if fills.stated is None else list(fills.stated)
    # Without rows all that was executed is what the order_json says.
    former = [fills.former, fills.former_value] if fills.rows else [0, None]
    return [[getattr(fills, name) for name in _BESIDE], stated, rows, former, None if fills.last is None else list(fills.last)]


def read_fills(kept: Any) -> Fills:
    """Raises TypeError, ValueError or KeyError for what `kept_fills` has not given, in this version or one before."""
    values, stated, rows, *later = kept
    fills = Fills()
    for name, value in zip(_BESIDE, values, strict=True):
        read = _or_none if name in _PRICES else _exact if name in _EXACT else _as_it_is
        setattr(fills, name, read(value))
    if stated is not None:
        fills.stated = _number(stated[0]), str(stated[1])
    for stem, con_id, account, revision, owner, is_bag, five, shares, price, commission, currency, charged, *progress in rows:
        row = Row(revision, owner, is_bag, five, _exact(shares), _number(price), _or_none(commission), currency, charged)
        row.progress = _exact(progress[0]) if progress else 0
        fills.add_row((stem, con_id, account), row)
    if later:
        (former, value), last = later
        fills.former, fills.former_value = _exact(former), _or_none(value)
        fills.last = None if last is None else (str(last[0]), int(last[1]), str(last[2]))
    return fills


def _row(row: Row) -> list[Any]:
    return list(attrs.astuple(row, filter=_is_kept))


def _is_kept(member: Any, _: object) -> bool:
    return bool(member.name != "told_before")


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
