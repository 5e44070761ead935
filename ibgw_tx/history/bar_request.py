"""What SUB_BARS may ask for, and how much history fills a gap. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ibgw_tx.history.question import BAR_SIZES
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.errors import bad_params

#: The one size of IB's real-time bars; larger ones are historical bars that are kept up to date.
REAL_TIME = "5 secs"
WHAT = ("TRADES", "MIDPOINT", "BID", "ASK")
SIZES = BAR_SIZES - {"1 secs"}
_UNITS = {"secs": 1, "min": 60, "mins": 60, "hour": 3600, "hours": 3600, "day": 86_400, "week": 604_800, "month": 2_678_400}
_DAY = 86_400
#: Seconds of five-second bars that fill a gap; IB tells no more in one answer.
MOST_REAL_TIME = 7200


@attrs.frozen
class BarRequest:
    """IB's words: `bar_size`, `what` (whatToShow), `use_rth`."""

    bar_size: str
    what: str = "TRADES"
    use_rth: bool = False

    @property
    def seconds(self) -> int:
        """How long a bar is (of a month: at most)."""
        number, unit = self.bar_size.split()
        return int(number) * _UNITS[unit]

    def duration(self, last: int | None, now: int) -> str:
        """IB's words for the time since `last` (ms), and two bars more; of two bars where nothing was told before."""
        span = 2 * self.seconds + (0 if last is None else max(0, (now - last) // 1000))
        if self.bar_size == REAL_TIME:
            return f"{min(span, MOST_REAL_TIME)} S"
        if span <= _DAY and self.seconds < _DAY:
            return f"{max(span, 60)} S"
        days = -(-span // _DAY) + 1
        return f"{days} D" if days <= 365 else f"{-(-days // 365)} Y"


def bar_request(params: Mapping[str, Any]) -> BarRequest:
    """Of SUB_BARS' params. Raises CommandError (bad_params) naming the member that is wrong."""
    size, what, use_rth = params.get("barSize"), params.get("whatToShow", "TRADES"), params.get("useRTH", False)
    if not isinstance(size, str) or size not in SIZES:
        raise bad_params(f"barSize must be one of IB's from 5 secs on ('5 secs', '1 min', '1 day', …), not {_shown(size)}")
    if what not in WHAT:
        raise bad_params(f"whatToShow must be one of {', '.join(WHAT)}, not {_shown(what)}")
    if not isinstance(use_rth, bool):
        raise bad_params(f"useRTH must be true or false, not {_shown(use_rth)}")
    return BarRequest(size, what, use_rth)


def _shown(value: Any) -> str:
    return jsontext.text(value)[:100]
