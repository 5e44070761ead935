"""The gateway's own limits on orders: off unless set, checked before a byte leaves, without I/O and without a clock.

They hold for every bot alike (users.md 18: no limit and no kill switch outside the bot). Each check gives None or a
Refusal, whose error has the code `limit` and a text that begins with the limit's name. No limit ever holds up a cancel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import attrs

from ibgw_tx.model.errors import LIMIT, CommandError
from ibgw_tx.model.figures import written
from ibgw_tx.orders.entry.exposure import Exposure, facing

__all__ = ["Limits", "RateWindow", "Refusal", "halted"]


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

    max_quantity: of one order, in its own units. max_notional: of one order, quantity x multiplier x the worse of its price and
    the market's, in the contract's currency (no exchange rates). max_orders_per_second: new orders and modifies. max_open_orders:
    orders of the login that live or may live. price_collar: percent that a price may lie beyond the book's other side.
    allowed_symbols: `AAPL`, `USD-AAPL` or `NASDAQ:USD-AAPL`, in any case; of a combo each leg is held to them.
    """

    max_quantity: float | None = attrs.field(default=None, validator=_positive)
    max_notional: float | None = attrs.field(default=None, validator=_positive)
    max_orders_per_second: int | None = attrs.field(default=None, validator=_whole)
    max_open_orders: int | None = attrs.field(default=None, validator=_whole)
    price_collar: float | None = attrs.field(default=None, validator=_positive)
    allowed_symbols: frozenset[str] = attrs.field(default=frozenset(), converter=_symbols)

    @property
    def look_at_legs(self) -> bool:
        """Whether the legs of a combo must be known."""
        return bool(self.allowed_symbols) or self.max_notional is not None or self.price_collar is not None

    @property
    def look_at_orders(self) -> bool:
        """Whether any limit is about what an order says."""
        return self.look_at_legs or self.max_quantity is not None

    def order(self, order: Exposure, bid: float | None = None, ask: float | None = None) -> Refusal | None:
        """The first limit that refuses this order (new or modified); `bid` and `ask` of the last known book, None for none."""
        return self._symbol(order) or self._quantity(order) or self._notional(order, bid, ask) or self._collar(order, bid, ask)

    def exercise(self, order: Exposure) -> Refusal | None:
        """Of an exercise, whose price is the strike: no book has a say in it."""
        return self._symbol(order) or self._quantity(order) or self._notional(order, None, None)

    def lets_through(
        self,
        buys: bool,
        quantity: int,
        price: float,
        names: frozenset[str],
        per_point: float,
        bid: float | None,
        ask: float | None,
    ) -> bool:
        """Whether `order` refuses a plain limit order on this contract not at all: the same figures, without an Exposure."""
        if self.allowed_symbols and not self.allowed_symbols & names:
            return False
        if self.max_quantity is not None and not quantity <= self.max_quantity:
            return False
        if self.max_notional is None and self.price_collar is None:
            return True
        market = facing(buys, bid, ask)
        worst = price if market is None else max(price, abs(market))
        if self.max_notional is not None and not worst * per_point * float(quantity) <= self.max_notional:
            return False
        return self._beyond(buys, price, market) is None

    def open_orders(self, live: int, new: int) -> Refusal | None:
        """Whether `new` orders may join the `live` ones; a modify brings none."""
        if self.max_open_orders is None or not new or live + new <= self.max_open_orders:
            return None
        return Refusal("max_open_orders", f"{live} orders are live and {new} more would pass {self.max_open_orders}")

    def _symbol(self, order: Exposure) -> Refusal | None:
        if not self.allowed_symbols:
            return None
        if order.legs is not None and any(leg is None for leg in order.legs):
            return Refusal("allowed_symbols", "the legs of the combo are not known")
        for names in order.all_names:
            if not self.allowed_symbols & names:
                return Refusal("allowed_symbols", f"{min(names, default='a nameless contract')} is not among them")
        return None

    def _quantity(self, order: Exposure) -> Refusal | None:
        if self.max_quantity is None or order.quantity <= self.max_quantity:
            return None
        return Refusal("max_quantity", f"{written(order.quantity)} is above {written(self.max_quantity)}")

    def _notional(self, order: Exposure, bid: float | None, ask: float | None) -> Refusal | None:
        if self.max_notional is None:
            return None
        value = order.notional(bid, ask)
        if value is None:
            return Refusal("max_notional", order.why_worthless)
        if value <= self.max_notional:
            return None
        return Refusal("max_notional", f"{written(value)} is above {written(self.max_notional)}")

    def _collar(self, order: Exposure, bid: float | None, ask: float | None) -> Refusal | None:
        """Only the side that costs money: a buy far above the ask, a sell far below the bid. A far target or a deep bid of a
        bracket is no error. What waits for a price is measured from where it comes alive."""
        if self.price_collar is None:
            return None
        measured = [
            (order.limit_at(bid, ask), order.alive_at(bid, ask)),
            (order.adjusted[0], order.adjusted_at(bid, ask)),
            (order.stop if order.touched else None, order.facing(bid, ask)),
        ]
        refusals = (self._beyond(order.buys, price, base) for price, base in measured)
        found = next((refusal for refusal in refusals if refusal is not None), None)
        for leg in order.legs or ():
            if found is None and leg is not None and leg.price is not None:
                found = self._beyond(leg.buys, leg.price, facing(leg.buys, leg.bid, leg.ask))
        return found

    def _beyond(self, buys: bool, price: float | None, base: float | None) -> Refusal | None:
        if price is None or self.price_collar is None:
            return None
        if base is None:
            return Refusal("price_collar", "no book is known to measure the price by: subscribe to it first")
        beyond = price - base if buys else base - price
        if beyond <= abs(base) * self.price_collar / 100 + 1e-9 * abs(base):
            return None
        side = "above" if buys else "below"
        return Refusal(
            "price_collar", f"{written(price)} is more than {written(self.price_collar)} percent {side} {written(base)}"
        )


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
