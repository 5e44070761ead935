"""Orders against one instrument's walking book: what can be had there, taking it, and what pulls a trigger.

Prices inside are the ladder's integer units. Whoever takes rows edits the book by its own three edits, so that depth
subscribers see the size go, and prints the trades on the tape.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from ibgw_tx.sim.exchange.order import Kinds, Order, Terms
from ibgw_tx.sim.market.book import ASK, BID
from ibgw_tx.sim.market.walk import Walk

PLACES = 8  # decimals kept of a price that was reckoned


class Taken(NamedTuple):
    """Size had at a price (a float) on an exchange."""

    price: float
    size: Fraction
    exchange: str


def units(walk: Walk, price: float) -> int:
    return round(price * walk.ladder.unit)


def makers(order: Order) -> str:
    """The exchange whose rows an order may take; "" for all of them."""
    return order.exchange if order.exchange in order.instrument.books else ""


def _reaches(sign: int, price: int, limit: int | None) -> bool:
    return limit is None or (price <= limit if sign > 0 else price >= limit)


def available(walk: Walk, order: Order, limit: float | None) -> int:
    """Size in the book that an order could take at once, up to its limit."""
    bound, maker = None if limit is None else units(walk, limit), makers(order)
    rows = walk.book.rows[ASK if order.terms.buys else BID]
    return sum(
        row.size for row in rows if _reaches(order.terms.sign, row.price, bound) and (not maker or row.maker == maker)
    )


def take(walk: Walk, order: Order, limit: float | None, quantity: Fraction, now: float) -> list[Taken]:
    """Take up to `quantity` off the book, best price first. The book has whole units only: IB itself gives the fraction
    of one, at the price that comes next."""
    side, maker, sign = (ASK if order.terms.buys else BID), makers(order), order.terms.sign
    bound = None if limit is None else units(walk, limit)
    found: list[Taken] = []
    index, rows = 0, walk.book.rows[side]
    whole, rest = divmod(quantity, 1)
    while (whole or rest) and index < len(rows):
        row = rows[index]
        if not _reaches(sign, row.price, bound):
            break
        if maker and row.maker != maker:
            index += 1
            continue
        if not whole:
            found.append(Taken(walk.ladder.real(row.price), rest, row.maker))
            break
        size = min(whole, row.size)
        whole -= size
        if size < row.size:
            walk.book.resize(side, index, row.size - size)
        else:
            walk.book.delete(side, index)
        walk.record(row.price, size, row.maker, now)
        found.append(Taken(walk.ladder.real(row.price), Fraction(size), row.maker))
    return found


class Prints:
    """Trades of the tape since the last look. A resting order has a part in those that went through its price."""

    def __init__(self, walk: Walk, since: int) -> None:
        self._left: list[list[Any]] = [[trade.price, trade.size] for trade in walk.trades if trade.number > since]
        prices = [price for price, _ in self._left]
        self.low: int | None = min(prices, default=None)
        self.high: int | None = max(prices, default=None)

    def through(self, sign: int, limit: int, quantity: Fraction, whole: bool = False) -> Fraction:
        """Size of the trades at worse prices than the limit that is still to be had; it is then used up.

        `whole`: all of the quantity or nothing.
        """
        if whole and quantity > sum(size for price, size in self._left if (price < limit if sign > 0 else price > limit)):
            return Fraction(0)
        had = Fraction(0)
        for one in self._left:
            if (one[0] < limit if sign > 0 else one[0] > limit) and had < quantity:
                size = min(one[1], quantity - had)
                one[1] -= size
                had += size
        return had

    def reach(self, sign: int, limit: int) -> bool:
        """Whether any trade went through a limit."""
        return self.low is not None and self.high is not None and (self.low < limit if sign > 0 else self.high > limit)


def seen_prices(walk: Walk, prints: Prints) -> tuple[int, int]:
    """Lowest and highest price that counts for triggers: the quotes' near sides and the trades since the last look.

    The last trade itself counts only where there is no quote: it may be older than the book.
    """
    bid, ask = walk.book.best(BID), walk.book.best(ASK)
    low, high = walk.last if ask is None else ask[0], walk.last if bid is None else bid[0]
    if prints.low is not None and prints.high is not None:
        return min(low, prints.low), max(high, prints.high)
    return low, high


def trail(walk: Walk, order: Order, low: int, high: int) -> None:
    """Move a trailing stop after the market: a sell's up below the high, a buy's down above the low."""
    terms, real = order.terms, walk.ladder.real
    wanted = _trailed(walk, terms, real(low) if terms.buys else real(high))
    if order.stop is None or (wanted < order.stop if terms.buys else wanted > order.stop):
        if order.limit is not None and order.stop is not None:
            order.limit = round(order.limit + wanted - order.stop, PLACES)
        order.stop = wanted
        order.revision += 1


def _trailed(walk: Walk, terms: Terms, best: float) -> float:
    """The stop behind a best price."""
    percent = terms.said["trailingPercent"]
    distance = best * percent / 100.0 if percent is not None else terms.aux or 0.0
    return walk.ladder.real(walk.ladder.snap(best + terms.sign * distance))


def changed_trail(walk: Walk, stop: float, old: Terms, new: Terms) -> float:
    """Where a trail stands after a change without a stop of its own: as far as the new terms say behind the best price
    that it has seen, so that it loses no ground."""
    percent = old.said["trailingPercent"]
    if (percent, old.aux) == (new.said["trailingPercent"], new.aux):
        return stop
    best = stop - old.sign * (old.aux or 0.0) if percent is None else stop / (1.0 + old.sign * percent / 100.0)
    return _trailed(walk, new, best)


def pulls(walk: Walk, order: Order, low: int, high: int) -> bool:
    """Whether the seen prices set off a stop (away from the market), or a touched order (towards it)."""
    if order.terms.kind in Kinds.TRAIL:
        trail(walk, order, low, high)
    if order.stop is None:
        return False
    at = units(walk, order.stop)
    upwards = order.terms.buys != (order.terms.kind in Kinds.TOUCHED)
    return high >= at if upwards else low <= at
