"""Trading hours of a contract as times (section 5): IB's texts read, so that no bot has to. Pure.

`20260102:0400-20260102:2000;20260103:CLOSED`, in old texts `20180323:0400-2000,2030-2359`, in the zone of `timeZoneId`.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

from ibgw_tx.model.tws_time import zone

#: The texts of ContractDetails, and what they become.
HOURS = {"tradingHours": "sessions", "liquidHours": "liquidSessions"}


def with_sessions(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details, with `[[begin, end], …]` (ms) of both kinds of hours; without those whose text or zone cannot be read."""
    found = {name: value for name, value in details.items() if name not in HOURS.values()}
    where = zone(str(details.get("timeZoneId") or "").split(" ")[0] or "?")
    for text, name in HOURS.items():
        told = _sessions(str(details.get(text) or ""), where) if where is not None else None
        if told is not None:
            found[name] = told
    return found


@functools.lru_cache(maxsize=256)
def _sessions(text: str, where: dt.tzinfo) -> list[list[int]] | None:
    """To be read, not changed: all options of a chain have the same hours, and reading them took most of a document's time."""
    found = []
    try:
        for day in filter(None, text.split(";")):
            date, _, hours = day.partition(":")
            for span in hours.split(","):
                if span != "CLOSED":
                    begin, end = span.split("-")
                    found.append([_ms(date, begin, where), _ms(date, end, where)])
    except ValueError:
        return None
    return found if text else None


def _ms(date: str, text: str, where: dt.tzinfo) -> int:
    """`2000`, or with a date of its own `20260102:2000`."""
    own, _, clock = text.rpartition(":")
    moment = dt.datetime.strptime(f"{own or date} {clock}", "%Y%m%d %H%M")
    return int(moment.replace(tzinfo=where).timestamp()) * 1000
