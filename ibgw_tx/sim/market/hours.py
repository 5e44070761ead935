"""When an exchange takes orders: sessions of a calendar, in epoch seconds. A session lies within one local day."""

from __future__ import annotations

import datetime as dt

from ibgw_tx.sim.market.instrument import Calendar
from ibgw_tx.sim.wire import times

DAYS_AHEAD = 8  # far enough to jump any weekend
SATURDAY = 5


def sessions(calendar: Calendar, regular: bool, now: float) -> list[tuple[float, float]]:
    """Sessions from today on as (opens, closes); `regular`: liquid hours only."""
    opens, _, closes = (calendar.liquid if regular else calendar.trading).partition("-")
    local = times.at(now) + dt.timedelta(hours=calendar.offset)
    midnight = now - (local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6)
    found = []
    for day in range(DAYS_AHEAD):
        weekday = (local.weekday() + day) % 7
        if weekday < SATURDAY or calendar.weekends:
            start = midnight + day * 86400.0
            found.append((start + _seconds(opens), start + _seconds(closes)))
    return found


def session(calendar: Calendar, regular: bool, now: float) -> tuple[float, float]:
    """The session that is on, else the next one."""
    return next(one for one in sessions(calendar, regular, now) if now < one[1])


def next_opening(calendar: Calendar, now: float) -> float:
    """When regular trading begins next."""
    return next(opens for opens, _ in sessions(calendar, True, now) if opens > now)


def schedule(calendar: Calendar, regular: bool, begin: float, end: float) -> list[tuple[str, str, str]]:
    """Sessions between two moments as (opens, closes, date) in the exchange's clock, e.g. 20261118-09:30:00."""
    opens, _, closes = (calendar.liquid if regular else calendar.trading).partition("-")
    first, last = (times.at(when + calendar.offset * 3600).date() for when in (begin, end))
    found = []
    for day in (first + dt.timedelta(days=ahead) for ahead in range((last - first).days + 1)):
        if day.weekday() < SATURDAY or calendar.weekends:
            name = f"{day:%Y%m%d}"
            start, stop = (f"{name}-{hhmm[:2]}:{hhmm[2:]}:00" for hhmm in (opens, closes))
            found.append((start, stop, name))
    return found


def local_text(calendar: Calendar, when: float) -> str:
    """A moment as TWS writes it into notice 399."""
    local = times.at(when) + dt.timedelta(hours=calendar.offset)
    return f"{local:%Y-%m-%d %H:%M:%S} {calendar.zone}"


def _seconds(hhmm: str) -> float:
    return int(hhmm[:2]) * 3600.0 + int(hhmm[2:]) * 60.0
