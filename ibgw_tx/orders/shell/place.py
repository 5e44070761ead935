"""PLACE_ORDER (section 8).

A new order goes through: halt, parse, contract, checks, limits, reservation of its client_oid, id, cache, bytes, ack. Up to the
bytes everything can be refused without effect; whatever had to be waited for, the link, the cache, HALT and the command's age are
looked at again before ids are taken, and ids are taken, encoded and sent in one turn. No order is ever sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, PacingFull
from ibgw_tx.orders.entry.checks import checked
from ibgw_tx.orders.entry.group import GroupMember, numbered, plan_group
from ibgw_tx.orders.entry.held import SentOrders
from ibgw_tx.orders.entry.parse import parse_place_order
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.sent import terms_of_members, without_details
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.modify import Modify
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.sent_log import log_sent
from ibgw_tx.runtime.log import Logger


class Place:
    """New orders; what names a live order is Modify's."""

    log = Logger()

    def __init__(
        self,
        orders: Orders,
        gate: Gate,
        facts: ContractFactsFinder,
        reservations: Reservations,
        counter: IdCounter,
        sent: SentOrders,
        followups: OrderFollowups,
        modify: Modify,
        default_account: str,
    ) -> None:
        self._orders = orders
        self._gate = gate
        self._facts = facts
        self._reservations = reservations
        self._counter = counter
        self._sent = sent
        self._followups = followups
        self._modify = modify
        self._default_account = default_account

    async def place(self, command: Command) -> dict[str, Any]:
        """New orders, or a change of a live one."""
        gate = self._gate
        received = gate.now_ms()
        gate.check_open()
        asked = parse_place_order(command.params)
        if asked.orders[0].is_modify:
            return await self._modify.modify(command, asked.orders[0], received)
        pairs = [await self._prepare(terms) for terms in asked.orders]
        plan = plan_group([terms for terms, _ in pairs])
        contracts = [contract for _, contract in pairs]
        oids = [terms.client_oid for terms, _ in pairs if terms.client_oid]
        gate.refuse_known(oids)
        gate.check_limits(pairs, new=len(plan))
        if asked.orders[0].is_what_if:
            return await self._preview(command, *pairs[0], received)
        gate.check_age(command, received)
        await self._reserve(oids, command)
        try:
            await self._counter.cover(len(plan))
            # Others may have come first while Redis was waited for.
            gate.check_age(command, received)
            gate.check_open()
            gate.refuse_known(oids)
            gate.check_limits(pairs, new=len(plan))
            ids = self._send(command, plan, contracts)
        except Exception:
            await self._reservations.release(oids)
            raise
        return {"apiOrderIds": ids} if asked.grouped else {"apiOrderId": ids[0]}

    async def _prepare(self, terms: OrderRequest) -> tuple[OrderRequest, Contract]:
        """The contract resolved, everything checked, the account filled in."""
        contract, facts = await self._facts.resolve(terms.contract)
        accounts, now = self._gate.session().accounts, self._gate.now_ms()
        return checked(terms, facts, accounts, self._default_account, now), contract

    async def _reserve(self, client_oids: Sequence[str], command: Command) -> None:
        if not client_oids:
            return
        taken = await self._reservations.reserve(client_oids, command, self._gate.now_ms())
        for client_oid, kept in taken.items():
            known = self._orders.cache.by_client_oid(client_oid)
            text = f"client_oid {client_oid!r} has been used already"
            raise CommandError(errors.DUPLICATE, text, order=known, reserved=kept)

    def _send(self, command: Command, plan: Sequence[GroupMember], contracts: Sequence[Contract]) -> list[int]:
        """Take ids, encode, tell the cache, send: one turn, all or none."""
        session = self._gate.session()
        now = self._gate.now_ms()
        orders = [
            (order_id, _named(members, order_id, now))
            for order_id, members in numbered(plan, self._counter.ids.take(len(plan)).start)
        ]
        sent_as = [without_details(contract) for contract in contracts]
        frames = [
            session.client.encode_order(order_id, contract, members)
            for (order_id, members), contract in zip(orders, sent_as, strict=True)
        ]
        self._tell_cache(orders, contracts, now)
        try:
            session.send_orders(frames)
        except PacingFull:
            self._forget(orders)
            raise
        except Exception:
            # Some of it may have left: from here on the orders count as sent.
            self.log.failure("sending orders {ids}", ids=[order_id for order_id, _ in orders])
        self._gate.note(len(orders))
        for (order_id, members), contract in zip(orders, sent_as, strict=True):
            # The members of a family are let go by its last one: whatever each said, TWS has it transmitted.
            held = members if len(orders) == 1 else {**members, "transmit": True}
            self._sent.placed(order_id, contract, held, command)
            self._followups.owns(order_id, command)
            log_sent(order_id, members, contract, "sent")
            if not held["transmit"]:
                self._orders.perform(self._orders.cache.withheld(order_id, terms_of_members(held), False, now))
        self._sent.forget_old(self._orders.cache.is_open)
        return [order_id for order_id, _ in orders]

    def _tell_cache(
        self, orders: Sequence[tuple[int, Mapping[str, Any]]], contracts: Sequence[Contract], now: int
    ) -> None:
        """Before the bytes leave; none of them when one cannot be."""
        told = []
        try:
            for (order_id, members), contract in zip(orders, contracts, strict=True):
                client_oid = str(members.get("orderRef", ""))
                changes = self._orders.cache.placed(order_id, terms_of_members(members), client_oid, contract, now)
                told.append((order_id, members))
                self._orders.perform(changes)
        except Exception:
            self._forget(told)
            raise

    def _forget(self, orders: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        for order_id, _ in orders:
            self._orders.cache.forget(order_id)

    async def _preview(self, command: Command, terms: OrderRequest, contract: Contract, received: int) -> dict[str, Any]:
        """whatIf: margin figures in a `result`; no order, no reservation."""
        await self._counter.cover(1)
        self._gate.check_age(command, received)
        self._gate.check_open()
        session = self._gate.session()
        order_id = self._counter.ids.take(1).start
        frame = session.client.encode_order(order_id, without_details(contract), terms.members)
        self._orders.cache.ignore(order_id)
        session.send_orders([frame])
        self._followups.preview(order_id, command)
        return {"apiOrderId": order_id}


def _named(members: Mapping[str, Any], order_id: int, now: int) -> Mapping[str, Any]:
    """Every order gets an orderRef: without one it could not be told apart after a lost session, when ids are void."""
    return members if members.get("orderRef") else {**members, "orderRef": f"gw-{order_id}-{now}"}
