"""A point in time that knows both clocks.

What bots read (`t`, `updateTime`) is wall time, which operators and NTP may set; how long something has lasted is measured on a
steady clock, which nobody sets. Whoever is given a moment uses it as epoch ms, and asks `steady` before subtracting two of them.
"""

from __future__ import annotations


class Moment(int):
    """Epoch ms; and `steady`, ms on a clock that starts anywhere and never jumps."""

    steady: int

    def __new__(cls, wall: int, steady: int) -> Moment:
        made = super().__new__(cls, wall)
        made.steady = steady
        return made


def steady(moment: int) -> int:
    """The steady ms of a moment; a plain number is a moment of a clock that was never set."""
    return moment.steady if isinstance(moment, Moment) else moment
