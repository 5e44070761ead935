"""Protobuf messages of the TWS socket from server version 201 on: their fields in the order of their numbers, from 1.

Kinds: s text, i and l integers of 32 and 64 bits, d double, b boolean, map texts by text, [] any number of them, else another
message. Amounts are texts. Every field may be absent. Facts of the wire, written down here so that simulator and gateway do not
share the classes that IB generates.
"""

from __future__ import annotations

import re

from attrs import frozen

from ibgw_tx.sim.wire import schema_more

TEXT = """
AccountDataEnd = accountName:s
AccountDataRequest = subscribe:b, acctCode:s
AccountSummary = reqId:i, account:s, tag:s, value:s, currency:s
AccountSummaryEnd = reqId:i
AccountSummaryRequest = reqId:i, group:s, tags:s
AccountUpdateMulti = reqId:i, account:s, modelCode:s, key:s, value:s, currency:s
AccountUpdateMultiEnd = reqId:i
AccountUpdateTime = timeStamp:s
AccountUpdatesMultiRequest = reqId:i, account:s, modelCode:s, ledgerAndNLV:b
AccountValue = key:s, value:s, currency:s, accountName:s
AllOpenOrdersRequest =
ApiConfig = precautions:ApiPrecautionsConfig, settings:ApiSettingsConfig
ApiPrecautionsConfig = bypassOrderPrecautions:b, bypassBondWarning:b, bypassNegativeYieldConfirmation:b,
    bypassCalledBondWarning:b, bypassSameActionPairTradeWarning:b, bypassFlaggedAccountsWarning:b,
    bypassPriceBasedVolatilityWarning:b, bypassRedirectOrderWarning:b, bypassNoOverfillProtection:b,
    bypassRouteMarketableToBBO:b
ApiSettingsConfig = readOnlyApi:b, totalQuantityForMutualFunds:b, downloadOpenOrdersOnConnection:b,
    includeVirtualFxPositions:b, prepareDailyPnL:b, sendStatusUpdatesForVolatilityOrders:b, encodeApiMessages:s, socketPort:i,
    useNegativeAutoRange:b, createApiMessageLogFile:b, includeMarketDataInLogFile:b, exposeTradingScheduleToApi:b,
    splitInsuredDepositFromCashBalance:b, sendZeroPositionsForTodayOnly:b, letApiAccountRequestsSwitchSubscription:b,
    useAccountGroupsWithAllocationMethods:b, loggingLevel:s, masterClientId:i, bulkDataTimeout:i, componentExchSeparator:s,
    showForexDataIn1_10Pips:b, allowForexTradingIn1_10Pips:b, roundAccountValuesToNearestWholeNumber:b,
    sendMarketDataInLotsForUsStocks:b, showAdvancedOrderRejectInUi:b, rejectMessagesAboveMaxRate:b,
    maintainConnectionOnIncorrectFields:b, compatibilityModeNasdaqStocks:b, sendInstrumentTimezone:s,
    sendForexDataInCompatibilityMode:b, maintainAndResubmitOrdersOnReconnect:b, historicalDataMaxSize:i,
    autoReportNettingEventContractTrades:b, optionExerciseRequestType:s, allowLocalhostOnly:b, trustedIPs:s[]
AttachedOrders = slOrderId:i, slOrderType:s, ptOrderId:i, ptOrderType:s
AutoOpenOrdersRequest = autoBind:b
CancelAccountSummary = reqId:i
CancelAccountUpdatesMulti = reqId:i
CancelContractData = reqId:i
CancelHeadTimestamp = reqId:i
CancelHistoricalData = reqId:i
CancelMarketData = reqId:i
CancelMarketDepth = reqId:i, isSmartDepth:b
CancelNewsBulletins =
CancelOrderRequest = orderId:i, orderCancel:OrderCancel
CancelPnL = reqId:i
CancelPnLSingle = reqId:i
CancelPositions =
CancelPositionsMulti = reqId:i
CancelRealTimeBars = reqId:i
CancelTickByTick = reqId:i
ComboLeg = conId:i, ratio:i, action:s, exchange:s, openClose:i, shortSalesSlot:i, designatedLocation:s, exemptCode:i,
    perLegPrice:d
CommissionAndFeesReport = execId:s, commissionAndFees:d, currency:s, realizedPNL:d, bondYield:d, yieldRedemptionDate:s
CompletedOrder = contract:Contract, order:Order, orderState:OrderState
CompletedOrdersEnd =
CompletedOrdersRequest = apiOnly:b
ConfigRequest = reqId:i
ConfigResponse = reqId:i, lockAndExit:LockAndExitConfig, messages:MessageConfig[], api:ApiConfig, orders:OrdersConfig
Contract = conId:i, symbol:s, secType:s, lastTradeDateOrContractMonth:s, strike:d, right:s, multiplier:d, exchange:s,
    primaryExch:s, currency:s, localSymbol:s, tradingClass:s, secIdType:s, secId:s, description:s, issuerId:s,
    deltaNeutralContract:DeltaNeutralContract, includeExpired:b, comboLegsDescrip:s, comboLegs:ComboLeg[], lastTradeDate:s
ContractData = reqId:i, contract:Contract, contractDetails:ContractDetails
ContractDataEnd = reqId:i
ContractDataRequest = reqId:i, contract:Contract
ContractDetails = marketName:s, minTick:s, orderTypes:s, validExchanges:s, priceMagnifier:i, underConId:i, longName:s,
    contractMonth:s, industry:s, category:s, subcategory:s, timeZoneId:s, tradingHours:s, liquidHours:s, evRule:s,
    evMultiplier:d, secIdList:map, aggGroup:i, underSymbol:s, underSecType:s, marketRuleIds:s, realExpirationDate:s,
    stockType:s, minSize:s, sizeIncrement:s, suggestedSizeIncrement:s, fundName:s, fundFamily:s, fundType:s, fundFrontLoad:s,
    fundBackLoad:s, fundBackLoadTimeInterval:s, fundManagementFee:s, fundClosed:b, fundClosedForNewInvestors:b,
    fundClosedForNewMoney:b, fundNotifyAmount:s, fundMinimumInitialPurchase:s, fundMinimumSubsequentPurchase:s,
    fundBlueSkyStates:s, fundBlueSkyTerritories:s, fundDistributionPolicyIndicator:s, fundAssetType:s, cusip:s, issueDate:s,
    ratings:s, bondType:s, coupon:d, couponType:s, convertible:b, callable:b, puttable:b, descAppend:s, nextOptionDate:s,
    nextOptionType:s, nextOptionPartial:b, bondNotes:s, ineligibilityReasonList:IneligibilityReason[], eventContract1:s,
    eventContractDescription1:s, eventContractDescription2:s, minAlgoSize:s, lastPricePrecision:s, lastSizePrecision:s,
    settlementMethod:s
CurrentTime = currentTime:l
CurrentTimeInMillis = currentTimeInMillis:l
CurrentTimeInMillisRequest =
CurrentTimeRequest =
DeltaNeutralContract = conId:i, delta:d, price:d
ErrorMessage = id:i, errorTime:l, errorCode:i, errorMsg:s, advancedOrderRejectJson:s
Execution = orderId:i, execId:s, time:s, acctNumber:s, exchange:s, side:s, shares:s, price:d, permId:l, clientId:i,
    isLiquidation:b, cumQty:s, avgPrice:d, orderRef:s, evRule:s, evMultiplier:d, modelCode:s, lastLiquidity:i,
    isPriceRevisionPending:b, submitter:s, optExerciseOrLapseType:i
ExecutionDetails = reqId:i, contract:Contract, execution:Execution
ExecutionDetailsEnd = reqId:i
ExecutionFilter = clientId:i, acctCode:s, time:s, symbol:s, secType:s, exchange:s, side:s, lastNDays:i, specificDates:i[]
ExecutionRequest = reqId:i, executionFilter:ExecutionFilter
ExerciseOptionsRequest = orderId:i, contract:Contract, exerciseAction:i, exerciseQuantity:i, account:s, override:b,
    manualOrderTime:s, customerAccount:s, professionalCustomer:b
FamilyCodesRequest =
GlobalCancelRequest = orderCancel:OrderCancel
HeadTimestampRequest = reqId:i, contract:Contract, useRTH:b, whatToShow:s, formatDate:i
HistoricalData = reqId:i, historicalDataBars:HistoricalDataBar[]
HistoricalDataBar = date:s, open:d, high:d, low:d, close:d, volume:s, WAP:s, barCount:i
HistoricalDataEnd = reqId:i, startDateStr:s, endDateStr:s
HistoricalDataRequest = reqId:i, contract:Contract, endDateTime:s, barSizeSetting:s, duration:s, useRTH:b, whatToShow:s,
    formatDate:i, keepUpToDate:b, chartOptions:map
HistoricalDataUpdate = reqId:i, historicalDataBar:HistoricalDataBar
HistoricalTick = time:l, price:d, size:s
HistoricalTickBidAsk = time:l, tickAttribBidAsk:TickAttribBidAsk, priceBid:d, priceAsk:d, sizeBid:s, sizeAsk:s
HistoricalTickLast = time:l, tickAttribLast:TickAttribLast, price:d, size:s, exchange:s, specialConditions:s
IdsRequest = numIds:i
IneligibilityReason = id:s, description:s
LockAndExitConfig = autoLogoffTime:s, autoLogoffPeriod:s, autoLogoffType:s
ManagedAccounts = accountsList:s
ManagedAccountsRequest =
MarketDataRequest = reqId:i, contract:Contract, genericTickList:s, snapshot:b, regulatorySnapshot:b, marketDataOptions:map
MarketDataType = reqId:i, marketDataType:i
MarketDataTypeRequest = marketDataType:i
MarketDepth = reqId:i, marketDepthData:MarketDepthData
MarketDepthData = position:i, operation:i, side:i, price:d, size:s, marketMaker:s, isSmartDepth:b
MarketDepthExchangesRequest =
MarketDepthL2 = reqId:i, marketDepthData:MarketDepthData
MarketDepthRequest = reqId:i, contract:Contract, numRows:i, isSmartDepth:b, marketDepthOptions:map
MarketRule = marketRuleId:i, priceIncrements:PriceIncrement[]
MarketRuleRequest = marketRuleId:i
MatchingSymbolsRequest = reqId:i, pattern:s
MessageConfig = id:i, title:s, message:s, defaultAction:s, enabled:b
NewsBulletinsRequest = allMessages:b
NewsProvidersRequest =
NextValidId = orderId:i
OpenOrder = orderId:i, contract:Contract, order:Order, orderState:OrderState
OpenOrdersEnd =
OpenOrdersRequest =
Order = clientId:i, orderId:i, permId:l, parentId:i, action:s, totalQuantity:s, displaySize:i, orderType:s, lmtPrice:d,
    auxPrice:d, tif:s, account:s, settlingFirm:s, clearingAccount:s, clearingIntent:s, allOrNone:b, blockOrder:b, hidden:b,
    outsideRth:b, sweepToFill:b, percentOffset:d, trailingPercent:d, trailStopPrice:d, minQty:i, goodAfterTime:s,
    goodTillDate:s, ocaGroup:s, orderRef:s, rule80A:s, ocaType:i, triggerMethod:i, activeStartTime:s, activeStopTime:s,
    faGroup:s, faMethod:s, faPercentage:s, volatility:d, volatilityType:i, continuousUpdate:b, referencePriceType:i,
    deltaNeutralOrderType:s, deltaNeutralAuxPrice:d, deltaNeutralConId:i, deltaNeutralOpenClose:s, deltaNeutralShortSale:b,
    deltaNeutralShortSaleSlot:i, deltaNeutralDesignatedLocation:s, scaleInitLevelSize:i, scaleSubsLevelSize:i,
    scalePriceIncrement:d, scalePriceAdjustValue:d, scalePriceAdjustInterval:i, scaleProfitOffset:d, scaleAutoReset:b,
    scaleInitPosition:i, scaleInitFillQty:i, scaleRandomPercent:b, scaleTable:s, hedgeType:s, hedgeParam:s, algoStrategy:s,
    algoParams:map, algoId:s, smartComboRoutingParams:map, whatIf:b, transmit:b, overridePercentageConstraints:b, openClose:s,
    origin:i, shortSaleSlot:i, designatedLocation:s, exemptCode:i, deltaNeutralSettlingFirm:s, deltaNeutralClearingAccount:s,
    deltaNeutralClearingIntent:s, discretionaryAmt:d, optOutSmartRouting:b, startingPrice:d, stockRefPrice:d, delta:d,
    stockRangeLower:d, stockRangeUpper:d, notHeld:b, orderMiscOptions:map, solicited:b, randomizeSize:b, randomizePrice:b,
    referenceContractId:i, peggedChangeAmount:d, isPeggedChangeAmountDecrease:b, referenceChangeAmount:d,
    referenceExchangeId:s, adjustedOrderType:s, triggerPrice:d, adjustedStopPrice:d, adjustedStopLimitPrice:d,
    adjustedTrailingAmount:d, adjustableTrailingUnit:i, lmtPriceOffset:d, conditions:OrderCondition[],
    conditionsCancelOrder:b, conditionsIgnoreRth:b, modelCode:s, extOperator:s, softDollarTier:SoftDollarTier, cashQty:d,
    mifid2DecisionMaker:s, mifid2DecisionAlgo:s, mifid2ExecutionTrader:s, mifid2ExecutionAlgo:s, dontUseAutoPriceForHedge:b,
    isOmsContainer:b, discretionaryUpToLimitPrice:b, autoCancelDate:s, filledQuantity:s, refFuturesConId:i,
    autoCancelParent:b, shareholder:s, imbalanceOnly:b, routeMarketableToBbo:i, parentPermId:l, usePriceMgmtAlgo:i,
    duration:i, postToAts:i, advancedErrorOverride:s, manualOrderTime:s, minTradeQty:i, minCompeteSize:i,
    competeAgainstBestOffset:d, midOffsetAtWhole:d, midOffsetAtHalf:d, customerAccount:s, professionalCustomer:b,
    bondAccruedInterest:s, includeOvernight:b, manualOrderIndicator:i, submitter:s, deactivate:b, postOnly:b, allowPreOpen:b,
    ignoreOpenAuction:b, seekPriceImprovement:i, whatIfType:i, hedgeMaxSize:i, conditionsIncludeOvernight:b
OrderAllocation = account:s, position:s, positionDesired:s, positionAfter:s, desiredAllocQty:s, allowedAllocQty:s,
    isMonetary:b
OrderBound = permId:l, clientId:i, orderId:i
OrderCancel = manualOrderCancelTime:s, extOperator:s, manualOrderIndicator:i
OrderCondition = type:i, isConjunctionConnection:b, isMore:b, conId:i, exchange:s, symbol:s, secType:s, percent:i,
    changePercent:d, price:d, triggerMethod:i, time:s, volume:i
OrderState = status:s, initMarginBefore:d, maintMarginBefore:d, equityWithLoanBefore:d, initMarginChange:d,
    maintMarginChange:d, equityWithLoanChange:d, initMarginAfter:d, maintMarginAfter:d, equityWithLoanAfter:d,
    commissionAndFees:d, minCommissionAndFees:d, maxCommissionAndFees:d, commissionAndFeesCurrency:s, marginCurrency:s,
    initMarginBeforeOutsideRTH:d, maintMarginBeforeOutsideRTH:d, equityWithLoanBeforeOutsideRTH:d,
    initMarginChangeOutsideRTH:d, maintMarginChangeOutsideRTH:d, equityWithLoanChangeOutsideRTH:d,
    initMarginAfterOutsideRTH:d, maintMarginAfterOutsideRTH:d, equityWithLoanAfterOutsideRTH:d, suggestedSize:s,
    rejectReason:s, orderAllocations:OrderAllocation[], warningText:s, completedTime:s, completedStatus:s
OrderStatus = orderId:i, status:s, filled:s, remaining:s, avgFillPrice:d, permId:l, parentId:i, lastFillPrice:d, clientId:i,
    whyHeld:s, mktCapPrice:d
OrdersConfig = smartRouting:OrdersSmartRoutingConfig
OrdersSmartRoutingConfig = seekPriceImprovement:b, preOpenReroute:b, doNotRouteToDarkPools:b, defaultAlgorithm:s
PlaceOrderRequest = orderId:i, contract:Contract, order:Order, attachedOrders:AttachedOrders
PnL = reqId:i, dailyPnL:d, unrealizedPnL:d, realizedPnL:d
PnLRequest = reqId:i, account:s, modelCode:s
PnLSingle = reqId:i, position:s, dailyPnL:d, unrealizedPnL:d, realizedPnL:d, value:d
PnLSingleRequest = reqId:i, account:s, modelCode:s, conId:i
PortfolioValue = contract:Contract, position:s, marketPrice:d, marketValue:d, averageCost:d, unrealizedPNL:d, realizedPNL:d,
    accountName:s
Position = account:s, contract:Contract, position:s, avgCost:d
PositionEnd =
PositionMulti = reqId:i, account:s, contract:Contract, position:s, avgCost:d, modelCode:s
PositionMultiEnd = reqId:i
PositionsMultiRequest = reqId:i, account:s, modelCode:s
PositionsRequest =
PriceIncrement = lowEdge:d, increment:d
QueryDisplayGroupsRequest = reqId:i
RealTimeBarTick = reqId:i, time:l, open:d, high:d, low:d, close:d, volume:s, WAP:s, count:i
RealTimeBarsRequest = reqId:i, contract:Contract, barSize:i, whatToShow:s, useRTH:b, realTimeBarsOptions:map
ScannerParametersRequest =
SecDefOptParameter = reqId:i, exchange:s, underlyingConId:i, tradingClass:s, multiplier:s, expirations:s[], strikes:d[]
SecDefOptParameterEnd = reqId:i
SecDefOptParamsRequest = reqId:i, underlyingSymbol:s, futFopExchange:s, underlyingSecType:s, underlyingConId:i
SmartComponentsRequest = reqId:i, bboExchange:s
SoftDollarTier = name:s, value:s, displayName:s
SoftDollarTiersRequest = reqId:i
StartApiRequest = clientId:i, optionalCapabilities:s
TickAttribBidAsk = bidPastLow:b, askPastHigh:b
TickAttribLast = pastLimit:b, unreported:b
TickByTickData = reqId:i, tickType:i, historicalTickLast:HistoricalTickLast, historicalTickBidAsk:HistoricalTickBidAsk,
    historicalTickMidPoint:HistoricalTick
TickByTickRequest = reqId:i, contract:Contract, tickType:s, numberOfTicks:i, ignoreSize:b
TickGeneric = reqId:i, tickType:i, value:d
TickOptionComputation = reqId:i, tickType:i, tickAttrib:i, impliedVol:d, delta:d, optPrice:d, pvDividend:d, gamma:d, vega:d,
    theta:d, undPrice:d
TickPrice = reqId:i, tickType:i, price:d, size:s, attrMask:i
TickReqParams = reqId:i, minTick:s, bboExchange:s, snapshotPermissions:i, lastPricePrecision:s, lastSizePrecision:s
TickSize = reqId:i, tickType:i, size:s
TickSnapshotEnd = reqId:i
TickString = reqId:i, tickType:i, value:s
UserInfoRequest = reqId:i
"""


@frozen
class Field:
    """`kind` is one of s i l d b map, or the name of a message."""

    number: int
    name: str
    kind: str
    many: bool


def _fields(described: str) -> tuple[Field, ...]:
    pairs = re.findall(r"(\w+):(\w+)(\[\])?", described)
    return tuple(Field(number, name, kind, bool(many)) for number, (name, kind, many) in enumerate(pairs, 1))


SCHEMA: dict[str, tuple[Field, ...]] = {
    name: _fields(described)
    for name, described in re.findall(r"^(\w+) =(.*(?:\n    .*)*)", TEXT + schema_more.TEXT, re.MULTILINE)
}
