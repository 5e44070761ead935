"""PLACE_ORDER that names a live order: change it.

TWS takes a change as a whole order under the same id, so it is built from what TWS works with: what we sent in this session, else
how TWS shows the order. It is built in the turn in which it leaves: while it waited the order may have been changed, or filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.cache.changes import Change as CacheChange
from ibgw_tx.orders.entry.checks import ContractFacts, checked
from ibgw_tx.orders.entry.exercise import refuse_change
from ibgw_tx.orders.entry.modify import modified
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.sent import Change, SentOrders, terms_of_members
from ibgw_tx.orders.shell.attempts import Attempt, Attempts
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.live import live_order, present
from ibgw_tx.orders.shell.order_log import log_sent
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.tws.shell.session import IBSession


class Modify:
    """Changes of live orders of this client."""

    def __init__(
        self,
        orders: Orders,
        gate: Gate,
        attempts: Attempts,
        facts: ContractFactsFinder,
        counter: IdCounter,
        sent: SentOrders,
        followups: OrderFollowups,
        default_account: str,
    ) -> None:
        self._orders = orders
        self._gate = gate
        self._attempts = attempts
        self._facts = facts
        self._counter = counter
        self._sent = sent
        self._followups = followups
        self._default_account = default_account

    async def modify(self, command: Command, change: OrderRequest, received: int) -> dict[str, Any]:
        """`received`: when the command came."""
        await present(self._orders, change.permId, change.apiOrderId, change.live_oid)
        order = self._live(change)
        attempt = Attempt(command, received, order_id=int(order["apiOrderId"]))
        await self._attempts.carry_out(attempt, self._modify(attempt, change))
        return {"apiOrderId": attempt.order_id, "market": order["market"], "pair": order["pair"]}

    async def _modify(self, attempt: Attempt, change: OrderRequest) -> dict[str, Any]:
        order_id = attempt.order_id
        _, contract = self._base(order_id)
        if change.contract is not None:
            named, _ = await self._facts.resolve(change.contract)
            if named.conId != contract.conId:
                raise CommandError(errors.BAD_PARAMS, f"order {order_id} is for conId {contract.conId}, not {named.conId}")
        facts = await self._facts.facts_of(contract)
        attempt.resolved([(self._whole(change, facts)[0], contract)])
        try:
            # What Redis would not be told of is not done.
            await self._counter.keep(0)
        except Exception as error:
            text = f"Redis takes nothing, and would not be told of the change, so it was not sent: {error}"
            raise CommandError(errors.UNAVAILABLE, text) from error
        changes: list[CacheChange] = []
        await self._attempts.leave(attempt, 1, lambda session: self._messages(session, attempt.command, change, facts, changes))
        self._orders.perform(changes)
        return {}

    def _messages(
        self, session: IBSession, command: Command, change: OrderRequest, facts: ContractFacts, changes: list[CacheChange]
    ) -> Sequence[bytes]:
        """Its turn has come: look again, build, encode."""
        order_id = int(self._live(change)["apiOrderId"])
        whole, was, contract = self._whole(change, facts)
        self._gate.check_limits([(whole, contract)], new=0)
        frame = session.client.encode_order(order_id, contract, whole.members)
        changes += self._tell_cache(order_id, whole.members)
        self._gate.note()
        self._sent.changed(order_id, contract, Change(change.members, whole.members), was)
        self._followups.owns(order_id, command)
        log_sent(order_id, whole.members, contract, "change sent", command)
        return [frame]

    def _whole(self, change: OrderRequest, facts: ContractFacts) -> tuple[OrderRequest, Mapping[str, Any], Contract]:
        """The order as it shall be, what it is built from, and its contract. Raises CommandError."""
        order = self._live(change)
        members, contract = self._base(int(order["apiOrderId"]))
        refuse_change(members, contract)
        whole = modified(members, change, order["executed"] or 0, self._orders.cache.orders.may_live)
        accounts, now = self._gate.session().accounts, self._gate.now_ms()
        return self._gate.fit(checked(whole, facts, accounts, self._default_account, now), facts), members, contract

    def _tell_cache(self, order_id: int, whole: Mapping[str, Any]) -> Iterable[CacheChange]:
        cache, terms, now = self._orders.cache, terms_of_members(whole), self._gate.now_ms()
        if cache.orders.is_withheld(order_id):
            return cache.own.withheld(order_id, terms, bool(whole["transmit"]), now)
        cache.own.modifying(order_id, terms, now)
        return ()

    def _live(self, change: OrderRequest) -> dict[str, Any]:
        return live_order(self._orders.cache, change.permId, change.apiOrderId, change.live_oid)

    def _base(self, order_id: int) -> tuple[Mapping[str, Any], Contract]:
        """What the live order is made of: as we sent it and TWS took it, else as TWS shows it."""
        lost = self._sent.lost(order_id)
        if lost:
            text = f"order {order_id} cannot be changed here: its {', '.join(lost)} cannot be read, and would be taken away"
            raise CommandError(errors.UNAVAILABLE, text)
        found = self._sent.base(order_id, self._orders.cache.orders.is_changing(order_id))
        if found is None:
            raise CommandError(errors.UNAVAILABLE, f"TWS has not shown order {order_id} in this session")
        return found
