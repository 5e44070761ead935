"""How fast the gateway may speak to TWS, and who goes first. Pure: `now` in seconds comes in.

IB allows half as many messages a second as the account has market-data lines, 50 by default, of all kinds together; the third
breach ends the session (tws-facts 3.1). We never send more than `rate` (--message-rate, 45) in any second. Five lanes share them,
and a lower one stops short of the limit, so that who comes after a burst of it does not wait for its end:

* CANCEL: cancels of orders;
* ORDER: orders. What commands order waits no longer than a second's messages last;
* OWN: what the gateway itself cannot do without: signs of life, accounts, lists of orders, contracts of both, and the ends of
  subscriptions and questions, which are never refused;
* FEED: books and other feeds, hundreds of them after a reconnect;
* QUESTION: what bots ask. One that would wait longer than PATIENCE behind all the others is refused: a bot can ask again.

A full lane refuses (PacingFull); nothing is dropped. What waits is bytes, or a Parcel: messages that leave together, and are made
only when they may. Whatever has changed meanwhile is looked at then; a parcel that is not wanted any more leaves nothing, and
takes no room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import TypeAlias

import attrs

from ibgw_tx.model.errors import PacingFull


class Lane(IntEnum):
    """Who goes first."""

    CANCEL = 0
    ORDER = 1
    OWN = 2
    FEED = 3
    QUESTION = 4


#: Messages a second where nothing else is set.
RATE = 45
#: Seconds a sent message counts; a little over one, because TWS counts when it reads, not when we write.
WINDOW = 1.05
#: Of 45 messages, how many may be in the window when a lane sends one more.
_SHARE = {Lane.CANCEL: 45, Lane.ORDER: 42, Lane.OWN: 38, Lane.FEED: 32, Lane.QUESTION: 28}
#: Messages that may wait in a lane; those of QUESTION are limited by PATIENCE.
CAPACITY = {Lane.CANCEL: 1000, Lane.ORDER: 1000, Lane.OWN: 5000, Lane.FEED: 5000, Lane.QUESTION: 5000}
#: Seconds that a bot's question may have to wait for those before it.
PATIENCE = 3.0


def ceilings(rate: int) -> dict[Lane, int]:
    """Messages in the window up to which each lane may send, at `rate` messages a second."""
    return {lane: max(1, rate * share // 45) for lane, share in _SHARE.items()}


#: The same at the usual rate.
CEILING = ceilings(RATE)
#: Messages of commanded orders that may wait: what leaves within one second. A bot would rather know that its order is not out.
ORDERS_WAITING = CEILING[Lane.ORDER]


@attrs.frozen(eq=False)
class Parcel:
    """`count` messages that leave together. Who cancels an order id or name that they are `about` withdraws them."""

    count: int
    about: frozenset[object] = frozenset()


Waiting: TypeAlias = bytes | Parcel

#: The lanes whose messages go before a new one of a lane, its own among them.
_UP_TO: Mapping[Lane, tuple[Lane, ...]] = {lane: tuple(each for each in Lane if each <= lane) for lane in Lane}


class Pacer:
    """Decides when each outgoing message goes out. One for each session; its queues die with it."""

    def __init__(self, rate: int = RATE) -> None:
        self._ceiling: Mapping[Lane, int] = ceilings(rate)
        self._sent: deque[float] = deque()
        self._waiting: dict[Lane, deque[Waiting]] = {lane: deque() for lane in Lane}

    def offer(self, lane: Lane, *messages: bytes) -> None:
        """Queue messages, all or none; follow with `release`. Raises PacingFull, with nothing queued."""
        queue = self._waiting[lane]
        if len(queue) + len(messages) > CAPACITY[lane]:
            raise PacingFull(f"{len(queue)} {lane.name.lower()} messages already wait for TWS's message rate")
        if lane is Lane.QUESTION:
            self._check_patience()
        queue.extend(messages)

    def offer_end(self, message: bytes) -> None:
        """Queue the end of a subscription, however much waits: there is one at most for each that TWS has."""
        self._waiting[Lane.OWN].append(message)

    def _check_patience(self) -> None:
        waiting = self.waiting()
        seconds = waiting / self._ceiling[Lane.QUESTION]
        if seconds > PATIENCE:
            raise PacingFull(f"{waiting} messages already wait for TWS's message rate, {seconds:.0f} s of it; ask again later")

    def offer_parcel(self, lane: Lane, parcel: Parcel) -> None:
        """Queue what a command orders. Raises PacingFull when more would wait than leaves within a second.

        Cancels may wait longer: there is no better moment for them, and nothing goes before them.
        """
        most = self._ceiling[lane] if lane is Lane.ORDER else CAPACITY[lane]
        waiting = sum(map(_weight, self._waiting[lane]))
        if waiting and waiting + parcel.count > most:
            what = "orders" if lane is Lane.ORDER else "cancels"
            raise PacingFull(f"{waiting} {what} already wait for TWS's message rate, which lets {most} wait; nothing was sent")
        self._waiting[lane].append(parcel)

    def withdraw_message(self, message: bytes) -> bool:
        """Take away one message that is no order; whether it was still there."""
        for lane in (Lane.QUESTION, Lane.FEED, Lane.OWN):
            if message in self._waiting[lane]:
                self._waiting[lane].remove(message)
                return True
        return False

    def withdraw(self, wanted: Callable[[Parcel], bool]) -> list[Parcel]:
        """Take away the parcels of orders that are `wanted`; they will not be sent."""
        queue = self._waiting[Lane.ORDER]
        taken = [each for each in queue if isinstance(each, Parcel) and wanted(each)]
        self._waiting[Lane.ORDER] = deque(each for each in queue if each not in taken)
        return taken

    def release(self, now: float) -> list[Waiting]:
        """What may go out at `now`, in order; it counts as sent."""
        self._forget(now)
        out: list[Waiting] = []
        for lane in Lane:
            queue = self._waiting[lane]
            while queue and self._has_room(lane, _weight(queue[0])):
                out.append(queue.popleft())
                self._sent.extend([now] * _weight(out[-1]))
        return out

    def take(self, lane: Lane, now: float) -> bool:
        """Whether one message may leave at once in this lane, before anything that waits; it counts as sent then."""
        self._forget(now)
        for before in _UP_TO[lane]:
            if self._waiting[before]:
                return False
        if not self._has_room(lane, 1):
            return False
        self._sent.append(now)
        return True

    def _has_room(self, lane: Lane, weight: int) -> bool:
        # A group that is larger than a second's messages leaves when nothing else counts.
        return len(self._sent) + weight <= self._ceiling[lane] or not self._sent

    def give_back(self, count: int) -> None:
        """`count` messages that `release` has given have not been sent after all."""
        for _ in range(min(count, len(self._sent))):
            self._sent.pop()

    def wait(self, now: float) -> float | None:
        """Seconds until `release` can give more; None when nothing waits."""
        self._forget(now)
        waits = [self._lane_wait(lane, now) for lane in Lane if self._waiting[lane]]
        return min(waits) if waits else None

    def _lane_wait(self, lane: Lane, now: float) -> float:
        weight = _weight(self._waiting[lane][0])
        if self._has_room(lane, weight):
            return 0.0
        # When so many no longer count that there is room, or none counts.
        last = min(len(self._sent) + weight - self._ceiling[lane], len(self._sent)) - 1
        return max(0.0, self._sent[last] + WINDOW - now)

    def _forget(self, now: float) -> None:
        if self._sent and now < self._sent[-1]:
            # The clock was set back: what was sent counts from now, or nothing could go out until it has caught up.
            self._sent = deque([now] * len(self._sent))
        while self._sent and self._sent[0] <= now - WINDOW:
            self._sent.popleft()

    def drain(self) -> list[Waiting]:
        """What waits, taken away: it will not be sent."""
        left = [message for lane in Lane for message in self._waiting[lane]]
        for queue in self._waiting.values():
            queue.clear()
        return left

    def waiting_in(self, lane: Lane) -> tuple[Waiting, ...]:
        """What waits in one lane, oldest first."""
        return tuple(self._waiting[lane])

    def sent_lately(self) -> int:
        """Messages that count against the rate, as of the last `release`."""
        return len(self._sent)

    def waiting(self) -> int:
        """How many messages wait, in all lanes."""
        return sum(_weight(each) for queue in self._waiting.values() for each in queue)


def _weight(waiting: Waiting) -> int:
    return waiting.count if isinstance(waiting, Parcel) else 1
