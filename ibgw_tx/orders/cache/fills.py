"""What of one order was executed, at which price, for which commission. Pure.

Four sources tell it, in any order, each of which may be missing: executions, orderStatus.filled, the cumQty of an execution
and completedOrder.filledQuantity. The greatest of them is the executed quantity; who says less is late. It falls only when TWS
corrects an execution: then whatever was stated up to that moment is history, and only executions or greater statements raise it.
The average price is taken from the source that explains all of it, executions first, because only they can be corrected.

An execution is one row under (execId without its last part, conId, account): a higher last part corrects the row, everything
else with that name is a repetition (tws-facts 4.8). Rows are summed by account:

* a combo comes as one row of the BAG and one for each leg: legs carry commissions, never quantity;
* an order of an advisor's account comes as one row of the master and again as its allocations: where the order's own account
  (or, while that is unknown, one that begins with F or DF as masters' do) has rows, only those count.

Sums are kept as rows come, so a row costs the same whether it is the order's first or its ten thousandth.
"""

from __future__ import annotations

import attrs

from ibgw_tx.model.figures import Quantity, normal, tidy
from ibgw_tx.model.order_events import Execution

__all__ = ["Fills", "Row", "RowKey", "row_key", "split_exec_id"]

RowKey = tuple[str, int, str]

_LEG = "(leg)"  # the account under which legs are summed; no account is called so
_LEG_PARTS = 5  # parts of the execId of a leg; an ordinary one has four


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


@attrs.define(eq=False)
class _Sum:
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


@attrs.define(eq=False)
class Fills:
    """The executed part of one order. `combo` is None while nobody has said whether the order is a BAG."""

    combo: bool | None = None
    account: str = ""
    executed: Quantity = 0
    last_price: float | None = None
    rows: dict[RowKey, Row] = attrs.Factory(dict)
    _sums: dict[str, _Sum] = attrs.Factory(dict)
    _reported: Quantity = 0
    _reported_avg: float | None = None
    _last_progress: Quantity = 0
    _history: Quantity = 0  # quantities up to this one were stated before a correction
    _corrected: bool = False
    _fell: bool = False  # since `take_fall` was asked last
    stated: tuple[float, str] | None = None  # the commission that openOrder or Redis stated for the whole order

    def execute(self, event: Execution) -> bool:
        """Take an execution in. False: a repetition, or a revision older than the one known."""
        key = row_key(event)
        revision = split_exec_id(event.execId)[1]
        old = self.rows.get(key)
        if (old is not None and revision <= old.revision) or event.shares is None or event.price is None:
            return False
        row = Row(
            revision=revision,
            account=event.acctNumber,
            is_bag=event.contract.secType == "BAG",
            five=event.execId.count(".") == _LEG_PARTS - 1,
            shares=event.shares,
            price=event.price,
        )
        known, before = self.executed, self._counted()[0]
        self._corrected = self._corrected or revision > 1
        if old is not None:
            row.commission, row.currency, row.charged_revision = (
                old.commission,
                old.currency,
                old.charged_revision,
            )
            self._sum_of(old).count(old, -1)
        self.rows[key] = row
        self._sum_of(row).count(row, 1)
        lost = before - self._counted()[0]
        if lost > 0:
            self._correct(lost)
        elif not self._is_leg(row):
            self._progress_of(event)
        self.settle()
        self._fell = self._fell or self.executed < known
        return True

    def _correct(self, lost: Quantity) -> None:
        """A correction has taken `lost` away from what was executed."""
        self._history = max(self._history, self._reported, self.executed)
        self.executed = normal(max(self.executed - lost, 0))
        self._reported, self._reported_avg = self.executed, None
        self._last_progress = min(self._last_progress, self.executed)
        if not self.executed:
            self.last_price = None

    def restate(self, quantity: Quantity) -> None:
        """TWS's answer to a question says less than is known, and an execution was corrected: the answer is right."""
        if self._corrected and quantity < self.executed:
            known = self.executed
            self._correct(known - max(quantity, self._counted()[0]))
            self._fell = self._fell or self.executed < known

    def take_fall(self) -> bool:
        """Whether TWS has taken back something that was executed, since this was asked last."""
        fell, self._fell = self._fell, False
        return fell

    def _progress_of(self, event: Execution) -> None:
        own_account = not self.account or event.acctNumber == self.account
        if own_account and event.cumQty is not None:
            self.report(event.cumQty, event.avgPrice, None)
        progress = event.cumQty if event.cumQty is not None else self._counted()[0]
        if own_account and progress >= self._last_progress:
            self._last_progress, self.last_price = progress, event.price

    def report(self, quantity: Quantity | None, average: float | None, last: float | None) -> None:
        """A cumulative quantity that TWS (or Redis, from an earlier run) states, with its average and last price."""
        if not quantity or quantity < 0 or self.executed < quantity <= self._history:
            return
        if quantity > self._reported:
            self._reported, self._reported_avg = quantity, average
        elif quantity == self._reported and self._reported_avg is None:
            self._reported_avg = average
        if last is not None and quantity > self._last_progress:
            self._last_progress, self.last_price = quantity, last
        self.settle()

    def settle(self) -> None:
        """Raise `executed` to what is known now."""
        self.executed = normal(max(self.executed, self._counted()[0], self._reported))

    @property
    def average(self) -> float | None:
        """The average price of `executed`; None when nothing explains it."""
        shares, value = self._counted()
        if shares > 0 and (shares >= self.executed or self._reported_avg is None):
            return tidy(value / float(shares))
        return None if self._reported_avg is None else tidy(self._reported_avg)

    def describe(self, *, combo: bool, account: str) -> None:
        """What kind of order this is has become known: rows that came before are counted accordingly."""
        if combo != self.combo:
            for row in self.rows.values():
                self._sum_of(row).count(row, -1)
            self.combo = combo
            for row in self.rows.values():
                self._sum_of(row).count(row, 1)
        self.account = account or self.account
        self.settle()

    def _is_leg(self, row: Row) -> bool:
        return not row.is_bag and (row.five if self.combo is None else self.combo)

    def is_leg(self, event: Execution) -> bool:
        """Whether an execution of this order is one of a leg."""
        row = self.rows.get(row_key(event))
        return row is not None and self._is_leg(row)

    def add_row(self, key: RowKey, row: Row) -> None:
        """A row that was kept; what follows from it was kept too."""
        self.rows[key] = row
        self._sum_of(row).count(row, 1)

    def _sum_of(self, row: Row) -> _Sum:
        return self._sums.setdefault(_LEG if self._is_leg(row) else row.account, _Sum())

    def _counting(self) -> list[_Sum]:
        """The sums that count: the order's own account, else a master's, else all; never legs."""
        sums = {account: found for account, found in self._sums.items() if account != _LEG and found.rows}
        if len(sums) > 1:
            masters = [self.account] if self.account in sums else [name for name in sums if name.startswith(("F", "DF"))]
            if masters:
                return [sums[name] for name in masters]
        return list(sums.values())

    def _counted(self) -> tuple[Quantity, float]:
        counting = self._counting()
        return sum(found.shares for found in counting), sum(found.value for found in counting)

    # Commissions.

    def charge(self, key: RowKey, revision: int, commission: float | None, currency: str) -> None:
        """The commission of one row. A correction keeps the one it has until its own comes."""
        row = self.rows.get(key)
        if row is None or commission is None or revision < row.charged_revision:
            return
        found = self._sum_of(row)
        found.count(row, -1)
        row.commission, row.currency, row.charged_revision = commission, currency, revision
        found.count(row, 1)

    def state_commission(self, commission: float | None, currency: str) -> None:
        """The commission of the whole order so far, as openOrder or an earlier run stated it; a lower one is late."""
        if commission is not None and (self.stated is None or commission > self.stated[0]):
            self.stated = (commission, currency)

    @property
    def commission(self) -> tuple[float | None, str | None]:
        """(commission, its currency): of all rows; the stated one if greater while rows do not explain everything executed.

        (None, None) while nothing is known, and when rows were charged in different currencies: a sum would be a lie.
        """
        counting = self._counting()
        if _LEG in self._sums and not any(found.commission for found in counting):
            # The row of the combo itself is charged 0 or not at all: its legs carry the commissions.
            counting = [self._sums[_LEG]]
        currencies = {name for found in counting for name, count in found.currencies.items() if count}
        chosen = self.stated
        if len(currencies) == 1:
            total = tidy(sum(found.commission for found in counting))
            if chosen is None or total >= chosen[0] or self._explained(counting):
                chosen = total, currencies.pop()
        return (None, None) if chosen is None else (chosen[0], chosen[1] or None)

    def _explained(self, counting: list[_Sum]) -> bool:
        """Whether the rows are all there and all charged."""
        charged = all(found.charged == found.rows for found in counting)
        # A combo whose legs have not come (again) is charged nothing so far.
        legs_missing = self.combo and _LEG not in self._sums
        return charged and not legs_missing and self._counted()[0] >= self.executed
