"""What a fill does to an account: position, average cost, cash, realized profit; and what it costs.

Average cost holds multiplier and commission, as TWS's does. A future's cash moves only when a position is closed; a
currency trade moves two balances and makes no position, as with TWS's default of leaving virtual positions out.
"""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from ibgw_tx.sim.exchange.accounts import Account
from ibgw_tx.sim.market.instrument import Instrument


@frozen
class Tariff:
    """Commission of an order: so much a unit and a share of its value, at least `least`, per order."""

    unit: float
    share: float
    least: float


TARIFFS = {
    ("STK", "USD"): Tariff(0.005, 0.0, 1.0), ("STK", "HKD"): Tariff(0.0, 0.0008, 18.0),
    ("FUT", "USD"): Tariff(2.25, 0.0, 0.0), ("OPT", "USD"): Tariff(0.65, 0.0, 1.0),
    ("CASH", "USD"): Tariff(0.0, 0.00002, 2.0),
}
OTHERWISE = Tariff(0.0, 0.001, 1.0)


def commission(instrument: Instrument, quantity: Fraction, worth: float) -> float:
    """What an order has cost after `quantity` units worth so much (price times quantity, without multiplier)."""
    tariff = TARIFFS.get((instrument.sec_type, instrument.currency), OTHERWISE)
    amount = tariff.unit * quantity + tariff.share * abs(worth) * instrument.factor
    return round(max(tariff.least, amount), 6) if quantity else 0.0


def post(account: Account, instrument: Instrument, sign: int, quantity: Fraction, price: float, fee: float) -> float | None:
    """Book a fill; gives the realized profit, None where nothing was closed."""
    if instrument.sec_type == "CASH":
        account.add_cash(instrument.symbol, sign * quantity)
        account.add_cash(instrument.currency, -sign * quantity * price - fee)
        return None
    held = account.positions.get(instrument.con_id)
    amount, cost = (held.amount, held.cost) if held else (Fraction(0), 0.0)
    closed = min(abs(amount), quantity) if amount * sign < 0 else Fraction(0)
    each, fee_each = price * instrument.factor, fee / quantity
    gain = closed * (each - cost) * -sign - closed * fee_each
    left, opened = amount + sign * closed, quantity - closed
    total = left + sign * opened
    paid = left * cost + sign * opened * (each + sign * fee_each)
    account.set_position(instrument, total, paid / total if total else 0.0)
    if closed:
        account.positions[instrument.con_id].realized += gain
    if instrument.sec_type == "FUT":
        account.add_cash(instrument.currency, gain)
    else:
        account.add_cash(instrument.currency, -sign * quantity * each - fee)
    return gain if closed else None


def amend(account: Account, instrument: Instrument, sign: int, old: tuple[Fraction, float], new: tuple[Fraction, float]) -> None:
    """Turn a booked fill of (quantity, price) into another: what a correction or, with quantity 0, a bust does."""
    moved = sign * (new[0] - old[0])
    worth = sign * (new[0] * new[1] - old[0] * old[1])
    if instrument.sec_type == "CASH":
        account.add_cash(instrument.symbol, moved)
        account.add_cash(instrument.currency, -worth)
        return
    held = account.positions.get(instrument.con_id)
    amount, cost = (held.amount, held.cost) if held else (Fraction(0), 0.0)
    total = amount + moved
    account.set_position(instrument, total, (amount * cost + worth * instrument.factor) / total if total else 0.0)
    if instrument.sec_type != "FUT":
        account.add_cash(instrument.currency, -worth * instrument.factor)
