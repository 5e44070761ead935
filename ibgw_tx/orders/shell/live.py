"""Which living order of this client a command means, by the names that it gives."""

from __future__ import annotations

from typing import Any

from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.states import UNKNOWN_WORD
from ibgw_tx.orders.shell.orders import Orders


async def present(orders: Orders, perm_id: str = "", api_id: int = 0, client_oid: str = "") -> None:
    """Have an order that is over in memory: a command speaks of it, and is told how it stands. Raises CommandError."""
    try:
        await orders.present(str(perm_id or ""), api_id, (client_oid,))
    except Exception as error:
        raise CommandError(errors.UNAVAILABLE, f"Redis does not say what became of that order: {error}") from error


def live_order(
    cache: OrderCache, perm_id: str, api_id: int, client_oid: str = "", unknown_too: bool = False
) -> dict[str, Any]:
    """Its order_json. Raises CommandError (unknown_order, bad_params, unavailable).

    `unknown_too`: an order that got no answer may live at TWS, and may be cancelled.
    """
    found = [
        (f"i {perm_id}", cache.orders.by_perm_id(perm_id)) if perm_id else None,
        (f"apiOrderId {api_id}", cache.orders.by_api_id(api_id)) if api_id else None,
        (f"client_oid {client_oid!r}", cache.orders.by_client_oid(client_oid)) if client_oid else None,
    ]
    named = [pair for pair in found if pair is not None]
    for name, order in named:
        if order is None:
            raise CommandError(errors.UNKNOWN_ORDER, f"there is no order with {name}")
    name, order = named[0]
    assert order is not None
    if any(other != order for _, other in named):
        raise CommandError(errors.BAD_PARAMS, f"{' and '.join(name for name, _ in named)} are different orders")
    if not order["alive"] and not (unknown_too and order["status"] == UNKNOWN_WORD):
        text = f"the order with {name} is not alive: {order['status']}"
        raise CommandError(errors.UNKNOWN_ORDER, text, order=order)
    if order["clientId"] != cache.client_id or not order["apiOrderId"]:
        whose = f"of client id {order['clientId']}" if order["apiOrderId"] else "placed by hand and not bound to this client"
        text = f"the order with {name} is {whose}: this client cannot change it"
        raise CommandError(errors.UNKNOWN_ORDER, text, order=order)
    if cache.orders.by_api_id(int(order["apiOrderId"])) != order:
        # Its id is of an earlier session, and may be another order's by now.
        raise CommandError(errors.UNAVAILABLE, f"TWS has not shown the order with {name} in this session yet")
    return order
