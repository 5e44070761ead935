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

What a former life of the gateway had executed (`recall`) is a floor for what TWS does not list any more only: each execution that
it had told counts in it as it was told, and as TWS says it from then on (`ToldBefore`). So a correction made while no gateway ran
takes back what it corrects, and one that had been told already is not undone by what was stated before it.

The last price is that of the execution with the greatest progress (cumQty of its first revision), as it is corrected.

Sums are kept as rows come, so a row costs the same whether it is the order's first or its ten thousandth.
"""

from __future__ import annotations

import attrs

from ibgw_tx.model.figures import Quantity, normal, tidy
from ibgw_tx.model.order_events import Execution
from ibgw_tx.orders.cache.rows import AS_IT_IS, LEG, Row, RowKey, Sum, ToldBefore, row_key, row_of

__all__ = ["Fills"]


@attrs.define(eq=False)
class Fills:
    """The executed part of one order. `combo` is None while nobody has said whether the order is a BAG."""

    combo: bool | None = None
    account: str = ""
    executed: Quantity = 0
    last_price: float | None = None
    rows: dict[RowKey, Row] = attrs.Factory(dict)
    _sums: dict[str, Sum] = attrs.Factory(dict)
    _reported: Quantity = 0
    _reported_avg: float | None = None
    last: RowKey | None = None  # whose price the last price is; None for nobody's, or one that was only stated
    _last_progress: Quantity = 0
    _history: Quantity = 0  # quantities up to this one were stated before a correction
    _corrected: bool = False
    _fell: bool = False  # since `take_fall` was asked last
    former: Quantity = 0  # executed in former lives, as far as no row is there for it
    former_value: float | None = None
    _told_before: Quantity = 0  # what the rows of former lives have added
    _said: Quantity = 0  # the most that TWS has stated in this life, history or not
    stated: tuple[float, str] | None = None  # the commission that openOrder or Redis stated for the whole order

    def execute(self, event: Execution, before: ToldBefore | None = None) -> bool:
        """Take an execution in. False: a repetition, or a revision older than the one known.

        `before`: as a former life had told it, where no row of it is here.
        """
        key = row_key(event)
        if event.shares is None or event.price is None:
            return False
        if before is not None and before is not AS_IT_IS:
            self._adopt(key, before, event)
        row, old = row_of(event, event.shares, event.price), self.rows.get(key)
        if old is not None and (row.revision < old.revision or (row.revision == old.revision and not old.told_before)):
            return False
        known, (counted, value) = self.executed, self._counted()
        self._corrected = self._corrected or row.revision > 1
        if old is not None:
            row.commission, row.currency, row.charged_revision = old.commission, old.currency, old.charged_revision
            self._sum_of(old).count(old, -1)
        self.add_row(key, row)
        lost = counted - self._counted()[0]
        if lost > 0:
            self._correct(lost)
        elif before is AS_IT_IS:
            self._explain(-lost, self._counted()[1] - value)
        if not self._is_leg(row) and (not self.account or row.account == self.account):
            # TWS lists an execution with the cumQty of its time, whatever was corrected since.
            if lost <= 0 and event.cumQty is not None and not (event.asked and self._corrected):
                self.report(event.cumQty, event.avgPrice, None)
            self._said = max(self._said, event.cumQty or 0)
            row.progress = (old and old.progress) or (self._counted()[0] if event.cumQty is None else event.cumQty)
            self._price(key, row, old)
        self.settle()
        self._fell = self._fell or self.executed < known
        return True

    def knows(self, event: Execution) -> bool:
        """Whether a row of this execution is here, in whichever revision."""
        return row_key(event) in self.rows

    def _adopt(self, key: RowKey, before: ToldBefore, event: Execution) -> None:
        """A former life had told this execution: it is part of what was executed then, and of what is executed now."""
        row, (shares, value) = before.row(event), self._counted()
        self.add_row(key, row)
        self._explain(self._counted()[0] - shares, self._counted()[1] - value)
        if self.last is None and row.price == self.last_price and row.shares and not self._is_leg(row):
            self.last = key
        self.settle()
        taken_back = before.most - before.shares
        self._corrected = self._corrected or before.revision > 1
        if taken_back > 0 and not self._is_leg(row):
            sure = normal(self.former + self._counted()[0])
            self._history = max(self._history, sure) + taken_back
            if sure < self.executed <= self._history:  # stated before this was known to be history
                self.executed = self._reported = sure
                self._reported_avg = None

    def _explain(self, part: Quantity, worth: float) -> None:
        """So much of what former lives had executed has a row now."""
        self._told_before += part
        self.former = max(self.former - part, 0)
        if self.former_value is not None:
            self.former_value = self.former_value - worth if self.former else None

    def recall(self, quantity: Quantity | None, average: float | None, last: float | None) -> None:
        """What a former life had executed, as Redis says it."""
        said = self._said
        self.report(quantity, average, last)
        self._said = said
        self.former = max((quantity or 0) - self._told_before, 0)
        self.former_value = float(quantity or 0) * average if self.former and average is not None else None

    def taken_back(self, quantity: Quantity) -> None:
        """So much had been executed, and was corrected: whoever states it again is late."""
        self._history, self._corrected = max(self._history, quantity), True

    def _correct(self, lost: Quantity) -> None:
        """A correction has taken `lost` away from what was executed."""
        self._history = max(self._history, self._reported, self.executed)
        self.executed = normal(max(self.executed - lost, 0))
        self._reported, self._reported_avg = self.executed, None
        self._last_progress = min(self._last_progress, self.executed)
        if not self.executed:
            self.last, self.last_price = None, None

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

    def _price(self, key: RowKey, row: Row, old: Row | None) -> None:
        """The last price, after a row of the order's own account has come or has been corrected."""
        if old is None or (old.told_before and row.revision <= 1):
            # The cumQty of a correction that comes alone need not be that of what it corrects.
            newer = row.progress >= self._last_progress if row.revision <= 1 else row.progress > self._last_progress
            if newer or self.last_price is None:
                self.last, self._last_progress, self.last_price = key, row.progress, row.price
            return
        last = None if self.last is None else self.rows.get(self.last)
        is_last = self.last_price in (None, old.price) if last is None else row.progress >= last.progress
        if is_last or key == self.last:
            self._find_last_price()

    def _find_last_price(self) -> None:
        own = [
            (row.progress, key == self.last, key)
            for key, row in self.rows.items()
            if row.shares and not self._is_leg(row) and (not self.account or row.account == self.account)
        ]
        self.last = max(own)[2] if own else None
        self.last_price = None if self.last is None else self.rows[self.last].price

    def report(self, quantity: Quantity | None, average: float | None, last: float | None) -> None:
        """A cumulative quantity that TWS (or Redis, from an earlier run) states, with its average and last price."""
        if not quantity or quantity < 0:
            return
        self._said = max(self._said, quantity)
        if self.executed < quantity <= self._history:
            self.settle()
            return
        if quantity > self._reported:
            self._reported, self._reported_avg = quantity, average
        elif quantity == self._reported and self._reported_avg is None:
            self._reported_avg = average
        if last is not None and quantity > self._last_progress:
            self.last, self._last_progress, self.last_price = None, quantity, last
        self.settle()

    def settle(self) -> None:
        """Raise `executed` to what is known now."""
        counted = self._counted()[0]
        grown = min(self.former + counted, self._said) if self.former else 0
        self.executed = normal(max(self.executed, counted, self._reported, grown))
        if self.former + counted > self.executed:
            # More than TWS says: an execution was part of it that had not been told, or not with its figures.
            self.former, self.former_value = max(self.executed - counted, 0), None

    @property
    def average(self) -> float | None:
        """The average price of `executed`; None when nothing explains it."""
        shares, value = self._counted()
        if self._reported_avg is None and self.former_value is not None and self.former + shares == self.executed:
            return _without_noise((self.former_value + value) / float(self.executed))
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

    def _sum_of(self, row: Row) -> Sum:
        return self._sums.setdefault(LEG if self._is_leg(row) else row.account, Sum())

    def _counting(self) -> list[Sum]:
        """The sums that count: the order's own account, else a master's, else all; never legs."""
        sums = {account: found for account, found in self._sums.items() if account != LEG and found.rows}
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
        if LEG in self._sums and not any(found.commission for found in counting):
            # The row of the combo itself is charged 0 or not at all: its legs carry the commissions.
            counting = [self._sums[LEG]]
        currencies = {name for found in counting for name, count in found.currencies.items() if count}
        chosen = self.stated
        if len(currencies) == 1:
            total = tidy(sum(found.commission for found in counting))
            if chosen is None or total >= chosen[0] or self._explained(counting):
                chosen = total, currencies.pop()
        return (None, None) if chosen is None else (chosen[0], chosen[1] or None)

    def _explained(self, counting: list[Sum]) -> bool:
        """Whether the rows are all there and all charged."""
        charged = all(found.charged == found.rows for found in counting)
        # A combo whose legs have not come (again) is charged nothing so far.
        legs_missing = self.combo and LEG not in self._sums
        return charged and not legs_missing and self._counted()[0] >= self.executed


def _without_noise(average: float) -> float:
    """An average that was worked out from another one, which had been rounded itself."""
    plain = round(average, 6)
    return tidy(plain if abs(plain - average) < 1e-8 else average)
