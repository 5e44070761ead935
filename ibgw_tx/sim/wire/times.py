"""Dates and times as TWS writes and reads them. The simulated TWS is logged in with UTC as its zone."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo

from ibgw_tx.sim.wire.ids import Since

UTC = dt.UTC


@functools.lru_cache(maxsize=4096)
def date_seconds(yyyymmdd: str) -> float:
    """Midnight UTC of a date as epoch seconds."""
    return dt.datetime.strptime(yyyymmdd, "%Y%m%d").replace(tzinfo=UTC).timestamp()


def at(when: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(when, UTC)


def connection_time(when: float) -> str:
    return at(when).strftime("%Y%m%d %H:%M:%S UTC")


def clock(when: float) -> str:
    """HH:MM, as in the account's update time."""
    return at(when).strftime("%H:%M")


def stamp(when: float) -> str:
    """Two blanks between date and time: the old form, which servers below 174 send."""
    return at(when).strftime("%Y%m%d  %H:%M:%S")


def told(when: float, version: int) -> str:
    """A moment as a client of this server version gets it: from 174 on it says its zone, from 214 on with a Z."""
    return ended(when, version) if version >= Since.INSTRUMENT_TIMEZONE else stamp(when)


def ended(when: float, version: int) -> str:
    """When an order ended: with its zone at every version."""
    if version >= Since.ADD_Z_SUFFIX_TO_UTC_DATE_TIME:
        return at(when).strftime("%Y%m%d-%H:%M:%SZ")
    return zoned(when)


def date(when: float) -> str:
    return at(when).strftime("%Y%m%d")


def parse_end(text: str, now: float) -> float:
    """An end time of a request as epoch seconds: empty is now; `yyyymmdd[-| ]hh:mm:ss[ zone|Z]`; raises ValueError."""
    if not text.strip():
        return now
    if text[8:9] == "-":
        return dt.datetime.strptime(text.removesuffix("Z"), "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC).timestamp()
    parts = text.split()
    zone: dt.tzinfo = UTC
    if len(parts) == 3:
        try:
            zone = zoneinfo.ZoneInfo(parts.pop())
        except (zoneinfo.ZoneInfoNotFoundError, OSError):
            raise ValueError(text) from None
    form = "%Y%m%d %H:%M:%S" if len(parts) == 2 else "%Y%m%d"
    return dt.datetime.strptime(" ".join(parts), form).replace(tzinfo=zone).timestamp()


def zoned(when: float) -> str:
    """With the zone behind it, as in completed orders."""
    return at(when).strftime("%Y%m%d %H:%M:%S UTC")


def parse_time(text: str, now: float) -> float:
    """A time of an order (good till, good after, conditions): as `parse_end`, or `hh:mm:ss` of today."""
    head = text.split(maxsplit=1)[0] if text.strip() else ""
    if len(head) in (5, 8) and ":" in head:
        return parse_end(f"{date(now)} {text if len(head) == 8 else head + ':00' + text[5:]}", now)
    return parse_end(text, now)
