"""The turn in which orders leave: everything is looked at again, the bytes go, and whoever keeps count of orders is told.

That is one turn of the reactor, so nothing can come between; an order that does not leave was never one. What cannot be told
after a crash stands in Redis before (see `place`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.cache.changes import Change
from ibgw_tx.orders.entry.sent import SentOrders, terms_of_members, without_details
from ibgw_tx.orders.shell.attempts import Attempt, Attempts
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.order_log import log_sent
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.unanswered import Unanswered
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.session import IBSession


@attrs.frozen
class Draft:
    """One order that has its id: what will be sent, and where it will be kept (`market` None: it has no name in Redis)."""

    order_id: int
    members: Mapping[str, Any]
    contract: Contract
    client_oid: str
    market: str | None
    pair: str | None


class Departure:
    """Lets orders go that are kept in Redis."""

    log = Logger()

    def __init__(
        self,
        orders: Orders,
        gate: Gate,
        attempts: Attempts,
        reservations: Reservations,
        unanswered: Unanswered,
        sent: SentOrders,
        followups: OrderFollowups,
    ) -> None:
        self._orders = orders
        self._gate = gate
        self._attempts = attempts
        self._reservations = reservations
        self._unanswered = unanswered
        self._sent = sent
        self._followups = followups

    async def leave(self, attempt: Attempt, drafts: Sequence[Draft]) -> None:
        """Hand them to TWS when its message rate has room. Raises CommandError and what ended the wait; nothing was sent then."""
        changes: list[Change] = []
        ids = [draft.order_id for draft in drafts]
        try:
            await self._attempts.leave(
                attempt, len(drafts), lambda session: self._messages(session, attempt, drafts, changes)
            )
        except Exception:
            if not attempt.left:
                await self.give_back(ids, [draft.client_oid for draft in drafts])
                raise
            # The bytes are out: from here on the orders count as sent.
            self.log.failure("sending orders {ids}", ids=ids)
        self._told(attempt, drafts, changes)

    async def give_back(self, order_ids: Sequence[int], client_oids: Sequence[str]) -> None:
        """They do not leave: neither name nor record is kept of them. Raises nothing."""
        # The record is the last to go: should this be the end of the gateway, it frees the name.
        await self._reservations.release([client_oid for client_oid in client_oids if client_oid])
        self._unanswered.take_back(order_ids)

    def has_left(self, attempt: Attempt, draft: Draft) -> None:
        """The bytes of one order have just been handed to the socket, in this turn. Raises nothing."""
        changes: list[Change] = []
        for tell in (
            lambda: self._tell_cache((draft,)),
            lambda: self._count(attempt, (draft,), (without_details(draft.contract),)),
        ):
            try:
                changes += tell()
            except Exception:
                # The bytes are out: the order counts as sent, and TWS's word of it makes it known.
                self.log.failure("sending orders {ids}", ids=[draft.order_id])
        self._told(attempt, (draft,), changes)

    def _told(self, attempt: Attempt, drafts: Sequence[Draft], changes: list[Change]) -> None:
        # What has no name in Redis can never be told, so nothing waits for that.
        self._unanswered.drop(draft.order_id for draft in drafts if draft.market is None)
        for draft in drafts:
            log_sent(draft.order_id, draft.members, draft.contract, "sent", attempt.command)
        self._orders.perform(changes)

    def _messages(
        self, session: IBSession, attempt: Attempt, drafts: Sequence[Draft], changes: list[Change]
    ) -> Sequence[bytes]:
        """Their turn has come: look again, encode, tell the cache."""
        self._gate.refuse_known(attempt.client_oids)
        self._gate.check_limits(attempt.orders, new=len(drafts))
        sent_as = [without_details(draft.contract) for draft in drafts]
        frames = [
            session.client.encode_order(draft.order_id, contract, draft.members)
            for draft, contract in zip(drafts, sent_as, strict=True)
        ]
        changes += self._tell_cache(drafts)
        changes += self._count(attempt, drafts, sent_as)
        return frames

    def _count(self, attempt: Attempt, drafts: Sequence[Draft], sent_as: Sequence[Contract]) -> list[Change]:
        """Whoever keeps count of what leaves is told."""
        changes: list[Change] = []
        self._unanswered.left(draft.order_id for draft in drafts)
        self._gate.note(len(drafts))
        for draft, contract in zip(drafts, sent_as, strict=True):
            # The members of a family are let go by its last one: whatever each said, TWS has it transmitted.
            held = draft.members if len(drafts) == 1 else {**draft.members, "transmit": True}
            self._sent.placed(draft.order_id, contract, held)
            self._followups.owns(draft.order_id, attempt.command)
            if not held["transmit"]:
                now = self._gate.now_ms()
                changes += self._orders.cache.own.withheld(draft.order_id, terms_of_members(held), False, now)
        self._sent.forget_old(self._orders.cache.orders.may_live)
        return changes

    def _tell_cache(self, drafts: Sequence[Draft]) -> list[Change]:
        """All of them, or none when one cannot be."""
        cache, now = self._orders.cache, self._gate.now_ms()
        changes: list[Change] = []
        told: list[int] = []
        try:
            for draft in drafts:
                terms, ref = terms_of_members(draft.members), str(draft.members["orderRef"])
                changes += cache.own.placed(draft.order_id, terms, ref, draft.contract, now)
                told.append(draft.order_id)
        except Exception:
            for order_id in told:
                cache.own.forget(order_id)
            raise
        return changes


def not_kept(error: Exception) -> CommandError:
    """The refusal of what Redis does not keep."""
    return CommandError(errors.UNAVAILABLE, f"Redis does not take what has to be kept of it, so nothing was sent: {error}")


def name_is_taken(client_oid: str, order: Any, reserved: Any) -> CommandError:
    """The refusal of a name that another command has: the order if it is known, and the command."""
    text = f"client_oid {client_oid!r} has been used already"
    return CommandError(errors.DUPLICATE, text, order=order, reserved=reserved)
