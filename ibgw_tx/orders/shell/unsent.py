"""What still waited for TWS's message rate when the session ended: told to its commands; new orders of it never were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from twisted.internet.defer import Deferred

from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.entry.held import SentOrders
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.cancel import Cancel
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.messages import order_id_of


class Unsent:
    """The end of a session, as far as order entry is concerned."""

    log = Logger()

    def __init__(
        self,
        cache: OrderCache,
        reservations: Reservations,
        ids: OrderIds,
        sent: SentOrders,
        followups: OrderFollowups,
        cancel: Cancel,
    ) -> None:
        self._cache = cache
        self._reservations = reservations
        self._ids = ids
        self._sent = sent
        self._followups = followups
        self._cancel = cancel

    def session_lost(self, unsent: Sequence[bytes], server_version: int) -> None:
        """API ids end with the session. What never left is told so; new orders of it are forgotten, their names free again."""
        waiting = Counter(order_id_of(each, server_version) for each in unsent if each[4:6] == b"3\0")
        never_sent = [oid for order_id, count in waiting.items() for oid in self._not_sent(order_id, count)]
        if never_sent:
            released = Deferred.fromCoroutine(self._reservations.release(never_sent))
            released.addErrback(lambda failure: self.log.failure("names are not given back", failure))
        self._cancels_not_sent(unsent, server_version)
        self._sent.session_lost()
        self._cancel.global_cancel = None
        self._followups.session_lost()
        self._ids.session_lost()

    def _not_sent(self, order_id: int | None, count: int) -> list[str]:
        """The last `count` messages about an order did not leave; gives its client_oid when none has left."""
        sent = self._sent.get(order_id) if order_id is not None else None
        if sent is None or order_id is None:
            return []
        never = count >= sent.frames
        for place, command in enumerate(sent.commands[-count:]):
            what = f"order {order_id}" if never and not place else f"the change of order {order_id}"
            self._followups.not_sent(command, what)
        if not never:
            return []
        self._cache.forget(order_id)
        client_oid = str(sent.held.get("orderRef", ""))
        return [client_oid] if client_oid and self._cache.by_client_oid(client_oid) is None else []

    def _cancels_not_sent(self, unsent: Sequence[bytes], server_version: int) -> None:
        for message in unsent:
            order_id = order_id_of(message, server_version) if message[4:6] == b"4\0" else None
            owner = self._followups.owner(order_id) if order_id is not None else None
            if owner is not None:
                self._followups.not_sent(owner, f"the cancel of order {order_id}")
        if self._cancel.global_cancel is not None and any(message[4:7] == b"58\0" for message in unsent):
            self._followups.not_sent(self._cancel.global_cancel, "the global cancel")
