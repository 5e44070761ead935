"""Names of orders from the stream of commands: what tells after a crash whether the order of an entry has left. Pure."""

from __future__ import annotations

import attrs

from ibgw_tx.orders.entry.parse import ENTRY_PREFIX, PlaceOrder
from ibgw_tx.orders.entry.request import OrderRequest


def named(asked: PlaceOrder, entry: str) -> PlaceOrder:
    """Every new order of an entry with a client_oid: its bot's, else `cmds-{entry}` (and its place in a group, from 1)."""
    if not entry or asked.orders[0].is_modify or asked.orders[0].is_what_if:
        return asked
    return attrs.evolve(asked, orders=tuple(_named(asked, place, terms, entry) for place, terms in enumerate(asked.orders, 1)))


def _named(asked: PlaceOrder, place: int, terms: OrderRequest, entry: str) -> OrderRequest:
    if terms.client_oid:
        return terms
    name = f"{ENTRY_PREFIX}{entry}"
    return terms.with_members(orderRef=f"{name}-{place}" if asked.grouped else name)
