"""Feeds that ought to speak and do not: refused by TWS, without a row for too long, or without sense. Pure.

A lost link or a broken farm is one event of its own, and not one for each feed.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.books.subscription import Subscription

#: Takes a feed's name, whether it is stale, and why.
Tell = Callable[[str, bool, str], None]


class StaleFeeds:
    """The stale ones among the subscriptions of one kind."""

    def __init__(self, kind: str, tell: Tell) -> None:
        self._kind = kind
        self._tell = tell
        self._names: set[str] = set()

    def begins(self, subscription: Subscription, why: str) -> None:
        """It does not speak; told once."""
        if subscription.name not in self._names:
            self._names.add(subscription.name)
            self._tell(f"{self._kind} {subscription.name}", True, why)

    def look(self, subscription: Subscription) -> None:
        """Once a second: whether it speaks again."""
        if subscription.name in self._names and subscription.feed.rows:
            self.ends(subscription, "it has rows again")

    def ends(self, subscription: Subscription, why: str) -> None:
        """It speaks, or nobody wants it."""
        if subscription.name in self._names:
            self._names.discard(subscription.name)
            self._tell(f"{self._kind} {subscription.name}", False, why)
