"""Bars `[t, open, high, low, close, volume]` as a chart of characters. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs

from ibgw_tx.ctl.words import aligned, figure, moment

Bar = Sequence[Any]
#: Characters of one candle, with the blanks behind it: at most so many when there are few.
WIDEST = 6
#: A price stands beside each so many-th row.
LABELLED = 3


@attrs.frozen
class Chart:
    """`lines` without their labels, `labels` of one length, `rising[column]` of each character's candle, the axis below."""

    lines: list[str]
    labels: list[str]
    rising: list[bool]
    axis: str


def gathered(bars: Sequence[Bar], columns: int) -> list[tuple[float, float, float, float]]:
    """At most `columns` (open, high, low, close): neighbours are put together evenly, nothing is left out."""
    step = max(1, -(-len(bars) // max(1, columns)))
    groups = [bars[at : at + step] for at in range(0, len(bars), step)]
    return [(group[0][1], max(bar[2] for bar in group), min(bar[3] for bar in group), group[-1][4]) for group in groups]


def chart(bars: Sequence[Bar], columns: int, rows: int) -> Chart | None:
    """A candle chart: `│` a wick, `█` a rise or no change, `░` a fall. None without bars."""
    candles = gathered(bars, columns)
    if not candles:
        return None
    top, bottom = max(each[1] for each in candles), min(each[2] for each in candles)
    step = (top - bottom) / max(1, rows - 1)
    rows = rows if step else 1

    def level(price: float) -> int:
        return round((top - price) / step) if step else 0

    wide = max(1, min(WIDEST, columns // len(candles)))
    grid = [[" "] * (len(candles) * wide) for _ in range(rows)]
    for at, (opened, high, low, closed) in enumerate(candles):
        for row in range(level(high), level(low) + 1):
            grid[row][at * wide] = "│"
        for row in range(level(max(opened, closed)), level(min(opened, closed)) + 1):
            grid[row][at * wide] = "█" if closed >= opened else "░"
    rising = [closed >= opened for opened, _, _, closed in candles for _ in range(wide)]
    return Chart(["".join(line) for line in grid], _labels(top, step, rows), rising, _axis(bars, len(rising)))


def _labels(top: float, step: float, rows: int) -> list[str]:
    """Prices of the rows, with as many places as tell two of them apart."""
    places = min(8, max(2, 1 - math.floor(math.log10(step)))) if step else 8
    prices = [round(top - step * at, places) for at in range(rows)]
    told = aligned(prices) if step else [figure(prices[0])]
    wide = max(map(len, told))
    return [f"{each if at % LABELLED == 0 else '':>{wide}}" for at, each in enumerate(told)]


def _axis(bars: Sequence[Bar], wide: int) -> str:
    """The first and the last bar's time; the last one alone where there is no room for both."""
    first, last = (moment(bars[at][0])[:16] for at in (0, -1))
    return f"{first}{last:>{wide - len(first)}}" if wide > len(first) + len(last) else last


def summary(bars: Sequence[Bar]) -> str:
    """Last, change, high, low and volume of everything, in words."""
    opened, closed = bars[0][1], bars[-1][4]
    change = round(closed - opened, 10)
    share = f" ({100 * change / opened:+.2f} %)" if opened else ""
    high, low = max(bar[2] for bar in bars), min(bar[3] for bar in bars)
    volume = sum(bar[5] for bar in bars if isinstance(bar[5], int | float) and bar[5] > 0)
    sign = "+" if change > 0 else ""
    extremes = f"high {figure(high)}, low {figure(low)}"
    return f"last {figure(closed)}, {sign}{figure(change)}{share}, {extremes}, volume {figure(volume)}"
