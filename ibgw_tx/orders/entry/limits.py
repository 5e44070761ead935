"""The gateway's own limits on orders: off unless set, checked before a byte leaves, without I/O and without a clock.

They hold for every bot alike (users.md 18: no limit and no kill switch outside the bot). Each check gives None or a
Refusal, whose error has the code `limit` and a text that begins with the limit's name. No limit ever holds up a cancel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.errors import LIMIT, CommandError
from ibgw_tx.model.figures import written
from ibgw_tx.model.order_types import TYPES

__all__ = ["Exposure", "Limits", "RateWindow", "Refusal", "exposure_of", "halted"]


@attrs.frozen
class Refusal:
    """One limit's no: the limit's name and one sentence."""

    limit: str
    text: str

    def error(self) -> CommandError:
        return CommandError(LIMIT, f"{self.limit}: {self.text}")


def _positive(limits: Limits, attribute: attrs.Attribute[float | None], value: float | None) -> None:
    if value is not None and not 0 < value < float("inf"):
        raise ValueError(f"{attribute.name} must be above zero, not {value}")


def _whole(limits: Limits, attribute: attrs.Attribute[int | None], value: int | None) -> None:
    if value is not None and (value < 1 or value != int(value)):
        raise ValueError(f"{attribute.name} must be a whole number above zero, not {value}")


def _symbols(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().upper() for name in names if name.strip())


@attrs.frozen
class Limits:
    """The settings; None (an empty set) is off. A value that is not above zero raises ValueError with the limit's name.

    max_quantity: of one order, in its own units. max_notional: of one order, |price| x quantity x multiplier in the contract's
    currency (no exchange rates). max_orders_per_second: new orders and modifies. max_open_orders: live orders of the
    gateway. price_collar: percent that a limit price may lie beyond the book's other side. allowed_symbols: `AAPL`, `USD-AAPL` or
    `NASDAQ:USD-AAPL`, in any case.
    """

    max_quantity: float | None = attrs.field(default=None, validator=_positive)
    max_notional: float | None = attrs.field(default=None, validator=_positive)
    max_orders_per_second: int | None = attrs.field(default=None, validator=_whole)
    max_open_orders: int | None = attrs.field(default=None, validator=_whole)
    price_collar: float | None = attrs.field(default=None, validator=_positive)
    allowed_symbols: frozenset[str] = attrs.field(default=frozenset(), converter=_symbols)

    def order(self, order: Exposure, bid: float | None = None, ask: float | None = None) -> Refusal | None:
        """The first limit that refuses this order (new or modified); `bid` and `ask` of the last known book, None for none."""
        return self._symbol(order) or self._quantity(order) or self._notional(order, bid, ask) or self._collar(order, bid, ask)

    def open_orders(self, live: int, new: int) -> Refusal | None:
        """Whether `new` orders may join the `live` ones; a modify brings none."""
        if self.max_open_orders is None or not new or live + new <= self.max_open_orders:
            return None
        return Refusal("max_open_orders", f"{live} orders are live and {new} more would pass {self.max_open_orders}")

    def _symbol(self, order: Exposure) -> Refusal | None:
        if not self.allowed_symbols or self.allowed_symbols & order.names:
            return None
        return Refusal("allowed_symbols", f"{min(order.names, default='a nameless contract')} is not among them")

    def _quantity(self, order: Exposure) -> Refusal | None:
        if self.max_quantity is None or order.quantity <= self.max_quantity:
            return None
        return Refusal("max_quantity", f"{written(order.quantity)} is above {written(self.max_quantity)}")

    def _notional(self, order: Exposure, bid: float | None, ask: float | None) -> Refusal | None:
        if self.max_notional is None:
            return None
        value = order.notional(bid, ask)
        if value is None:
            return Refusal("max_notional", "the order has no price and no book is known to value it by")
        if value <= self.max_notional:
            return None
        return Refusal("max_notional", f"{written(value)} is above {written(self.max_notional)}")

    def _collar(self, order: Exposure, bid: float | None, ask: float | None) -> Refusal | None:
        """Only the side that costs money: a buy far above the ask, a sell far below the bid. A far target or a deep bid of a
        bracket is no error. The limit of a stop-limit order is measured from its own stop, where it comes alive."""
        if self.price_collar is None or order.limit is None:
            return None
        base = order.stop if order.stop is not None else order.facing(bid, ask)
        if base is None:
            return Refusal("price_collar", "no book is known to measure the price by: subscribe to it first")
        room = abs(base) * self.price_collar / 100
        beyond = order.limit - base if order.buys else base - order.limit
        if beyond <= room + 1e-9 * abs(base):
            return None
        side = "above" if order.buys else "below"
        return Refusal(
            "price_collar",
            f"{written(order.limit)} is more than {written(self.price_collar)} percent {side} {written(base)}",
        )


@attrs.frozen
class Exposure:
    """What the limits look at of one order. `limit` and `stop` in the order's units, None for none; `names` in upper case."""

    buys: bool
    quantity: float
    limit: float | None
    stop: float | None
    names: frozenset[str]
    per_point: float = 1.0  # contract's multiplier / priceMagnifier
    cash: float | None = None

    def facing(self, bid: float | None, ask: float | None) -> float | None:
        """The side of the book that this order would trade with, else the other one."""
        near, far = (ask, bid) if self.buys else (bid, ask)
        return far if near is None else near

    def notional(self, bid: float | None, ask: float | None) -> float | None:
        """The order's worth in the contract's currency; None when there is nothing to value it by."""
        if not self.quantity and self.cash is not None:
            return self.cash
        price = next((price for price in (self.limit, self.stop, self.facing(bid, ask)) if price is not None), None)
        return None if price is None else abs(price) * self.quantity * self.per_point


def exposure_of(members: Mapping[str, Any], contract: Contract, magnifier: int = 1) -> Exposure:
    """The exposure of checked members on a resolved contract."""
    aux_is_price = TYPES[members["orderType"]].aux_is_price
    return Exposure(
        buys=members["action"] == "BUY",
        quantity=members.get("totalQuantity", 0),
        limit=members.get("lmtPrice"),
        stop=members.get("auxPrice") if aux_is_price else members.get("trailStopPrice"),
        names=_names(contract),
        per_point=_multiplier(contract.multiplier) / max(magnifier, 1),
        cash=members.get("cashQty"),
    )


def _names(contract: Contract) -> frozenset[str]:
    names = {contract.symbol}
    try:
        pair = pair_of(contract)
        names |= {pair, f"{exchange_of(contract)}:{pair}"}
    except BadName:
        pass  # such a contract is refused elsewhere; its symbol is still a name
    return _symbols(names)


def _multiplier(text: str) -> float:
    try:
        found = abs(float(text)) if text else 1.0
    except ValueError:
        return 1.0
    return found if 0 < found < float("inf") else 1.0


class RateWindow:
    """Orders of the last second, for max_orders_per_second (None: off). `now` in seconds from a clock that does not go back.

    Keeps at most as many times as orders were let through within one second.
    """

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._times: deque[float] = deque()

    def refusal(self, now: float, count: int = 1) -> Refusal | None:
        """Whether `count` orders (a group goes whole or not at all) may go at `now`. Changes nothing that counts."""
        if self.most is None:
            return None
        while self._times and self._times[0] <= now - 1.0:
            self._times.popleft()
        if len(self._times) + count <= self.most:
            return None
        text = f"{len(self._times)} orders went within the last second and {count} more would pass {self.most}"
        return Refusal("max_orders_per_second", text)

    def note(self, now: float, count: int = 1) -> None:
        """`count` orders were handed to TWS at `now`."""
        if self.most is not None:
            self._times.extend([now] * count)


def halted(reason: str | None) -> Refusal | None:
    """HALT: `reason` is what was given with it ("" for none), None when it is not in force. It refuses modifies as well."""
    if reason is None:
        return None
    return Refusal("halt", "new orders are refused until RESUME" + (f" ({reason})" if reason else ""))
