"""Changing a live order: its last known terms with what the bot changes, without I/O.

TWS takes a modify as placeOrder with the same id and *every* field again (tws-facts 4.5), so what the bot leaves out must
come from the live order: the version that TWS holds (`sent`), or, for an order of another session or placed by hand, TWS's
echo (`echo`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ibgw_tx.model.errors import UNAVAILABLE, CommandError, bad_params
from ibgw_tx.model.figures import Quantity, written
from ibgw_tx.model.order_types import TYPES
from ibgw_tx.orders.entry.prices import normal_type, spoken, without_foreign_prices
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.values import READERS, shown

__all__ = ["FIXED", "modified"]

#: What TWS does not let change on a live order (105, 422, 440, 10341), and `orderRef`, by which the bot knows it.
FIXED = (
    "action", "account", "orderRef", "parentId", "ocaGroup", "hedgeType", "algoStrategy", "faGroup", "faProfile", "faMethod",
    "modelCode", "settlingFirm", "clearingAccount", "clearingIntent", "openClose", "origin",
)  # fmt: skip


def modified(
    live: Mapping[str, Any], change: OrderRequest, filled: Quantity = 0, may_live: Callable[[int], bool] = lambda order_id: True
) -> OrderRequest:
    """The whole order to send for `change`, to be held against `checks.checked` like a new one.

    `live`: ibapi member -> value of the live order, in the forms of `OrderRequest.members`, as `sent.SentOrders.base` gives it.
    `filled`: its executed quantity; a new total counts it in. `may_live`: of a parent, by its API id. A held order stays held
    unless the change says `transmit`. Raises CommandError bad_params when nothing changes, or what may not; unavailable when
    too little is known of the live order.
    """
    if not change.members:
        raise bad_params("a modify names nothing to change")
    if live.get("parentId") and not may_live(live["parentId"]):
        live = {**live, "parentId": 0}  # TWS answers 135 to the id of a parent that is over
    _refuse_fixed(live, change.members)
    size = change.members.get("totalQuantity")
    if size is not None and size <= filled:
        raise bad_params(
            f"s (totalQuantity) {shown(size)} is the new total and must be above the {written(filled)} already executed"
        )
    if change.members.get("transmit") is False and live.get("transmit", True):
        raise bad_params("transmit of a live order is true and cannot become false: cancel it")
    base = {"eTradeOnly": False, "firmQuoteOnly": False, "transmit": True, **_known(live)}
    base["totalQuantity"] = READERS["quantity"]("totalQuantity", base.get("totalQuantity", 0))
    base["orderType"] = normal_type(change.members.get("orderType", base["orderType"]))
    base = without_foreign_prices(_without_rivals(base, change.members))
    if change.members.get("tif", base["tif"]) != "GTD":
        base.pop("goodTillDate", None)  # it belongs to GTD, and TWS shows one for others too
    return attrs.evolve(change, members={**base, **change.members}, changed=frozenset(change.members))


def _refuse_fixed(live: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    for name in FIXED:
        was = live.get(name)
        if name in change and (change[name] or None) != (was or None):
            raise bad_params(f"{spoken(name)} of a live order is {shown(was)} and cannot become {shown(change[name])}")


def _known(live: Mapping[str, Any]) -> dict[str, Any]:
    """What is set of the live order. No default for what it cannot be without: a GTC order would become DAY, a stop a limit."""
    found = {name: value for name, value in live.items() if value is not None}
    for name in ("action", "orderType", "tif") if found.get("cashQty") else ("action", "totalQuantity", "orderType", "tif"):
        if not found.get(name):
            raise CommandError(UNAVAILABLE, f"{spoken(name)} of the live order is not known, so it cannot be modified")
    return found


def _without_rivals(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Of two members that exclude each other (a trailing amount, a trailing percent) the live one gives way to the new one."""
    for pair in TYPES[base["orderType"]].one_of:
        first, second = pair
        if first in change or (second not in change and base.get(first)):
            base.pop(second, None)
        elif second in change or base.get(second):
            base.pop(first, None)
    return base
