"""order_json (section 7 of the Redis interface): an order as bots read it, and back from Redis after a restart. Pure.

Members that are not known are null. `i` is null until TWS has given the order its permId. `apiOrderId` is the id of the session
in which TWS last named the order; for a live order it is valid now, for a dead one it is history. For readers of the later Java
gateway the same figures stand again as `ttl_qty`, `executed_qty`, `remained_qty`, `permId` and `orderRef`.
An order that trails by a percent has `trailingPercent`; its `aux` is null then. One that TWS has rejected with reasons in JSON
has them as `reject`. One that is de-activated in TWS has `deactivated` true, one that lies there untransmitted `transmit` false.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.model.figures import normal, quantity_or_none
from ibgw_tx.model.order_members import SIDES
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.states import Mark, State

#: Members that say when and how a text was made rather than how the order stands.
_CIRCUMSTANCES = frozenset({"updateTime", "recovered", "corrected"})
_QUANTITIES = frozenset({"s", "executed", "remained", "ttl_qty", "executed_qty", "remained_qty"})


def body_of(order: Order) -> dict[str, Any]:
    """How the order stands: order_json without `updateTime` and `recovered`. Equal bodies need not be told twice."""
    terms, fills = order.terms, order.fills
    total, executed = terms.totalQuantity, fills.executed
    if total is None and order.state is State.FILLED:
        total = executed
    remained = None if total is None else normal(max(total - executed, 0))
    commission, currency = fills.commission
    exchange, pair = order.place or (None, None)
    perm_id, ref = str(order.permId) if order.permId else None, order.ref or None
    found: dict[str, Any] = {
        "i": perm_id,
        "client_oid": ref,
        "apiOrderId": order.orderId or None,
        "clientId": order.clientId,
        "account": terms.account or None,
        "market": exchange,
        "pair": pair,
        "secType": order.sec_type or None,
        "conId": order.con_id or None,
        "T": SIDES.get(terms.action),
        "s": total,
        "p": terms.lmtPrice,
        "aux": terms.auxPrice,
        "orderType": terms.orderType or None,
        "tif": terms.tif or None,
        "executed": executed,
        "remained": remained,
        "avg_price": fills.average,
        "last_price": fills.last_price,
        "status": order.status,
        "alive": order.alive,
        "commission": commission,
        "commissionCurrency": currency,
        "t": order.born,
        "extCode": order.reasons.code,
        "extMsg": order.reasons.text,
        "ttl_qty": total,
        "executed_qty": executed,
        "remained_qty": remained,
        "permId": perm_id,
        "orderRef": ref,
    }
    if terms.trailingPercent is not None:
        found["trailingPercent"] = terms.trailingPercent
    if order.reasons.reject is not None:
        found["reject"] = order.reasons.reject
    if order.deactivated and order.alive:
        found["deactivated"] = True
    if Mark.WITHHELD in order.marks:
        found["transmit"] = False
    return found


def order_json(order: Order) -> dict[str, Any]:
    """order_json as it stands: the body with the ms of its last change, and the mark of a recovered difference."""
    return with_circumstances(body_of(order), order)


def with_circumstances(body: dict[str, Any], order: Order) -> dict[str, Any]:
    """order_json of an order whose body that is."""
    found = dict(body)
    found["updateTime"] = order.touched
    if order.told.recovered:
        found["recovered"] = True
    if order.told.corrected:
        found["corrected"] = True
    return found


def same_facts(text: Mapping[str, Any]) -> dict[str, object]:
    """The body of an order_json that somebody wrote; its quantities are as exact as ours."""
    return {key: _figure(key, value) for key, value in text.items() if key not in _CIRCUMSTANCES}


def _figure(key: str, value: object) -> object:
    return quantity_or_none(value) if key in _QUANTITIES and isinstance(value, float) else value
