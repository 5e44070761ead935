"""The operator's line for an order, or a change of one, that has been sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.model.contract import Contract
from ibgw_tx.runtime.log import Logger

_log = Logger()


def log_sent(order_id: int, members: Mapping[str, Any], contract: Contract, what: str) -> None:
    """`what` has happened: "sent", "change sent"."""
    _log.info(
        "order {order_id} {what}: account {account}, {action} {quantity} {symbol} {type} {price}, client_oid {client_oid!r}",
        order_id=order_id,
        what=what,
        account=members.get("account", ""),
        action=members.get("action"),
        quantity=members.get("totalQuantity"),
        symbol=f"{contract.symbol} ({contract.conId})",
        type=members.get("orderType"),
        price=members.get("lmtPrice", ""),
        client_oid=members.get("orderRef", ""),
    )
