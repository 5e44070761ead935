"""What Redis had: the order_jsons of the hashes, taken in before a snapshot. Pure.

Bots write into these hashes too, so anything may stand there. An order that the cache knows already keeps its facts; but what
bots have been told about it is what Redis says, so that a difference is told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ibgw_tx.orders.cache.changes import Place
from ibgw_tx.orders.cache.index import Names, OrderIndex
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import read_order

__all__ = ["seed"]


def seed(index: OrderIndex, places: set[Place], texts: Iterable[Any]) -> tuple[int, list[Order]]:
    """Take the values of the hashes in. Returns how many are no order, and the orders that were new."""
    unheard_of = {order for order in index if order.told is None}
    for known in index:
        # Until Redis is found to have it: it may have come back empty, or without what was said while it was away.
        known.told = None
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
    return junk, [order for order in newest.values() if _take(index, places, order, unheard_of)]


def _known(index: OrderIndex, order: Order) -> Order | None:
    if order.permId:
        return index.by_perm.get(order.permId)
    known = index.by_ref.get(order.ref)
    return known if known is not None and known.clientId == order.clientId else None


def _take(index: OrderIndex, places: set[Place], order: Order, unheard_of: set[Order]) -> bool:
    if order.place is not None:
        places.add(order.place)
    index.highest[order.clientId] = max(index.highest.get(order.clientId, 0), order.orderId)
    known = _known(index, order)
    if known is not None:
        if known in unheard_of:  # heard of before Redis was read
            known.born = min(known.born, order.born)
            known.fills.report(order.fills.executed, order.fills.average, order.fills.last_price)
            known.fills.state_commission(order.fills.commission[0], order.fills.commission[1] or "")
        known.told = order.told
        return False
    index.add(order, Names(permId=order.permId, ref=order.ref))
    return True
