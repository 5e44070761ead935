"""What an order may cost, seen from the market: what the limits look at. Pure.

An order's own figures say little: a sell at 0.01 trades at the bid, a stop on the wrong side of the market trades at once, and a
combo's net price hides what its legs are worth. So an order is valued by the worst of its prices and the side of the book it
would trade with, and a combo by its legs. None stands for what is not known; whoever asks decides what follows from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.order_types import TYPES
from ibgw_tx.orders.entry.prices import price_members

__all__ = ["Exposure", "KnownLeg", "LegExposure", "exposure_of", "facing", "multiplier_of", "names_of"]

#: Types that come alive when the market comes to auxPrice from the far side: a buy when it has fallen there. Stops are others.
_TOUCHED = frozenset({"MIT", "LIT"})


def facing(buys: bool, bid: float | None, ask: float | None) -> float | None:
    """The side of the book that an order would trade with, else the other one."""
    near, far = (ask, bid) if buys else (bid, ask)
    return far if near is None else near


@attrs.frozen
class KnownLeg:
    """What is known of a combo's leg: its contract, priceMagnifier, and the touch of its last known book."""

    contract: Contract
    magnifier: int = 1
    bid: float | None = None
    ask: float | None = None


@attrs.frozen
class LegExposure:
    """One leg of a combo as this order trades it; `price` is the one that the order gives it."""

    names: frozenset[str]
    buys: bool
    ratio: int
    per_point: float  # multiplier / priceMagnifier
    bid: float | None
    ask: float | None
    price: float | None = None

    @property
    def value(self) -> float | None:
        """What this leg of one combo is worth."""
        return _worst((self.price, facing(self.buys, self.bid, self.ask)), self.ratio * self.per_point)


@attrs.frozen
class Exposure:
    """What the limits look at of one order. `names` in upper case; `legs` None: no combo; a leg that is None is not known.

    `limit` is the worst price the order may trade at, discretion included, `stop` where it comes alive; `offset` stands for a
    limit that is given as a distance from the stop. `prices` are all of its prices.
    """

    buys: bool
    #: A product with prices: as good as a double.
    quantity: float = attrs.field(converter=float)
    limit: float | None
    stop: float | None
    names: frozenset[str]
    per_point: float = 1.0  # contract's multiplier / priceMagnifier
    cash: float | None = None
    prices: tuple[float, ...] = ()
    touched: bool = False
    offset: float | None = None
    #: How far its price runs before or behind the market: an amount, and percent (trails, relative orders).
    distance: float = 0.0
    percent: float = 0.0
    legs: tuple[LegExposure | None, ...] | None = None
    #: (limit, stop) that the order is to have once it is adjusted.
    adjusted: tuple[float | None, float | None] = (None, None)

    @property
    def all_names(self) -> Iterator[frozenset[str]]:
        """The names of everything that is traded."""
        if self.legs is None:
            yield self.names
        else:
            yield from (leg.names for leg in self.legs if leg is not None)

    def facing(self, bid: float | None, ask: float | None) -> float | None:
        """The price at which the market would trade with this order now; a combo's is made of its legs' books."""
        return facing(self.buys, bid, ask) if self.legs is None else self._combo_facing()

    def _combo_facing(self) -> float | None:
        """As IB quotes a combo: for one unit of the leg with the largest multiplier, what is sold taken from what is bought."""
        total, largest = 0.0, 0.0
        for leg in self.legs or (None,):
            price = None if leg is None else facing(leg.buys, leg.bid, leg.ask)
            if leg is None or price is None:
                return None
            total += (1 if leg.buys is self.buys else -1) * price * leg.ratio * leg.per_point
            largest = max(largest, leg.per_point)
        return total / largest

    def alive_at(self, bid: float | None, ask: float | None) -> float | None:
        """The market's price when this order may trade: now, or where its stop or its touch is, whichever comes later."""
        return self._later(self.facing(bid, ask), self.stop)

    def adjusted_at(self, bid: float | None, ask: float | None) -> float | None:
        """The same for the order that it may become."""
        return self._later(self.facing(bid, ask), self.adjusted[1])

    def _later(self, now: float | None, stop: float | None) -> float | None:
        if stop is None:
            return now
        if now is None:
            return None if self.touched else stop
        return max(now, stop) if self.buys is not self.touched else min(now, stop)

    def limit_at(self, bid: float | None, ask: float | None) -> float | None:
        """The worst price at which it may trade then; None for no limit."""
        if self.limit is not None or self.offset is None:
            return self.limit
        base = self.alive_at(bid, ask)
        return None if base is None else base + (self.offset if self.buys else -self.offset)

    def notional(self, bid: float | None, ask: float | None) -> float | None:
        """The order's worth in the contract's currency; None when there is nothing to value it by."""
        if not self.quantity:
            return self.cash
        found = self._combo() if self.legs is not None else self._worth(bid, ask)
        return None if found is None else max(found * self.quantity, self.cash or 0)

    def _worth(self, bid: float | None, ask: float | None) -> float | None:
        market = self.facing(bid, ask)
        return _worst((self.limit, self.stop, *self.prices, market, self._run_ahead(market)), self.per_point)

    def _run_ahead(self, market: float | None) -> float | None:
        """Where a price that goes by the market may stand: a buy's as far above it as its distance says."""
        if market is None:
            return None
        run = self.distance + abs(market) * self.percent / 100
        return market + run if self.buys else market

    def _combo(self) -> float | None:
        """One combo: all its legs, each whatever its side, or its own price where that is worse."""
        total, per_point = 0.0, 0.0
        for leg in self.legs or (None,):
            value = None if leg is None else leg.value
            if leg is None or value is None:
                return None
            total, per_point = total + value, max(per_point, leg.per_point)
        return max(total, _worst((self.limit, self.stop, *self.prices), per_point) or 0)

    @property
    def why_worthless(self) -> str:
        """Why `notional` is None."""
        if not self.quantity:
            return "the order has neither a quantity nor a cash quantity to value it by"
        if self.legs is None:
            return "the order has no price and no book is known to value it by"
        return "the combo has a leg that is not known or of which no book is known to value it by"


def _worst(prices: Sequence[float | None], per_point: float) -> float | None:
    known = [abs(price) for price in prices if price is not None]
    return max(known) * per_point if known else None


def exposure_of(
    members: Mapping[str, Any], contract: Contract, magnifier: int = 1, legs: Sequence[KnownLeg | None] = ()
) -> Exposure:
    """The exposure of checked members on a resolved contract; `legs` in the sequence of its comboLegs, when it is a combo."""
    kind, buys = members["orderType"], members["action"] == "BUY"
    limit, discretion = members.get("lmtPrice"), members.get("discretionaryAmt") or 0
    if limit is not None:
        limit += discretion if buys else -discretion
    return Exposure(
        buys=buys,
        quantity=members.get("totalQuantity", 0),
        limit=limit,
        stop=members.get("auxPrice") if TYPES[kind].aux_is_price else members.get("trailStopPrice"),
        names=names_of(contract),
        per_point=multiplier_of(contract.multiplier) / max(magnifier, 1),
        cash=members.get("cashQty"),
        prices=tuple(members[name] for name in price_members(members)),
        touched=kind in _TOUCHED,
        offset=members.get("lmtPriceOffset"),
        distance=0.0 if TYPES[kind].aux_is_price else abs(members.get("auxPrice") or 0),
        percent=members.get("trailingPercent") or 0.0,
        adjusted=(members.get("adjustedStopLimitPrice"), members.get("adjustedStopPrice")),
        legs=_legs(members, contract, buys, legs) if contract.secType == "BAG" else None,
    )


def _legs(
    members: Mapping[str, Any], contract: Contract, buys: bool, known: Sequence[KnownLeg | None]
) -> tuple[LegExposure | None, ...]:
    if len(known) != len(contract.comboLegs):
        return (None,)
    prices = [leg.price for leg in members.get("orderComboLegs") or ()]
    found: list[LegExposure | None] = []
    for place, (leg, fact) in enumerate(zip(contract.comboLegs, known, strict=True)):
        if fact is None:
            found.append(None)
            continue
        per_point = multiplier_of(fact.contract.multiplier) / max(fact.magnifier, 1)
        price = prices[place] if place < len(prices) else None
        side = (leg.action == "BUY") is buys
        found.append(LegExposure(names_of(fact.contract), side, abs(leg.ratio), per_point, fact.bid, fact.ask, price))
    return tuple(found)


def names_of(contract: Contract) -> frozenset[str]:
    """What a contract may be called in `allowed_symbols`, in upper case."""
    names = {contract.symbol}
    try:
        pair = pair_of(contract)
        names |= {pair, f"{exchange_of(contract)}:{pair}"}
    except BadName:
        pass  # such a contract is refused elsewhere; its symbol is still a name
    return frozenset(name.strip().upper() for name in names if name.strip())


def multiplier_of(text: str) -> float:
    """A contract's multiplier as a figure; 1 for none, and for what is none."""
    try:
        found = abs(float(text)) if text else 1.0
    except ValueError:
        return 1.0
    return found if 0 < found < float("inf") else 1.0
