"""Changing a live order: its last known terms with what the bot changes, without I/O.

TWS takes a modify as placeOrder with the same id and *every* field again (tws-facts 4.5), so what the bot leaves out must
come from the live order: from what was sent, or, for an order of another session or placed by hand, from TWS's echo, whose
empty fields 9.81.1 reads as 0.0 (tws-facts 9.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ibgw_tx.model.errors import UNAVAILABLE, CommandError
from ibgw_tx.model.figures import known, written
from ibgw_tx.model.order_members import FIELDS, GATEWAY_OWNED, NEVER_SENT
from ibgw_tx.orders.entry.order_types import TYPES, normal_type, spoken, without_foreign_prices
from ibgw_tx.orders.entry.terms import OrderTerms
from ibgw_tx.orders.entry.values import READERS, refusal, shown

__all__ = ["FIXED", "modified"]

#: What TWS does not let change on a live order (105, 422, 440, 10341), and `orderRef`, by which the bot knows it.
FIXED = (
    "action", "account", "orderRef", "parentId", "ocaGroup", "hedgeType", "algoStrategy", "faGroup", "faProfile", "faMethod",
    "modelCode", "settlingFirm", "clearingAccount", "clearingIntent", "openClose", "origin",
)  # fmt: skip

_NEEDED = ("action", "totalQuantity", "orderType", "tif")

#: Fields whose zero in TWS's echo means "not set" (tws-facts 9.4).
_IDLE_ZEROS = frozenset({
    "trailStopPrice", "triggerPrice", "lmtPriceOffset", "adjustedStopPrice", "adjustedStopLimitPrice",
    "adjustedTrailingAmount", "cashQty", "volatility", "trailingPercent", "minQty",
    "scaleInitLevelSize", "scaleSubsLevelSize", "scalePriceIncrement", "volatilityType", "referencePriceType",
})  # fmt: skip


def modified(live: Mapping[str, Any], change: OrderTerms, filled: float = 0) -> OrderTerms:
    """The whole order to send for `change`, to be held against `orderchecks.checked` like a new one.

    `live`: ibapi member -> value of the live order, in the forms of `OrderTerms.members`, None or a sentinel for unset.
    `filled`: its executed quantity; a new total counts it in. `transmit` becomes true: the member of a group was sent with
    false, and a change sent so would stay inside TWS. Raises CommandError bad_params when nothing changes, or what may not;
    unavailable when too little is known of the live order.
    """
    if not change.members:
        raise refusal("a modify names nothing to change")
    _refuse_fixed(live, change.members)
    size = change.members.get("totalQuantity")
    if size is not None and size <= filled:
        raise refusal(
            f"s (totalQuantity) {shown(size)} is the new total and must be above the {written(filled)} already executed"
        )
    base = {"eTradeOnly": False, "firmQuoteOnly": False, **_usable(live), "transmit": True}
    base["totalQuantity"] = READERS["quantity"]("totalQuantity", base["totalQuantity"])
    base["orderType"] = normal_type(change.members.get("orderType", base["orderType"]))
    base = without_foreign_prices(_without_rivals(base, change.members))
    return attrs.evolve(change, members={**base, **change.members}, changed=frozenset(change.members))


def _refuse_fixed(live: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    for name in FIXED:
        was = live.get(name)
        if name in change and (change[name] or None) != (was or None):
            raise refusal(f"{spoken(name)} of a live order is {shown(was)} and cannot become {shown(change[name])}")


def _usable(live: Mapping[str, Any]) -> dict[str, Any]:
    for name in _NEEDED:
        if not live.get(name):  # no default here: a GTC order would become DAY, a stop a limit
            raise CommandError(UNAVAILABLE, f"{spoken(name)} of the live order is not known, so it cannot be modified")
    unusable = GATEWAY_OWNED | NEVER_SENT
    return {
        name: value
        for name, value in live.items()
        if name in FIELDS and name not in unusable and known(value) is not None and (value or name not in _IDLE_ZEROS)
    }


def _without_rivals(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Of two members that exclude each other (a trailing amount, a trailing percent) the live one gives way to the new one."""
    for pair in TYPES[base["orderType"]].one_of:
        first, second = pair
        if first in change or (second not in change and base.get(first)):
            base.pop(second, None)
        elif second in change or base.get(second):
            base.pop(first, None)
    return base
