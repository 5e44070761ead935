"""Which order a message speaks of. Pure.

permId identifies an order for good. Until TWS has given it one, an order stands under (clientId, apiOrderId) and under its
orderRef. API ids are counted by each client for itself and live only within a session: they are never looked up without the
client, and `session_lost` forgets them, but for orders that have nothing else. Orders placed by hand have id 0 (executions:
2147483647), bound ones a negative id; completed orders have no ids at all. A message that finds its order by its id or reference,
and names a permId, gives the order that permId.

A name may be that of several orders: two clients use one orderRef, and a change on a bad line makes a second order under one
API id. All of them are kept under it; whoever looks it up gets the one that is ours, then the one that lives, whatever came last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from ibgw_tx.model.order_members import SIDES
from ibgw_tx.orders.cache.order import Order

__all__ = ["Names", "OrderIndex"]


@attrs.frozen
class Names:
    """What a message calls its order: 0 or "" for what it does not say. `clientId` None: it has no API ids at all."""

    permId: int = 0
    clientId: int | None = None
    orderId: int = 0
    ref: str = ""
    con_id: int = 0
    action: str = ""

    @property
    def usable(self) -> bool:
        """Whether they can name an order at all."""
        return bool(self.permId or self.orderId)


@attrs.define(eq=False)
class OrderIndex:
    """All orders, by every name that is good for something."""

    client_id: int = 0
    by_perm: dict[int, Order] = attrs.Factory(dict)
    _by_id: dict[tuple[int, int], dict[Order, None]] = attrs.Factory(dict)
    _by_ref: dict[str, dict[Order, None]] = attrs.Factory(dict)
    absorbed: list[Order] = attrs.Factory(list)  # were found to be others; whoever knows them forgets them
    _nameless: dict[str, Order] = attrs.Factory(dict)  # have an orderRef and no permId yet
    _renamed: set[Order] = attrs.Factory(set)  # stand under an API id that they had before, too
    _all: dict[Order, None] = attrs.Factory(dict)

    def __iter__(self) -> Iterator[Order]:
        return iter(tuple(self._all))

    def __contains__(self, order: object) -> bool:
        return order in self._all

    def __len__(self) -> int:
        return len(self._all)

    def rank(self, order: Order) -> tuple[bool, int, int]:
        """Of two orders with one name the higher is meant: ours, then one that lives, then one that may, then the newer one."""
        return order.clientId == self.client_id, 2 if order.alive else 0 if order.final else 1, order.born

    def of_id(self, key: tuple[int, int]) -> Order | None:
        """The order that (clientId, apiOrderId) means now."""
        return max(self._by_id.get(key, ()), key=self.rank, default=None)

    def twins(self, key: tuple[int, int]) -> bool:
        """Whether more than one living order has that id: what names the id alone may mean either."""
        return sum(order.alive for order in self._by_id.get(key, ())) > 1

    def survivors(self, key: tuple[int, int]) -> bool:
        """Whether of several orders with that id one lives and one is dead: a 202 may confirm the end of either."""
        held = self._by_id.get(key, ())
        return len(held) > 1 and any(order.alive for order in held) and any(order.final for order in held)

    def of_ref(self, ref: str) -> Order | None:
        """The order that an orderRef means now."""
        return max(self._by_ref.get(ref, ()), key=self.rank, default=None)

    def with_ref(self, ref: str) -> tuple[Order, ...]:
        """Every order with that orderRef."""
        return tuple(self._by_ref.get(ref, ()))

    def find(self, names: Names) -> Order | None:
        """The order of a message, None for one never heard of."""
        known = self.by_perm.get(names.permId) if names.permId else None
        if known is not None:
            return known
        if names.orderId and names.clientId is not None:
            held = self._by_id.get((names.clientId, names.orderId), ())
            for each in sorted(held, key=self.rank, reverse=True):
                if self._may_be(each, names):
                    return each
        order = self._nameless.get(names.ref) if names.ref else None
        if order is None or names.clientId not in (None, order.clientId) or not self._may_be(order, names):
            return None
        return order

    @staticmethod
    def _may_be(order: Order, names: Names) -> bool:
        """Whether an order found without its permId can be the one meant: ids are used again after a reset (103)."""
        if order.permId:
            return not names.permId
        if names.ref and order.ref and not (names.ref.startswith(order.ref) or order.ref.startswith(names.ref)):
            return False
        if order.sec_type == "BAG":  # executions of legs have other contracts and sides
            return True
        same_contract = not names.con_id or not order.con_id or names.con_id == order.con_id
        sides = SIDES.get(names.action), SIDES.get(order.terms.action)
        return same_contract and (None in sides or sides[0] == sides[1])

    def add(self, order: Order, names: Names) -> None:
        """Take a new order in under these names."""
        self._all[order] = None
        self.bind(order, names, restate=True)

    def bind(self, order: Order, names: Names, *, restate: bool = False) -> None:
        """Note what a message calls its order. `restate`: it is an openOrder, which may correct the API ids."""
        if names.permId and not order.permId:
            order.permId = names.permId
            self._nameless.pop(order.ref, None)
        if order.permId:
            self.by_perm[order.permId] = order
        if names.ref and not order.ref:
            order.ref = names.ref
        self._bind_ref(order)
        if names.orderId and names.clientId is not None:
            self._bind_id(order, (names.clientId, names.orderId), restate)
        elif names.clientId is not None and not order.orderId:
            order.clientId = names.clientId

    def _bind_id(self, order: Order, key: tuple[int, int], restate: bool) -> None:
        """A status under another client's id (of one who cancels a foreign order, tws-facts 4.6) does not rename the order."""
        if restate or not order.orderId:
            if order.orderId and key != (order.clientId, order.orderId):
                self._renamed.add(order)
            order.clientId, order.orderId = key
        if key == (order.clientId, order.orderId):
            held = self._by_id.setdefault(key, {})
            older = [each for each in held if each is not order and not each.permId]
            held[order] = None
            for each in older:
                self._absorb(order, each)

    def _bind_ref(self, order: Order) -> None:
        ref = order.ref
        if not ref:
            return
        if not order.permId:
            self._nameless.setdefault(ref, order)
        self._by_ref.setdefault(ref, {})[order] = None

    def _absorb(self, order: Order, nameless: Order) -> None:
        """An order sent by us, and one under a permId, turn out to be the same: the sent one's facts fill the gaps."""
        if not self._may_be(nameless, Names(ref=order.ref, con_id=order.con_id, action=order.terms.action)):
            return
        self.remove(nameless)
        self.absorbed.append(nameless)
        order.fills.report(nameless.fills.executed, nameless.fills.average, nameless.fills.last_price)
        order.born = min(order.born, nameless.born)
        order.ref = order.ref or nameless.ref
        order.place = order.place or nameless.place
        if order.contract is None and nameless.contract is not None:
            order.describe(nameless.contract)
        if not order.versions.confirmed:
            order.versions = nameless.versions
        self._by_id.setdefault((order.clientId, order.orderId), {})[order] = None
        self._bind_ref(order)

    def is_renamed(self, order: Order) -> bool:
        """Whether it has had another API id in this session."""
        return order in self._renamed

    def is_bound(self, order: Order) -> bool:
        """Whether its API id leads to it."""
        return order in self._by_id.get((order.clientId, order.orderId), ())

    def hold_id(self, order: Order) -> None:
        """Its API id leads to it again."""
        self._by_id.setdefault((order.clientId, order.orderId), {})[order] = None

    def free_id(self, key: tuple[int, int]) -> None:
        """Whatever stands under this id is not the order of that id (103)."""
        self._by_id.pop(key, None)

    def remove(self, order: Order) -> None:
        """Forget an order altogether."""
        self._all.pop(order, None)
        self._renamed.discard(order)
        key = (order.clientId, order.orderId)
        if self.by_perm.get(order.permId) is order:
            del self.by_perm[order.permId]
        _drop(self._by_id, key, order)
        _drop(self._by_ref, order.ref, order)
        if self._nameless.get(order.ref) is order:
            del self._nameless[order.ref]

    def session_lost(self) -> None:
        """API ids end with their session, except where they are all an order has."""
        left: dict[tuple[int, int], dict[Order, None]] = {}
        for key, held in self._by_id.items():
            for order in held:
                if not order.permId and not order.final:
                    left.setdefault(key, {})[order] = None
        self._by_id = left
        self._renamed = {order for order in self._renamed if not order.permId and not order.final}


def _drop(names: dict[Any, dict[Order, None]], name: Any, order: Order) -> None:
    held = names.get(name, {})
    held.pop(order, None)
    if not held:
        names.pop(name, None)
