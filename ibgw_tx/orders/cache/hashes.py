"""What bots are told of the orders: single changes, and the hashes as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from ibgw_tx.orders.cache.changes import OrderChanged, Place
from ibgw_tx.orders.cache.index import OrderIndex
from ibgw_tx.orders.cache.order import Order, Told
from ibgw_tx.orders.cache.order_json import body_of, order_json, with_circumstances
from ibgw_tx.orders.cache.states import Mark


def may_be_field(ref: str) -> bool:
    """A field `t` is the hash's time, one of digits another order's permId: no orderRef of a stranger may stand there."""
    return bool(ref) and ref != "t" and not (ref.isascii() and ref.isdecimal())


@attrs.define(eq=False)
class Hashes:
    """Remembers which hashes there have been. The field {client_oid} of each is that of the order which the name means there."""

    index: OrderIndex
    places: set[Place] = attrs.Factory(set)
    #: Which order each field {client_oid} shows.
    _shown: dict[tuple[Place, str], Order] = attrs.Factory(dict)

    def tell(self, order: Order, now: int, *, recovered: bool = False) -> tuple[OrderChanged, ...]:
        """The changes to be told: none when there is nothing to tell (yet) or nothing new."""
        if Mark.SPOKEN not in order.marks or order.place is None:
            return ()
        body = body_of(order)
        if body == order.told.body:
            return ()
        order.told, order.touched = Told(body, recovered, corrected=order.fills.take_fall()), now
        self.places.add(order.place)
        text = with_circumstances(body, order)
        key = order.place, order.ref
        stood_there = self._shown.get(key) is order
        change = OrderChanged(text, *order.place, self._fields(order, order.place))
        other = self._shown.get(key)
        if not stood_there or other is None or other is order:
            return (change,)
        # The name means another order now: a dead twin must not stand in its field.
        return change, OrderChanged(order_json(other), *order.place, (order.ref,), quiet=True)

    def _meant(self, ref: str, place: Place) -> Order | None:
        """Which order of this hash a client_oid means."""
        here = [order for order in self.index.with_ref(ref) if order.place == place and order.told.body is not None]
        return max(here, key=self.index.rank, default=None)

    def _fields(self, order: Order, place: Place) -> tuple[str, ...]:
        fields = (str(order.permId),) if order.permId else ()
        meant = self._meant(order.ref, place) if may_be_field(order.ref) else None
        if meant is None:
            return fields
        self._shown[place, order.ref] = meant
        return (*fields, order.ref) if meant is order else fields

    def forget(self, order: Order) -> None:
        """This order is gone, or was found to be another one: its field {client_oid} is nobody's."""
        self._shown = {key: shown for key, shown in self._shown.items() if shown is not order}

    def shows(self, order: Order) -> bool:
        """Whether the field {client_oid} of its hash is its own."""
        return order.place is not None and self._shown.get((order.place, order.ref)) is order

    def show(self, order: Order) -> None:
        """The field {client_oid} of its hash shows this order, which is in memory again."""
        if order.place is not None:
            self._shown[order.place, order.ref] = order

    def part_with(self, order: Order) -> None:
        """This order leaves memory; its fields stay as they are."""
        if self.shows(order) and order.place is not None:
            del self._shown[order.place, order.ref]

    def whole(self, orders: Iterable[Order]) -> Iterator[tuple[Place, dict[str, dict[str, Any]]]]:
        """What of these orders, all that are in memory, stands in which hash: one order at a time."""
        self._shown.clear()
        for order in orders:
            if order.told.body is not None and order.place is not None:
                yield order.place, dict.fromkeys(self._fields(order, order.place), order_json(order))
