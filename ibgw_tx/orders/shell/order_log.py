"""The operator's lines about orders: what was sent, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import written
from ibgw_tx.orders.cache.states import UNKNOWN_WORD
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.runtime.log import Logger

_log = Logger()

#: Ends that are remembered, so that each is one line; the oldest are forgotten first.
_REMEMBERED = 10_000
#: Orders of a snapshot that are looked at in one turn of the reactor, some ms.
SLICE = 1000
#: Ends found by one snapshot that have a line each.
MOST_ENDS = 20


def log_sent(order_id: int, members: Mapping[str, Any], contract: Contract, what: str, command: Command) -> None:
    """`what` has happened: "sent", "change sent"."""
    _log.info(
        "order {order_id} {what}: account {account}, {action} {quantity} {symbol} {type} {price}, client_oid {client_oid!r}"
        " (command {command!r})",
        order_id=order_id,
        what=what,
        account=members.get("account", ""),
        action=members.get("action"),
        quantity=members.get("totalQuantity"),
        symbol=f"{contract.symbol} ({contract.conId})",
        type=members.get("orderType"),
        price=members.get("lmtPrice", ""),
        client_oid=members.get("orderRef", ""),
        command=command.id,
    )


class EndLog:
    """One line for each order that is over or not known any more, and for one that is known again."""

    log = Logger()

    def __init__(self, client_id: int, followups: OrderFollowups) -> None:
        self._client_id = client_id
        self._followups = followups
        self._ends: dict[str, str] = {}

    def snapshot_told(self, orders: Iterable[Mapping[str, Any]]) -> Iterator[None]:
        """What a snapshot has found to differ: it may be a whole day's dead orders, of which a few have a line. In slices."""
        ended = 0
        for count, order in enumerate(orders, 1):
            if not count % SLICE:
                yield
            ended += not order["alive"]
            self.told(order, quiet=ended > MOST_ENDS and order["status"] != UNKNOWN_WORD)
        if ended > MOST_ENDS:
            self.log.info("{count} more orders were found to be over", count=ended - MOST_ENDS)

    def told(self, order: Mapping[str, Any], quiet: bool = False) -> None:
        """An order_json that bots are told. `quiet`: note it, without a line."""
        key = f"{order['clientId']} {order['client_oid']}" if order["client_oid"] else str(order["i"])
        end = "" if order["alive"] else str(order["status"])
        before = self._ends.get(key, "")
        if end == before:
            return
        self._ends.pop(key, None)
        if end:
            self._ends[key] = end
            if len(self._ends) > _REMEMBERED:
                del self._ends[next(iter(self._ends))]
        if quiet:
            return
        if end == UNKNOWN_WORD:
            self.log.warn("order {order_id} is Unknown, it may live at TWS: {text}", **self._facts(order))
        elif end:
            self.log.info("order {order_id} is over, {end}: {text}", end=end, **self._facts(order))
        else:
            self.log.info("order {order_id} is known again, {status}: {text}", status=order["status"], **self._facts(order))

    def _facts(self, order: Mapping[str, Any]) -> dict[str, Any]:
        owner = self._followups.owner(order["apiOrderId"]) if order["clientId"] == self._client_id else None
        average = "" if order["avg_price"] is None else f" at {written(order['avg_price'])}"
        place = f"{order['pair']} on {order['market']}"
        texts = [
            f"{order['T']} {_figure(order['s'])} {place}, executed {_figure(order['executed'])}{average}",
            f"account {order['account']}, client_oid {order['client_oid']!r}, permId {order['i']}",
            "" if order["extCode"] is None else f"{order['extCode']} {order['extMsg']!r}",
            "" if owner is None else f"command {owner.id!r}",
        ]
        return {"order_id": order["apiOrderId"], "text": ", ".join(filter(None, texts))}


def _figure(value: float | None) -> str:
    return "?" if value is None else written(value)
