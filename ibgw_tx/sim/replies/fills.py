"""Executions, commissions and bound orders as fields ready for the wire (see replies_orders.py)."""

from __future__ import annotations

from ibgw_tx.sim.exchange.order import Fill, Order
from ibgw_tx.sim.replies.orders import price
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.frames import UNSET, Fields
from ibgw_tx.sim.wire.ids import In, Since


def execution(fill: Fill, req_id: int, version: int) -> Fields:
    """`req_id` -1 for one that was not asked for."""
    instrument, order = fill.instrument, fill.order
    revised: Fields = (False,) if version >= Since.PENDING_PRICE_REVISION else ()
    submitter = ("",) if version >= Since.SUBMITTER else ()
    return (
        In.EXECUTION_DATA, req_id, order.order_id, instrument.con_id, instrument.symbol,
        instrument.sec_type, instrument.expiry, instrument.strike, instrument.right, instrument.multiplier,
        fill.exchange, instrument.currency, instrument.local_symbol,
        instrument.trading_class, fill.exec_id, times.told(fill.when, version), order.terms.account, fill.exchange,
        "BOT" if fill.sign > 0 else "SLD", instrument.shown(fill.quantity), price(fill.price), order.perm_id, order.client_id,
        0, instrument.shown(fill.cumulative), price(fill.average), order.terms.reference, "", "", order.terms.said["modelCode"],
        "1" if order.resting else "2", *revised, *submitter,
    )


def commission(fill: Fill) -> Fields:
    realized = UNSET if fill.realized is None else round(fill.realized, 6)
    amount = round(fill.commission, 6)
    return (In.COMMISSION_REPORT, 1, fill.exec_id, amount, fill.instrument.currency, realized, UNSET, "")


def order_bound(order: Order) -> Fields:
    return (In.ORDER_BOUND, order.perm_id, order.client_id, order.order_id)
