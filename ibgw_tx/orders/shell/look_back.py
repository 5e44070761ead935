"""What became of a command from the stream that a former life of the gateway had, found out before anything is done again.

| command | what is done |
|---|---|
| twice is the same as once (REPEATABLE, a preview) | it is carried out |
| new orders of which one is known by the name that this entry has reserved | nothing: they have left, and are acknowledged so |
| new orders of which none is | they never left (former_life.py has seen to that): they are carried out |
| any other (a change, CANCEL_ALL, CANCEL_ORDERS, EXERCISE, RESET) | nothing: nobody can tell, and the bot is told so |
"""

from __future__ import annotations

from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry.entry_names import named
from ibgw_tx.orders.entry.parse import parse_place_order
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.reservations import Reservations

#: The second time changes nothing: questions, subscriptions, a state that is set, a cancel of one order for good.
REPEATABLE = frozenset(
    "SUB_ODBK UNSUB_ODBK SUB_TOP UNSUB_TOP SUB_BARS UNSUB_BARS FIND_CONTRACTS FIND_CHAIN FIND_HISTORY HALT RESUME STATUS "
    "SNAPSHOT ACCOUNT_LIST ACCOUNT_SUMMARY CANCEL_ORDER".split()
)


class LookBack:
    """Asked only while the order cache can be trusted."""

    def __init__(self, orders: Orders, reservations: Reservations) -> None:
        self._orders = orders
        self._reservations = reservations

    async def outcome(self, command: Command) -> dict[str, Any] | None:
        """What the ack of a command carries that has been carried out; None: it is to be. Raises CommandError, RedisDown."""
        if command.cmd in REPEATABLE:
            return None
        if command.cmd == "PLACE_ORDER":
            asked = named(parse_place_order(command.params), command.entry)
            if asked.orders[0].is_what_if and not asked.orders[0].is_modify:
                return None
            if not asked.orders[0].is_modify:
                return await self._placed(command.entry, [terms.client_oid for terms in asked.orders], asked.grouped)
        text = "the gateway ended while this command was under way; whether it was carried out cannot be told"
        raise CommandError(errors.UNAVAILABLE, text)

    async def _placed(self, entry: str, client_oids: list[str], grouped: bool) -> dict[str, Any] | None:
        ids = await self._reservations.of_entry(entry, client_oids)
        await self._orders.present(client_oids=ids)
        known = {oid: self._orders.cache.orders.by_client_oid(oid) for oid in ids}
        if not any(known.values()):
            # Names of orders that never left may still be on their way to be free.
            await self._reservations.release(list(ids))
            return None
        places = [_place(order_id, known[oid]) for oid, order_id in ids.items()]
        return {"apiOrderIds": list(ids.values()), "orders": places} if grouped else places[0]


def _place(order_id: int, order: dict[str, Any] | None) -> dict[str, Any]:
    market, pair = (None, None) if order is None else (order["market"], order["pair"])
    return {"apiOrderId": order_id, "market": market, "pair": pair}
