"""Bars of one contract and size as they form (section 8, SUB_BARS): what is told of what TWS says. Pure.

A bar is `[t, open, high, low, close, volume, wap, count]`. A message adds `final`: false while the bar forms, true once it is
over; no bar is final twice, and none is told after a later final one. What came from history because nobody has seen it form (a
loss, a restart) has a tenth member, `true`. Live bars that come while history is asked for wait, MOST_HELD of them, the oldest
dropped: history has them too.
"""

from __future__ import annotations

from typing import Any

Bar = list[Any]
MOST_HELD = 100


class BarFeed:
    """`last` is the `t` of the newest final bar that was told; None before the first."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last
        self._forming: Bar | None = None
        self._held: list[tuple[Bar, bool]] = []
        self._filling = False

    def lost(self, filling: bool) -> None:
        """The link is gone: how the bar went on is for history to say. `filling`: it will be asked for."""
        self._forming = None
        self._held.clear()
        self._filling = filling

    def forming(self, bar: Bar) -> list[Bar]:
        """The bar under way, as it is now."""
        return self._live(bar, final=False)

    def closed(self, bar: Bar) -> list[Bar]:
        """A bar that is over."""
        return self._live(bar, final=True)

    def _live(self, bar: Bar, final: bool) -> list[Bar]:
        if self._filling:
            self._held = [*self._held, (bar, final)][-MOST_HELD:]
            return []
        if self.last is not None and bar[0] <= self.last:
            return []
        if final:
            return self._close(bar)
        before = self._forming
        if before is not None and (before[0] > bar[0] or before == bar):
            return []
        told = self._close(before) if before is not None and before[0] < bar[0] else []
        self._forming = bar
        return [*told, [*bar, False]]

    def _close(self, bar: Bar, *mark: bool) -> list[Bar]:
        self.last, self._forming = bar[0], None
        return [[*bar, True, *mark]]

    def filled(self, bars: list[Bar], last_forms: bool) -> list[Bar]:
        """History's answer, oldest first ([] where there was none): what nobody has been told, then what waited.

        `last_forms`: its last bar is under way. With nothing told before there is no gap, and its bars are none of a bot's.
        """
        self._filling = False
        over = bars[:-1] if last_forms else bars
        told: list[Bar] = []
        if self.last is not None:
            for bar in over:
                told += self._close(bar, True) if bar[0] > self.last else []
        elif over:
            self.last = over[-1][0]
        if last_forms and bars:
            told += self._live(bars[-1], final=False)
        held, self._held = self._held, []
        for bar, final in held:
            told += self._live(bar, final)
        return told
