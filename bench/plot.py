"""Curves over time as an SVG that needs no program to be made. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import attrs

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 34, 40
COLOURS = ("#1f6feb", "#bf5b04", "#2da44e")
STEPS = 5  # lines across


@attrs.frozen
class Curve:
    """One line: a value for each time."""

    name: str
    values: Sequence[float]


def drawn(title: str, minutes: Sequence[float], curves: Sequence[Curve]) -> str:
    """The document: minutes along, values up, from 0."""
    most = max(max(curve.values) for curve in curves)
    step = _round(most / STEPS)
    top = step * STEPS if step * STEPS >= most else step * (STEPS + 1)
    last = max(minutes) or 1.0

    def x(minute: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * minute / last

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    lines = [_text(LEFT, 20, title, "font-weight='bold'")]
    for number in range(int(top / step) + 1):
        at = y(number * step)
        lines.append(f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{at:.1f}' y2='{at:.1f}' stroke='#d0d7de'/>")
        lines.append(_text(LEFT - 6, at + 4, f"{number * step:g}", "text-anchor='end'"))
    for number in range(7):
        minute = last * number / 6
        lines.append(_text(x(minute), HEIGHT - BOTTOM + 18, f"{minute:.0f} min", "text-anchor='middle'"))
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{x(minute):.1f},{y(value):.1f}" for minute, value in zip(minutes, curve.values, strict=True))
        lines.append(f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2'/>")
        lines.append(_text(LEFT + 150 * number, HEIGHT - 6, f"— {curve.name}", f"fill='{colour}'"))
    size = f"viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-family='sans-serif' font-size='12'>"
    return "\n".join([head, f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#fff'/>", *lines, "</svg>", ""])


def _round(step: float) -> float:
    """The next step that people count in."""
    size = 1.0
    while size * 10 <= step:
        size *= 10
    return next(size * part for part in (1, 2, 5, 10) if size * part >= step)


def _text(x: float, y: float, text: str, more: str) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {more}>{escape(text)}</text>"
