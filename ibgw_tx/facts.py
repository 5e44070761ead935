"""What the gateway knows of itself, for people and for Prometheus: one document of plain values, made when somebody asks.

Nothing is kept up for it but counts that cost nothing. `document` is bounded, whatever there is of books and orders; `figures`
has numbers for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.assembly import Assembly
from ibgw_tx.books.channel import State
from ibgw_tx.runtime.wall_clock import WallClock
from ibgw_tx.sight.rows import BOOKS, ORDERS, book_row, order_row
from ibgw_tx.status import Status


class Facts:
    """Reads the parts of one gateway; changes nothing."""

    def __init__(self, parts: Assembly, standing: Status, clock: WallClock) -> None:
        self._parts = parts
        self._standing = standing
        self._clock = clock

    @classmethod
    def of(cls, gateway: Any) -> Facts:
        """Those of a Gateway."""
        return cls(gateway.assembly, gateway.standing, gateway.clock)

    @property
    def is_alive(self) -> bool:
        """Whether it is not on its way down."""
        return not self._standing.stopping

    @property
    def reasons(self) -> list[str]:
        """Why the status is false; none while it is true."""
        return self._standing.reasons

    def figures(self) -> dict[str, Any]:
        """What both have in common: STATUS, and numbers of every kind. Ages in seconds, messages as counts."""
        parts, now = self._parts, self._clock.steady_ms()
        connectivity = parts.notices.connectivity
        channels = parts.channels.by_name.values()
        standing = self._standing.document()
        return {
            **standing,
            "link": standing["ages"]["session"] is not None and connectivity.is_up,
            "farms": connectivity.farms(),
            "settings": parts.self_check.flags,
            "received": parts.traffic.received_by_kind(),
            "sent": parts.traffic.sent_by_kind(),
            "unreadable": parts.traffic.unreadable,
            "published": parts.publisher.published,
            "heldBack": parts.publisher.held_back,
            "bookAges": {each.name: (now - each.told_at) / 1000 for each in channels if each.told},
            "bookStates": {state.value: sum(each.state is state for each in channels) for state in State},
            "ordersByState": parts.orders.cache.orders.by_state(),
            "redis": {
                "connections": parts.redis.connections,
                "unanswered": parts.redis.unanswered,
                "refused": parts.redis.refused,
            },
            "underWay": parts.dispatcher.under_way,
            "said": dict(parts.acks.counts),
            "refusals": dict(parts.acks.refusals),
        }

    def latencies(self) -> Mapping[str, Any]:
        """A Histogram for each kind of command."""
        return self._parts.dispatcher.latencies

    def document(self) -> dict[str, Any]:
        """What the page shows: `figures`, and the newest of books, orders, fills, acks and errors. Bounded."""
        parts, found = self._parts, self.figures()
        ages = found.pop("bookAges")
        names = sorted(ages)[:BOOKS]
        # Names of all books would be most of the document.
        found["subscriptions"] = {kind: len(wanted) for kind, wanted in found["subscriptions"].items()}
        books = [(each, ages[each.name]) for each in map(parts.channels.by_name.__getitem__, names)]
        return {
            **found,
            "t": self._clock.now_ms(),
            "bookCount": len(parts.channels.by_name),
            "books": [book_row(each.exchange, each.pair, each.state.value, age, each.told) for each, age in books],
            "alive": [order_row(order) for order in parts.orders.cache.orders.newest_living(ORDERS)],
            "fills": parts.fills.rows(),
            "acks": list(reversed(parts.acks.recent)),
            "errors": list(reversed(parts.acks.errors)),
        }
