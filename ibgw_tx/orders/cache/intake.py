"""What each kind of message does to the order it speaks of. Pure.

Executions are the only sure word of a fill: they are taken in for orders nobody has heard of, after the end, and twice.
Commissions pair with executions by execId in either order; those that come first wait, `EARLY` of them, the oldest dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from ibgw_tx.model.figures import Quantity
from ibgw_tx.model.order_events import (
    Commission,
    CompletedOrder,
    Execution,
    OpenOrder,
    OrderError,
    OrderEvent,
    OrderStatus,
    Terms,
)
from ibgw_tx.orders.cache.changes import Note
from ibgw_tx.orders.cache.executions import Executions
from ibgw_tx.orders.cache.index import Names, OrderIndex
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.question import Questions
from ibgw_tx.orders.cache.rows import row_key, split_exec_id
from ibgw_tx.orders.cache.states import Mark, Sign, State, sign_of
from ibgw_tx.orders.codes import CANCELLED, DUPLICATE_ID

__all__ = ["EARLY", "Heard", "Intake"]

EARLY = 1000  # commissions whose execution has not come yet


@attrs.frozen
class Heard:
    """Which order it was about (None: none we know), why TWS must be asked (None: it need not), and what to log."""

    order: Order | None = None
    reason: str | None = None
    notes: tuple[Note, ...] = ()


_NOTHING = Heard()


@attrs.define(eq=False)
class Intake:
    """Takes messages in: finds or makes their order in `index`, and changes it."""

    client_id: int
    index: OrderIndex
    questions: Questions
    trades: Executions
    ignored: set[int] = attrs.Factory(set)
    _executions: dict[str, Order] = attrs.Factory(dict)
    _early: dict[str, Commission] = attrs.Factory(dict)

    def hear(self, event: OrderEvent, now: int) -> Heard:
        """Take one message in."""
        return _HEAR[type(event)](self, event, now)

    def _order(self, names: Names, now: int, *, restate: bool = False) -> Order:
        order = self.index.find(names)
        if order is None:
            order = Order(born=now, touched=now)
            self.index.add(order, names)
        else:
            self.index.bind(order, names, restate=restate)
        return order

    def _open_order(self, event: OpenOrder, now: int) -> Heard:
        own = event.clientId == self.client_id
        if event.whatIf or (own and event.orderId in self.ignored):
            return _NOTHING
        terms, contract = event.terms, event.contract
        names = Names(event.permId, event.clientId, event.orderId, event.orderRef, contract.conId, terms.action)
        if not names.usable:
            return _unnamed(event)
        order = self._order(names, now, restate=True)
        order.marks.add(Mark.SPOKEN)
        if self.questions.listing is not None:
            order.listed_in = self.questions.listing
        if self.questions.current is not None and not order.final:
            # It may have been placed while the other lists were asked for: TWS knows it, whatever becomes of it.
            order.named_in = self.questions.current
        order.deactivated = event.deactivated
        reason = order.hear_terms(terms, self._answers(order))
        order.describe(contract)
        if event.status == "Filled":
            order.fills.state_commission(event.commission, event.commissionCurrency)
        return self._word(order, event.status, None, "", now, reason)

    def _order_status(self, event: OrderStatus, now: int) -> Heard:
        if event.clientId == self.client_id and event.orderId in self.ignored:
            return _NOTHING
        names = Names(event.permId, event.clientId, event.orderId)
        if not names.usable:
            return _unnamed(event)
        order = self._order(names, now)
        if event.filled is not None and self._answers(order) is not None:
            order.fills.restate(event.filled)
        order.fills.report(event.filled, event.avgFillPrice, event.lastFillPrice)
        return self._word(order, event.status, event.filled, event.whyHeld, now, None)

    def _word(self, order: Order, word: str, filled: Quantity | None, why: str, now: int, reason: str | None) -> Heard:
        answers = self._answers(order)
        order.named_in = order.named_in if answers is None else answers
        unknown = order.state is State.UNKNOWN
        reason = order.hear_word(word, filled, why, answers, now) or reason
        if unknown and order.alive and answers is None:
            reason = f"{word} from an order that was unknown"
        if word and sign_of(word) is None:
            return Heard(order, reason, (Note("a status nobody knows", {"status": word, "permId": order.permId}),))
        return Heard(order, reason)

    def _answers(self, order: Order) -> int | None:
        """The question that a word about this order is part of the answer to: the list of open orders has to have named it.

        A message that only came while a question about another order was open proves nothing about this one.
        """
        return order.listed_in if order.listed_in == self.questions.current else None

    def _completed_order(self, event: CompletedOrder, now: int) -> Heard:
        terms = event.terms
        names = Names(event.permId, None, 0, event.orderRef, event.contract.conId, terms.action)
        if not names.usable:
            return _unnamed(event)
        order = self._order(names, now)
        order.named_in = self.questions.number
        # Less than was filled before is what a correction has left of it.
        fell = order.state is State.FILLED or order.fills.executed > (event.filledQuantity or 0)
        is_known = fell and order.terms.totalQuantity is not None
        if terms.totalQuantity is None and sign_of(event.status) is Sign.FILLED and event.filledQuantity and not is_known:
            terms = attrs.evolve(terms, totalQuantity=event.filledQuantity)  # it is not told, and is what was filled
        order.versions.complete(terms)
        order.describe(event.contract)
        order.fills.report(event.filledQuantity, None, None)
        word = event.status if sign_of(event.status) not in (None, Sign.LIVE) else "Inactive"
        if sign_of(word) is Sign.HELD:
            order.go(Sign.DEAD, word)
        else:
            order.hear_word(word, event.filledQuantity, "", self.questions.current, now)
        if order.state is State.DEAD and order.reasons.code is None and order.reasons.text is None:
            order.reasons.text = event.completedStatus.strip() or None
        return Heard(order)

    def _execution(self, event: Execution, now: int) -> Heard:
        names = Names(event.permId, event.clientId, event.orderId, event.orderRef, event.contract.conId, event.side)
        if not names.usable:
            return _unnamed(event)
        order = self._order(names, now)
        before = order.fills.executed
        # What comes unasked and is no correction happens now.
        is_told = event.asked or split_exec_id(event.execId)[1] > 1
        news = order.fills.execute(event, self.trades.told_before(event) if is_told and not order.fills.knows(event) else None)
        self.trades.heard(order, event)
        if not news:
            return Heard(order)
        _learn_from_trade(order, event)
        order.marks |= {Mark.SPOKEN, Mark.ACKNOWLEDGED}
        self._pair(order, event)
        order.ripen()
        return Heard(order, self._contradiction(order), _notes_of(event, order, before))

    def _contradiction(self, order: Order) -> str | None:
        if order.refused:
            return "a refused order was executed"
        return "an unknown order was executed" if order.state is State.UNKNOWN and self.questions.current is None else None

    def _pair(self, order: Order, event: Execution) -> None:
        self._executions[event.execId] = order
        order.executions[event.execId] = row_key(event)
        early = self._early.pop(event.execId, None)
        if early is not None:
            self._charge(early)

    def _commission(self, event: Commission, now: int) -> Heard:
        self.trades.charged(event)
        if event.execId in self._executions:
            return Heard(self._charge(event))
        self._early[event.execId] = event
        if len(self._early) > EARLY:
            del self._early[next(iter(self._early))]
        return _NOTHING

    def _charge(self, event: Commission) -> Order:
        order = self._executions[event.execId]
        order.fills.charge(order.executions[event.execId], split_exec_id(event.execId)[1], event.commission, event.currency)
        return order

    def _order_error(self, event: OrderError, now: int) -> Heard:
        """Errors name an order of this client and session."""
        key = (self.client_id, event.orderId)
        order = self.index.of_id(key)
        if order is None:
            return _NOTHING
        if self.index.twins(key):
            # Which of the two it speaks of it does not say; the lists do.
            return Heard(order, f"code {event.code} for an id that two living orders have")
        if event.code == CANCELLED and self.index.survivors(key):
            # It follows the status of the one that was cancelled, which has been heard; of the other it says nothing.
            return Heard(order, f"code {event.code} for an id that a living and a dead order have")
        reason = order.hear_code(event.code, event.text, now, event.reject)
        if event.code == DUPLICATE_ID and order.refused:
            self.index.free_id(key)
        return Heard(order, reason)

    def forget_executions(self, order: Order) -> None:
        """The executions of an order that is gone."""
        for exec_id in order.executions:
            if self._executions.get(exec_id) is order:
                del self._executions[exec_id]

    def know_executions(self, order: Order) -> None:
        """Those of an order that is in memory again."""
        self._executions.update(dict.fromkeys(order.executions, order))


def _learn_from_trade(order: Order, event: Execution) -> None:
    """An order known by executions only: what was traded, which side, for whom. A leg says nothing about its combo."""
    is_leg = event.contract.secType != "BAG" and event.execId.count(".") > 3
    if order.contract is None and order.traded is None and not is_leg:
        order.traded = attrs.evolve(event.contract, exchange="")
        order.con_id, order.sec_type = (
            order.con_id or event.contract.conId,
            order.sec_type or event.contract.secType,
        )
        if not order.versions.confirmed and not order.terms.action:
            order.versions.terms = Terms(action=event.side, account=event.acctNumber)


def _notes_of(event: Execution, order: Order, before: Quantity) -> tuple[Note, ...]:
    facts = {"execId": event.execId, "permId": order.permId, "shares": event.shares, "price": event.price}
    notes = []
    if event.liquidation:
        notes.append(Note("the broker has liquidated", facts))
    if split_exec_id(event.execId)[1] > 1:
        notes.append(Note("an execution was corrected", facts | {"executed": order.fills.executed, "before": before}))
    return tuple(notes)


def _unnamed(event: OrderEvent) -> Heard:
    return Heard(notes=(Note("a message names no order", attrs.asdict(event, recurse=False)),))


_HEAR: dict[type, Callable[[Intake, Any, int], Heard]] = {
    OpenOrder: Intake._open_order,
    OrderStatus: Intake._order_status,
    CompletedOrder: Intake._completed_order,
    Execution: Intake._execution,
    Commission: Intake._commission,
    OrderError: Intake._order_error,
}
