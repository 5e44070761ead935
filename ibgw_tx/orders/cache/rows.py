"""The single executions that the executed part of an order is made of, and their sums by account. Pure."""

from __future__ import annotations

import attrs

from ibgw_tx.model.figures import Quantity
from ibgw_tx.model.order_events import Execution

__all__ = ["AS_IT_IS", "LEG", "Row", "RowKey", "Sum", "ToldBefore", "row_key", "row_of", "split_exec_id"]

RowKey = tuple[str, int, str]

LEG = "(leg)"  # the account under which legs are summed; no account is called so
LEG_PARTS = 5  # parts of the execId of a leg; an ordinary one has four


def split_exec_id(exec_id: str) -> tuple[str, int]:
    """`0000e0d5.67fe667b.01.02` -> (`0000e0d5.67fe667b.01`, 2): what is corrected, and its revision."""
    stem, dot, last = exec_id.rpartition(".")
    return (stem, int(last)) if dot and last.isdecimal() else (exec_id, 0)


def row_key(execution: Execution) -> RowKey:
    """The row of an execution. Legs may share a stem, so the conId is in it."""
    return split_exec_id(execution.execId)[0], execution.contract.conId, execution.acctNumber


@attrs.define(eq=False)
class Row:
    """One execution, as its newest revision says it."""

    revision: int
    account: str
    is_bag: bool
    five: bool
    shares: Quantity
    price: float
    commission: float | None = None
    currency: str = ""
    charged_revision: int = -1
    progress: Quantity = 0  # what of the order was executed with it: which execution was the last
    told_before: bool = False  # known from what a former life has told; TWS has not said it to this one yet


@attrs.frozen
class ToldBefore:
    """An execution as a former life has told it: its newest revision, and the most shares that any revision had."""

    revision: int
    shares: Quantity
    price: float
    most: Quantity

    def row(self, event: Execution) -> Row:
        """It as a row; `event` is a revision of it."""
        row = row_of(event, self.shares, self.price)
        row.revision, row.told_before = self.revision, True
        return row


#: An execution was told before as TWS says it now.
AS_IT_IS = ToldBefore(-1, 0, 0, 0)


def row_of(event: Execution, shares: Quantity, price: float) -> Row:
    """The row of an execution that says its figures."""
    return Row(
        revision=split_exec_id(event.execId)[1],
        account=event.acctNumber,
        is_bag=event.contract.secType == "BAG",
        five=event.execId.count(".") == LEG_PARTS - 1,
        shares=shares,
        price=price,
    )


@attrs.define(eq=False)
class Sum:
    """All rows of one account."""

    shares: Quantity = 0
    value: float = 0
    rows: int = 0
    commission: float = 0
    charged: int = 0
    currencies: dict[str, int] = attrs.Factory(dict)

    def count(self, row: Row, sign: int) -> None:
        self.shares += sign * row.shares
        self.value += sign * float(row.shares) * row.price
        self.rows += sign
        if row.commission is not None:
            self.commission += sign * row.commission
            self.charged += sign
            self.currencies[row.currency] = self.currencies.get(row.currency, 0) + sign
