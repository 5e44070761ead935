"""Times as TWS writes them, as epoch ms. Pure.

Three forms (tws-facts 4.8): `20240402-17:10:00` is UTC, and may carry a `Z` (from server version 214 on); `20240402 17:10:00
US/Eastern` says its zone; `20240402  17:10:00` is in the zone of TWS's login, which it tells nowhere but in the time of its
greeting: `offset_of` measures that against our clock.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo

_FORM = re.compile(r"(\d{8})(-| +)(\d{2}:\d{2}:\d{2})(Z| \S.*)?")
_QUARTER = 15 * 60 * 1000
#: No zone is further from UTC.
_FARTHEST = 15 * 3600 * 1000


@functools.lru_cache(maxsize=256)
def zone(name: str) -> dt.tzinfo | None:
    """The zone of that name; None when nobody knows it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _utc_ms(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * 1000


def told_ms(text: str, offset: int | None) -> int | None:
    """Epoch ms of a time of TWS; `offset`: ms that its own clock is ahead of UTC. None when it cannot be told."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    try:
        naive = dt.datetime.strptime(f"{found[1]} {found[3]}", "%Y%m%d %H:%M:%S")
    except ValueError:
        return None
    named = (found[4] or "").strip()
    if named == "Z" or (found[2] == "-" and not named):
        return _utc_ms(naive.replace(tzinfo=dt.UTC))
    known = zone(named) if named else None
    if known is not None:
        return _utc_ms(naive.replace(tzinfo=known))
    return None if offset is None else _utc_ms(naive.replace(tzinfo=dt.UTC)) - offset


def offset_of(greeting: str, now: int) -> int | None:
    """How far TWS's clock is ahead of UTC (ms, whole quarters of an hour), from the time in its greeting, said at `now`.

    The name of the zone there is of no use: CST is Chicago's and Shanghai's.
    """
    told = told_ms(" ".join(greeting.split()[:2]), 0)
    if told is None:
        return None
    ahead = round((told - now) / _QUARTER) * _QUARTER
    return ahead if abs(ahead) <= _FARTHEST else None
