"""Bars of TWS's historical data message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ibgw_tx.model import figures
from ibgw_tx.model.figures import Quantity
from ibgw_tx.model.tws_time import told_ms

_PRICES = ("open", "high", "low", "close")


def parse_bars(fields: list[bytes]) -> tuple[int, list[list[Any]]]:
    """(request id, bars) of a HISTORICAL_DATA (17) frame since server version 124.

    Its fields: 17, id, from and to (before 196), count, and eight of each bar.
    A bar is `[t, open, high, low, close, volume, wap, count]`.
    `t` in ms; a whole day's is its midnight UTC. What is unknown (-1), and a price that is no figure, is None. Raises
    ValueError or IndexError for a frame that is not so.
    """
    at = 2 if _is_count(fields, 2) else 4
    bars = []
    for start in range(at + 1, at + 1 + 8 * int(fields[at]), 8):
        date, open_, high, low, close, volume, average, trades = fields[start : start + 8]
        prices = [_price(text) for text in (open_, high, low, close)]
        bars.append([bar_time(date.decode()), *prices, _volume(volume), _average(average), _volume(trades)])
    return int(fields[1]), bars


def bars_of(message: Any) -> tuple[int, list[list[Any]]]:
    """The same of ibapi's protobuf message HistoricalData. A price that is absent is None."""
    bars = []
    for bar in message.historicalDataBars:
        prices = [figures.number_or_none(getattr(bar, name)) if bar.HasField(name) else None for name in _PRICES]
        average = _average(bar.WAP or None)
        bars.append([bar_time(bar.date), *prices, _volume(bar.volume or None), average, _volume(bar.barCount)])
    return message.reqId, bars


def _is_count(fields: list[bytes], at: int) -> bool:
    """Whether the count of bars stands there: it says how many fields follow. (Behind the last one is the end of the frame.)"""
    return fields[at].isdigit() and len(fields) - 1 in (at + 1 + 8 * int(fields[at]), at + 8 * int(fields[at]))


def live_bar(t: str | int, prices: tuple[float, float, float, float], volume: Any, average: Any, count: Any) -> list[Any]:
    """The same of a bar that TWS tells by itself: open, high, low, close, then volume, wap and count."""
    figures_ = [figures.number_or_none(price) for price in prices]
    return [bar_time(str(t)), *figures_, _volume(volume), _average(average), _volume(count)]


def _average(value: Any) -> float | None:
    """TWS writes 0 or -1 where there is none."""
    found = figures.number_or_none(value if not isinstance(value, bytes) else value.decode())
    return found if found is not None and found > 0 else None


def _price(text: bytes) -> float | None:
    """None for what IB means as "unset" or is no figure; ValueError for what is no number at all."""
    float(text)
    return figures.number_or_none(text.decode())


def _volume(text: Any) -> Quantity | None:
    value = figures.quantity_or_none(text)
    return None if value is None or value < 0 else value


def bar_time(text: str) -> int:
    """ms of epoch seconds, of `yyyymmdd` (`Z` or not), or of a time of TWS, UTC where it names no zone. Raises ValueError."""
    day = text.removesuffix("Z")
    if len(day) == 8 and day.isdigit() and day[:2] in ("19", "20"):
        return int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp() * 1000)
    if text.isdigit():
        return int(text) * 1000
    found = told_ms(text, 0)
    if found is None:
        raise ValueError(f"{text!r} is no time of a bar")
    return found
