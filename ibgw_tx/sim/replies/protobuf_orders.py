"""Orders in the protobuf dialect: open ones, completed ones, and what a preview says."""

from __future__ import annotations

from typing import Any

from ibgw_tx.sim.exchange.margins import Margins
from ibgw_tx.sim.exchange.order import Kinds, Order, Status
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import In
from ibgw_tx.sim.wire.layout import INT_MAX
from ibgw_tx.sim.wire.protobuf import encode
from ibgw_tx.sim.wire.schema import SCHEMA

Values = dict[str, Any]
# Fields of the message Order that are taken from the request as they are; the others are told as TWS sees them.
_TAKEN = {field.name for field in SCHEMA["Order"] if field.kind in ("s", "i", "d", "b")}
_CONDITION = {
    "1": ("isMore", "price", "conId", "exchange", "triggerMethod"), "3": ("isMore", "time"), "4": ("isMore", "percent"),
    "5": ("secType", "exchange", "symbol"), "6": ("isMore", "volume", "conId", "exchange"),
    "7": ("isMore", "changePercent", "conId", "exchange"),
}


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def _contract(order: Order) -> Values:
    instrument, prices = order.instrument, order.terms.said["orderComboLegs"]
    neutral = order.terms.said["deltaNeutralContract"]
    return {
        "conId": instrument.con_id, "symbol": instrument.symbol, "secType": instrument.sec_type,
        "lastTradeDateOrContractMonth": instrument.expiry, "strike": instrument.strike or None, "right": instrument.right,
        "multiplier": instrument.multiplier, "exchange": order.exchange, "currency": instrument.currency,
        "localSymbol": instrument.local_symbol, "tradingClass": instrument.trading_class,
        "comboLegsDescrip": ",".join(f"{leg.instrument.con_id}|{leg.sign * leg.ratio}" for leg in order.legs),
        "comboLegs": [_leg(leg.said, prices[place] if place < len(prices) else None) for place, leg in enumerate(order.legs)],
        "deltaNeutralContract": None if neutral is None else dict(zip(("conId", "delta", "price"), neutral, strict=True)),
    }


def _leg(said: tuple[Any, ...], price: float | None) -> Values:
    names = ("conId", "ratio", "action", "exchange", "openClose", "shortSalesSlot", "designatedLocation", "exemptCode")
    return {**dict(zip(names, said, strict=True)), "perLegPrice": price}


def _condition(said: tuple[str, ...]) -> Values:
    kind, joined, *texts = said
    found: Values = dict(zip(_CONDITION[kind], texts, strict=True))
    if "isMore" in found:
        found["isMore"] = found["isMore"].lower() in ("1", "true")
    return {"type": int(kind), "isConjunctionConnection": joined == "a", **found}


def _order(order: Order) -> Values:
    said, terms, shown = order.terms.said, order.terms, order.instrument.shown
    taken = {name: said[name] for name in _TAKEN & said.keys()}
    return {
        **taken, "clientId": order.client_id, "permId": order.perm_id, "action": terms.action,
        "totalQuantity": shown(order.total), "orderType": terms.kind, "lmtPrice": order.shown_limit or 0.0,
        "auxPrice": terms.aux or 0.0, "tif": terms.tif, "account": terms.account, "ocaGroup": order.oca,
        "ocaType": terms.oca_type, "orderRef": terms.reference, "displaySize": said["displaySize"] or INT_MAX,
        "trailStopPrice": order.stop if terms.kind in Kinds.TRAIL else None,
        "clearingIntent": said["clearingIntent"] or "IB", "autoCancelDate": "", "faPercentage": said["faPercentage"],
        "algoParams": dict(said["algoParams"]), "smartComboRoutingParams": dict(said["smartComboRoutingParams"]),
        "conditions": [_condition(each) for each in said["conditions"]],
        "softDollarTier": {"name": said["softDollarTierName"], "value": said["softDollarTierVal"]},
        "dontUseAutoPriceForHedge": True, "minCompeteSize": said.get("minCompeteSize") or 100,
        "competeAgainstBestOffset": _or(said.get("competeAgainstBestOffset"), 0.02),  # both stand in every open order
    }


def _state(order: Order, margins: Margins | None) -> Values:
    if margins is None:
        fee = round(order.commission, 4) if order.commission else None
        currency = order.instrument.currency if fee else ""
        return {"status": order.status, "commissionAndFees": fee, "commissionAndFeesCurrency": currency}
    made: Values = {"status": order.status, "commissionAndFees": margins.commission,
                    "commissionAndFeesCurrency": margins.currency, "marginCurrency": margins.currency}
    for when, figures in (("Before", margins.before), ("Change", margins.change), ("After", margins.after)):
        for name, figure in zip(("initMargin", "maintMargin", "equityWithLoan"), figures, strict=True):
            made[name + when] = made[f"{name}{when}OutsideRTH"] = round(figure, 2)
    return made


def open_order(order: Order, order_id: int, margins: Margins | None) -> Fields:
    body = {
        "orderId": order_id, "contract": _contract(order), "order": {**_order(order), "orderId": order_id},
        "orderState": _state(order, margins),
    }
    return In.OPEN_ORDER, encode("OpenOrder", body)


def completed_order(order: Order, stop: float | None, parent: int, version: int) -> Fields:
    """No ids but permId; `stop` and `parent` as replies/orders.py tells them in text."""
    total = "0" if order.status == Status.FILLED else order.instrument.shown(order.total)
    told = {
        **_order(order), "clientId": None, "parentId": None, "transmit": None, "totalQuantity": total,
        "filledQuantity": order.instrument.shown(order.filled), "refFuturesConId": INT_MAX, "parentPermId": parent,
        "shareholder": "Not an insider or substantial shareholder", "trailStopPrice": stop,
        "minCompeteSize": order.terms.said.get("minCompeteSize"),
        "competeAgainstBestOffset": order.terms.said.get("competeAgainstBestOffset"),
    }
    ended = times.ended(order.ended or 0.0, version)
    state = {"status": order.status, "completedTime": ended, "completedStatus": order.ending}
    return In.COMPLETED_ORDER, encode("CompletedOrder", {"contract": _contract(order), "order": told, "orderState": state})
