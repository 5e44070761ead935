"""The matching engine's turns: what the market's moves, the clock and the closing bell do to orders."""

from __future__ import annotations

from ibgw_tx.sim.exchange import matching
from ibgw_tx.sim.exchange import rules as orderrules
from ibgw_tx.sim.exchange.lives import BY_SYSTEM, Lives
from ibgw_tx.sim.exchange.order import Kinds, Order, Status
from ibgw_tx.sim.exchange.store import Working
from ibgw_tx.sim.market.walk import Walk


class Engine:
    """Orders and their market: `look` after the market moved, `tick` as time passes."""

    def __init__(self, lives: Lives) -> None:
        self._lives, self.store = lives, lives.store
        self._day = -1.0

    def look(self) -> None:
        """Every instrument with working orders, after its market moved; first those that conditions end."""
        self._lives.revoke()
        for working in list(self.store.working.values()):
            self._look_at(working.walk, working)

    def _look_at(self, walk: Walk, working: Working) -> None:
        prints = matching.Prints(walk, working.seen)
        working.seen = walk.count
        for order in list(working.waiting.values()):
            self._lives.consider(order, walk, prints)
        for side in (working.buys, working.sells):
            for order in self.store.queued(side):
                if not self._trades(order, walk, prints):
                    break
        working.seen = walk.count

    def _trades(self, order: Order, walk: Walk, prints: matching.Prints) -> bool:
        """Trade what can be traded now; False when nothing behind it in the queue can trade either."""
        limit = orderrules.working_limit(order, walk)
        if not order.live:
            return True
        bound = None if limit is None else matching.units(walk, limit)
        there = matching.available(walk, order, limit)
        through = bound is not None and prints.reach(order.terms.sign, bound)
        if not there and not through:
            return bool(matching.makers(order))
        if there >= order.remaining or (there and not order.terms.said["allOrNone"]):
            self._lives.take(order, walk, limit)
        if through and order.live and bound is not None and limit is not None and order.resting:
            size = prints.through(order.terms.sign, bound, order.remaining, bool(order.terms.said["allOrNone"]))
            if size:
                self._lives.fill(order, size, limit, matching.makers(order) or order.instrument.exchange)
        return True

    def tick(self) -> None:
        """What time alone does: expiry, and the new day. Waiting orders see openings and times in `look`."""
        now = self._lives.now()
        for order in [o for o in self.store.live.values() if o.expires is not None and o.expires <= now]:
            if order.live:
                self.close_out(order)
        day = now // orderrules.DAY
        if day != self._day and self._day >= 0:
            self.store.new_day()
        self._day = day

    def close_out(self, order: Order) -> None:
        """The end of an order's time: those for the close trade first, if nothing else holds them."""
        walk = self._lives.walk(order)
        if order.terms.kind in Kinds.CLOSE and walk is not None and self._lives.free(order):
            self._lives.work(order, walk)
        if order.live:
            self._lives.finish(order, Status.CANCELLED, BY_SYSTEM, 202)

    def end_session(self) -> None:
        """As at the closing bell: market-on-close and limit-on-close trade, what is good for the day ends."""
        now = self._lives.now()
        for order in list(self.store.live.values()):
            coming = order.opens > now  # taken for the next session
            if order.live and not coming and order.terms.tif not in orderrules.LASTING:
                self.close_out(order)

    def open_session(self) -> None:
        """As at the opening: orders that were taken for it go to work."""
        for order in self.store.live.values():
            order.opens = min(order.opens, self._lives.now())
        self.look()
