"""What of a settled order its order_json does not say, as JSON for Redis, and back: with both it is as if it had stayed. Pure.

Most orders have no remains: what a restart reads from their order_json is all there is. Those with executions have them: a
correction, or a bust, takes back what its row had added (fills.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.model import json_text
from ibgw_tx.orders.cache.fills_kept import kept_fills, read_fills
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import body_of, order_json
from ibgw_tx.orders.cache.restore import read_order
from ibgw_tx.orders.cache.states import Mark

__all__ = ["NotRestorable", "remains_of", "restored"]


class NotRestorable(Exception):
    """Nothing that Redis can hold would bring the order back as it is."""


def remains_of(order: Order) -> bytes | None:
    """None: its order_json says it all. Raises NotRestorable."""
    text = json_text.loads_exact(json_text.dumps(order_json(order)))
    wanted = _facts(order)
    plain = restored(text, None)
    if plain is not None and _facts(plain) == wanted:
        return None
    remains = json_text.dumps_to_keep(_remains(order))
    back = restored(text, json_text.loads_exact(remains))
    if back is None or _facts(back) != wanted:
        raise NotRestorable
    return remains


def restored(text: Any, remains: Any) -> Order | None:
    """The order of an order_json and its remains (None: it has none); None when that is not an order that is over."""
    order = read_order(text)
    if order is None or not order.final:
        return None
    if remains is not None:
        try:
            _apply(order, remains)
        except (KeyError, TypeError, ValueError, IndexError):
            # Somebody else's: what its text says stands.
            order = read_order(text)
    return order


def _remains(order: Order) -> dict[str, Any]:
    return {
        "updateTime": int(order.touched),
        "confirmed": order.versions.confirmed,
        "byCode": Mark.BY_CODE in order.marks,
        "total": order.terms.totalQuantity,
        "executions": [[exec_id, *key] for exec_id, key in order.executions.items()],
        "fills": kept_fills(order.fills),
    }


def _apply(order: Order, remains: Mapping[str, Any]) -> None:
    """Raises KeyError, TypeError, ValueError or IndexError for what `remains_of` has not written."""
    if remains["updateTime"] != order.touched:
        return  # of what the order was before
    fills = read_fills(remains["fills"])
    executions = {str(name): (str(stem), int(con_id), str(account)) for name, stem, con_id, account in remains["executions"]}
    order.versions.confirmed = remains["confirmed"] is True
    if remains["total"] is None:
        order.versions.forget_total()
    if remains["byCode"] is True:
        order.marks.add(Mark.BY_CODE)
    order.fills, order.executions = fills, executions


def _facts(order: Order) -> tuple[object, ...]:
    """All that may ever matter again of an order that is over: a message revives it, or changes what it says."""
    return (
        body_of(order),
        (order.born, order.touched, order.clientId, order.orderId, order.permId, order.ref, order.con_id, order.sec_type),
        (order.state, order.status, order.told.recovered, order.told.corrected),
        (order.terms.totalQuantity, order.versions.confirmed, Mark.BY_CODE in order.marks),
        order.executions,
        kept_fills(order.fills),
    )
