"""CANCEL_ORDER, CANCEL_ORDERS, CANCEL_ALL (section 8): what ends orders.

A cancel goes before all that waits for TWS's message rate, and is acknowledged when it has left. An order that is still under way
is not cancelled but refused: it does not leave any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError, bad_params
from ibgw_tx.orders.entry.selection import MEMBERS, parse_selection
from ibgw_tx.orders.shell.attempts import Attempts
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.live import live_order, present
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.session import IBSession


class Cancel:
    """`session()` gives the linked session or raises CommandError."""

    log = Logger()

    def __init__(
        self,
        orders: Orders,
        attempts: Attempts,
        followups: OrderFollowups,
        session: Callable[[], IBSession],
        now_ms: Callable[[], int],
    ) -> None:
        self._orders = orders
        self._attempts = attempts
        self._followups = followups
        self._session = session
        self._now_ms = now_ms

    async def cancel(self, command: Command) -> dict[str, Any]:
        """By apiOrderId, i or client_oid; goes through while HALT is in force."""
        perm_id, api_id, client_oid = _names(command)
        self._session()
        refusal = CommandError(errors.UNAVAILABLE, "it was cancelled before it left; nothing was sent")
        withdrawn = self._attempts.stop_named(client_oid, 0, refusal)
        if withdrawn and self._orders.cache.orders.by_client_oid(client_oid) is None and not (perm_id or api_id):
            self.log.info("orders of client_oid {oid!r} are withdrawn before they left", oid=client_oid)
            return {"withdrawn": True}
        await present(self._orders, perm_id, api_id, client_oid)
        order = live_order(self._orders.cache, perm_id, api_id, client_oid, unknown_too=True)
        order_id = int(order["apiOrderId"])
        self._attempts.stop_named("", order_id, refusal)
        await self._send(order_id, command)
        self.log.info(
            "order {order_id} (permId {perm_id}): cancel sent (command {command!r})",
            order_id=order_id,
            perm_id=order["i"],
            command=command.id,
        )
        return {"apiOrderId": order_id}

    def _send(self, order_id: int, command: Command) -> Deferred[None]:
        """Fires when the cancel has been handed to the socket."""
        session = self._session()

        def messages() -> Sequence[bytes]:
            self._session()
            message = session.client.encode_cancel(order_id)
            self._orders.cache.own.cancelling(order_id, self._now_ms())
            self._followups.owns(order_id, command)
            return [message]

        return session.cancel(messages)

    async def cancel_orders(self, command: Command) -> dict[str, Any]:
        """This client's living orders that match all that is given, and those under way."""
        expect_members(command.params, *MEMBERS)
        selection = parse_selection(command.params)
        self._session()
        refusal = CommandError(errors.UNAVAILABLE, "CANCEL_ORDERS came before it left; nothing was sent")
        self._attempts.bar(selection.wants, refusal)
        cache = self._orders.cache
        found = [
            int(order["apiOrderId"])
            for order in cache.orders.living()
            if order["clientId"] == cache.client_id
            and order["apiOrderId"]
            and not _by_hand(order)
            and cache.orders.is_open(int(order["apiOrderId"]))
            and selection.matches(order)
        ]
        ids = sorted(set(found))
        for order_id in ids:
            self._attempts.stop_named("", order_id, refusal)
        sent: list[tuple[bool, Any]] = await DeferredList(
            [maybeDeferred(self._send, each, command) for each in ids], consumeErrors=True
        )
        failed: list[Failure] = [result for success, result in sent if not success]
        self.log.warn("CANCEL_ORDERS by command {id!r}: cancels sent for {ids}", id=command.id, ids=ids)
        if failed:
            text = f"{len(ids) - len(failed)} of {len(ids)} cancels were sent: {failed[0].getErrorMessage()}"
            raise CommandError(errors.UNAVAILABLE, text)
        return {"apiOrderIds": ids}

    async def cancel_all(self, command: Command) -> dict[str, Any]:
        """Global cancel: every open order of the login, those of other clients and by hand too."""
        expect_members(command.params)
        session = self._session()
        count = self._attempts.stop_all(CommandError(errors.UNAVAILABLE, "CANCEL_ALL came before it left; nothing was sent"))

        def messages() -> Sequence[bytes]:
            self._session()
            message = session.client.encode_cancel_all()
            self._orders.cache.own.cancelling_all(self._now_ms())
            return [message]

        await session.cancel(messages)
        self.log.warn("CANCEL_ALL sent by command {id!r}; {count} orders under way withdrawn", id=command.id, count=count)
        return {}


def _by_hand(order: Mapping[str, Any]) -> bool:
    """Client 0 is given orders placed by hand in TWS, under negative ids where TWS is set so. Ours have a client_oid, always."""
    return int(order["apiOrderId"]) < 0 or not order["client_oid"]


def _names(command: Command) -> tuple[str, int, str]:
    """(permId, API order id, client_oid), "" and 0 for what is not given. Raises CommandError."""
    expect_members(command.params, "apiOrderId", "i", "client_oid")
    api_id = command.params.get("apiOrderId") or 0
    if isinstance(api_id, bool) or not isinstance(api_id, int):
        raise bad_params(f"apiOrderId must be an integer, not {api_id!r}")
    perm_id = command.params.get("i") or ""
    client_oid = text_param(command.params, "client_oid")
    if isinstance(perm_id, bool) or not isinstance(perm_id, str | int):
        raise bad_params("i must be the permId as text")
    if not (api_id or perm_id or client_oid):
        raise bad_params("give apiOrderId, i or client_oid")
    return str(perm_id or ""), api_id, client_oid
