"""How long orders wait before TWS is asked about them. Pure: `now` comes in; deadlines are on its steady clock, in ms."""

from __future__ import annotations

import heapq

import attrs

from ibgw_tx.model.moment import steady
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.states import Mark, State, Wait, is_cancelling

__all__ = ["Patience", "Waits"]


@attrs.frozen
class Patience:
    """All in ms. `fresh`: an order sent so short a time ago may be missing from TWS's lists without being lost."""

    answer: int = 30_000
    give_up: int = 60_000
    held: int = 3_000
    cancel: int = 30_000
    modify: int = 30_000
    word: int = 2_000
    unknown: int = 60_000
    unknown_rounds: int = 3  # each twice as long as the one before
    ask_again: int = 10_000
    fresh: int = 5_000

    def of(self, wait: Wait) -> int:
        """The patience with one kind of waiting."""
        return {
            Wait.ANSWER: self.answer,
            Wait.GIVE_UP: self.give_up,
            Wait.HELD: self.held,
            Wait.CANCEL: self.cancel,
            Wait.MODIFY: self.modify,
            Wait.WORD: self.word,
            Wait.UNKNOWN: self.unknown,
        }[wait]


_NOTHING: frozenset[Wait] = frozenset()
_ANSWER = frozenset({Wait.ANSWER, Wait.GIVE_UP})
_IN_MOTION = frozenset({Mark.CANCELLING, Mark.FULL})
_EXPLAINED = frozenset({Mark.LOCATED, Mark.WITHHELD})  # why an order is held, so that nobody need be asked


def _waiting_for(order: Order) -> frozenset[Wait]:
    """What an order waits for now; follows from its state alone."""
    if order.place is None and order.contract is None and Mark.SPOKEN in order.marks:
        return frozenset({Wait.WORD})
    if order.state is State.LIVE and not (order.marks & _IN_MOTION or order.versions.pending):
        return frozenset({Wait.CANCEL}) if is_cancelling(order.status) else _NOTHING
    if order.final:
        return _NOTHING
    if order.state is State.UNKNOWN:
        return frozenset({Wait.UNKNOWN})
    found: set[Wait] = set()
    if order.state is State.SENT:
        found |= _ANSWER if Mark.OURS in order.marks else {Wait.WORD}
    if order.state is State.HELD and not order.marks & _EXPLAINED:
        found.add(Wait.HELD)
    if Mark.CANCELLING in order.marks or is_cancelling(order.status):
        found.add(Wait.CANCEL)
    if order.versions.pending:
        found.add(Wait.MODIFY)
    if Mark.FULL in order.marks:
        found.add(Wait.WORD)
    return frozenset(found)


@attrs.define(eq=False)
class Waits:
    """The deadlines of all orders. `Order.waits` holds the valid one of each kind, None once it has passed."""

    patience: Patience
    _heap: list[tuple[int, int, Wait, Order]] = attrs.Factory(list)
    _count: int = 0

    def watch(self, order: Order, now: int) -> None:
        """Start and end deadlines as the order's state now wants it."""
        wanted = _waiting_for(order)
        if not wanted and not order.waits:
            return
        for wait in [wait for wait in order.waits if wait not in wanted]:
            del order.waits[wait]
        for wait in wanted:
            if wait not in order.waits:
                self._start(order, wait, steady(now) + self.patience.of(wait))

    def _start(self, order: Order, wait: Wait, at: int) -> None:
        order.waits[wait] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, wait, order))

    def again(self, order: Order, now: int) -> None:
        """One more round for an order that stays unknown, while there are rounds left."""
        order.rounds += 1
        if order.rounds < self.patience.unknown_rounds:
            self._start(order, Wait.UNKNOWN, steady(now) + self.patience.unknown * 2**order.rounds)

    def passed(self, now: int) -> list[tuple[Order, Wait]]:
        """The deadlines that have passed, each once."""
        found = []
        while self._heap and self._heap[0][0] <= steady(now):
            at, _, wait, order = heapq.heappop(self._heap)
            if order.waits.get(wait) == at:
                order.waits[wait] = None
                found.append((order, wait))
        return found
