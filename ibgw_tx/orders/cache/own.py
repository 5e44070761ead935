"""What this gateway sends about orders, noted in the cache before the bytes leave. Pure.

Bots are told nothing by it: TWS's word is awaited. API ids are those of this client and session.
"""

from __future__ import annotations

import attrs

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.moment import Moment, steady
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.changes import Change
from ibgw_tx.orders.cache.consequences import Consequences
from ibgw_tx.orders.cache.index import Names, OrderIndex
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.places import Places
from ibgw_tx.orders.cache.question import Questions
from ibgw_tx.orders.cache.states import Mark, Sign, State

__all__ = ["OwnOrders"]


@attrs.define(eq=False)
class OwnOrders:
    """Takes in what is being sent. KeyError: no such order of this client and session."""

    _client_id: int
    _index: OrderIndex
    _questions: Questions
    _places: Places
    _consequences: Consequences
    _ignored: set[int]
    _withheld: set[Order] = attrs.Factory(set)

    def placed(self, api_id: int, terms: Terms, client_oid: str, contract: Contract, now: int) -> tuple[Change, ...]:
        """An order is being sent. ValueError: the id belongs to an order that is not over."""
        older = self._find(api_id)
        if older is not None and not older.final:
            raise ValueError(f"apiOrderId {api_id} is in use")
        order = self._new(api_id, terms, client_oid, contract, now)
        order.sent_after = self._questions.number
        return self._consequences.finish(order, None, now)

    def sent_before(self, api_id: int, terms: Terms, client_oid: str, contract: Contract, born: int, now: int) -> None:
        """An order that was sent in a former life of the gateway, at `born`, and had no answer; before a snapshot.

        Nothing when it is known: then TWS's word of it stands in its hash.
        """
        known = self._find(api_id) or self._index.of_ref(client_oid)
        if known is None or known.clientId not in (0, self._client_id):
            moment = Moment(born, steady(now) - max(int(now) - born, 0))
            self._consequences.finish(self._new(api_id, terms, client_oid, contract, moment), None, now)

    def _new(self, api_id: int, terms: Terms, client_oid: str, contract: Contract, born: int) -> Order:
        order = Order(born=born, touched=int(born), clientId=self._client_id, orderId=api_id, ref=client_oid, marks={Mark.OURS})
        order.versions.terms = terms
        order.describe(contract)
        self._places.teach(contract)
        self._index.add(order, Names(clientId=self._client_id, orderId=api_id, ref=client_oid))
        return order

    def modifying(self, api_id: int, terms: Terms, now: int) -> None:
        """A modification is being sent, with all terms as they shall be; bots see them when TWS shows them."""
        order = self._of(api_id)
        order.versions.pending.append(terms)
        order.sent_after = self._questions.number
        self._consequences.watch(order, now)

    def withheld(self, api_id: int, terms: Terms, transmit: bool, now: int) -> tuple[Change, ...]:
        """An order with transmit false has been sent, or changed, or (`transmit`) let go. TWS says nothing of it meanwhile."""
        order = self._of(api_id)
        order.versions.terms, order.sent_after = terms, self._questions.number
        order.go(Sign.TRANSMITTED if transmit else Sign.HELD, "PendingSubmit" if transmit else "Inactive")
        if not transmit and order.state is State.HELD:
            order.marks.add(Mark.WITHHELD)
            self._withheld.add(order)
        return self._consequences.finish(order, None, now)

    def session_lost(self) -> None:
        """TWS loses what was withheld when it ends, and lists it when it does not."""
        for order in self._withheld:
            order.marks.discard(Mark.WITHHELD)
        self._withheld.clear()

    def cancelling(self, api_id: int, now: int) -> None:
        """A cancel is being sent."""
        self._cancel(self._of(api_id), now)

    def cancelling_all(self, now: int) -> None:
        """A global cancel is being sent: it concerns every living order, those of others too."""
        for order in self._index:
            if order.alive:
                self._cancel(order, now)

    def _cancel(self, order: Order, now: int) -> None:
        order.cancel_sent()
        order.sent_after = self._questions.number
        self._consequences.watch(order, now)

    def forget(self, api_id: int) -> None:
        """The order could not be sent after all; nothing has been told about it."""
        order = self._find(api_id)
        if order is not None and Mark.SPOKEN not in order.marks:
            self._consequences.drop(order)

    def ignore(self, api_id: int) -> None:
        """What TWS says under this id in this session is no order: a what-if question."""
        self._ignored.add(api_id)

    def _find(self, api_id: int) -> Order | None:
        return self._index.of_id((self._client_id, api_id))

    def _of(self, api_id: int) -> Order:
        order = self._find(api_id)
        if order is None:
            raise KeyError(api_id)
        return order
