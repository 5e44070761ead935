"""What bots are told of the orders: single changes, and the hashes as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from ibgw_tx.orders.cache.changes import OrderChanged, Place
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import body_of, order_json

__all__ = ["Telling"]


def _may_be_field(ref: str) -> bool:
    """A field `t` is the hash's time, one of digits another order's permId: no orderRef of a stranger may stand there."""
    return bool(ref) and ref != "t" and not (ref.isascii() and ref.isdecimal())


def _rank(order: Order) -> tuple[bool, int]:
    return order.alive, order.born


@attrs.define(eq=False)
class Telling:
    """Remembers which hashes there are, and to which order the field {client_oid} belongs in each."""

    places: set[Place] = attrs.Factory(set)
    _owners: dict[tuple[Place, str], Order] = attrs.Factory(dict)

    def tell(self, order: Order, now: int, *, recovered: bool = False) -> OrderChanged | None:
        """The change to be told, None when there is nothing to tell (yet) or nothing new."""
        if not order.spoken or order.place is None:
            return None
        body = body_of(order)
        if body == order.told:
            return None
        order.told, order.touched, order.recovered = body, now, recovered
        self.places.add(order.place)
        text = body | {"updateTime": now}
        if recovered:
            text["recovered"] = True
        return OrderChanged(text, *order.place, self._fields(order, order.place))

    def _fields(self, order: Order, place: Place) -> tuple[str, ...]:
        fields = (str(order.permId),) if order.permId else ()
        if not _may_be_field(order.ref):
            return fields
        key = place, order.ref
        owner = self._owners.get(key)
        if owner is None or _rank(order) >= _rank(owner):
            self._owners[key] = order
        return (*fields, order.ref) if self._owners[key] is order else fields

    def forget(self, order: Order) -> None:
        """This order was found to be another one, to which its field {client_oid} goes."""
        self._owners = {key: owner for key, owner in self._owners.items() if owner is not order}

    def hashes(self, orders: Iterable[Order]) -> dict[Place, dict[str, dict[str, Any]]]:
        """Every hash as a whole; {} for one that has lost its last order."""
        found: dict[Place, dict[str, dict[str, Any]]] = {place: {} for place in self.places}
        self._owners.clear()
        told = sorted((order for order in orders if order.told is not None and order.place), key=_rank)
        for order in told:
            assert order.place is not None
            text = order_json(order)
            found.setdefault(order.place, {}).update(dict.fromkeys(self._fields(order, order.place), text))
        self.places = {place for place, hash_ in found.items() if hash_}
        return found
