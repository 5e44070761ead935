"""What an order's terms mean at a moment: when it begins and ends, why it is held, at which limit it works."""

from __future__ import annotations

from ibgw_tx.sim.exchange.order import Kinds, Order, Status, Terms
from ibgw_tx.sim.market import hours
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.codes import say

LASTING = frozenset({"GTC", "GTD", "GTX"})  # times in force that outlive the session
AT_OPENING = "OPG"
AT_ONCE = frozenset({"IOC", "FOK", AT_OPENING})  # what is not filled when it comes to work is cancelled
DAY = 86400.0


def set_dates(order: Order, catalogue: Catalogue, keep_hours: bool, now: float) -> None:
    """When the exchange takes it and when it ends; without hours a day begins and ends at midnight UTC."""
    said, ends = order.terms.said, now - now % DAY + DAY
    order.expires, order.opens = None, 0.0
    calendar = catalogue.calendars[order.instrument.calendar] if keep_hours and order.instrument.calendar else None
    if order.terms.tif == AT_OPENING:
        order.opens = ends if calendar is None else hours.next_opening(calendar, now)
        return  # what the opening does not fill ends there
    if calendar is not None:
        order.opens, ends = hours.session(calendar, not said["outsideRth"], now)
    if order.terms.tif not in LASTING:
        order.expires = ends
    elif order.terms.tif == "GTD":
        order.expires = times.parse_time(said["goodTillDate"], now)


def closed_text(order: Order, catalogue: Catalogue) -> str:
    """Notice 399 of an order that came while its exchange is closed."""
    instrument = order.instrument
    when = hours.local_text(catalogue.calendars[instrument.calendar], order.opens)
    where = f"{instrument.exchange}.{instrument.trading_class}" if instrument.sec_type == "STK" else instrument.exchange
    size = instrument.shown(order.total)
    return say(399, action=order.terms.action, size=size, symbol=instrument.symbol, where=where, when=when)


def waits_for_parent(order: Order) -> bool:
    return order.parent is not None and order.parent.status != Status.FILLED


def waits_for_trigger(order: Order) -> bool:
    return order.terms.kind in Kinds.TRIGGERED and not order.triggered


def why_held(order: Order) -> str:
    """TWS's whyHeld."""
    reasons = ["child"] * waits_for_parent(order) + ["trigger"] * waits_for_trigger(order)
    return ",".join(reasons)


def first_stop(order: Order) -> float | None:
    """Where a stop stands before the market has moved it."""
    return order.terms.said["trailStopPrice"] if order.terms.kind in Kinds.TRAIL else order.terms.aux


def first_limit(terms: Terms) -> float | None:
    """The limit that moves with a trail, before the market has moved it; None for all other orders."""
    moves = terms.kind == "TRAIL LIMIT" and terms.said["lmtPriceOffset"] is None
    return terms.limit if moves else None


def changed_limit(order: Order, old: Terms) -> float | None:
    """Where a limit that the market moved or made stands after a change: what the client did not change stays."""
    new = order.terms
    if new.kind != old.kind or order.limit is None or new.said["trailStopPrice"] is not None:
        return first_limit(new)
    return order.limit if new.limit in (None, 0.0, old.limit) else new.limit


def working_limit(order: Order, walk: Walk) -> float | None:
    """The limit it works at; None is at market."""
    terms = order.terms
    if order.limit is not None:
        return order.limit
    offset: float | None = terms.said["lmtPriceOffset"]
    if terms.kind == "TRAIL LIMIT" and order.stop is not None and offset is not None:
        return order.stop + terms.sign * offset
    if terms.kind == "MTL":
        best = walk.book.best(0 if terms.buys else 1)
        return None if best is None else walk.ladder.real(best[0])
    return terms.limit if terms.kind in Kinds.LIMIT else None
