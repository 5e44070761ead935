"""What the command side looks up in the order cache. Pure; every answer is an order_json, or None.

Who looks an order up by a name has those that have left memory fetched first (departures.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from typing import Any

import attrs

from ibgw_tx.orders.cache.archive import Archive
from ibgw_tx.orders.cache.census import Census
from ibgw_tx.orders.cache.index import OrderIndex
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.states import Mark, State

__all__ = ["OrderLookups"]


@attrs.define(eq=False)
class OrderLookups:
    """The orders of the login by their names, and how many are alive. API ids are those of this client and session."""

    _client_id: int
    _index: OrderIndex
    _census: Census
    _archive: Archive

    def by_api_id(self, api_id: int) -> dict[str, Any] | None:
        """The order with that API id."""
        return _shown(self._own(api_id))

    def is_open(self, api_id: int) -> bool:
        """Whether the order with that API id is alive."""
        order = self._own(api_id)
        return order is not None and order.alive

    def is_withheld(self, api_id: int) -> bool:
        """Whether that order lies in TWS untransmitted."""
        order = self._own(api_id)
        return order is not None and Mark.WITHHELD in order.marks

    def may_live(self, api_id: int) -> bool:
        """Whether the order with that API id is alive, or nobody knows that it is not."""
        order = self._own(api_id)
        return order is not None and not order.final

    def is_changing(self, api_id: int) -> bool:
        """Whether a modification of that order is under way: TWS has neither shown nor refused it."""
        order = self._own(api_id)
        return order is not None and bool(order.versions.pending)

    def by_perm_id(self, perm_id: int | str) -> dict[str, Any] | None:
        """The order with that permId; bots write it as text."""
        text = str(perm_id)
        return _shown(self._index.by_perm.get(int(text))) if text.isascii() and text.isdecimal() and len(text) < 20 else None

    def knows_perm_id(self, perm_id: str) -> bool:
        """Whether there is an order with that permId, in memory or not."""
        return self.by_perm_id(perm_id) is not None or (
            perm_id.isascii() and perm_id.isdecimal() and len(perm_id) < 20 and int(perm_id) in self._archive
        )

    def knows_api_id(self, api_id: int) -> bool:
        """Whether an order of this client and session has that API id, in memory or not."""
        return self._own(api_id) is not None or bool(self._archive.called(api_id=(self._client_id, api_id)))

    def knows(self, client_oid: str) -> bool:
        """Whether an order has, or may have, that orderRef, in memory or not; "" is none."""
        return bool(client_oid) and (self._index.of_ref(client_oid) is not None or bool(self._archive.called(ref=client_oid)))

    def by_client_oid(self, client_oid: str) -> dict[str, Any] | None:
        """The order with that orderRef: ours before another client's, a living one before a dead one, then the newest."""
        return _shown(self._index.of_ref(client_oid))

    def living(self) -> Iterator[dict[str, Any]]:
        """Every order that is alive."""
        return (order_json(order) for order in tuple(self._census.alive))

    def newest_living(self, limit: int) -> list[dict[str, Any]]:
        """The `limit` living or Unknown orders that changed last, newest first."""
        found = nlargest(limit, (*self._census.alive, *self._census.unknown), key=lambda order: order.touched)
        return [order_json(order) for order in found]

    def by_state(self) -> dict[str, int]:
        """How many orders are in each state, by its name in small letters."""
        found = Counter(order.state for order in self._index)
        found[State.DEAD] += self._archive.dead
        found[State.FILLED] += self._archive.filled
        return {state.name.lower(): found[state] for state in State}

    @property
    def open_count(self) -> int:
        """How many orders are alive, those still without an answer too."""
        return len(self._census.alive)

    @property
    def places_taken(self) -> int:
        """How many orders are alive or Unknown: nobody knows that such a one does not live."""
        return len(self._census.alive) + len(self._census.unknown)

    def _own(self, api_id: int) -> Order | None:
        return self._index.of_id((self._client_id, api_id))


def _shown(order: Order | None) -> dict[str, Any] | None:
    return None if order is None else order_json(order)
