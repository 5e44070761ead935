"""What-if: the margins an account would have after an order, by the same shares the account figures use."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from ibgw_tx.sim.exchange import ledger
from ibgw_tx.sim.exchange.accounts import MARGIN, Account, totals, valued
from ibgw_tx.sim.exchange.order import Order
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.market.market import Market

MAINTENANCE = 0.9  # of the initial margin


@frozen
class Margins:
    """What-if figures: initial and maintenance margin and equity with loan, each before, change, after."""

    before: tuple[float, float, float]
    change: tuple[float, float, float]
    after: tuple[float, float, float]
    commission: float
    currency: str


def what_if(order: Order, account: Account, market: Market, now: float) -> Margins:
    """Nothing is kept of the order."""
    sums = totals(account, valued(account, market, now), market, now)
    parts = [(leg.instrument, leg.sign * leg.ratio) for leg in order.legs] or [(order.instrument, 1)]
    change = fee = 0.0
    for instrument, times in parts:
        quantity = order.terms.sign * times * order.total
        price = order.terms.limit if order.terms.limit and not order.legs else market.walk(instrument, now).mark()
        rate = market.rate(instrument.currency, now)
        change += _margin_change(account, instrument, quantity, price) * rate
        fee += ledger.commission(instrument, abs(quantity), abs(quantity) * price) * rate
    before, net = sums.margin, sums.net
    return Margins(
        before=(before, before * MAINTENANCE, net), change=(change, change * MAINTENANCE, -fee),
        after=(before + change, (before + change) * MAINTENANCE, net - fee), commission=round(fee, 2),
        currency=account.base,
    )


def _margin_change(account: Account, instrument: Instrument, quantity: Fraction, price: float) -> float:
    held = account.positions.get(instrument.con_id)
    amount = held.amount if held else Fraction(0)
    return (abs(amount + quantity) - abs(amount)) * price * instrument.factor * MARGIN.get(instrument.sec_type, 0.25)
