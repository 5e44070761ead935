"""Executions: made, booked into the account, corrected, and found again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any

import attrs

from ibgw_tx.sim.exchange import ledger
from ibgw_tx.sim.exchange.accounts import Account
from ibgw_tx.sim.exchange.order import Fill, Order
from ibgw_tx.sim.exchange.store import OrderStore
from ibgw_tx.sim.wire import times

DAY = 86400.0


class Fills:
    """Makes fills with ids of IB's form: session, number, part and correction, e.g. 00025b46.63f8f39c.01.01."""

    def __init__(self, accounts: dict[str, Account], store: OrderStore, seconds: Callable[[], float]) -> None:
        self._accounts, self._store, self._now = accounts, store, seconds
        self._session = int(seconds()) & 0xFFFFFFFF
        self._number = 0

    def next_id(self) -> str:
        self._number += 1
        return f"{self._number:08x}.{self._session:08x}.01.01"

    def book(self, order: Order, quantity: Fraction, price: float, exchange: str) -> Fill:
        """Fill so much of an order, and book it."""
        if not 0 < quantity <= order.remaining:
            raise ValueError(f"{quantity} of order {order.perm_id}, which has {order.remaining} to fill")
        account = self._accounts[order.terms.account]
        order.filled += quantity
        order.worth += quantity * price
        order.last_price = price
        fee, realized = 0.0, None
        if not order.legs:
            if order.booked is None:
                fee = ledger.commission(order.instrument, order.filled, order.worth) - order.commission
            realized = ledger.post(account, order.instrument, order.sign, quantity, price, fee)
            order.commission += fee
        fill = Fill(
            self.next_id(), order, order.instrument, exchange, order.sign, quantity, price, self._now(),
            order.filled, order.average, fee, realized,
        )
        self._store.executed(fill)
        return fill

    def book_legs(self, whole: Fill, marks: list[float]) -> Iterator[Fill]:
        """The legs of a combo's fill, each with an execution of its own (tws-facts 4.8).

        They trade at their `marks`, but for the last one, whose price makes up the net price.
        """
        order, account, left = whole.order, self._accounts[whole.order.terms.account], whole.price
        for number, (leg, mark) in enumerate(zip(order.legs, marks, strict=True), 1):
            sign, quantity = leg.sign * order.terms.sign, leg.ratio * whole.quantity
            price = mark if number < len(order.legs) else round(left / (leg.sign * leg.ratio), 8)
            left -= leg.sign * leg.ratio * mark
            fee = ledger.commission(leg.instrument, quantity, quantity * price)
            realized = ledger.post(account, leg.instrument, sign, quantity, price, fee)
            order.commission += fee
            fill = attrs.evolve(
                whole, exec_id=f"{whole.stem}.{number + 1:02d}.01", instrument=leg.instrument,
                exchange=leg.instrument.exchange, sign=sign, quantity=quantity, price=price, cumulative=quantity,
                average=price, commission=fee, realized=realized, leg=True,
            )
            self._store.executed(fill)
            yield fill

    def correct(self, exec_id: str, quantity: Fraction | None, price: float | None) -> Fill:
        """A correction replaces an execution: the last part of its id goes up by one; quantity 0 is a bust."""
        old = self._store.fills[exec_id]
        new_quantity = old.quantity if quantity is None else quantity
        new_price = old.price if price is None else price
        order, account = old.order, self._accounts[old.order.terms.account]
        ledger.amend(account, old.instrument, old.sign, (old.quantity, old.price), (new_quantity, new_price))
        order.filled += new_quantity - old.quantity
        order.worth += new_quantity * new_price - old.quantity * old.price
        number = int(exec_id.rpartition(".")[2]) + 1
        fill = attrs.evolve(
            old, exec_id=f"{old.stem}.{number:02d}", quantity=new_quantity, price=new_price, cumulative=order.filled,
            average=order.average, commission=0.0, realized=None,
        )
        del self._store.fills[exec_id]
        self._store.executed(fill)
        return fill

    def found(self, wanted: Mapping[str, Any], now: float) -> Iterator[Fill]:
        """Fills that a reqExecutions filter lets through; an empty field lets everything through. Today's, unless days are said:
        so many up to today, or certain dates."""
        since = times.parse_end(wanted["time"], now) if wanted["time"].strip() else 0.0
        side = {"BUY": 1, "BOT": 1, "SELL": -1, "SLD": -1, "SSHORT": -1}.get(wanted["side"].upper())
        for fill in self._of_days(wanted.get("last_days"), wanted.get("dates") or (), now):
            instrument, order = fill.instrument, fill.order
            if (
                wanted["client_id"] in (0, order.client_id) and wanted["account"] in ("", order.terms.account)
                and fill.when >= since and wanted["symbol"] in ("", instrument.symbol)
                and wanted["sec_type"] in ("", instrument.sec_type) and wanted["exchange"] in ("", fill.exchange)
                and (side is None or fill.sign == side)
            ):
                yield fill

    def _of_days(self, last: int | None, dates: Collection[str], now: float) -> Iterator[Fill]:
        if last is None and not dates:
            yield from self._store.fills.values()
            return
        today = now // DAY
        for fill in (*self._store.earlier, *self._store.fills.values()):
            if (last is not None and today - fill.when // DAY < last) or times.date(fill.when) in dates:
                yield fill
