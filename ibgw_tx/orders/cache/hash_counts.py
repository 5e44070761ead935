"""How many fields each order hash has, as Redis itself has told it: where it has fewer, somebody has taken some away. Pure.

While the cache is trusted this gateway only adds fields. Replies come in the sequence of their commands, so the count is known
exactly whenever Redis tells how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import attrs


@attrs.define(eq=False)
class HashCounts:
    """From `begin` to `end`; before and after that nothing is known, and nothing is missed."""

    _is_on: bool = False
    #: By key; None: it stands, and has not been counted yet.
    _counts: dict[str, int | None] = attrs.Factory(dict)
    _round: Iterator[str] = attrs.Factory(lambda: iter(()))

    def begin(self, keys: Iterable[str]) -> None:
        """These hashes stand, each with its mark, and no others."""
        self._is_on, self._counts = True, dict.fromkeys(keys)
        self._round = iter(tuple(self._counts))

    def end(self) -> None:
        """Marks are taken away."""
        self._is_on, self._counts, self._round = False, {}, iter(())

    def due(self, most: int) -> list[str]:
        """The next hashes to be counted, all of them in turn."""
        found = list(islice(self._round, most))
        if len(found) < most:
            self._round = iter(tuple(self._counts))
        return found

    def wrote(self, key: str, fields: int, added: int) -> bool:
        """`fields` and the mark have been written, and so many were new; False: the mark was gone, and the hash with it."""
        if not self._is_on:
            return True
        if key not in self._counts:
            self._counts[key] = added
            return True
        count = self._counts[key]
        if count is not None:
            self._counts[key] = count + added
        return added <= fields

    def counted(self, key: str, count: int) -> bool:
        """So many fields it has; False: it had more."""
        if not self._is_on or key not in self._counts:
            return True
        before = self._counts[key]
        self._counts[key] = count
        return count >= (1 if before is None else before)
