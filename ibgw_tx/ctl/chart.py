"""Bars `[t, open, high, low, close, volume]` as a chart of characters. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibgw_tx.ctl.words import figure

Bar = Sequence[Any]


def gathered(bars: Sequence[Bar], columns: int) -> list[tuple[float, float, float, float]]:
    """At most `columns` (open, high, low, close): neighbours are put together evenly, nothing is left out."""
    step = max(1, -(-len(bars) // max(1, columns)))
    groups = [bars[at : at + step] for at in range(0, len(bars), step)]
    return [(group[0][1], max(bar[2] for bar in group), min(bar[3] for bar in group), group[-1][4]) for group in groups]


def chart(bars: Sequence[Bar], columns: int, rows: int) -> list[str]:
    """Lines of a candle chart, price on the left: `│` a wick, `█` a rise or no change, `░` a fall. No bars give no lines."""
    candles = gathered(bars, columns)
    if not candles:
        return []
    top, bottom = max(each[1] for each in candles), min(each[2] for each in candles)
    step = (top - bottom) / max(1, rows - 1)

    def level(price: float) -> int:
        return round((top - price) / step) if step else 0

    grid = [[" "] * len(candles) for _ in range(rows)]
    for column, (opened, high, low, closed) in enumerate(candles):
        for at in range(level(high), level(low) + 1):
            grid[at][column] = "│"
        for at in range(level(max(opened, closed)), level(min(opened, closed)) + 1):
            grid[at][column] = "█" if closed >= opened else "░"
    labels = [figure(round(top - step * at, 6)) for at in range(rows)]
    wide = max(map(len, labels))
    lines = [f"{label:>{wide}} ┤{''.join(line)}" for label, line in zip(labels, grid, strict=True)]
    return lines if step else lines[:1]
