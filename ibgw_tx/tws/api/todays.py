"""What today's messages have beyond those of 9.81: figures of a preview, TWS's own settings, what ibapi's decoder passes over.

Objects of either generation may come in; what they do not have is left out.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import attrs

from ibgw_tx.model import figures
from ibgw_tx.model.order_members import CONDITIONS, Tag
from ibgw_tx.tws.api.contracts import plain

_OUTSIDE = tuple(
    f"{what}{when}OutsideRTH"
    for when in ("Before", "Change", "After")
    for what in ("initMargin", "maintMargin", "equityWithLoan")
)
_ALLOCATED = ("position", "positionDesired", "positionAfter", "desiredAllocQty", "allowedAllocQty")
#: Members of an order that ibapi does not read from protobuf (tws-facts-10x, 26, T11).
_PASSED_OVER = (
    "algoId", "scaleTable", "mifid2DecisionMaker", "mifid2DecisionAlgo", "mifid2ExecutionTrader", "mifid2ExecutionAlgo",
    "overridePercentageConstraints", "advancedErrorOverride", "manualOrderTime",
)  # fmt: skip
_KNOWN_CONDITIONS = frozenset(each.number for each in CONDITIONS.values())


def preview(state: Any) -> dict[str, Any]:
    """What a preview tells from server version 195 on, by IB's names; what TWS leaves unset is left out."""
    told: dict[str, Any] = {name: figures.number_or_none(getattr(state, name, None)) for name in _OUTSIDE}
    told["suggestedSize"] = figures.quantity_or_none(getattr(state, "suggestedSize", None))
    for name in ("marginCurrency", "rejectReason"):
        told[name] = plain(getattr(state, name, "") or "") or None
    told["orderAllocations"] = [_allocation(each) for each in getattr(state, "orderAllocations", None) or ()] or None
    return {name: value for name, value in told.items() if value is not None}


def _allocation(one: Any) -> dict[str, Any]:
    sizes = {name: figures.quantity_or_none(getattr(one, name, None)) for name in _ALLOCATED}
    return {"account": one.account or None, **sizes, "isMonetary": bool(one.isMonetary)}


@attrs.frozen
class PassedOver:
    """What of an order in protobuf ibapi does not tell: members by name, and what nobody here can read (`lost`)."""

    members: dict[str, Any] = attrs.Factory(dict)
    lost: tuple[str, ...] = ()


def passed_over(order: Any) -> PassedOver:
    """Of ibapi's own message class of an order."""
    members: dict[str, Any] = {name: getattr(order, name) for name in _PASSED_OVER if order.HasField(name)}
    if order.orderMiscOptions:
        members["orderMiscOptions"] = tuple(Tag(tag, value) for tag, value in sorted(order.orderMiscOptions.items()))
    strange = any(each.type not in _KNOWN_CONDITIONS for each in order.conditions)
    return PassedOver(members, ("conditions",) if strange else ())


def as_dict(message: Any) -> dict[str, Any]:
    """A message in protobuf as nested objects, by the names of its fields; what is absent is absent."""
    found: dict[str, Any] = import_module("google.protobuf.json_format").MessageToDict(message, preserving_proto_field_name=True)
    return found
