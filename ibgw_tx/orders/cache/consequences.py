"""What follows once an order has changed, whatever changed it: it is told, watched, asked about, given a place. Pure."""

from __future__ import annotations

import attrs

from ibgw_tx.orders.cache.census import Census
from ibgw_tx.orders.cache.changes import Change, NeedQuery
from ibgw_tx.orders.cache.departures import Departures
from ibgw_tx.orders.cache.hashes import Hashes
from ibgw_tx.orders.cache.index import OrderIndex
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.places import Places
from ibgw_tx.orders.cache.question import Phase, Questions
from ibgw_tx.orders.cache.waits import Waits

__all__ = ["Consequences"]


@attrs.define(eq=False)
class Consequences:
    """Joins the parts of the cache that care about an order's change."""

    _index: OrderIndex
    _questions: Questions
    _places: Places
    _hashes: Hashes
    _waits: Waits
    _census: Census
    _departures: Departures

    def finish(self, order: Order, reason: str | None, now: int) -> tuple[Change, ...]:
        """The changes to be performed, in their order. `reason`: why TWS must be asked about it, None if it need not."""
        order.ripen()
        self._forget_absorbed()
        self.watch(order, now)
        found: list[Change] = []
        question = self._questions.question
        if order.doubt is not None and question is not None:
            question.orders.setdefault(order, "a dead order speaks")
        need = self._places.find(order)
        if need is not None:
            found.append(need)
        if self._questions.phase is Phase.RUNNING:
            found += self._hashes.tell(order, now)
        if reason is not None:
            found += self.ask(order, reason, now)
        return tuple(found)

    def ask(self, order: Order, reason: str, now: int) -> list[Change]:
        """The order is in doubt; [] when the shell knows that there is something to ask."""
        return [NeedQuery(reason, order_json(order))] if self._questions.doubt(order, reason, now) else []

    def watch(self, order: Order, now: int) -> None:
        """Its deadlines, and whether it counts as living, follow its state."""
        self._waits.watch(order, now)
        self._census.count(order)
        self._departures.look(order, now)

    def drop(self, order: Order) -> None:
        """The order is forgotten."""
        order.waits.clear()
        self._index.remove(order)
        self._census.drop(order)
        self._departures.forget(order)

    def _forget_absorbed(self) -> None:
        """Orders that were found to be others."""
        absorbed = self._index.absorbed
        while absorbed:
            order = absorbed.pop()
            self.drop(order)
            self._hashes.forget(order)
