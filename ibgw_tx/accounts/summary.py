"""The account summary as one document: which tags are asked for, and where each row of the answer goes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ibgw_tx.model import events
from ibgw_tx.model.figures import number_or_none

#: Spelt here: ibapi's own list has misspelt tags (tws-facts 7).
SUMMARY_TAGS = (
    "AccountType,NetLiquidation,TotalCashValue,SettledCash,AccruedCash,BuyingPower,EquityWithLoanValue,"
    "PreviousDayEquityWithLoanValue,GrossPositionValue,RegTEquity,RegTMargin,SMA,InitMarginReq,MaintMarginReq,AvailableFunds,"
    "ExcessLiquidity,Cushion,FullInitMarginReq,FullMaintMarginReq,FullAvailableFunds,FullExcessLiquidity,LookAheadNextChange,"
    "LookAheadInitMarginReq,LookAheadMaintMarginReq,LookAheadAvailableFunds,LookAheadExcessLiquidity,HighestSeverity,"
    "DayTradesRemaining,Leverage,$LEDGER:ALL"
)
_TAGS = frozenset(SUMMARY_TAGS.split(","))


def documents(rows: Iterable[events.SummaryRow], account: str = "") -> dict[str, dict[str, Any]]:
    """The document of each account, of one only when `account` says so."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if not account or row.account == account:
            _add(found.setdefault(row.account, {}), row)
    return found


def _add(document: dict[str, Any], row: events.SummaryRow) -> None:
    """`"NetLiquidation":{"value":…,"currency":"USD"}`; ledger rows go under `ledger` by currency."""
    amount = number_or_none(row.value)
    value: Any = row.value if amount is None else amount
    # A tag of both kinds (AccruedCash) comes for the account first, then for each currency of the ledger.
    if row.tag in _TAGS and row.tag not in document:
        document[row.tag] = {"value": value, "currency": row.currency or None}
    elif row.currency and row.currency != "BASE":
        document.setdefault("ledger", {}).setdefault(row.currency, {})[row.tag] = value
