"""Which orders may still be executed. Pure."""

from __future__ import annotations

import attrs

from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.states import State

__all__ = ["Census"]


@attrs.define(eq=False)
class Census:
    """The living orders, and those of which nobody knows whether they live."""

    alive: set[Order] = attrs.Factory(set)
    unknown: set[Order] = attrs.Factory(set)

    def count(self, order: Order) -> None:
        """The order may have changed its state."""
        for orders, belongs in ((self.alive, order.alive), (self.unknown, order.state is State.UNKNOWN)):
            if belongs:
                orders.add(order)
            else:
                orders.discard(order)

    def drop(self, order: Order) -> None:
        """The order is forgotten."""
        self.alive.discard(order)
        self.unknown.discard(order)
