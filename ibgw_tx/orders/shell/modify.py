"""PLACE_ORDER that names a live order: change it.

TWS takes a change as a whole order under the same id, so it is built from what TWS works with: what we sent in this session, else
how TWS shows the order. Between the question for its contract and the bytes everything is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry.checks import checked
from ibgw_tx.orders.entry.held import Change, SentOrders
from ibgw_tx.orders.entry.modify import modified
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.sent import terms_of_members
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.live import live_order
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.sent_log import log_sent


class Modify:
    """Changes of live orders of this client."""

    def __init__(
        self,
        orders: Orders,
        gate: Gate,
        facts: ContractFactsFinder,
        sent: SentOrders,
        followups: OrderFollowups,
        default_account: str,
    ) -> None:
        self._orders = orders
        self._gate = gate
        self._facts = facts
        self._sent = sent
        self._followups = followups
        self._default_account = default_account

    async def modify(self, command: Command, change: OrderRequest, received: int) -> dict[str, Any]:
        """`received`: when the command came, ms."""
        order_id = int(self._live(change)["apiOrderId"])
        _, contract = self._base(order_id)
        if change.contract is not None:
            named, _ = await self._facts.resolve(change.contract)
            if named.conId != contract.conId:
                raise CommandError(errors.BAD_PARAMS, f"order {order_id} is for conId {contract.conId}, not {named.conId}")
        facts = await self._facts.facts_of(contract)
        # From here on in one turn: while TWS was asked the order may have been changed, filled, or told again in a new session.
        self._gate.check_age(command, received)
        self._gate.check_open()
        order = self._live(change)
        order_id = int(order["apiOrderId"])
        members, contract = self._base(order_id)
        whole = modified(members, change, order["executed"] or 0, self._orders.cache.may_live)
        whole = checked(whole, facts, self._gate.session().accounts, self._default_account, self._gate.now_ms())
        self._gate.check_limits([(whole, contract)], new=0)
        self._send(order_id, contract, members, Change(change.members, whole.members), command)
        return {"apiOrderId": order_id}

    def _send(
        self, order_id: int, contract: Contract, was: Mapping[str, Any], change: Change, command: Command
    ) -> None:
        """`was`: what the change was built from."""
        session = self._gate.session()
        session.send_orders([session.client.encode_order(order_id, contract, change.whole)])
        self._tell_cache(order_id, change.whole)
        self._gate.note()
        self._sent.changed(order_id, contract, change, was, command)
        self._followups.owns(order_id, command)
        log_sent(order_id, change.whole, contract, "change sent")

    def _tell_cache(self, order_id: int, whole: Mapping[str, Any]) -> None:
        cache, terms, now = self._orders.cache, terms_of_members(whole), self._gate.now_ms()
        if cache.is_withheld(order_id):
            self._orders.perform(cache.withheld(order_id, terms, bool(whole["transmit"]), now))
        else:
            cache.modifying(order_id, terms, now)

    def _live(self, change: OrderRequest) -> dict[str, Any]:
        return live_order(self._orders.cache, change.permId, change.apiOrderId, change.live_oid)

    def _base(self, order_id: int) -> tuple[Mapping[str, Any], Contract]:
        """What the live order is made of: as we sent it and TWS took it, else as TWS shows it."""
        found = self._sent.base(order_id, self._orders.cache.is_changing(order_id))
        if found is None:
            raise CommandError(errors.UNAVAILABLE, f"TWS has not shown order {order_id} in this session")
        return found
