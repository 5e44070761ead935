"""Historical bars: what may be asked, how often, and the answer read. Pure; `now` in seconds.

IB's pacing (tws-facts 3.2): 60 requests in 10 minutes (BID_ASK counts double), no identical one within 15 s, fewer than 6
for one contract and kind within 2 s, 50 open at once. What cannot be asked now is refused with when it can; an identical
question within 15 s is answered from the last answer.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any

from ibgw_tx.model import errors
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.errors import CommandError

LONG_WINDOW, LONG_LIMIT = 600.0, 60
SHORT_WINDOW, SHORT_LIMIT = 2.0, 5
SAME_WINDOW = 15.0
OPEN_LIMIT = 50

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
_END = re.compile(r"^\d{8}( \d\d:\d\d:\d\d( [A-Za-z][A-Za-z0-9_/+-]*)?|-\d\d:\d\d:\d\d)$")


def check(params: dict[str, Any]) -> tuple[str, str, str, str, bool]:
    """(endDateTime, duration, barSize, whatToShow, useRTH) of FIND_HISTORY. Raises CommandError (bad_params)."""
    end = params.get("endDateTime") or ""
    duration, bar_size = params.get("duration"), params.get("barSize")
    what, use_rth = params.get("whatToShow", "TRADES"), params.get("useRTH", True)
    if not isinstance(end, str) or (end and not _END.fullmatch(end)):
        raise _bad(f"endDateTime must be 'yyyymmdd hh:mm:ss zone' or 'yyyymmdd-hh:mm:ss' (UTC), not {_shown(end)}")
    if not isinstance(duration, str) or not _DURATION.fullmatch(duration):
        raise _bad(f"duration must be a number and S, D, W, M or Y ('2 D'), not {_shown(duration)}")
    if not isinstance(bar_size, str) or bar_size not in BAR_SIZES:
        raise _bad(f"barSize must be one of IB's ('1 min', '30 mins', '1 day', …), not {_shown(bar_size)}")
    if not isinstance(what, str) or what not in WHAT:
        raise _bad(f"whatToShow must be one of IB's (TRADES, MIDPOINT, …), not {_shown(what)}")
    if not isinstance(use_rth, bool):
        raise _bad(f"useRTH must be true or false, not {_shown(use_rth)}")
    return end, duration, bar_size, what, use_rth


def _bad(text: str) -> CommandError:
    return CommandError(errors.BAD_PARAMS, text)


def _shown(value: Any) -> str:
    return jsontext.text(value)[:100]


class HistoryPacing:
    """When a historical request may go out, and the answers that still serve. Keys are hashable questions."""

    def __init__(self) -> None:
        self._long: deque[float] = deque()
        self._short: dict[Hashable, deque[float]] = {}
        self._answers: dict[Hashable, tuple[float, Any]] = {}
        self.open = 0

    def last_answer(self, question: Hashable, now: float) -> Any:
        """The answer to the same question of the last 15 s, else None."""
        self._answers = {key: kept for key, kept in self._answers.items() if now - kept[0] < SAME_WINDOW}
        kept = self._answers.get(question)
        return kept[1] if kept else None

    def wait(self, contract: Hashable, what: str, now: float) -> float:
        """Seconds until a request may be sent; 0 for now."""
        weight = 2 if what == "BID_ASK" else 1
        wait = _window_wait(self._long, LONG_WINDOW, LONG_LIMIT - weight, now)
        self._short = {key: sent for key, sent in self._short.items() if sent and now - sent[-1] < SHORT_WINDOW}
        short = self._short.get((contract, what))
        return max(wait, _window_wait(short, SHORT_WINDOW, SHORT_LIMIT - 1, now) if short else 0.0)

    def sent(self, contract: Hashable, what: str, now: float) -> None:
        """A request went out."""
        self._long.extend([now] * (2 if what == "BID_ASK" else 1))
        self._short.setdefault((contract, what), deque()).append(now)
        self.open += 1

    def ended(self, question: Hashable, answer: Any, now: float) -> None:
        """It has been answered (None: it failed)."""
        self.open -= 1
        if answer is not None:
            self._answers[question] = now, answer


def _window_wait(sent: deque[float], window: float, room: int, now: float) -> float:
    """Seconds until at most `room` of the times in `sent` are younger than `window`."""
    while sent and now - sent[0] >= window:
        sent.popleft()
    return sent[len(sent) - room - 1] + window - now if len(sent) > room else 0.0


def parse_bars(fields: list[bytes]) -> tuple[int, list[list[Any]]]:
    """(request id, bars `[t, open, high, low, close, volume]`) of a HISTORICAL_DATA (17) frame since server version 124.

    `t` in ms; a whole day's is its midnight UTC. An unknown volume (-1) is None. Raises ValueError or IndexError for a frame
    that is not so.
    """
    count = int(fields[4])
    bars = []
    for start in range(5, 5 + 8 * count, 8):
        date, open_, high, low, close, volume = fields[start : start + 6]
        bars.append([bar_time(date.decode()), float(open_), float(high), float(low), float(close), _volume(volume)])
    return int(fields[1]), bars


def _volume(text: bytes) -> float | None:
    value = jsontext.number(text.decode())
    return None if value is None or value < 0 else value


def bar_time(text: str) -> int:
    """Epoch seconds, `yyyymmdd` or `yyyymmdd hh:mm:ss` (taken as UTC) to ms."""
    if len(text) == 8 and text.isdigit() and text[:2] in ("19", "20"):
        return int(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).timestamp() * 1000)
    if text.isdigit():
        return int(text) * 1000
    return int(datetime.strptime(text[:18].strip(), "%Y%m%d %H:%M:%S").replace(tzinfo=UTC).timestamp() * 1000)
