"""CANCEL_ORDER, CANCEL_ALL, HALT, RESUME (section 8): what ends orders, and what keeps new ones back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.halt import HaltSwitch
from ibgw_tx.orders.shell.kept import Kept
from ibgw_tx.orders.shell.live import live_order
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.session import IBSession


class Cancel:
    """`session()` gives the linked session or raises CommandError. `global_cancel` is the last CANCEL_ALL of this session."""

    log = Logger()

    def __init__(
        self,
        orders: Orders,
        kept: Kept,
        halt: HaltSwitch,
        followups: OrderFollowups,
        session: Callable[[], IBSession],
        now_ms: Callable[[], int],
    ) -> None:
        self.global_cancel: Command | None = None
        self._orders = orders
        self._kept = kept
        self._halt = halt
        self._followups = followups
        self._session = session
        self._now_ms = now_ms

    async def cancel(self, command: Command) -> dict[str, Any]:
        """By apiOrderId, i or client_oid; goes through while HALT is in force."""
        expect_members(command.params, "apiOrderId", "i", "client_oid")
        session = self._session()
        api_id = command.params.get("apiOrderId") or 0
        if isinstance(api_id, bool) or not isinstance(api_id, int):
            raise CommandError(errors.BAD_PARAMS, f"apiOrderId must be an integer, not {api_id!r}")
        perm_id = command.params.get("i") or ""
        client_oid = text_param(command.params, "client_oid")
        if isinstance(perm_id, bool) or not isinstance(perm_id, str | int):
            raise CommandError(errors.BAD_PARAMS, "i must be the permId as text")
        if not (api_id or perm_id or client_oid):
            raise CommandError(errors.BAD_PARAMS, "give apiOrderId, i or client_oid")
        order = live_order(self._orders.cache, str(perm_id or ""), api_id, client_oid, unknown_too=True)
        order_id = int(order["apiOrderId"])
        session.client.cancel_order(order_id)
        self._orders.cache.cancelling(order_id, self._now_ms())
        self._followups.owns(order_id, command)
        self.log.info("order {order_id} (permId {perm_id}): cancel sent", order_id=order_id, perm_id=order["i"])
        return {"apiOrderId": order_id}

    async def cancel_all(self, command: Command) -> dict[str, Any]:
        """Global cancel: every open order of the login, those of other clients and by hand too."""
        expect_members(command.params)
        session = self._session()
        session.client.cancel_all()
        self.global_cancel = command
        self._orders.cache.cancelling_all(self._now_ms())
        self.log.warn("CANCEL_ALL sent by command {id!r}", id=command.id)
        return {}

    async def halt(self, command: Command) -> dict[str, Any]:
        """Refuse new orders and changes until RESUME, after a restart too."""
        expect_members(command.params, "reason")
        reason = text_param(command.params, "reason")[:200]
        self.log.warn("HALT by command {id!r}: {reason}", id=command.id, reason=reason or "no reason given")
        await self._halt.set(reason, self._now_ms())
        return {}

    async def resume(self, command: Command) -> dict[str, Any]:
        """End HALT; ok when none is in force."""
        expect_members(command.params)
        self._kept.check()
        await self._halt.end()
        self.log.warn("RESUME by command {id!r}", id=command.id)
        return {}
