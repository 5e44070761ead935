"""Counts that cost next to nothing where they are made, and are read when somebody looks. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left

#: Seconds: upper ends of a histogram's buckets, the last one is open.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Histogram:
    """How often something took how long: `total` in seconds."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """It took this long once more."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    @property
    def count(self) -> int:
        """How often."""
        return sum(self._counts)

    def buckets(self) -> list[tuple[float, int]]:
        """(upper end, how many took no longer), the last for infinity."""
        found, so_far = [], 0
        for bound, count in zip((*BOUNDS, math.inf), self._counts, strict=True):
            so_far += count
            found.append((bound, so_far))
        return found
