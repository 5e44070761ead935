"""Historical bars of an instrument's fair value: the same bars whenever they are asked for. Pure."""

from __future__ import annotations

import datetime as dt
import re
import zlib

from ibgw_tx.sim.market.fair_value import Fair
from ibgw_tx.sim.market.instrument import Calendar, Instrument
from ibgw_tx.sim.market.ladder import Ladder
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.frames import Fields

# Bar sizes TWS takes, in seconds.
SIZES = {
    "1 secs": 1, "1 sec": 1, "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30, "1 min": 60, "2 mins": 120,
    "3 mins": 180, "5 mins": 300, "10 mins": 600, "15 mins": 900, "20 mins": 1200, "30 mins": 1800, "1 hour": 3600,
    "2 hours": 7200, "3 hours": 10800, "4 hours": 14400, "8 hours": 28800, "1 day": 86400, "1W": 604800,
    "1 week": 604800, "1M": 2592000, "1 month": 2592000,
}
SPANS = {"S": 1, "D": 86400, "W": 7 * 86400, "M": 30 * 86400, "Y": 365 * 86400}
SHOWS = frozenset(
    "TRADES MIDPOINT BID ASK BID_ASK ADJUSTED_LAST HISTORICAL_VOLATILITY OPTION_IMPLIED_VOLATILITY SCHEDULE".split()
)
QUOTED_ONLY = frozenset({"CASH", "CMDTY"})  # no trades are reported for these
MOST_BARS = 20_000  # more would be refused by IB's own duration rules
POINTS = 6  # looks at the fair value in one bar


def duration_seconds(text: str) -> int | None:
    """`2 D` as seconds; None when TWS would not take it."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*([SDWMY]?)\s*", text)
    return None if match is None else int(match[1]) * SPANS[match[2] or "S"]


def is_open(calendar: Calendar, rth: bool, when: float) -> bool:
    """Whether the exchange trades at `when`."""
    local = times.at(when) + dt.timedelta(hours=calendar.offset)
    if local.weekday() >= 5 and not calendar.weekends:
        return False
    start, _, end = (calendar.liquid if rth else calendar.trading).partition("-")
    return start <= local.strftime("%H%M") < end


def starts(calendar: Calendar, rth: bool, begin: float, end: float, size: int) -> list[float]:
    """Start times of the bars between two moments, closed hours left out. A day's bar counts if its noon is open."""
    first = begin - begin % size
    count = min(int((end - first) // size) + 1, MOST_BARS * 5)
    found = [first + i * size for i in range(count) if begin <= first + i * size < end]
    if size >= 86400:
        noon = 12 * 3600 - calendar.offset * 3600
        return [when for when in found if is_open(calendar, True, when + noon)] if size == 86400 else found
    return [when for when in found if is_open(calendar, rth, when)][-MOST_BARS:]


def bar(instrument: Instrument, ladder: Ladder, fair: Fair, when: float, size: int, what: str, now: float, lot: int) -> Fields:
    """(open, high, low, close, volume, average, count) of one bar, volume in units of `lot`; quotes have none."""
    last = min(when + size, now)
    seen = [ladder.snap(fair(when + (last - when) * i / (POINTS - 1))) for i in range(POINTS)]
    luck = zlib.crc32(f"{instrument.con_id}:{int(when)}:{size}".encode())
    high = max(seen) + ladder.step_above(max(seen)) * (luck % 3)
    low = max(min(seen) - ladder.step_below(min(seen)) * (luck // 3 % 3), ladder.step_above(0))
    shift = {"BID": -1, "ASK": 1}.get(what, 0) * ladder.step_above(seen[0])
    prices = [ladder.real(max(0, price + shift)) for price in (seen[0], high, low, seen[-1])]
    if what not in ("TRADES", "ADJUSTED_LAST"):
        return (*prices, -1, -1.0, -1)
    count = max(1, int(size / 4 * (0.5 + luck % 1000 / 1000)))
    volume = max(1, count * (instrument.depth_size // instrument.parts) // (3 * lot))
    return (*prices, volume, round(sum(prices) / 4, ladder.places + 2), count)


def label(when: float, size: int, format_date: int, version: int) -> str:
    """A bar's date: yyyymmdd for days and longer, else local text (1) or epoch seconds (2)."""
    if size >= 86400:
        return times.date(when)
    return str(int(when)) if format_date == 2 else times.told(when, version)
