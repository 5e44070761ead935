"""TWS's echo of an order (openOrder), freed of what it fills into fields that are not set. Pure.

ibapi 9.81.1 reads an empty number as 0.0 in several fields (tws-facts 9.4), TWS writes `None` and `?` for texts that are not set,
and it shows prices that an order's type does not have (tws-facts 4.5). Sent back, each of them would be a change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibgw_tx.model.figures import known
from ibgw_tx.model.order_members import ATTACHED, FIELDS, GATEWAY_OWNED, NEVER_SENT
from ibgw_tx.model.order_types import PRICES, price_told

__all__ = ["ADJUSTMENT", "usable", "without_own_group"]

#: What an order says that shall become another type when a price is reached.
ADJUSTMENT = (
    "adjustedOrderType", "triggerPrice", "adjustedStopPrice", "adjustedStopLimitPrice", "adjustedTrailingAmount",
    "adjustableTrailingUnit",
)  # fmt: skip

#: Fields whose zero in an echo means "not set" (tws-facts 9.4).
_IDLE_ZEROS = frozenset({
    "trailStopPrice", "triggerPrice", "lmtPriceOffset", "adjustedStopPrice", "adjustedStopLimitPrice",
    "adjustedTrailingAmount", "cashQty", "volatility", "trailingPercent", "minQty",
    "scaleInitLevelSize", "scaleSubsLevelSize", "scalePriceIncrement", "volatilityType", "referencePriceType",
})  # fmt: skip
_UNUSABLE = GATEWAY_OWNED | NEVER_SENT | ATTACHED
#: permIds are not shorter; the type of a group that TWS makes: reduce, without block.
_PERM_ID_DIGITS, _REDUCE = 6, 3
#: Texts that TWS writes for "not set", and the members that are people's own words, where they could be meant.
_NO_TEXT = ("None", "?")
_OWN_WORDS = ("orderRef", "ocaGroup", "account")


def usable(echo: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an echo that may be sent back as they are."""
    kind = str(echo.get("orderType") or "")
    found = {name: value for name, value in echo.items() if _is_set(name, value, kind)}
    if found.get("orderComboLegs") and not found.get("lmtPrice"):
        found.pop("lmtPrice", None)  # a combo with a price for each leg has none for itself
    return found


def without_own_group(members: Mapping[str, Any], is_perm_id: Callable[[str], bool]) -> dict[str, Any]:
    """`members` less a group that TWS has made: the children of one parent, named by the parent's permId. Sent back it is a
    change, and refused (105). `is_perm_id` knows the orders of late; of an older parent the name's look and TWS's type tell."""
    group = str(members.get("ocaGroup") or "")
    looks_like_one = bool(members.get("parentId")) or (len(group) >= _PERM_ID_DIGITS and members.get("ocaType") == _REDUCE)
    made_by_tws = group.isdecimal() and (looks_like_one or is_perm_id(group))
    return {name: value for name, value in members.items() if not (made_by_tws and name in ("ocaGroup", "ocaType"))}


def _is_set(name: str, value: Any, kind: str) -> bool:
    if name not in FIELDS or name in _UNUSABLE or known(value) is None or (not value and name in _IDLE_ZEROS):
        return False
    if name in PRICES:
        return price_told(kind, name, value) is not None
    return value not in _NO_TEXT or name in _OWN_WORDS
