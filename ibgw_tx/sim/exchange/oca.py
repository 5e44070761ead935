"""OCA groups: what a fill of one member leaves of the others.

Type 1 cancels them; types 2 and 3 reduce them by the share that was filled. TWS blocks the others in the exchange
meanwhile for types 1 and 2; here one thing happens at a time, so that nothing can overfill and the types 2 and 3 are
the same. The children of one parent are a group of type 3 even if they name none, as TWS shows them.
"""

from __future__ import annotations

import math
from fractions import Fraction

from ibgw_tx.sim.exchange.order import Order
from ibgw_tx.sim.exchange.store import OrderStore

CANCEL_WITH_BLOCK = 1
GRAIN = 10**8  # a share of a fraction is rounded down to this part of a base unit


def after_fill(store: OrderStore, order: Order, quantity: Fraction) -> list[tuple[Order, Fraction]]:
    """Each mate with the quantity it has left to trade."""
    if not order.oca:
        return []
    if order.terms.oca_group and order.terms.oca_type == CANCEL_WITH_BLOCK:
        return [(mate, Fraction(0)) for mate in store.mates(order)]
    before = order.remaining + quantity
    return [(mate, left(mate, quantity, before)) for mate in store.mates(order)]


def left(mate: Order, quantity: Fraction, before: Fraction) -> Fraction:
    """A mate's rest after another member, with `before` to go, filled `quantity`; rounded down."""
    unit = Fraction(1, 1 if mate.remaining.denominator == 1 else GRAIN)
    return mate.remaining - math.ceil(mate.remaining * quantity / before / unit) * unit
