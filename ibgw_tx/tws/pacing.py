"""How fast the gateway may speak to TWS, and who goes first. Pure: `now` in seconds comes in.

IB allows 50 messages a second of all kinds together; the third breach ends the session (tws-facts 3.1). We never send more
than 45 in any second. Three lanes share them: cancels, orders, everything else. A lower lane stops short of the limit, so
that a cancel never waits behind a burst of requests. A full lane refuses (PacingFull); nothing is dropped.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum

from ibgw_tx.model.errors import PacingFull


class Lane(IntEnum):
    """Who goes first."""

    CANCEL = 0
    ORDER = 1
    DATA = 2


#: Seconds a sent message counts; a little over one, because TWS counts when it reads, not when we write.
WINDOW = 1.05
#: Messages in the window up to which a lane may send.
CEILING = {Lane.CANCEL: 45, Lane.ORDER: 42, Lane.DATA: 32}
#: Messages that may wait in a lane: some 20 s of traffic for orders, minutes for data requests.
CAPACITY = {Lane.CANCEL: 1000, Lane.ORDER: 1000, Lane.DATA: 5000}




class Pacer:
    """Decides when each outgoing message goes out. One for each session; its queues die with it."""

    def __init__(self, ceiling: dict[Lane, int] | None = None) -> None:
        self._ceiling = ceiling or CEILING
        self._sent: deque[float] = deque()
        self._waiting: dict[Lane, deque[bytes]] = {lane: deque() for lane in Lane}

    def offer(self, lane: Lane, *messages: bytes) -> None:
        """Queue messages, all or none; follow with `release`. Raises PacingFull, with nothing queued."""
        queue = self._waiting[lane]
        if len(queue) + len(messages) > CAPACITY[lane]:
            raise PacingFull(f"{len(queue)} {lane.name.lower()} messages already wait for TWS's message rate")
        queue.extend(messages)

    def offer_behind(self, lane: Lane, message: bytes) -> None:
        """Queue a cancel behind what waits in another lane, full or not. Raises PacingFull when both lanes would be full."""
        queue = self._waiting[lane]
        if len(queue) >= CAPACITY[lane] + CAPACITY[Lane.CANCEL]:
            raise PacingFull(f"{len(queue)} {lane.name.lower()} messages already wait for TWS's message rate")
        queue.append(message)

    def release(self, now: float) -> list[bytes]:
        """The messages that may go out at `now`, in order; they count as sent."""
        self._forget(now)
        out: list[bytes] = []
        for lane in Lane:
            queue, ceiling = self._waiting[lane], self._ceiling[lane]
            while queue and len(self._sent) < ceiling:
                out.append(queue.popleft())
                self._sent.append(now)
        return out

    def wait(self, now: float) -> float | None:
        """Seconds until `release` can give more; None when nothing waits."""
        self._forget(now)
        waits = [self._lane_wait(lane, now) for lane in Lane if self._waiting[lane]]
        return min(waits) if waits else None

    def _lane_wait(self, lane: Lane, now: float) -> float:
        over = len(self._sent) - self._ceiling[lane]
        return max(0.0, self._sent[over] + WINDOW - now) if over >= 0 else 0.0

    def _forget(self, now: float) -> None:
        if self._sent and now < self._sent[-1]:
            # The clock was set back: what was sent counts from now, or nothing could go out until it has caught up.
            self._sent = deque([now] * len(self._sent))
        while self._sent and self._sent[0] <= now - WINDOW:
            self._sent.popleft()

    def drain(self) -> list[bytes]:
        """What waits, taken away: it will not be sent."""
        left = [message for lane in Lane for message in self._waiting[lane]]
        for queue in self._waiting.values():
            queue.clear()
        return left

    def waiting_in(self, lane: Lane) -> tuple[bytes, ...]:
        """What waits in one lane, oldest first."""
        return tuple(self._waiting[lane])

    def waiting(self) -> int:
        """How many messages wait, in all lanes."""
        return sum(map(len, self._waiting.values()))
