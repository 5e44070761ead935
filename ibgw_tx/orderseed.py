"""What Redis had: the order_jsons of the hashes, taken in before a snapshot. Pure.

Bots write into these hashes too, so anything may stand there. An order that the cache knows already keeps its facts; but what
bots have been told about it is what Redis says, so that a difference is told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ibgw_tx.orderchanges import Place
from ibgw_tx.orderindex import Names, OrderIndex
from ibgw_tx.orderjson import read_order
from ibgw_tx.orderstate import Order

__all__ = ["seed"]


def seed(index: OrderIndex, places: set[Place], texts: Iterable[Any]) -> tuple[int, list[Order]]:
    """Take the values of the hashes in. Returns how many are no order, and the orders that were new."""
    newest: dict[tuple[int, str], Order] = {}
    junk = 0
    for text in texts:
        order = read_order(text)
        if order is None:
            junk += 1
            continue
        key = order.permId, "" if order.permId else order.ref
        if key not in newest or order.touched > newest[key].touched:
            newest[key] = order
    return junk, [order for order in newest.values() if _take(index, places, order)]


def _take(index: OrderIndex, places: set[Place], order: Order) -> bool:
    if order.place is not None:
        places.add(order.place)
    index.highest[order.clientId] = max(index.highest.get(order.clientId, 0), order.orderId)
    known = index.by_perm.get(order.permId) if order.permId else index.by_ref.get(order.ref)
    if known is not None and known.clientId == order.clientId:
        known.told = order.told
        return False
    index.add(order, Names(permId=order.permId, ref=order.ref))
    return True
