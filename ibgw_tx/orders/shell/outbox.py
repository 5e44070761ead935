"""What changed of the orders, on its way to Redis: kept until the turn ends, then written at once.

Changes that come while the hashes of a snapshot are on their way wait for them; while Redis is away nothing is kept, because the
next snapshot finds what differs. When trust ends, what waits is told first, and the marks go behind it: what TWS said before the
end is true.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.python.failure import Failure

from ibgw_tx.orders.cache.changes import OrderChanged
from ibgw_tx.orders.shell.store import OrderStore
from ibgw_tx.redis.shell.link import RedisLink


class Outbox:
    """`trusted`: the snapshot stands in Redis, and every change since; `held`: whole hashes are on their way.

    `refused` is called when Redis refuses a change; `then` writes what follows the orders, at the end of each flush.
    """

    def __init__(
        self, store: OrderStore, redis: RedisLink, refused: Callable[[Failure], None], then: Callable[[], None]
    ) -> None:
        self.trusted = False
        self.held = False
        self._store = store
        self._redis = redis
        self._refused = refused
        self._then = then
        self._changes: list[OrderChanged] = []

    def add(self, change: OrderChanged) -> None:
        """To be written at the end of this turn."""
        self._changes.append(change)

    def flush(self) -> None:
        """Write what changed, in one write; while nothing is trusted without a mark: a late fill is told all the same."""
        if self._changes and not self.held:
            changes, self._changes = self._changes, []
            if self._redis.up:
                self._store.write(changes, self.trusted, self._refused)
        if not self.held:
            self._then()

    def distrust(self) -> None:
        """Trust ends: what waits goes out now, without a mark; with Redis away the next snapshot tells it."""
        self.trusted = self.held = False
        self.flush()
