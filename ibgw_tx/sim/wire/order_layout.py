"""The fields of placeOrder behind the contract, under IB's own names (ibapi 9.81.1 client.py placeOrder, from 145;
what 158 to 178 add as ib_async 2.1 sends it, and 179 to 200 as IB's 10.50.2 does)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ibgw_tx.sim.wire import layout as at
from ibgw_tx.sim.wire.ids import Since
from ibgw_tx.sim.wire.layout import F

Said = Mapping[str, Any]
Condition = tuple[str, ...]  # the condition's type, "a" or "o", then the texts of its kind

# Texts behind the type of a condition, "a"/"o" included: price, time, margin, execution, volume, percent change.
CONDITION_FIELDS = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}


def _leg(fields: Iterator[str]) -> tuple[Any, ...]:
    """conId, ratio, action, exchange, openClose, shortSaleSlot, designatedLocation, exemptCode."""
    whole = at.whole
    return (
        whole(fields), whole(fields), next(fields), next(fields), whole(fields), whole(fields), next(fields), whole(fields),
    )


def _condition(fields: Iterator[str]) -> Condition:
    kind = at.whole(fields)
    if kind not in CONDITION_FIELDS:
        raise ValueError(str(kind))
    return (str(kind), *(next(fields) for _ in range(CONDITION_FIELDS[kind])))


def _bag(said: Said) -> bool:
    return bool(said["sec_type"] == "BAG")


def _delta_neutral(said: Said) -> bool:
    return bool(said["deltaNeutralOrderType"])


def _scaled(said: Said) -> bool:
    return (said["scalePriceIncrement"] or 0.0) > 0.0


def _pegged(said: Said) -> bool:
    return said["orderType"] in ("PEG BENCH", "PEGBENCH")


def _algo(said: Said) -> bool:
    return bool(said["algoStrategy"])


def _conditional(said: Said) -> bool:
    return bool(said["conditions"])


def _to_ats(said: Said) -> bool:
    return bool(said["exchange"].strip().upper() == "IBKRATS")


def _pegs_best(said: Said) -> bool:
    return said["orderType"] in ("PEG BEST", "PEGBEST")


def _pegs_middle(said: Said) -> bool:
    """Offsets from the middle: pegged to it, or to the best with its offset "up to the middle" (infinite)."""
    return said["orderType"] in ("PEG MID", "PEGMID") or said.get("competeAgainstBestOffset") == math.inf


_WHOLE, _BOOL, _WHOLE_, _REAL_ = at.whole, at.boolean, at.maybe_whole, at.maybe_real

_MAIN = (
    F("secIdType"), F("secId"), F("action"), F("totalQuantity", at.exact), F("orderType"), F("lmtPrice", _REAL_),
    F("auxPrice", _REAL_), F("tif"), F("ocaGroup"), F("account"), F("openClose"), F("origin", _WHOLE), F("orderRef"),
    F("transmit", _BOOL), F("parentId", _WHOLE), F("blockOrder", _BOOL), F("sweepToFill", _BOOL),
    F("displaySize", _WHOLE_), F("triggerMethod", _WHOLE), F("outsideRth", _BOOL), F("hidden", _BOOL),
)
_COMBO = (
    F("comboLegs", at.several(_leg), when=_bag, otherwise=()),
    F("orderComboLegs", at.several(at.maybe_real), when=_bag, otherwise=()),
    F("smartComboRoutingParams", at.several(at.pair), when=_bag, otherwise=()),
)
_EXTENDED = (
    F("sharesAllocation"), F("discretionaryAmt", _REAL_), F("goodAfterTime"), F("goodTillDate"), F("faGroup"),
    F("faMethod"), F("faPercentage"), F("faProfile", until=Since.FA_PROFILE_DESUPPORT, otherwise=""), F("modelCode"),
    F("shortSaleSlot", _WHOLE),
    F("designatedLocation"), F("exemptCode", _WHOLE), F("ocaType", _WHOLE), F("rule80A"), F("settlingFirm"),
    F("allOrNone", _BOOL), F("minQty", _WHOLE_), F("percentOffset", _REAL_), F("eTradeOnly", _BOOL),
    F("firmQuoteOnly", _BOOL), F("nbboPriceCap", _REAL_), F("auctionStrategy", _WHOLE_), F("startingPrice", _REAL_),
    F("stockRefPrice", _REAL_), F("delta", _REAL_), F("stockRangeLower", _REAL_), F("stockRangeUpper", _REAL_),
    F("overridePercentageConstraints", _BOOL), F("volatility", _REAL_), F("volatilityType", _WHOLE_),
    F("deltaNeutralOrderType"), F("deltaNeutralAuxPrice", _REAL_),
)
_DELTA_NEUTRAL = tuple(
    F(name, kind, when=_delta_neutral, otherwise=otherwise)
    for name, kind, otherwise in (
        ("deltaNeutralConId", _WHOLE, 0), ("deltaNeutralSettlingFirm", at.text, ""),
        ("deltaNeutralClearingAccount", at.text, ""), ("deltaNeutralClearingIntent", at.text, ""),
        ("deltaNeutralOpenClose", at.text, ""), ("deltaNeutralShortSale", _BOOL, False),
        ("deltaNeutralShortSaleSlot", _WHOLE, 0), ("deltaNeutralDesignatedLocation", at.text, ""),
    )
)
_SCALE = (
    F("continuousUpdate", _BOOL), F("referencePriceType", _WHOLE_), F("trailStopPrice", _REAL_),
    F("trailingPercent", _REAL_), F("scaleInitLevelSize", _WHOLE_), F("scaleSubsLevelSize", _WHOLE_),
    F("scalePriceIncrement", _REAL_),
    *(
        F(name, kind, when=_scaled)
        for name, kind in (
            ("scalePriceAdjustValue", _REAL_), ("scalePriceAdjustInterval", _WHOLE_), ("scaleProfitOffset", _REAL_),
            ("scaleAutoReset", _BOOL), ("scaleInitPosition", _WHOLE_), ("scaleInitFillQty", _WHOLE_),
            ("scaleRandomPercent", _BOOL),
        )
    ),
    F("scaleTable"), F("activeStartTime"), F("activeStopTime"),
)
_CLEARING = (
    F("hedgeType"), F("hedgeParam", when=lambda said: bool(said["hedgeType"]), otherwise=""),
    F("optOutSmartRouting", _BOOL), F("clearingAccount"), F("clearingIntent"), F("notHeld", _BOOL),
    F("deltaNeutralContract", at.neutral), F("algoStrategy"),
    F("algoParams", at.several(at.pair), when=_algo, otherwise=()), F("algoId"), F("whatIf", _BOOL),
    F("orderMiscOptions"), F("solicited", _BOOL), F("randomizeSize", _BOOL), F("randomizePrice", _BOOL),
)
_PEGGED = tuple(
    F(name, kind, when=_pegged)
    for name, kind in (
        ("referenceContractId", _WHOLE), ("isPeggedChangeAmountDecrease", _BOOL), ("peggedChangeAmount", _REAL_),
        ("referenceChangeAmount", _REAL_), ("referenceExchangeId", at.text),
    )
)
_LAST = (
    F("conditions", at.several(_condition)),
    F("conditionsIgnoreRth", _BOOL, when=_conditional, otherwise=False),
    F("conditionsCancelOrder", _BOOL, when=_conditional, otherwise=False),
    F("adjustedOrderType"), F("triggerPrice", _REAL_), F("lmtPriceOffset", _REAL_), F("adjustedStopPrice", _REAL_),
    F("adjustedStopLimitPrice", _REAL_), F("adjustedTrailingAmount", _REAL_), F("adjustableTrailingUnit", _WHOLE),
    F("extOperator"), F("softDollarTierName"), F("softDollarTierVal"), F("cashQty", _REAL_), F("mifid2DecisionMaker"),
    F("mifid2DecisionAlgo"), F("mifid2ExecutionTrader"), F("mifid2ExecutionAlgo"),
    F("dontUseAutoPriceForHedge", _BOOL), F("isOmsContainer", _BOOL),
    F("discretionaryUpToLimitPrice", _BOOL, Since.D_PEG_ORDERS, otherwise=False),
    F("usePriceMgmtAlgo", _WHOLE_, Since.PRICE_MGMT_ALGO),
)
_PEG_OFFSETS = Since.PEGBEST_PEGMID_OFFSETS
_NEWEST = (
    F("duration", _WHOLE_, Since.DURATION), F("postToAts", _WHOLE_, Since.POST_TO_ATS),
    F("autoCancelParent", _BOOL, Since.AUTO_CANCEL_PARENT, otherwise=False),
    F("advancedErrorOverride", since=Since.ADVANCED_ORDER_REJECT, otherwise=""),
    F("manualOrderTime", since=Since.MANUAL_ORDER_TIME, otherwise=""),
    F("minTradeQty", _WHOLE_, _PEG_OFFSETS, _to_ats), F("minCompeteSize", _WHOLE_, _PEG_OFFSETS, _pegs_best),
    F("competeAgainstBestOffset", at.maybe_infinite, _PEG_OFFSETS, _pegs_best),
    F("midOffsetAtWhole", _REAL_, _PEG_OFFSETS, _pegs_middle), F("midOffsetAtHalf", _REAL_, _PEG_OFFSETS, _pegs_middle),
    F("customerAccount", since=Since.CUSTOMER_ACCOUNT, otherwise=""),
    F("professionalCustomer", _BOOL, Since.PROFESSIONAL_CUSTOMER, otherwise=False),
    F("rfq1", since=Since.RFQ_FIELDS, until=Since.UNDO_RFQ_FIELDS),  # three versions had two fields that were never used
    F("rfq2", _WHOLE_, Since.RFQ_FIELDS, until=Since.UNDO_RFQ_FIELDS),
    F("includeOvernight", _BOOL, Since.INCLUDE_OVERNIGHT, otherwise=False),
    F("manualOrderIndicator", _WHOLE_, Since.CME_TAGGING_FIELDS),
    F("imbalanceOnly", _BOOL, Since.IMBALANCE_ONLY, otherwise=False),
)

ORDER: tuple[F, ...] = (
    *_MAIN, *_COMBO, *_EXTENDED, *_DELTA_NEUTRAL, *_SCALE, *_CLEARING, *_PEGGED, *_LAST, *_NEWEST,
)
DEFAULTS: dict[str, Any] = {
    "transmit": True, "exemptCode": -1, "totalQuantity": Fraction(0), "tif": "DAY",
    **{name: () for name in ("comboLegs", "orderComboLegs", "smartComboRoutingParams", "algoParams", "conditions")},
}


def blank(**said: Any) -> dict[str, Any]:
    """Every field of an order at its default, but for those said: for orders that no client sent."""
    empty: dict[Any, Any] = {at.text: "", at.whole: 0, at.boolean: False}
    fields = {one.name: DEFAULTS.get(one.name, empty.get(one.kind)) for one in ORDER}
    unknown = said.keys() - fields.keys()
    if unknown:
        raise ValueError(f"no order field is called {', '.join(sorted(unknown))}")
    return {**fields, **said}
