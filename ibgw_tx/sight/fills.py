"""The last executions, as TWS told them. Pure.

A snapshot tells the day's executions once more, in their order: each moves to the end, so that order stays. A correction takes
the place of what it corrects.
"""

from __future__ import annotations

from typing import Any

from ibgw_tx.model.contract import BadName, exchange_of, pair_of
from ibgw_tx.model.order_events import Execution

#: How many are remembered.
REMEMBERED = 50


class RecentFills:
    """The last REMEMBERED executions, oldest first."""

    def __init__(self) -> None:
        self._by_row: dict[tuple[str, int, str], Execution] = {}

    def take(self, execution: Execution) -> None:
        """One execution of TWS, new, told again or corrected."""
        stem = execution.execId.rpartition(".")[0] or execution.execId
        row = stem, execution.contract.conId, execution.acctNumber
        held = self._by_row.pop(row, execution)
        self._by_row[row] = max(held, execution, key=lambda each: (len(each.execId), each.execId))
        if len(self._by_row) > REMEMBERED:
            del self._by_row[next(iter(self._by_row))]

    def rows(self) -> list[dict[str, Any]]:
        """As they are shown, newest first: `time` as TWS wrote it."""
        return [_row(each) for each in reversed(self._by_row.values())]


def _row(execution: Execution) -> dict[str, Any]:
    contract = execution.contract
    try:
        what = f"{exchange_of(contract)} {pair_of(contract)}"
    except BadName:
        what = contract.symbol
    side = {"BOT": "buy", "SLD": "sell"}.get(execution.side, execution.side)
    return {
        "time": execution.time,
        "what": what,
        "side": side,
        "size": execution.shares,
        "price": execution.price,
        "order": str(execution.permId or ""),
        "client_oid": execution.orderRef,
        "account": execution.acctNumber,
    }
