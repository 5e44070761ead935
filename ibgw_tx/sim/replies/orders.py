"""Order messages as fields ready for the wire: open order, status, completed order (executions: fills.py).

Field order is ibapi 9.81.1's orderdecoder.py and decoder.py at 145 to 157, ib_async's decoder to 178, that of ibapi
10.50.2 to 200; what TWS puts into fields that a client left empty ("None", "?", 2147483647, ocaType 3) is as recorded from
real TWS.
"""

from __future__ import annotations

import math
from typing import Any

from ibgw_tx.sim.exchange.margins import Margins
from ibgw_tx.sim.exchange.order import Kinds, Order
from ibgw_tx.sim.market.instrument import plain
from ibgw_tx.sim.replies import protobuf_orders
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.frames import UNSET, Fields
from ibgw_tx.sim.wire.ids import In, Since
from ibgw_tx.sim.wire.layout import INT_MAX

LONG_MAX = 9223372036854775807


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None or value == "" else value


def _size(value: float | None) -> str:
    return plain(value or 0.0)


def _double(value: float | None) -> Any:
    return UNSET if value is None else float(value)


def contract(order: Order) -> Fields:
    """Eleven fields; TWS writes `?` for the right of anything but an option."""
    instrument = order.instrument
    return (
        instrument.con_id, instrument.symbol, instrument.sec_type, instrument.expiry, plain(instrument.strike),
        instrument.right or "?", instrument.multiplier,
        order.exchange, instrument.currency, instrument.local_symbol, instrument.trading_class,
    )


def _main(order: Order, version: int) -> Fields:
    said, terms = order.terms.said, order.terms
    total = order.filled + order.remaining
    opening = said["openClose"] or ("O" if version < Since.NO_DEFAULT_OPEN_CLOSE else "")
    return (
        terms.action, order.instrument.shown(total), terms.kind, order.shown_limit or 0.0, float(terms.aux or 0.0), terms.tif,
        order.oca, terms.account, opening, said["origin"], terms.reference,
    )


def _allocation(said: Any, version: int) -> Fields:
    profile = (said["faProfile"],) if version < Since.FA_PROFILE_DESUPPORT else ()
    return (
        said["faGroup"], said["faMethod"], said["faPercentage"], *profile, said["modelCode"],
        said["goodTillDate"], said["rule80A"], said["percentOffset"], said["settlingFirm"], said["shortSaleSlot"],
        said["designatedLocation"], said["exemptCode"],
    )


def _box(said: Any) -> Fields:
    return (said["startingPrice"], said["stockRefPrice"], said["delta"], said["stockRangeLower"], said["stockRangeUpper"])


def _volatility(said: Any, opened: bool) -> Fields:
    """`opened`: an open order has more of the delta-neutral fields than a completed one."""
    firm = (
        said["deltaNeutralSettlingFirm"], said["deltaNeutralClearingAccount"], said["deltaNeutralClearingIntent"],
        said["deltaNeutralOpenClose"] or "?",
    )
    return (
        said["volatility"], _or(said["volatilityType"], 0), said["deltaNeutralOrderType"] or "None",
        said["deltaNeutralAuxPrice"], said["deltaNeutralConId"], *(firm if opened else ()),
        said["deltaNeutralShortSale"], said["deltaNeutralShortSaleSlot"], said["deltaNeutralDesignatedLocation"],
        said["continuousUpdate"], _or(said["referencePriceType"], 0),
    )


def _combo(order: Order) -> Fields:
    said = order.terms.said
    described = ",".join(f"{leg.instrument.con_id}|{leg.sign * leg.ratio}" for leg in order.legs)
    legs = [text for leg in order.legs for text in leg.said]
    prices, params = said["orderComboLegs"], said["smartComboRoutingParams"]
    return (
        described, len(order.legs), *legs, len(prices), *prices, len(params), *(x for pair in params for x in pair),
    )


def _scale(said: Any) -> Fields:
    step = said["scalePriceIncrement"]
    fields: Fields = (_or(said["scaleInitLevelSize"], INT_MAX), _or(said["scaleSubsLevelSize"], INT_MAX), step)
    if step is not None and step > 0.0:
        fields += (
            said["scalePriceAdjustValue"], said["scalePriceAdjustInterval"], said["scaleProfitOffset"],
            said["scaleAutoReset"], said["scaleInitPosition"], said["scaleInitFillQty"], said["scaleRandomPercent"],
        )
    return fields


def _hedge(said: Any) -> Fields:
    return (said["hedgeType"], *((said["hedgeParam"],) if said["hedgeType"] else ()))


def _neutral(said: Any) -> Fields:
    found = said["deltaNeutralContract"]
    return (False,) if found is None else (True, *found)


def _algo(said: Any) -> Fields:
    if not said["algoStrategy"]:
        return ("",)
    params = said["algoParams"]
    return (said["algoStrategy"], len(params), *(x for pair in params for x in pair))


def _pegged(order: Order) -> Fields:
    if order.terms.kind != "PEG BENCH":
        return ()
    said = order.terms.said
    return (
        said["referenceContractId"] or 0, said["isPeggedChangeAmountDecrease"] or False, _or(said["peggedChangeAmount"], 0),
        _or(said["referenceChangeAmount"], 0), said["referenceExchangeId"] or "",
    )


def _conditions(said: Any) -> Fields:
    found = said["conditions"]
    if not found:
        return (0,)
    return (len(found), *(x for one in found for x in one), said["conditionsIgnoreRth"], said["conditionsCancelOrder"])


def _adjusted(order: Order) -> Fields:
    said = order.terms.said
    return (
        said["adjustedOrderType"] or "None", _double(said["triggerPrice"]), _double(order.stop),
        _double(said["lmtPriceOffset"]), _double(said["adjustedStopPrice"]), _double(said["adjustedStopLimitPrice"]),
        _double(said["adjustedTrailingAmount"]), said["adjustableTrailingUnit"],
    )


def _state(order: Order, margins: Margins | None, version: int) -> Fields:
    said = order.terms.said
    if margins is None:
        commission = round(order.commission, 4) if order.commission else None
        currency = order.instrument.currency if commission else ""
        preview = _preview((), "", version)
        return (said["whatIf"], order.status, *([UNSET] * 9), commission, "", "", currency, *preview, "")
    figures = tuple(round(amount, 2) for three in (margins.before, margins.change, margins.after) for amount in three)
    preview = _preview(figures, margins.currency, version)
    return (said["whatIf"], order.status, *figures, margins.commission, "", "", margins.currency, *preview, "")


def _preview(figures: Fields, currency: str, version: int) -> Fields:
    """The margins' currency; the same margins outside regular hours, which are no others here; a suggested size, a reason to
    refuse, and allocations, of which there are none."""
    if version < Since.FULL_ORDER_PREVIEW_FIELDS:
        return ()
    return (currency, *(figures or [UNSET] * 9), "", "", 0)


def open_order(order: Order, version: int, order_id: int | None = None, margins: Margins | None = None) -> Fields:
    """`order_id` where it is to be shown under another one."""
    if version >= Since.PROTOBUF_PLACE_ORDER:
        return protobuf_orders.open_order(order, order.order_id if order_id is None else order_id, margins)
    said, shown = order.terms.said, order.instrument.shown
    trail = order.stop if order.terms.kind in Kinds.TRAIL else None
    fields = (
        In.OPEN_ORDER, order.order_id if order_id is None else order_id, *contract(order), *_main(order, version),
        order.client_id, order.perm_id, said["outsideRth"], said["hidden"], _size(said["discretionaryAmt"]),
        said["goodAfterTime"], f"{order.perm_id}.0/{order.terms.account}/{shown(order.total)}", *_allocation(said, version),
        _or(said["auctionStrategy"], 0), *_box(said), said["displaySize"] or INT_MAX, said["blockOrder"],
        said["sweepToFill"], said["allOrNone"], said["minQty"], order.terms.oca_type, said["eTradeOnly"],
        said["firmQuoteOnly"], said["nbboPriceCap"], said["parentId"], said["triggerMethod"], *_volatility(said, True),
        trail, said["trailingPercent"], "", "", *_combo(order), *_scale(said), *_hedge(said), said["optOutSmartRouting"],
        said["clearingAccount"], said["clearingIntent"] or "IB", said["notHeld"], *_neutral(said), *_algo(said),
        said["solicited"], *_state(order, margins, version), said["randomizeSize"], said["randomizePrice"], *_pegged(order),
        *_conditions(said), *_adjusted(order), said["softDollarTierName"], said["softDollarTierVal"], "",
        _size(said["cashQty"]), True, said["isOmsContainer"],
    )
    if version >= Since.D_PEG_ORDERS:
        fields += (said["discretionaryUpToLimitPrice"] or False,)
    if version >= Since.PRICE_MGMT_ALGO:
        fields += (bool(said.get("usePriceMgmtAlgo")),)
    return (*fields, *_newest(said, version))


def _newest(said: Any, version: int) -> Fields:
    """What an open order has gained since 158."""
    since = (
        ("duration", Since.DURATION), ("postToAts", Since.POST_TO_ATS), ("autoCancelParent", Since.AUTO_CANCEL_PARENT),
    )
    return (*(said.get(name) for name, first in since if version >= first), *_offsets(said, version), *_tail(said, version))


def _tail(said: Any, version: int) -> Fields:
    """What an open order has gained since 179. Nobody here has a name as its submitter, or a bond's accrued interest."""
    fields: tuple[tuple[Any, int], ...] = (
        (said.get("customerAccount", ""), Since.CUSTOMER_ACCOUNT),
        (said.get("professionalCustomer", False), Since.PROFESSIONAL_CUSTOMER), ("", Since.BOND_ACCRUED_INTEREST),
        (said.get("includeOvernight", False), Since.INCLUDE_OVERNIGHT),
        (said["extOperator"], Since.CME_TAGGING_FIELDS_IN_OPEN_ORDER),
        (said.get("manualOrderIndicator"), Since.CME_TAGGING_FIELDS_IN_OPEN_ORDER), ("", Since.SUBMITTER),
        (said.get("imbalanceOnly", False), Since.IMBALANCE_ONLY),
    )
    return tuple(value for value, since in fields if version >= since)


def _offsets(said: Any, version: int) -> Fields:
    """Of orders pegged to the best or to the middle; 100 and 0.02 stand in every order, as recorded at 173."""
    if version < Since.PEGBEST_PEGMID_OFFSETS:
        return ()
    best = _or(said.get("competeAgainstBestOffset"), 0.02)
    return (
        said.get("minTradeQty"), _or(said.get("minCompeteSize"), 100), "Infinity" if best == math.inf else best,
        said.get("midOffsetAtWhole"), said.get("midOffsetAtHalf"),
    )


def order_status(order: Order, order_id: int | None = None) -> Fields:
    parent = order.parent.order_id if order.parent is not None else order.terms.said["parentId"]
    return (
        In.ORDER_STATUS, order.order_id if order_id is None else order_id, order.status, order.instrument.shown(order.filled),
        order.instrument.shown(order.remaining), price(order.average), order.perm_id, parent, price(order.last_price),
        order.client_id, order.why_held, "0",
    )


def price(value: float) -> str:
    """A price inside a status, without the noise of an average."""
    return plain(round(value, 8))


def completed_order(order: Order, version: int) -> Fields:
    """No ids but permId; a filled order's quantity is 0 (tws-facts 4.7), a limit order's trail stop is one off."""
    said, terms, shown = order.terms.said, order.terms, order.instrument.shown
    total = 0 if order.status == "Filled" else order.total
    stop = order.stop
    if stop is None and terms.kind == "LMT" and terms.limit is not None:
        stop = terms.limit + terms.sign  # as recorded; nobody knows why
    parent = order.parent.perm_id if order.parent is not None else LONG_MAX
    if version >= Since.PROTOBUF_COMPLETED_ORDER:
        return protobuf_orders.completed_order(order, stop, parent, version)
    return (
        In.COMPLETED_ORDER, *contract(order), terms.action, shown(total), *_main(order, Since.COMPLETED_ORDERS)[2:8],
        said["openClose"], said["origin"], terms.reference, order.perm_id, said["outsideRth"], said["hidden"],
        _size(said["discretionaryAmt"]), said["goodAfterTime"], *_allocation(said, version), *_box(said),
        said["displaySize"] or INT_MAX, said["sweepToFill"], said["allOrNone"], said["minQty"], terms.oca_type,
        said["triggerMethod"], *_volatility(said, False), order.stop, said["trailingPercent"], *_combo(order),
        *_scale(said), *_hedge(said), said["clearingAccount"], said["clearingIntent"] or "IB", said["notHeld"],
        *_neutral(said), *_algo(said), said["solicited"], order.status, said["randomizeSize"], said["randomizePrice"],
        *_pegged(order), *_conditions(said), _double(stop), _double(said["lmtPriceOffset"]), _size(said["cashQty"]), True,
        said["isOmsContainer"], "", shown(order.filled), INT_MAX, False, "Not an insider or substantial shareholder",
        False, False, parent, times.ended(order.ended or 0.0, version), order.ending,
        *_completed_offsets(said, version), *_completed_tail(said, version),
    )


def _completed_tail(said: Any, version: int) -> Fields:
    fields = (
        (said.get("customerAccount", ""), Since.CUSTOMER_ACCOUNT),
        (said.get("professionalCustomer", False), Since.PROFESSIONAL_CUSTOMER), ("", Since.SUBMITTER),
    )
    return tuple(value for value, since in fields if version >= since)


def _completed_offsets(said: Any, version: int) -> Fields:
    """As recorded, the standing values of open orders are empty here."""
    names = ("minTradeQty", "minCompeteSize", "competeAgainstBestOffset", "midOffsetAtWhole", "midOffsetAtHalf")
    texts = ("Infinity" if said.get(name) == math.inf else said.get(name) for name in names)
    return tuple(texts) if version >= Since.PEGBEST_PEGMID_OFFSETS else ()
