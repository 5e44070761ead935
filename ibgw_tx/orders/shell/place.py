"""PLACE_ORDER (section 8).

A new order goes through: halt, parse, contract, checks, limits, ids, what is kept of it in Redis (its client_oid reserved, its
record), TWS's message rate, bytes, ack. Up to the bytes everything can be refused without effect. Whatever had to be waited for,
the link, the cache, HALT, limits and the command's age are looked at again in the turn in which the bytes are made; in that turn
the cache is told, so an order that does not leave was never one. No order is ever sent twice.

Ids are taken right before the one write to Redis that all kinds of orders have, and orders leave in the sequence in which Redis
answers: TWS refuses an id below one that it has seen (103).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.orders.entry.checks import checked
from ibgw_tx.orders.entry.entry_names import named
from ibgw_tx.orders.entry.group import GroupMember, numbered, plan_group
from ibgw_tx.orders.entry.parse import PlaceOrder, parse_place_order
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.sent import terms_of_members, without_details
from ibgw_tx.orders.shell.attempts import Attempt, Attempts
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.orders.shell.departure import Departure, Draft, name_is_taken, not_kept
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.live import present
from ibgw_tx.orders.shell.modify import Modify
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.unanswered import Record, Unanswered
from ibgw_tx.tws.shell.session import IBSession


class Place:
    """New orders; what names a live order is Modify's."""

    def __init__(
        self,
        orders: Orders,
        gate: Gate,
        attempts: Attempts,
        facts: ContractFactsFinder,
        reservations: Reservations,
        unanswered: Unanswered,
        counter: IdCounter,
        departure: Departure,
        followups: OrderFollowups,
        modify: Modify,
        default_account: str,
    ) -> None:
        self._orders = orders
        self._gate = gate
        self._attempts = attempts
        self._facts = facts
        self._reservations = reservations
        self._unanswered = unanswered
        self._counter = counter
        self._departure = departure
        self._followups = followups
        self._modify = modify
        self._default_account = default_account

    async def place(self, command: Command) -> dict[str, Any]:
        """New orders, or a change of a live one."""
        received = self._gate.now_ms()
        self._gate.check_open()
        asked = named(parse_place_order(command.params), command.entry)
        if asked.orders[0].is_modify:
            return await self._modify.modify(command, asked.orders[0], received)
        attempt = Attempt(command, received, tuple(terms.client_oid for terms in asked.orders if terms.client_oid))
        return await self._attempts.carry_out(attempt, self._place(attempt, asked))

    async def _place(self, attempt: Attempt, asked: PlaceOrder) -> dict[str, Any]:
        pairs = [await self._prepare(attempt, terms) for terms in asked.orders]
        attempt.resolved(pairs)
        plan = plan_group([terms for terms, _ in pairs])
        for client_oid in attempt.client_oids:
            await present(self._orders, client_oid=client_oid)
        self._gate.refuse_known(attempt.client_oids)
        self._gate.check_limits(pairs, new=len(plan))
        try:
            await self._counter.cover(len(plan))
        except Exception as error:
            raise not_kept(error) from error
        # Others may have come first while Redis was waited for.
        attempt.check()
        self._gate.check_age(attempt.command, attempt.received)
        self._gate.check_open()
        if asked.orders[0].is_what_if:
            return await self._preview(attempt, *pairs[0])
        drafts = self._drafts(plan, [contract for _, contract in pairs])
        await self._keep(attempt.command, drafts)
        await self._departure.leave(attempt, drafts)
        return _ack(drafts, asked.grouped)

    async def _prepare(self, attempt: Attempt, terms: OrderRequest) -> tuple[OrderRequest, Contract]:
        """The contract resolved, everything checked, the account filled in."""
        contract, facts = await self._facts.resolve(terms.contract)
        attempt.check()
        accounts, now = self._gate.session().accounts, self._gate.now_ms()
        return self._gate.fit(checked(terms, facts, accounts, self._default_account, now), facts), contract

    def _drafts(self, plan: Sequence[GroupMember], contracts: Sequence[Contract]) -> list[Draft]:
        """Every order with its id, and an orderRef: without one it could not be told apart after a lost session."""
        now = int(self._gate.now_ms())
        found = []
        for (order_id, members), contract in zip(
            numbered(plan, self._counter.ids.take(len(plan)).start), contracts, strict=True
        ):
            client_oid = str(members.get("orderRef") or "")
            named = members if client_oid else {**members, "orderRef": f"gw-{order_id}-{now}"}
            found.append(Draft(order_id, named, contract, client_oid, *place_of(contract)))
        return found

    async def _keep(self, command: Command, drafts: Sequence[Draft]) -> None:
        """In Redis before a byte leaves: what cannot be told after a crash is not done. Raises CommandError."""
        now = self._gate.now_ms()
        ids = [draft.order_id for draft in drafts]
        records = [
            Record(
                draft.order_id,
                str(draft.members["orderRef"]),
                draft.contract,
                terms_of_members(draft.members),
                int(now),
                command.id,
                draft.market,
                draft.pair,
            )
            for draft in drafts
        ]
        oids = [draft.client_oid for draft in drafts]
        try:
            taken = await self._reservations.reserve(oids, command, ids, now, self._unanswered.writes(records))
        except Exception as error:
            self._unanswered.take_back(ids)
            raise not_kept(error) from error
        for client_oid, kept in taken.items():
            self._unanswered.take_back(ids)
            known = self._orders.cache.orders.by_client_oid(client_oid)
            raise name_is_taken(client_oid, known, kept)

    async def _preview(self, attempt: Attempt, terms: OrderRequest, contract: Contract) -> dict[str, Any]:
        """whatIf: margin figures in a `result`; no order, no reservation."""
        order_id = self._counter.ids.take(1).start
        try:
            # The one write that everything with an order id has: ids leave in their sequence.
            await self._counter.keep(0)
        except Exception as error:
            raise not_kept(error) from error

        def messages(session: IBSession) -> Sequence[bytes]:
            frame = session.client.encode_order(order_id, without_details(contract), terms.members)
            self._orders.cache.own.ignore(order_id)
            self._followups.preview(order_id, attempt.command)
            return [frame]

        await self._attempts.leave(attempt, 1, messages)
        return {"apiOrderId": order_id}


def place_of(contract: Contract) -> tuple[str | None, str | None]:
    """(market, pair) under which the order will be told."""
    try:
        return exchange_of(contract), pair_of(contract)
    except BadName:
        return None, None


def _ack(drafts: Sequence[Draft], grouped: bool) -> dict[str, Any]:
    """The ids, and where the orders are kept; the orders of a group may stand in several places."""
    places = [{"apiOrderId": draft.order_id, "market": draft.market, "pair": draft.pair} for draft in drafts]
    return {"apiOrderIds": [draft.order_id for draft in drafts], "orders": places} if grouped else places[0]
