"""Between ibapi's order objects and our records (model/order_events, model/order_members)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibapi import order_condition
from ibapi.execution import Execution as IBExecution
from ibapi.order import Order as IBOrder
from ibapi.order import OrderComboLeg
from ibapi.order_state import OrderState
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue

from ibgw_tx.model import figures
from ibgw_tx.model.figures import on_wire, written
from ibgw_tx.model.order_events import CompletedOrder, Execution, OpenOrder, Terms
from ibgw_tx.model.order_members import CONDITIONS, FIELDS, NEVER_SENT, Condition, LegPrice, Tag, Tier
from ibgw_tx.tws.api.contracts import contract_from_ib, plain
from ibgw_tx.tws.api.generation import charged
from ibgw_tx.tws.api.todays import preview

#: What a preview (whatIf) tells: IB's names of OrderState.
MARGIN_MEMBERS = (
    "initMarginBefore maintMarginBefore equityWithLoanBefore initMarginChange maintMarginChange equityWithLoanChange"
    " initMarginAfter maintMarginAfter equityWithLoanAfter commission minCommission maxCommission"
).split()

#: Members of TWS's echo that a modification may be built from, with their kinds. `transmit` is in no echo.
_ECHOED = {name: kind for name, kind in FIELDS.items() if name not in NEVER_SENT and name != "transmit"}
_FIGURES = frozenset({"float", "int", "quantity"})
_UNSET = frozenset({figures.UNSET_DOUBLE, figures.UNSET_INTEGER, figures.UNSET_LONG, figures.UNSET_DECIMAL})
_CONDITION_MEMBERS = {each.number: each.members for each in CONDITIONS.values()}


def order_to_ib(members: Mapping[str, Any]) -> IBOrder:
    """An ibapi Order with `members` set. The two attributes that TWS refuses (10268, 10269) are False unless asked for.

    A quantity is text: ibapi writes out the binary value of a float of ours in protobuf.
    """
    order = IBOrder()
    order.eTradeOnly = order.firmQuoteOnly = False
    for name, value in members.items():
        setattr(order, name, written(value) if name == "totalQuantity" and isinstance(value, float) else _member_to_ib(value))
    return order


def _member_to_ib(value: Any) -> Any:
    if isinstance(value, Tier):
        return SoftDollarTier(value.name, value.val, "")
    if isinstance(value, tuple):
        return [_item_to_ib(item) for item in value]
    return on_wire(value)


def _item_to_ib(item: Any) -> Any:
    if isinstance(item, Tag):
        return TagValue(item.tag, item.value)
    if isinstance(item, LegPrice):
        leg = OrderComboLeg()
        if item.price is not None:
            leg.price = on_wire(item.price)
        return leg
    if isinstance(item, Condition):
        condition = order_condition.Create(item.condType)
        for name, value in item.members.items():
            setattr(condition, name, on_wire(value))
        return condition
    raise TypeError(f"no ibapi object for {item!r}")


def _terms(order: IBOrder) -> Terms:
    return Terms(
        action=order.action or "",
        totalQuantity=order.totalQuantity,
        orderType=order.orderType or "",
        lmtPrice=order.lmtPrice,
        auxPrice=order.auxPrice,
        tif=order.tif or "",
        account=order.account or "",
        trailingPercent=order.trailingPercent,
    )


def open_order(order_id: int, contract: Any, order: IBOrder, state: OrderState) -> OpenOrder:
    """openOrder (5)."""
    return OpenOrder(
        orderId=order_id,
        clientId=int(order.clientId or 0),
        permId=order.permId,
        contract=contract_from_ib(contract),
        terms=_terms(order),
        status=state.status or "",
        orderRef=plain(order.orderRef or ""),
        commission=charged(state, "commission"),
        commissionCurrency=charged(state, "commissionCurrency") or "",
        whatIf=bool(order.whatIf),
        deactivated=bool(getattr(order, "deactivate", False)),
    )


def echo(order: IBOrder) -> dict[str, Any]:
    """The members of an order as TWS shows it, in the forms of `OrderRequest.members`: what a change of it is built from."""
    found: dict[str, Any] = {}
    for name, kind in _ECHOED.items():
        value = getattr(order, name, None)
        # Most members of an order say nothing, and thousands of orders may be shown at a start.
        if value is None or value == "" or (kind in _FIGURES and value in _UNSET):
            continue
        value = _member_from_ib(kind, value)
        if value not in (None, "", ()) and figures.known(value) is not None:
            found[name] = value
    return found


def _member_from_ib(kind: str, value: Any) -> Any:
    if kind in _ITEMS:
        items = tuple(_ITEMS[kind](item) for item in value or ())
        return () if kind == "legs" and all(item.price is None for item in items) else items
    if kind == "bool":
        return None if value is None else bool(value)
    if kind == "tier":
        return Tier(value.name or "", value.val or "") if value is not None and value.name else None
    if kind == "bool" and type(value) is int:
        # Three states, told as a number in protobuf.
        return None if value == figures.UNSET_INTEGER else bool(value)
    return value


def _tag_from_ib(item: TagValue) -> Tag:
    return Tag(item.tag or "", item.value or "")


def _leg_from_ib(item: OrderComboLeg) -> LegPrice:
    return LegPrice(figures.known(item.price))


def _condition_from_ib(item: order_condition.OrderCondition) -> Condition:
    members = _CONDITION_MEMBERS[item.type()]
    return Condition(item.type(), {name: _whole(kind, getattr(item, name)) for name, (kind, _) in members.items()})


def _whole(kind: str, value: Any) -> Any:
    """ibapi reads the percent of a margin condition as a float, and TWS wants it whole; what protobuf does not say is 0."""
    return int(value or 0) if kind == "int" else value


_ITEMS: Mapping[str, Callable[[Any], Any]] = {"tags": _tag_from_ib, "legs": _leg_from_ib, "conditions": _condition_from_ib}


def completed_order(contract: Any, order: IBOrder, state: OrderState) -> CompletedOrder:
    """completedOrder (101)."""
    return CompletedOrder(
        permId=order.permId,
        contract=contract_from_ib(contract),
        terms=_terms(order),
        status=state.status or "",
        filledQuantity=order.filledQuantity,
        orderRef=plain(order.orderRef or ""),
        completedStatus=state.completedStatus or "",
    )


def execution(contract: Any, one: IBExecution, req_id: int = -1) -> Execution:
    """execDetails (11); `req_id` is -1 for one that nobody has asked for, 0 where a message lacks it."""
    return Execution(
        execId=one.execId,
        orderId=one.orderId,
        clientId=int(one.clientId or 0),
        permId=one.permId,
        contract=contract_from_ib(contract),
        side=one.side,
        shares=one.shares,
        price=one.price,
        acctNumber=one.acctNumber or "",
        cumQty=one.cumQty,
        avgPrice=one.avgPrice,
        orderRef=plain(one.orderRef or ""),
        time=one.time or "",
        liquidation=bool(one.liquidation),
        liquidity=getattr(one, "lastLiquidity", None),
        asked=req_id > 0 and req_id != figures.UNSET_INTEGER,
    )


def margins(state: OrderState) -> dict[str, Any]:
    """The figures of a preview; None for what TWS leaves unset."""
    found: dict[str, Any] = {name: figures.number_or_none(charged(state, name)) for name in MARGIN_MEMBERS}
    found["commissionCurrency"] = charged(state, "commissionCurrency") or None
    found["warningText"] = plain(state.warningText or "") or None
    return found | preview(state)


