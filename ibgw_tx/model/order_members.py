"""The members of IB's Order that a bot may set, with their kinds, and the records that some of them are lists of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

#: TWS's words for a side, in orders and in executions -> a bot's. SSHORT and SLONG are sells of institutions (tws-facts 4.4).
SIDES: Mapping[str, str] = {"BUY": "buy", "BOT": "buy", **dict.fromkeys(("SELL", "SLD", "SSHORT", "SSHORTX", "SLONG"), "sell")}

_BY_KIND = {
    "quantity": "totalQuantity",
    "float": """
        lmtPrice auxPrice percentOffset trailStopPrice trailingPercent discretionaryAmt nbboPriceCap
        startingPrice stockRefPrice delta stockRangeLower stockRangeUpper volatility deltaNeutralAuxPrice basisPoints
        scalePriceIncrement scalePriceAdjustValue scaleProfitOffset peggedChangeAmount referenceChangeAmount
        triggerPrice adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount lmtPriceOffset cashQty filledQuantity
        competeAgainstBestOffset midOffsetAtWhole midOffsetAtHalf""",
    "int": """
        orderId clientId permId ocaType parentId displaySize triggerMethod minQty origin shortSaleSlot exemptCode
        auctionStrategy volatilityType deltaNeutralConId deltaNeutralShortSaleSlot referencePriceType basisPointsType
        scaleInitLevelSize scaleSubsLevelSize scalePriceAdjustInterval scaleInitPosition scaleInitFillQty
        referenceContractId adjustableTrailingUnit refFuturesConId parentPermId
        duration postToAts minTradeQty minCompeteSize manualOrderIndicator whatIfType hedgeMaxSize slOrderId ptOrderId""",
    "bool": """
        transmit blockOrder sweepToFill outsideRth hidden allOrNone overridePercentageConstraints eTradeOnly firmQuoteOnly
        optOutSmartRouting randomizePrice randomizeSize deltaNeutralShortSale continuousUpdate scaleAutoReset
        scaleRandomPercent whatIf notHeld solicited isPeggedChangeAmountDecrease conditionsCancelOrder conditionsIgnoreRth
        dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice autoCancelParent imbalanceOnly
        routeMarketableToBbo usePriceMgmtAlgo professionalCustomer includeOvernight deactivate postOnly allowPreOpen
        ignoreOpenAuction seekPriceImprovement conditionsIncludeOvernight""",
    "str": """
        action orderType tif activeStartTime activeStopTime ocaGroup orderRef goodAfterTime goodTillDate rule80A
        faGroup faProfile faMethod faPercentage designatedLocation openClose deltaNeutralOrderType
        deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent deltaNeutralOpenClose
        deltaNeutralDesignatedLocation scaleTable hedgeType hedgeParam account settlingFirm clearingAccount clearingIntent
        algoStrategy algoId modelCode referenceExchangeId adjustedOrderType extOperator mifid2DecisionMaker
        mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo autoCancelDate shareholder
        advancedErrorOverride manualOrderTime customerAccount bondAccruedInterest submitter slOrderType ptOrderType""",
    "tags": "algoParams smartComboRoutingParams orderMiscOptions",
    "legs": "orderComboLegs",
    "tier": "softDollarTier",
    "conditions": "conditions",
}
#: Every member of ibapi's Order, of either generation -> its kind (how a JSON value becomes it: `orders/entry/values.READERS`).
FIELDS: Mapping[str, str] = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}
#: Given by the gateway. A bot that numbered its own orders would otherwise modify a live one: TWS takes a known id for that.
GATEWAY_OWNED = frozenset({"orderId", "clientId", "permId"})
#: Reported by TWS, but not among what ibapi sends: to take them and drop them silently would be a lie about the order.
NEVER_SENT = frozenset({
    "basisPoints", "basisPointsType", "autoCancelDate", "filledQuantity", "refFuturesConId", "shareholder", "parentPermId",
})  # fmt: skip
#: The orders that TWS itself would attach: with ids that nobody has counted.
ATTACHED = frozenset({"slOrderId", "slOrderType", "ptOrderId", "ptOrderType"})
#: Members that not every TWS knows -> the first server version with which they are sent (tws-facts-10x, 21.2 and 23).
SINCE: Mapping[str, int] = {
    "discretionaryUpToLimitPrice": 148, "usePriceMgmtAlgo": 151,
    "duration": 158, "postToAts": 160, "autoCancelParent": 162, "advancedErrorOverride": 166, "manualOrderTime": 169,
    **dict.fromkeys(("minTradeQty", "minCompeteSize", "competeAgainstBestOffset", "midOffsetAtWhole", "midOffsetAtHalf"), 170),
    "customerAccount": 183, "professionalCustomer": 184, "includeOvernight": 189, "manualOrderIndicator": 192,
    "imbalanceOnly": 199, **dict.fromkeys(("bondAccruedInterest", "submitter"), 203),
    **dict.fromkeys(("deactivate", "postOnly", "allowPreOpen", "ignoreOpenAuction"), 216),
    **dict.fromkeys(("seekPriceImprovement", "whatIfType", "routeMarketableToBbo"), 217),
    **dict.fromkeys(ATTACHED, 218), "hedgeMaxSize": 223, "conditionsIncludeOvernight": 226,
}  # fmt: skip


@attrs.frozen
class ConditionType:
    """One kind of ibapi's OrderCondition: its number on the wire and its members -> (kind, default or None for required)."""

    number: int
    members: Mapping[str, tuple[str, Any]]


_REQUIRED = None
_AND = {"isConjunctionConnection": ("bool", True)}
_MORE = {"isMore": ("bool", _REQUIRED)}
_OF_CONTRACT = {**_AND, **_MORE, "conId": ("int", _REQUIRED), "exchange": ("str", _REQUIRED)}
#: `condType` by ibapi's own word -> what it needs. The number serves as well in JSON.
CONDITIONS: Mapping[str, ConditionType] = {
    "Price": ConditionType(1, {**_OF_CONTRACT, "price": ("float", _REQUIRED), "triggerMethod": ("int", 0)}),
    "Time": ConditionType(3, {**_AND, **_MORE, "time": ("time", _REQUIRED)}),
    "Margin": ConditionType(4, {**_AND, **_MORE, "percent": ("int", _REQUIRED)}),
    "Execution": ConditionType(
        5, {**_AND, "secType": ("str", _REQUIRED), "exchange": ("str", _REQUIRED), "symbol": ("str", _REQUIRED)}
    ),
    "Volume": ConditionType(6, {**_OF_CONTRACT, "volume": ("int", _REQUIRED)}),
    "PercentChange": ConditionType(7, {**_OF_CONTRACT, "changePercent": ("float", _REQUIRED)}),
}


@attrs.frozen
class Condition:
    """One member of `conditions`: `ibapi.order_condition.Create(condType)` with `members` set on it."""

    condType: int
    members: Mapping[str, Any]


@attrs.frozen
class Tag:
    """One ibapi TagValue of `algoParams`, `smartComboRoutingParams` or `orderMiscOptions`."""

    tag: str
    value: str


@attrs.frozen
class LegPrice:
    """One ibapi OrderComboLeg: the price of the leg in the same place of the contract's comboLegs; None for no price."""

    price: float | None


@attrs.frozen
class Tier:
    """ibapi's SoftDollarTier: the two of its members that go to TWS."""

    name: str
    val: str
