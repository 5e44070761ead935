"""The greeks (message 21) of subscribed options at `IBGateway:Greeks:{exchange}:{secType}:{pair}`.

Written at most once a second while they change; they go with the subscription or with its trust.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.books.greeks import Greeks
from ibgw_tx.books.shell.requests import greeks_key
from ibgw_tx.books.shell.subscriptions import Subscriptions
from ibgw_tx.model import events
from ibgw_tx.model.contract import OPTION_TYPES
from ibgw_tx.redis.shell.link import RedisLink


class GreeksWriter:
    """Takes them for the options among `top`, and writes them."""

    def __init__(self, greeks: Greeks, top: Subscriptions, redis: RedisLink, now_ms: Callable[[], int]) -> None:
        self._greeks = greeks
        self._top = top
        self._redis = redis
        self._now_ms = now_ms

    def option_tick(self, event: events.OptionTick) -> None:
        """One set of greeks."""
        subscription = self._top.fed_by(event.req_id)
        if subscription is not None and subscription.contract.secType in OPTION_TYPES:
            self._greeks.take(greeks_key(subscription), event.tick_type, event.figures)

    def redis_up(self) -> None:
        """Redis is back, perhaps empty."""
        self._greeks.rewrite()

    def write(self) -> None:
        """Once a second: what has changed."""
        if not self._redis.up:
            return
        writes, gone = self._greeks.changes(self._now_ms())
        self._redis.tell_all([*(("SET", key, value) for key, value in writes), *(("DEL", key) for key in gone)])
