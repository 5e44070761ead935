"""Calls to be made later, without a clock of its own: who has one asks `due` and calls `run`."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Call = Callable[[], None]


class Agenda:
    """`woken` is called when there is something new to be done earliest."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._heap: list[tuple[float, int, Call]] = []
        self._numbers = count()
        self.woken: Call = lambda: None

    @property
    def due(self) -> float | None:
        """When the next call is to be made."""
        return self._heap[0][0] if self._heap else None

    def after(self, delay: float, call: Call) -> None:
        entry = (self._seconds() + delay, next(self._numbers), call)
        heapq.heappush(self._heap, entry)
        if self._heap[0] is entry:
            self.woken()

    def run(self) -> None:
        """Make every call that is due; what they put down for now waits for the next run. One that raises ends the run."""
        now, first = self._seconds(), next(self._numbers)
        while self._heap and self._heap[0][0] <= now and self._heap[0][1] < first:
            heapq.heappop(self._heap)[2]()
