"""Numbers by number, hundreds of thousands of them, in 16 bytes each and some more. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Callable

__all__ = ["LOAD", "NumberTable"]

#: Buckets at the least, and the entries of a bucket on average above which there is one more.
_BUCKETS = 1024
LOAD = 8
SWEPT = 100  # buckets looked through in one turn


class NumberTable:
    """Numbers by number, several under one key. Nothing in it ever costs more than its bucket, however many there are.

    It grows by one bucket at a time (linear hashing): what stands in the next one in turn is divided between it and the new one.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        # Of each bucket key and value in turn.
        self._buckets: list[array[int] | None] = [None] * _BUCKETS
        self._mask = _BUCKETS - 1
        self._divided = 0  # buckets below it, of those there were with this mask
        self._count = self._next = 0

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return self._count > 0

    @property
    def fullest(self) -> int:
        """Entries of the bucket that has most: what a look-up costs."""
        return max(len(bucket) // 2 for bucket in self._buckets if bucket is not None) if self._count else 0

    def _at(self, key: int) -> int:
        mixed = key ^ key >> 10 ^ key >> 20
        at = mixed & self._mask
        return at if at >= self._divided else mixed & (2 * self._mask + 1)

    def of(self, key: int) -> list[int]:
        """What stands under this key."""
        bucket = self._buckets[self._at(key)]
        if bucket is None or key not in bucket:
            return []
        return [bucket[at + 1] for at in range(0, len(bucket), 2) if bucket[at] == key]

    def add(self, key: int, value: int) -> None:
        """Once is enough."""
        at = self._at(key)
        bucket = self._buckets[at]
        if bucket is None:
            bucket = self._buckets[at] = array("Q")
        elif key in bucket and value in self.of(key):
            return
        bucket.append(key)
        bucket.append(value)
        self._count += 1
        if self._count > LOAD * len(self._buckets):
            self._divide()

    def _divide(self) -> None:
        at = self._divided
        bucket = self._buckets[at]
        self._buckets[at] = None
        self._buckets.append(None)
        self._divided += 1
        if self._divided > self._mask:
            self._mask, self._divided = 2 * self._mask + 1, 0
        if bucket is not None:
            self._spread(bucket)

    def _spread(self, bucket: array[int]) -> None:
        for at in range(0, len(bucket), 2):
            to = self._at(bucket[at])
            found = self._buckets[to]
            if found is None:
                found = self._buckets[to] = array("Q")
            found.extend(bucket[at : at + 2])

    def discard(self, key: int, value: int) -> None:
        """Nothing when it does not stand there."""
        bucket = self._buckets[self._at(key)]
        if bucket is None or key not in bucket:
            return
        for at in range(0, len(bucket), 2):
            if bucket[at] == key and bucket[at + 1] == value:
                del bucket[at : at + 2]
                self._count -= 1
                return

    def keep(self, wanted: Callable[[int], bool]) -> None:
        """Of the next SWEPT buckets what is wanted stays."""
        for _ in range(SWEPT):
            at = self._next = (self._next + 1) % len(self._buckets)
            bucket = self._buckets[at]
            if bucket is None:
                continue
            kept = array("Q")
            for each in range(0, len(bucket), 2):
                if wanted(bucket[each + 1]):
                    kept.extend(bucket[each : each + 2])
            self._count -= (len(bucket) - len(kept)) // 2
            self._buckets[at] = kept if kept else None
