"""The trades of one contract, from level 1. Pure; times in epoch ms.

TWS tells trades in two ways (tws-facts 5.1). RTVolume texts (generic tick 233) carry price, size and the exchange's time; where
they come, live "last" prices are not counted too. Elsewhere each "last" price with a size is a trade; its time is tick 45
(whole seconds), which comes before or behind it in the same read, else it is when it came. Delayed data has no RTVolume: its
"last" prices always count.

On a new subscription TWS repeats the day's last trade, however old, in either way. The first one of a request is therefore no
trade, unless its own time says that it happened after the question was asked.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ibgw_tx.books.sides import scaled
from ibgw_tx.model import figures
from ibgw_tx.model.figures import Quantity

#: Trades of one contract that wait for Redis; older ones are dropped and counted.
MAX_TRADES = 1000
#: RTVolume and its twin without odd trades.
RT_VOLUME = (48, 77)
#: Time of the last trade, live and delayed.
LAST_TIME = (45, 88)
#: The last price, and its delayed twin.
LAST, DELAYED_LAST = 4, 68

#: ms within which a time belongs to the price before it; mostly both come in one read.
BESIDE = 1_000

#: (bid, ask)
Quotes: TypeAlias = tuple[float | None, float | None]

#: Beyond this (the year 5138) a time is none.
_LAST_TIME_MS = 10**14


class Trades:
    """What waits to be told on `channel`. `dropped` counts what a slow Redis has cost."""

    __slots__ = (
        "_last_price",
        "_number",
        "_repeated",
        "_rt_seen",
        "_rt_volume",
        "_since",
        "_time",
        "_up",
        "channel",
        "dropped",
        "waiting",
    )

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.waiting: list[dict[str, Any]] = []
        self.dropped = 0
        self._last_price: float | None = None
        self._up = True
        self.start(0)

    def start(self, t: int) -> None:
        """A new request is asked at `t`: what TWS repeats first is no news."""
        self._since = t
        self._rt_volume = False
        self._rt_seen = False
        #: Price, size and coming of what TWS repeated first, while a time may still say what they are.
        self._repeated: tuple[float, Quantity, int] | None = None
        self._number = 0
        #: A time of tick 45 that no price has come for yet.
        self._time: int | None = None

    def last(self, tick: int, price: float, size: Quantity, t: int, quotes: Quotes, factor: Quantity) -> bool:
        """A "last" price with a size, come at `t`; says whether it is a trade."""
        if tick == LAST and self._rt_volume:
            return False
        told, self._time = self._time, None
        self._number += 1
        if self._number == 1 and (told is None or told < self._begun()):
            self._repeated = (price, size, t) if told is None else None
            self._direction(price)
            return False
        self._repeated = None
        self._add(price, size, t if told is None else told, quotes, factor)
        self.waiting[-1]["timed"] = told is not None
        return True

    def last_time(self, tick: int, seconds: int, t: int, quotes: Quotes, factor: Quantity) -> bool:
        """Tick 45, come at `t`: the time of the price beside it; says whether it has made a trade of what TWS told first."""
        if tick == LAST_TIME[0] and self._rt_volume:
            return False
        told = seconds * 1000
        if not 0 < told < _LAST_TIME_MS:
            raise ValueError(f"a time of {seconds} s")
        if self._repeated is not None:
            (price, size, came), self._repeated = self._repeated, None
            if t - came < BESIDE:
                if told >= self._begun():
                    self._add(price, size, told, quotes, factor)
                    return True
                return False
        if self.waiting and self.waiting[-1].get("timed") is False:
            self.waiting[-1].update(t=told, timed=True)
        else:
            self._time = told
        return False

    def rt_volume(self, text: str, quotes: Quotes, factor: Quantity) -> bool:
        """An RTVolume text; says whether it is a trade."""
        trade = parse_rt_volume(text)
        self._rt_volume = True
        self._repeated = None
        if trade is None:
            return False
        price, size, t = trade
        first, self._rt_seen = not self._rt_seen, True
        if first and t < self._since:
            self._direction(price)
            return False
        self._add(price, size, t, quotes, factor)
        return True

    def tick(
        self, price: float, size: Quantity, seconds: int, conditions: str, exchange: str, quotes: Quotes, factor: Quantity
    ) -> bool:
        """A tick-by-tick print; says whether it is a trade: not what TWS repeats first."""
        t = seconds * 1000
        if not 0 < t < _LAST_TIME_MS:
            raise ValueError(f"a time of {seconds} s")
        self._number += 1
        if self._number == 1 and t < self._begun():
            self._direction(price)
            return False
        self._add(price, size, t, quotes, factor)
        self.waiting[-1].update(c=conditions, x=exchange)
        return True

    def take_back(self) -> None:
        """The last one is told by somebody else."""
        del self.waiting[-1]

    def take(self) -> list[dict[str, Any]]:
        """What waits, in the order of coming."""
        waiting, self.waiting = self.waiting, []
        for trade in waiting:
            trade.pop("timed", None)
        return waiting

    def drop(self) -> None:
        """Old trades are no news."""
        self.dropped += len(self.waiting)
        self.waiting = []

    def _begun(self) -> int:
        """The second in which the question was asked: tick 45 knows whole seconds only."""
        return self._since // 1000 * 1000

    def _add(self, price: float, size: Quantity, t: int, quotes: Quotes, factor: Quantity) -> None:
        """TWS does not say who took: at or above the ask it was a buyer, at or below the bid a seller, between them the
        direction of the last change of price decides."""
        bid, ask = quotes
        buy = self._direction(price)
        if ask is not None and price >= ask:
            buy = True
        elif bid is not None and price <= bid:
            buy = False
        self.waiting.append({"T": "buy" if buy else "sell", "p": price, "s": scaled(size, factor), "t": t})
        if len(self.waiting) > MAX_TRADES:
            del self.waiting[0]
            self.dropped += 1

    def _direction(self, price: float) -> bool:
        if self._last_price is not None and price != self._last_price:
            self._up = price > self._last_price
        self._last_price = price
        return self._up


def parse_rt_volume(text: str) -> tuple[float, Quantity, int] | None:
    """(price, size, time in ms) of `price;size;time_ms;total;vwap;single`; None when it has no price or no size.

    Raises ValueError for what is no number, or no time.
    """
    parts = text.split(";")
    if len(parts) < 3 or not parts[0] or not parts[1]:
        return None
    price, size, t = figures.price_or_none(parts[0]), figures.size_or_none(parts[1]), int(parts[2])
    if not 0 <= t < _LAST_TIME_MS:
        raise ValueError(f"a time of {parts[2][:40]} ms")
    return None if price is None or size is None or size <= 0 else (price, size, t)
