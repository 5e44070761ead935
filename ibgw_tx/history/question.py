"""Historical bars: what may be asked. How often is `pacing`, the answer is `bars`. Pure.

IB's pacing (tws-facts 3.2): 60 requests in 10 minutes (BID_ASK counts double), no identical one within 15 s, fewer than 6
for one contract and kind within 2 s, 50 open at once. What cannot be asked now is refused with when it can; an identical
question within 15 s is answered from the last answer.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.errors import bad_params

WHAT = frozenset(
    "TRADES MIDPOINT BID ASK BID_ASK ADJUSTED_LAST HISTORICAL_VOLATILITY OPTION_IMPLIED_VOLATILITY FEE_RATE YIELD_BID YIELD_ASK"
    " YIELD_BID_ASK YIELD_LAST SCHEDULE AGGTRADES".split()
)
BAR_SIZES = frozenset(
    [f"{n} secs" for n in (1, 5, 10, 15, 30)]
    + ["1 min", "1 hour", "1 day", "1 week", "1 month"]
    + [f"{n} mins" for n in (2, 3, 5, 10, 15, 20, 30)]
    + [f"{n} hours" for n in (2, 3, 4, 8)]
)
_DURATION = re.compile(r"^[1-9]\d{0,4} [SDWMY]$")
_END = re.compile(r"^\d{8}( \d\d:\d\d:\d\d [A-Za-z][A-Za-z0-9_/+-]*|-\d\d:\d\d:\d\d)$")


@attrs.frozen
class Question:
    """What is asked of one contract, in IB's words: `end` is its endDateTime ("" for now), `what` its whatToShow."""

    end: str
    duration: str
    bar_size: str
    what: str
    use_rth: bool


def question_of(params: dict[str, Any]) -> Question:
    """The question of FIND_HISTORY's params. Raises CommandError (bad_params) naming the member that is wrong."""
    end = params.get("endDateTime") or ""
    duration, bar_size = params.get("duration"), params.get("barSize")
    what, use_rth = params.get("whatToShow", "TRADES"), params.get("useRTH", True)
    if not isinstance(end, str) or (end and not _END.fullmatch(end)):
        raise bad_params(f"endDateTime must be 'yyyymmdd-hh:mm:ss' (UTC) or 'yyyymmdd hh:mm:ss ZONE', not {_shown(end)}")
    if not isinstance(duration, str) or not _DURATION.fullmatch(duration):
        raise bad_params(f"duration must be a number and S, D, W, M or Y ('2 D'), not {_shown(duration)}")
    if not isinstance(bar_size, str) or bar_size not in BAR_SIZES:
        raise bad_params(f"barSize must be one of IB's ('1 min', '30 mins', '1 day', …), not {_shown(bar_size)}")
    if not isinstance(what, str) or what not in WHAT:
        raise bad_params(f"whatToShow must be one of IB's (TRADES, MIDPOINT, …), not {_shown(what)}")
    if not isinstance(use_rth, bool):
        raise bad_params(f"useRTH must be true or false, not {_shown(use_rth)}")
    return Question(end, duration, bar_size, what, use_rth)


def _shown(value: Any) -> str:
    return jsontext.text(value)[:100]
