"""What TWS says of orders, on its way to the cache: in its order, and with the orders that it speaks of in memory.

Most of it goes straight through. A message about an order that has left memory waits until Redis has given that back, and all
that came behind it waits too, the ends of lists included. So does everything while `hold` says so. Much that waits is taken in
slices.

Bound: MAX_WAITING. Beyond it, and when Redis does not give an order back, what waits is dropped and everything is taken anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from twisted.internet.defer import Deferred

from ibgw_tx.model.errors import RedisDown
from ibgw_tx.model.order_events import OrderEvent
from ibgw_tx.orders.cache.archive import Whereabouts
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.shell.recall import Recall
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: What is taken in one turn of the reactor: a few ms of work.
SLICE = 25
#: Messages for which orders are fetched at a time: a Redis that takes its time must not be waited for once a slice.
LOOK_AHEAD = 300
MAX_WAITING = 50_000

End = Callable[[], None]


class Inflow:
    """`taken` gets each message when its turn has come; `turn_ended` is called after some, `failed` to have all taken anew."""

    log = Logger()

    def __init__(
        self,
        cache: OrderCache,
        recall: Recall,
        taken: Callable[[OrderEvent], None],
        turn_ended: Callable[[], None],
        failed: Callable[[], None],
        clock: Clock,
        now_ms: Callable[[], int],
    ) -> None:
        self._departures = cache.departures
        self._recall = recall
        self._taken = taken
        self._turn_ended = turn_ended
        self._failed = failed
        self._clock = clock
        self._now_ms = now_ms
        self._waiting: deque[tuple[OrderEvent | None, End]] = deque()
        self._held: object = None
        self._draining = False
        self._dropped = 0

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def take(self, event: OrderEvent) -> None:
        """One message."""
        if self._waiting or self._held or self._departures.absent(event):
            self._wait(event, _nothing)
        else:
            self._taken(event)

    def then(self, end: End) -> None:
        """Call it behind the messages so far."""
        if self._waiting or self._held:
            self._wait(None, end)
        else:
            end()

    def hold(self, holder: object) -> None:
        """Nothing is taken until the last holder releases it."""
        self._held = holder

    def release(self, holder: object) -> None:
        """What was held comes now."""
        if self._held is holder:
            self._held = None
            self._drain()

    def drop(self) -> None:
        """What waits is of a session, or of a Redis, that is no more: it will be told anew."""
        self._waiting.clear()
        self._held = None
        self._dropped += 1

    def _wait(self, event: OrderEvent | None, end: End) -> None:
        self._waiting.append((event, end))
        if len(self._waiting) > MAX_WAITING:
            text = "{count} messages about orders wait; they are dropped, and everything is taken anew"
            self.log.error(text, count=MAX_WAITING)
            self.drop()
            self._failed()
        else:
            self._drain()

    def _drain(self) -> None:
        if not self._draining and not self._held and self._waiting:
            self._draining = True
            Deferred.fromCoroutine(self._drain_all()).addErrback(
                lambda failure: self.log.failure("messages about orders are not taken", failure)
            )

    async def _drain_all(self) -> None:
        dropped = self._dropped
        try:
            while self._waiting and not self._held and dropped == self._dropped:
                await self._recall.fetch(self._absent())
                # Until one comes that was not fetched, or others have to be served.
                if dropped == self._dropped and not self._held:
                    self._take_some()
                    if self._waiting:
                        await self.pause()
        except Exception as error:
            if dropped == self._dropped:
                self.drop()
                if not isinstance(error, RedisDown):
                    self.log.failure("Redis does not give orders back that are over; the orders are taken anew")
                    self._failed()
        finally:
            self._draining = False
        self._drain()

    def _absent(self) -> Iterable[Whereabouts]:
        found: dict[Whereabouts, None] = {}
        first = self._waiting[0][0]
        if first is None or not self._departures.absent(first):
            return found
        for event, _ in islice(self._waiting, LOOK_AHEAD):
            if event is not None:
                found.update(dict.fromkeys(self._departures.absent(event)))
        return found

    def _take_some(self) -> None:
        for _ in range(SLICE):
            if not self._waiting or self._held:
                break
            event, end = self._waiting[0]
            if event is not None and self._departures.absent(event):
                break
            self._waiting.popleft()
            if event is None:
                end()
            else:
                self._taken(event)
        self._departures.surplus(self._now_ms())
        self._turn_ended()

    def pause(self) -> Deferred[None]:
        """Others are served first."""
        waited: Deferred[None] = Deferred()
        self._clock.callLater(0, waited.callback, None)
        return waited


def _nothing() -> None:
    """The end of a message."""
