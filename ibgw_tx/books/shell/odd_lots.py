"""Odd lots of subscribed stocks at `IBGateway:OddLots:{exchange}:{secType}:{pair}`, written at most once a second.

They go with the subscription or with its trust.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.books.shell.subscriptions import Subscriptions
from ibgw_tx.books.subscription import Subscription
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.redis.shell.link import RedisLink, Words
from ibgw_tx.tws.api.client import TWSClient


class OddLotsWriter:
    """`feeds` are the subscriptions whose rows are odd lots."""

    def __init__(self, feeds: Subscriptions, redis: RedisLink, now_ms: Callable[[], int]) -> None:
        self._feeds = feeds
        self._redis = redis
        self._now_ms = now_ms
        self._written: set[str] = set()

    def link_up(self, client: TWSClient) -> None:
        """The subscriptions ask anew."""

    def link_down(self, session_lost: bool) -> None:
        """Nothing is known any more; the next look removes it."""

    def redis_up(self) -> None:
        """Redis is back, perhaps empty."""
        self._written.clear()

    def write(self) -> None:
        """Once a second: what has changed, and what is not known any more."""
        if not self._redis.up:
            return
        words: list[Words] = []
        known = set()
        for subscription in self._feeds.wanted.values():
            key, rows = _key(subscription), subscription.feed.rows
            fresh = rows.changed or key not in self._written
            document = rows.document(self._now_ms())
            if document is not None:
                known.add(key)
                if fresh:
                    words.append(("SET", key, jsontext.dumps(document)))
        words += [("DEL", key) for key in self._written - known]
        self._written = known
        self._redis.tell_all(words)


def _key(subscription: Subscription) -> str:
    channel = subscription.feed.channel
    return names.odd_lots(channel.exchange, subscription.contract.secType, channel.pair)
