"""Orders that are over leave memory once nothing more is expected of them, and come back when somebody speaks of them. Pure.

Redis keeps such an order: its order_json in its hash, and what that does not say beside it (remains.py). Here only its names
stay (archive.py). Before a message is taken in, or a command looks an order up, `absent` and `absent_named` say which orders have
to be fetched for it; `back` takes them in. An order that is back is as if it had stayed.

An order leaves STAY after it was last spoken of, when it is final, bots have been told of it as it stands, and no question, wait
or doubt is about it. Which order a client_oid means must not depend on who is in memory, so of several with one client_oid in one
hash the one that it means leaves last, and comes back with any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from ibgw_tx.model import json_text
from ibgw_tx.model.moment import steady
from ibgw_tx.model.order_events import Commission, CompletedOrder, Execution, OpenOrder, OrderError, OrderEvent, OrderStatus
from ibgw_tx.orders.cache.archive import Archive, Whereabouts
from ibgw_tx.orders.cache.executions import Executions
from ibgw_tx.orders.cache.hashes import Hashes, may_be_field
from ibgw_tx.orders.cache.index import Names, OrderIndex
from ibgw_tx.orders.cache.intake import Intake
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import body_of
from ibgw_tx.orders.cache.question import Questions
from ibgw_tx.orders.cache.remains import NotRestorable, remains_of, restored
from ibgw_tx.orders.cache.restore import read_order
from ibgw_tx.orders.cache.states import Mark, State

__all__ = ["MOST_BACK", "STAY", "Departure", "Departures"]

#: ms that an order stays after it was last spoken of: late words mostly come within them, and no command lasts longer.
STAY = 30_000
#: Orders fetched for messages that stay so long; beyond them the one that has been back longest leaves at once, if it may.
MOST_BACK = 500
#: Of these so many in one turn of the reactor.
SLICE = 30
#: Orders in memory that are looked for in one turn among those that were read, some ms.
RENEWED = 1000


@attrs.frozen
class Departure:
    """An order that may leave. `remains` must stand in Redis before it does: None for no such field."""

    order: Order
    field: str
    remains: bytes | None


@attrs.define(eq=False)
class Departures:
    """Which orders may leave, and which have to come back."""

    _client_id: int
    _index: OrderIndex
    _hashes: Hashes
    _questions: Questions
    _intake: Intake
    _trades: Executions
    _history: float
    archive: Archive = attrs.Factory(Archive)
    _settled: dict[Order, int] = attrs.Factory(dict)  # since when, on the steady clock
    _back: dict[Order, tuple[int, bytes | None]] = attrs.Factory(dict)  # when last told, and the remains that they came with

    # Coming back.

    def absent(self, event: OrderEvent) -> tuple[Whereabouts, ...]:
        """The orders that a message may speak of, and that have to be fetched before it is taken in."""
        if not len(self.archive):
            return ()
        perm_id, ref, key, exec_id = _called(event, self._client_id)
        known = self._index.by_perm.get(perm_id)
        if known is not None and ref in ("", known.ref) and key in (None, (known.clientId, known.orderId)):
            return ()
        return self._where(self.archive.called(perm_id, ref, key, exec_id))

    def absent_named(self, perm_id: str = "", api_id: int = 0, client_oid: str = "") -> tuple[Whereabouts, ...]:
        """The same for what a command says; its API ids are those of this client."""
        if not len(self.archive):
            return ()
        perm = int(perm_id) if perm_id.isascii() and perm_id.isdecimal() and len(perm_id) < 20 else 0
        key = (self._client_id, api_id) if api_id else None
        return self._where(self.archive.called(perm, client_oid, key))

    def _where(self, numbers: list[int]) -> tuple[Whereabouts, ...]:
        return tuple(map(self.archive.where, numbers))

    def back(self, where: Whereabouts, text: Any, remains: bytes | None, now: int) -> tuple[Whereabouts, ...]:
        """Take an order in again; which others that calls for. `text`: None when Redis does not have it any more.

        What somebody has made of it in Redis meanwhile is what it is: Redis' word is taken, as at a start.
        """
        archive = self.archive
        if where.number not in archive:
            return ()
        order = restored(text, _parsed(remains)) or read_order(text)
        fits = order is not None and order.place == where.place and where.number == (order.permId or where.number)
        if order is None or not fits or order.permId in self._index.by_perm:
            archive.drop(where.number)
            return ()
        key, number = (order.clientId, order.orderId), where.number
        shown, bound = archive.is_shown(number, order.ref), archive.is_bound(number, *key)
        archive.take(number, order.ref, key, order.executions)
        self._index.add(order, Names(permId=order.permId, ref=order.ref))
        if bound:
            self._index.hold_id(order)
        if shown:
            self._hashes.show(order)
        if order.final:
            order.told.body = body_of(order)
        self._intake.know_executions(order)
        self._settled[order] = steady(now)
        self._back[order] = order.touched, remains
        return self._where(archive.called(ref=order.ref))

    def renew(self, archive: Archive) -> Iterator[None]:
        """What was read from Redis is what has left memory; who has come back meanwhile has not. In slices."""
        self.archive.renew(archive)
        # These were read as orders in memory, and have to be there when what was read is compared with them.
        self._back.clear()
        for count, order in enumerate(list(self._index), 1):
            if order.permId in self.archive:
                self.archive.take(order.permId, order.ref, (0, 0), ())
            if not count % RENEWED:
                yield

    # Leaving.

    def look(self, order: Order, now: int) -> None:
        """An order has been spoken of."""
        self._settled.pop(order, None)
        if order.final:
            self._settled[order] = steady(now)

    def due(self, now: int, most: int) -> list[Departure]:
        """Some that have been settled for long enough; those that may not leave are looked at again later."""
        found: list[Departure] = []
        for order in self._waiting(steady(now) - STAY, most):
            departure = self._departure(order, now)
            if departure is None:
                self._settled[order] = steady(now)
            else:
                found.append(departure)
        return found

    def surplus(self, now: int) -> None:
        """Of those that came back for messages the ones that are too many leave at once, if Redis has them as they are."""
        for _ in range(min(len(self._back) - MOST_BACK, SLICE)):
            order = next(iter(self._back))
            came = self._back.pop(order)
            departure = self._departure(order, now)
            if departure is not None and came == (order.touched, departure.remains):
                self._leave(order)

    def _waiting(self, until: int, most: int) -> Iterator[Order]:
        for order, since in list(self._first(most)):
            if since > until:
                return
            del self._settled[order]
            if order in self._index:
                yield order

    def _first(self, most: int) -> Iterator[tuple[Order, int]]:
        for _, pair in zip(range(most), self._settled.items(), strict=False):
            yield pair

    def _departure(self, order: Order, now: int) -> Departure | None:
        if not self._may_leave(order, now):
            return None
        try:
            return Departure(order, str(order.permId) if order.permId else order.ref, remains_of(order))
        except NotRestorable:
            return None

    def _may_leave(self, order: Order, now: int) -> bool:
        if order not in self._index or not order.final or order.place is None or order.contract is None:
            return False
        if order.doubt is not None or order.waits or self._questions.concerns(order) or self._index.is_renamed(order):
            return False
        if Mark.SPOKEN not in order.marks or order.told.body != body_of(order) or not self._is_named(order):
            return False
        # One so old goes at the end of the next snapshot, unless TWS names it in that: which only an order in memory knows.
        named = order.named_in is not None and order.named_in == self._questions.current
        return not (named and now - order.touched > self._history)

    def _is_named(self, order: Order) -> bool:
        """Whether it can be found again by its names, and no other order loses its own by its leaving."""
        if not order.permId and not may_be_field(order.ref):
            return False
        named_so = [each for each in self._index.with_ref(order.ref) if each is not order]
        # One that has no place yet may come to stand in the same hash.
        twins = [each for each in named_so if each.place in (None, order.place)]
        if not twins:
            return True
        # By one that is over itself: one that lives may rank below it tomorrow.
        outranked = any(each.final and self._index.rank(each) > self._index.rank(order) for each in twins)
        return bool(order.permId) and outranked and not self._hashes.shows(order)

    def leave(self, departure: Departure, now: int) -> bool:
        """It leaves, now that its remains stand in Redis; False: it has been spoken of meanwhile, and stays."""
        order = departure.order
        if self._departure(order, now) != departure or order.place is None:
            self._settled.setdefault(order, steady(now))
            return False
        self._leave(order)
        return True

    def _leave(self, order: Order) -> None:
        assert order.place is not None
        number = self.archive.put(order.permId, order.ref, order.place, order.state is State.FILLED)
        if self._hashes.shows(order):
            self.archive.name(number, order.ref)
        if order.orderId and self._index.is_bound(order):
            self.archive.bind(number, order.clientId, order.orderId)
        self.archive.traded(number, order.executions)
        self._hashes.part_with(order)
        self._intake.forget_executions(order)
        self._trades.part_with(order)
        self._index.remove(order)
        self._settled.pop(order, None)
        self._back.pop(order, None)

    def forget(self, order: Order) -> None:
        """An order is gone for good."""
        self._settled.pop(order, None)
        self._back.pop(order, None)


def _parsed(remains: bytes | None) -> Any:
    if remains is None:
        return None
    try:
        return json_text.loads_exact(remains)
    except ValueError:
        return None


def _called(event: OrderEvent, client_id: int) -> tuple[int, str, tuple[int, int] | None, str]:
    """What a message calls its order: permId, orderRef, (client id, API id), execId."""
    if isinstance(event, OpenOrder):
        return event.permId, event.orderRef, (event.clientId, event.orderId), ""
    if isinstance(event, OrderStatus):
        return event.permId, "", (event.clientId, event.orderId), ""
    if isinstance(event, CompletedOrder):
        return event.permId, event.orderRef, None, ""
    if isinstance(event, Execution):
        return event.permId, event.orderRef, (event.clientId, event.orderId), event.execId
    if isinstance(event, Commission):
        return 0, "", None, event.execId
    assert isinstance(event, OrderError)
    return 0, "", (client_id, event.orderId), ""
