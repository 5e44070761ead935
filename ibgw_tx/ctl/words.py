"""Texts for a terminal: what others wrote made harmless, figures and ages as people read them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

#: A text of others is cut to this many characters.
LONGEST = 300


def safe(value: Any, longest: int = LONGEST) -> str:
    """A text of others for a terminal: no control character (escape sequences, backspaces, line ends) comes through, nor the
    marks that turn the direction of writing; each stands as `\\x1b` or `\\u202e`."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def figure(value: Any) -> str:
    """A number as short as it is exact: `100`, `11.02`; `-` for what is not known."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return safe(value)
    return f"{value:,.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def money(value: Any) -> str:
    """An amount with two places; `-` for what is not known."""
    return f"{value:,.2f}" if isinstance(value, int | float) and not isinstance(value, bool) else figure(value)


def age(now: int, then: Any) -> str:
    """How long ago a moment in ms was, at `now` (ms): `0.4 s`, `3 min`, `2 h`, `5 d`; `-` for none."""
    if not isinstance(then, int | float) or isinstance(then, bool):
        return "-"
    seconds = (now - then) / 1000
    for unit, length, above in (("d", 86_400, 172_800), ("h", 3_600, 7_200), ("min", 60, 120)):
        if seconds >= above:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.1f} s"


def aligned(values: Iterable[Any]) -> list[str]:
    """Figures that stand in one column, each with as many places as the one that needs most: `11.40` beside `11.42`."""
    listed = list(values)
    places = max((len(figure(value).partition(".")[2]) for value in listed), default=0)
    return [f"{value:,.{places}f}" if isinstance(value, int | float) else figure(value) for value in listed]


def moment(value: Any, date: bool = True) -> str:
    """A time in ms as `2026-11-28 05:31:58.123 UTC`, or without `date` as `05:31:58`; `-` for none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 4e12:
        return "-"
    when = datetime.fromtimestamp(value / 1000, UTC)
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03} UTC" if date else f"{when:%H:%M:%S}"
