"""Where orders are kept: by ids, by instrument in the priority they trade in; and today's completed ones and fills."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator

from attrs import define, field

from ibgw_tx.sim.exchange.order import Fill, Order
from ibgw_tx.sim.market.walk import Walk

KEPT = 7 * 86400.0  # seconds: executions of so many days are kept
#: Completed orders, executions of today and of the days before that are kept; the oldest go first, as after a day.
MOST = 5_000
Entry = tuple[float, int, Order]  # how good the price is (lower is better), permId, order


@define(eq=False)
class Working:
    """One instrument's orders that may trade: the ones in the market by side, best price first, and those in waiting.

    `seen` is the number of the last trade that was looked at.
    """

    walk: Walk
    seen: int
    buys: list[Entry] = field(factory=list)
    sells: list[Entry] = field(factory=list)
    waiting: dict[int, Order] = field(factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.buys or self.sells or self.waiting)

    def side(self, order: Order) -> list[Entry]:
        return self.buys if order.terms.buys else self.sells


def rank(order: Order, limit: float | None) -> float:
    """A place in the queue: without a limit before all others."""
    if limit is None:
        return -math.inf
    return -limit if order.terms.buys else limit


class OrderStore:
    """Every order of the day. `live` is in order of arrival."""

    def __init__(self) -> None:
        self.live: dict[int, Order] = {}
        self.held: dict[tuple[int, int], Order] = {}
        self.done: dict[int, Order] = {}
        self.fills: dict[str, Fill] = {}  # today's
        self.earlier: list[Fill] = []  # of the days before, as far as they are kept
        self.working: dict[int, Working] = {}
        self.revocable: dict[int, Order] = {}  # to be cancelled when their conditions come true
        self.groups: dict[str, dict[int, Order]] = {}
        self.active: Counter[tuple[int, int, str]] = Counter()
        self._keys: dict[tuple[int, int], Order] = {}
        self._places: dict[int, Entry | None] = {}  # None: it waits

    # By ids

    def by_key(self, client_id: int, order_id: int) -> Order | None:
        """The latest order of a client under an id, held, live or done."""
        return self._keys.get((client_id, order_id))

    def by_perm(self, perm_id: int) -> Order:
        return self.live.get(perm_id) or self.done[perm_id]

    def rekey(self, order: Order, order_id: int) -> None:
        """Give an order another id, as binding does."""
        order.order_id = order_id
        order.revision += 1
        self._keys[order.key] = order

    def hold(self, order: Order) -> None:
        order.held = True
        self.held[order.key] = self._keys[order.key] = order

    def unhold(self, order: Order) -> None:
        order.held = False
        self.held.pop(order.key, None)

    def drop(self, order: Order) -> None:
        """Forget an order that was never transmitted."""
        self.unhold(order)
        self._keys.pop(order.key, None)

    def add(self, order: Order) -> None:
        """Among the living; once is enough."""
        if order.perm_id in self.live:
            return
        self.live[order.perm_id] = order
        if order.order_id:
            self._keys[order.key] = order
        self.active[_slot(order)] += 1
        self.regroup(order)

    def regroup(self, order: Order) -> None:
        if order.oca:
            self.groups.setdefault(order.oca, {})[order.perm_id] = order

    def finish(self, order: Order) -> None:
        """Out of the market, among the completed."""
        self.withdraw(order)
        self.revocable.pop(order.perm_id, None)
        if self.live.pop(order.perm_id, None) is not None:
            self.active[_slot(order)] -= 1
        group = self.groups.get(order.oca, {})
        group.pop(order.perm_id, None)
        if not group:
            self.groups.pop(order.oca, None)
        self.done[order.perm_id] = order
        if len(self.done) > MOST:
            self._forget(self.done.pop(next(iter(self.done))))

    def executed(self, fill: Fill) -> None:
        """Among today's executions."""
        self.fills[fill.exec_id] = fill
        if len(self.fills) > MOST:
            del self.fills[next(iter(self.fills))]

    def _forget(self, order: Order) -> None:
        if self._keys.get(order.key) is order:
            del self._keys[order.key]

    def mates(self, order: Order) -> list[Order]:
        """Live others of its OCA group."""
        return [mate for mate in self.groups.get(order.oca, {}).values() if mate is not order and mate.live]

    def in_group(self, name: str) -> list[Order]:
        """Live and held orders of an OCA group that clients have named."""
        held = [order for order in self.held.values() if order.terms.oca_group == name]
        return [*(order for order in self.groups.get(name, {}).values() if order.live), *held]

    def count(self, order: Order) -> int:
        """Active orders of its contract, side and account."""
        return self.active[_slot(order)]

    # By instrument

    def _at(self, walk: Walk) -> Working:
        return self.working.setdefault(walk.instrument.con_id, Working(walk, walk.count))

    def enqueue(self, order: Order, limit: float | None, walk: Walk) -> None:
        """Into the market at a limit."""
        self.withdraw(order)
        working = self._at(walk)
        entry = (rank(order, limit), order.perm_id, order)
        insort(working.side(order), entry)
        self._places[order.perm_id] = entry

    def requeue(self, order: Order, limit: float) -> None:
        """Move an order that stands in the market to a limit; one that does not stays where it is."""
        if self._places.get(order.perm_id) is not None:
            self.enqueue(order, limit, self.working[order.instrument.con_id].walk)

    def wait(self, order: Order, walk: Walk) -> None:
        """Watched until something sets it off."""
        self.withdraw(order)
        self._at(walk).waiting[order.perm_id] = order
        self._places[order.perm_id] = None

    def withdraw(self, order: Order) -> None:
        """Out of wherever it stands; without harm when it stands nowhere."""
        if order.perm_id not in self._places:
            return
        entry = self._places.pop(order.perm_id)
        working = self.working[order.instrument.con_id]
        if entry is None:
            del working.waiting[order.perm_id]
        else:
            side = working.side(order)
            del side[bisect_left(side, entry)]
        if working.empty:
            del self.working[order.instrument.con_id]

    def queued(self, side: list[Entry]) -> Iterator[Order]:
        """A side's orders, best first; it may change under the caller."""
        for _, _, order in list(side):
            yield order

    # The day

    def new_day(self) -> None:
        """Completed orders and executions are today's only (tws-facts 4.7); executions of earlier days must be asked for."""
        self.earlier += self.fills.values()
        kept = max((fill.when for fill in self.earlier), default=0.0) - KEPT
        self.earlier = [fill for fill in self.earlier if fill.when > kept][-MOST:]
        for order in self.done.values():
            self._forget(order)
        self.done.clear()
        self.fills.clear()


def _slot(order: Order) -> tuple[int, int, str]:
    return order.instrument.con_id, order.terms.sign, order.terms.account
