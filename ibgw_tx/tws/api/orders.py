"""Between ibapi's order objects and our records (orderevents.py, orderterms.py). Knows ibapi, as translate.py does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibapi import order_condition
from ibapi.execution import Execution as IBExecution
from ibapi.order import Order as IBOrder
from ibapi.order import OrderComboLeg
from ibapi.order_state import OrderState
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue

from ibgw_tx.model import figures
from ibgw_tx.model.figures import on_wire
from ibgw_tx.model.order_events import CompletedOrder, Execution, OpenOrder, Terms
from ibgw_tx.model.order_members import FIELDS, NEVER_SENT, Condition, LegPrice, Tag, Tier
from ibgw_tx.tws.api.contracts import contract_from_ib, plain

#: What a preview (whatIf) tells: IB's names of OrderState.
MARGIN_MEMBERS = (
    "initMarginBefore maintMarginBefore equityWithLoanBefore initMarginChange maintMarginChange equityWithLoanChange"
    " initMarginAfter maintMarginAfter equityWithLoanAfter commission minCommission maxCommission"
).split()

#: Members of TWS's echo that a modification may be built from: those whose kind survives 9.81's decoding as it is.
_ECHOED = frozenset(name for name, kind in FIELDS.items() if kind in ("quantity", "float", "int", "bool", "str")) - NEVER_SENT


def order_to_ib(members: Mapping[str, Any]) -> IBOrder:
    """An ibapi Order with `members` set. The two attributes that TWS refuses (10268, 10269) are False unless asked for."""
    order = IBOrder()
    order.eTradeOnly = order.firmQuoteOnly = False
    for name, value in members.items():
        setattr(order, name, _member_to_ib(value))
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
        commission=state.commission,
        commissionCurrency=state.commissionCurrency or "",
        whatIf=bool(order.whatIf),
    )


def echo(order: IBOrder) -> dict[str, Any]:
    """The members of an order as TWS shows it, for a modification of one we did not send in this session."""
    members = {name: getattr(order, name, None) for name in _ECHOED}
    return {name: value for name, value in members.items() if value not in (None, "") and figures.known(value) is not None}


def lost(order: IBOrder) -> tuple[str, ...]:
    """The members that `echo` leaves out and that this order has: a change without them would take them away."""
    found = [name for name in ("conditions", "algoParams", "smartComboRoutingParams") if getattr(order, name, None)]
    legs = getattr(order, "orderComboLegs", None) or ()
    if any(figures.known(leg.price) is not None for leg in legs):
        found.append("orderComboLegs")
    if order.softDollarTier is not None and order.softDollarTier.name:
        found.append("softDollarTier")
    return tuple(found)


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


def execution(contract: Any, one: IBExecution) -> Execution:
    """execDetails (11)."""
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
    )


def margins(state: OrderState) -> dict[str, Any]:
    """The figures of a preview; None for what TWS leaves unset."""
    found: dict[str, Any] = {name: figures.number_or_none(getattr(state, name, None)) for name in MARGIN_MEMBERS}
    found["commissionCurrency"] = state.commissionCurrency or None
    found["warningText"] = plain(state.warningText or "") or None
    return found


