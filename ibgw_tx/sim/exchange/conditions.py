"""Order conditions and good-after times: whether an order may begin to work.

Price and time are simulated, and the market's volume of the day; conditions on margin, executions and percent changes
never come true here, so such an order waits until it is cancelled or filled by hand.
"""

from __future__ import annotations

from ibgw_tx.sim.exchange.order import Order
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.market import Market
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.order_layout import Condition

PRICE, TIME, VOLUME = "1", "3", "6"


def ready(order: Order, market: Market, catalogue: Catalogue, now: float) -> bool:
    """Whether the good-after time has come and the conditions hold that it waits for."""
    after = order.terms.said["goodAfterTime"]
    if after and times.parse_time(after, now) > now:
        return False
    if not order.terms.conditions or order.terms.revocable or order.triggered:
        return True
    return come(order, market, catalogue, now)


def come(order: Order, market: Market, catalogue: Catalogue, now: float) -> bool:
    """Whether its conditions hold: ORs bind what ANDs have joined."""
    found = order.terms.conditions
    groups: list[bool] = []
    joined = True
    for one in found:
        joined = joined and holds(one, market, catalogue, now)
        if one[1] == "o":
            groups.append(joined)
            joined = True
    if found[-1][1] != "o":
        groups.append(joined)
    return any(groups)


def readable(condition: Condition, now: float) -> bool:
    """Whether a condition's texts are what its kind needs."""
    kind, joined, *rest = condition
    try:
        if kind == TIME:
            times.parse_time(rest[1], now)
        elif kind in (PRICE, VOLUME):
            float(rest[1])
            int(rest[2])
    except ValueError:
        return False
    return joined in ("a", "o")


def holds(condition: Condition, market: Market, catalogue: Catalogue, now: float) -> bool:
    kind, _, *rest = condition
    if kind == TIME:
        return _compare(rest[0], now, times.parse_time(rest[1], now))
    if kind not in (PRICE, VOLUME):
        return False
    instrument = catalogue.instruments.get(int(rest[2]))
    if instrument is None:
        return False
    walk = market.walk(instrument, now)
    return _compare(rest[0], walk.middle() if kind == PRICE else walk.volume, float(rest[1]))


def _compare(more: str, value: float, bound: float) -> bool:
    return value >= bound if more.lower() in ("1", "true") else value <= bound
