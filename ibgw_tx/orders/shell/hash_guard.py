"""Whether the order hashes still stand in Redis as they were written: what somebody has deleted is noticed, and written again.

Two signs, both of them replies of Redis. A change of an order writes the hash's mark too, and Redis tells how many fields are
new: a mark that is new was gone. And each second the fields of the next hashes are counted: fewer than before are too few.
What somebody writes into a field is not noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ibgw_tx.orders.cache.hash_counts import HashCounts
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

#: Hashes that are counted in one second: 1 ms of work.
MOST = 250


class HashGuard:
    """Watches from `begin` to `end`; `lost` is called once when something is missing, and has to `end` it."""

    log = Logger()

    def __init__(self, redis: RedisLink) -> None:
        self.lost: Callable[[], None] = lambda: None
        self._redis = redis
        self._counts = HashCounts()
        self.begin, self.end = self._counts.begin, self._counts.end

    def tick(self) -> None:
        """Once a second."""
        asked = [("HLEN", key) for key in self._counts.due(MOST)]
        if asked:
            self._redis.tell_all(asked, answered=self._counted)

    def answered(self, words: Sequence[Any], reply: Any) -> None:
        """What Redis has said to a command that writes a change of an order."""
        if words[0] == "HSET" and type(reply) is int and not self._counts.wrote(words[1], (len(words) - 4) // 2, reply):
            self._missing(words[1], "it was gone")

    def _counted(self, words: Sequence[Any], reply: Any) -> None:
        if isinstance(reply, Exception):
            # Another refusal says nothing of the hash.
            if str(reply).startswith("WRONGTYPE") and not self._counts.counted(words[1], -1):
                self._missing(words[1], "it is a key of another type")
        elif not self._counts.counted(words[1], reply):
            self._missing(words[1], f"{reply} fields are left" if reply else "it is gone")

    def _missing(self, key: str, what: str) -> None:
        self.log.warn("somebody has deleted orders in {key}: {what}; the orders are taken anew", key=key, what=what)
        self.lost()
