"""Executions, commissions and bound orders as fields ready for the wire (see replies_orders.py)."""

from ibgw_tx.sim.exchange.order import Fill, Order
from ibgw_tx.sim.replies.orders import price
from ibgw_tx.sim.replies.session import Fields
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.ids import In, Since
from ibgw_tx.sim.wire.layout import UNSET


def execution(fill: Fill, req_id: int, version: int) -> Fields:
    """``req_id`` -1 for one that was not asked for."""
    one, order = fill.instrument, fill.order
    revised = (False,) if version >= Since.PENDING_PRICE_REVISION else ()
    return (
        In.EXECUTION_DATA, req_id, order.order_id, one.con_id, one.symbol,
        one.sec_type, one.expiry, one.strike, one.right, one.multiplier, fill.exchange, one.currency, one.local_symbol,
        one.trading_class, fill.exec_id, times.told(fill.when, version), order.terms.account, fill.exchange,
        "BOT" if fill.sign > 0 else "SLD", one.shown(fill.quantity), price(fill.price), order.perm_id, order.client_id,
        0, one.shown(fill.cumulative), price(fill.average), order.terms.reference, "", "", order.terms.said["modelCode"],
        "1" if order.resting else "2", *revised,
    )


def commission(fill: Fill) -> Fields:
    realized = UNSET if fill.realized is None else round(fill.realized, 6)
    amount = round(fill.commission, 6)
    return (In.COMMISSION_REPORT, 1, fill.exec_id, amount, fill.instrument.currency, realized, UNSET, "")


def order_bound(order: Order) -> Fields:
    return (In.ORDER_BOUND, order.perm_id, order.client_id, order.order_id)
