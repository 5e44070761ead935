"""The lives of orders: from being taken to their end. It knows no wire, client or socket.

    placed -> PreSubmitted -> (waits for: parent, opening, good-after time, conditions, trigger, close) -> Submitted
           -> Filled | Cancelled;   refused -> Inactive

A *waiting* order is looked at each time its instrument moved; a *working* one trades as soon as the book or the tape
allows: against the book at the book's prices when it comes in, at its own limit once it rests. Everything that a
client may hear goes to `hearer` in the order in which TWS says it: after a fill execution, open order, status; the
commission later. The market's turn is engine.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from ibgw_tx.sim.exchange import conditions, matching
from ibgw_tx.sim.exchange import rules as orderrules
from ibgw_tx.sim.exchange.accounts import Account
from ibgw_tx.sim.exchange.fills import Fills
from ibgw_tx.sim.exchange.oca import after_fill
from ibgw_tx.sim.exchange.order import Fill, Kinds, Order, Status, Terms
from ibgw_tx.sim.exchange.store import OrderStore
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.market import Market
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.wire.codes import say

PERM_RATE, PERM_SECONDS = 200, 10_000_000  # permIds a second, which repeat after 115 days and stay in 31 bits
BY_TRADER, BY_SYSTEM = "Cancelled by Trader", "Cancelled by System:\n"


class Hearer(Protocol):
    """Who is told what happens, in TWS's order."""

    def open_order(self, order: Order) -> None: ...

    def order_status(self, order: Order) -> None: ...

    def note(self, order: Order, code: int, text: str) -> None: ...

    def executed(self, fill: Fill) -> None: ...

    def ended(self, order: Order) -> None: ...

    def moved(self, walk: Walk) -> None: ...


class Lives:
    """`seconds` is the clock; `keep_hours`: exchanges close, else the market never does."""

    def __init__(
        self, catalogue: Catalogue, market: Market, accounts: dict[str, Account], hearer: Hearer,
        seconds: Callable[[], float], keep_hours: bool = False,
    ) -> None:
        self.catalogue, self.market, self.hearer = catalogue, market, hearer
        self.now, self.keep_hours = seconds, keep_hours
        self.store = OrderStore()
        self.fills = Fills(accounts, self.store, seconds)
        self._perm_id = int(seconds()) % PERM_SECONDS * PERM_RATE

    def next_perm(self) -> int:
        """Unique over restarts of the simulator as well, as it begins where the clock says."""
        self._perm_id += 1
        return self._perm_id

    def walk(self, order: Order) -> Walk | None:
        """The market an order trades in; None for what has no book here (combos, indices)."""
        return self.market.walk(order.instrument, self.now()) if order.instrument.books else None

    def tell(self, order: Order) -> None:
        order.revision += 1
        self.hearer.open_order(order)
        self.hearer.order_status(order)

    # A life

    def place(self, order: Order) -> None:
        """Take an order that passed every check."""
        self.store.unhold(order)
        self.store.add(order)
        self._adopt(order)
        orderrules.set_dates(order, self.catalogue, self.keep_hours, self.now())
        self._begin(order)
        order.why_held = orderrules.why_held(order)
        self.tell(order)
        if order.opens > self.now() and self.keep_hours and order.instrument.calendar:
            self.hearer.note(order, 399, orderrules.closed_text(order, self.catalogue))
            self.tell(order)
        self.go_on(order)

    def hold(self, order: Order) -> None:
        """Keep an order that is not to be transmitted yet."""
        self.store.hold(order)
        self._adopt(order)

    def _adopt(self, order: Order) -> None:
        if order.parent is not None and order not in order.parent.children:
            order.parent.children.append(order)

    def replace_held(self, old: Order, new: Order) -> None:
        """A held order was stated anew: its family knows the new one."""
        if old.parent is not None and old in old.parent.children:
            old.parent.children.remove(old)
        new.children = old.children
        for child in new.children:
            child.parent = new

    def _begin(self, order: Order) -> None:
        """Where its stop and limit stand at first, which its first message tells; and whether its conditions may end it."""
        walk = self.walk(order)
        order.limit = orderrules.first_limit(order.terms)
        if order.terms.kind in Kinds.TRAIL:
            order.stop = orderrules.first_stop(order)
            if order.stop is None and walk is not None and self.free(order):
                matching.trail(walk, order, *matching.seen_prices(walk, matching.Prints(walk, walk.count)))
        self._watch(order)

    def _watch(self, order: Order) -> None:
        if order.terms.revocable:
            self.store.revocable[order.perm_id] = order
        else:
            self.store.revocable.pop(order.perm_id, None)

    def free(self, order: Order) -> bool:
        """Whether nothing holds it but its trigger or the close: no parent, opening, time, condition, or locate."""
        now = self.now()
        held = orderrules.waits_for_parent(order) or order.status == Status.INACTIVE or order.opens > now
        return order.live and not held and conditions.ready(order, self.market, self.catalogue, now)

    def revoke(self) -> None:
        """Cancel the orders whose conditions say so (conditionsCancelOrder), working or waiting."""
        for order in list(self.store.revocable.values()):
            if order.live and conditions.come(order, self.market, self.catalogue, self.now()):
                self.finish(order, Status.CANCELLED, BY_SYSTEM, 202)

    def go_on(self, order: Order) -> None:
        """The next step of a live order: it waits, or goes to work."""
        self.revoke()
        if not order.live:
            return
        if order.terms.kind in Kinds.RESTING:
            self._say_status(order, Status.SUBMITTED, "")
            return
        walk = self.walk(order)
        if orderrules.waits_for_parent(order):
            self.store.withdraw(order)  # the parent's fill comes back to it
        elif order.terms.kind in Kinds.CLOSE:
            self.store.withdraw(order)  # the end of the session does
        elif walk is None:
            self._say_status(order, Status.SUBMITTED, "")
        else:
            self.store.wait(order, walk)
            self.consider(order, walk, matching.Prints(walk, walk.count))

    def consider(self, order: Order, walk: Walk, prints: matching.Prints) -> None:
        """Whether what a waiting order waits for has come; it then works."""
        if not self.free(order):
            return  # it is held; or another order's fill in the same look has ended it
        low, high = matching.seen_prices(walk, prints)
        if orderrules.waits_for_trigger(order):
            if order.stop is None:
                order.stop = orderrules.first_stop(order)
            if not matching.pulls(walk, order, low, high):
                self._say_status(order, Status.PRE_SUBMITTED, orderrules.why_held(order))
                return
            order.triggered = True
        self.work(order, walk)

    def work(self, order: Order, walk: Walk) -> None:
        """Into the market: first what the book gives at once, the rest by its time in force."""
        limit = orderrules.working_limit(order, walk)
        order.why_held, order.resting = "", False
        self.store.enqueue(order, limit, walk)
        before = order.filled
        whole = order.terms.tif == "FOK" or order.terms.said["allOrNone"]
        if not whole or matching.available(walk, order, limit) >= order.remaining:
            self.take(order, walk, limit)
        if not order.live:
            return
        if order.filled == before:
            self._say_status(order, Status.SUBMITTED, "")
        if order.terms.tif in orderrules.AT_ONCE:
            self._say_status(order, Status.PENDING_CANCEL, "")
            self.finish(order, Status.CANCELLED, BY_SYSTEM, 202)
        order.resting = limit is not None

    def _say_status(self, order: Order, status: str, why: str) -> None:
        """Tell, when it is news."""
        if (order.status, order.why_held) != (status, why):
            order.status, order.why_held = status, why
            self.tell(order)

    # Fills

    def take(self, order: Order, walk: Walk, limit: float | None) -> None:
        """From the book: at the book's prices coming in, at its own limit when it was there first."""
        for had in matching.take(walk, order, limit, order.remaining, self.now()):
            price = limit if order.resting and limit is not None else had.price
            if not order.live:
                break  # its group ended it; what was taken off the book traded elsewhere
            self.fill(order, had.size, price, had.exchange)
        self.hearer.moved(walk)

    def fill(self, order: Order, quantity: Fraction, price: float, exchange: str, silent: bool = False) -> Fill:
        """Fill a part; `silent`: without open order and status, as TWS may do with an instant fill."""
        fill = self.fills.book(order, quantity, price, exchange)
        done = order.remaining == 0
        if done or order.status != Status.PENDING_CANCEL:
            order.status, order.why_held = (Status.FILLED if done else Status.SUBMITTED), ""
        if order.terms.kind == "MTL" and order.limit is None and not done:
            order.limit, order.resting = price, True  # the rest is a limit order from now on
            self.store.requeue(order, price)
        self.hearer.executed(fill)
        marks = [self.market.walk(leg.instrument, self.now()).mark() for leg in order.legs]
        for leg in self.fills.book_legs(fill, marks):
            self.hearer.executed(leg)
        if not silent:
            self.tell(order)
        if done:
            self._end(order, Status.FILLED, f"Filled Size: {order.instrument.shown(order.filled)}")
        for mate, left in after_fill(self.store, order, quantity):
            self._reduce(mate, left)
        if done:
            self._free_children(order)
        return fill

    def _free_children(self, order: Order) -> None:
        for child in list(order.children):
            if child.live and child.status != Status.INACTIVE:
                self.go_on(child)

    def _reduce(self, mate: Order, left: Fraction) -> None:
        """An OCA mate goes down to so many remaining, or is cancelled."""
        if not mate.live:
            return
        if left <= 0:
            self.finish(mate, Status.CANCELLED, BY_SYSTEM, 202)
        elif left != mate.remaining:
            mate.total = mate.filled + left
            self.tell(mate)

    # Ends

    def finish(self, order: Order, status: str, ending: str, code: int = 0, text: str = "") -> None:
        """End an unfilled order: its status, then the code, then its children."""
        order.status, order.why_held = status, ""
        order.revision += 1
        if status == Status.INACTIVE:
            self.tell(order)
        else:
            self.hearer.order_status(order)
        if code:
            self.hearer.note(order, code, text or say(code, cause=""))
        self._end(order, status, ending)
        for child in list(order.children):
            if child.ended is None:
                self.cancel(child)

    def _end(self, order: Order, status: str, ending: str) -> None:
        order.ended, order.ending, order.status = self.now(), ending, status
        order.resting = False
        order.revision += 1
        if order.held:
            self.store.drop(order)
            return
        self.store.finish(order)
        self.hearer.ended(order)

    def cancel(self, order: Order, ending: str = BY_TRADER, text: str = "") -> None:
        self.finish(order, Status.CANCELLED, ending, 202, text)

    def modify(self, order: Order, terms: Terms) -> None:
        """New terms for a live order; allowed or not was decided before."""
        old, stop, order.terms, order.total = order.terms, order.stop, terms, terms.total
        walk, order.stop = self.walk(order), None
        if {old.kind, terms.kind} <= Kinds.TRAIL:
            order.stop = terms.said["trailStopPrice"]
            if order.stop is None and stop is not None and walk is not None:
                order.stop = matching.changed_trail(walk, stop, old, terms)
        order.limit = orderrules.changed_limit(order, old)
        self._watch(order)
        if order.status == Status.INACTIVE:
            order.status = Status.PRE_SUBMITTED  # a change sends it anew
        orderrules.set_dates(order, self.catalogue, self.keep_hours, self.now())
        if order.remaining <= 0:
            self._end(order, Status.FILLED, f"Filled Size: {order.instrument.shown(order.filled)}")
            self.tell(order)
            self._free_children(order)
            return
        self.store.withdraw(order)
        order.resting = False
        self.tell(order)
        self.go_on(order)
