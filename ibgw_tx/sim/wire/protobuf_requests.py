"""Requests in the protobuf dialect, read into the same Request as those in text (requests.py): same names, same arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ibgw_tx.sim.wire import layout as at
from ibgw_tx.sim.wire.ids import Out, Since
from ibgw_tx.sim.wire.order_layout import DEFAULTS, ORDER
from ibgw_tx.sim.wire.protobuf import ProtobufError, decode
from ibgw_tx.sim.wire.requests import LAYOUTS, BadRequest, Query, Request

Values = Mapping[str, Any]
# Arguments under our names, by IB's; reqId is the request's id everywhere.
_CONTRACT = {
    "conId": "con_id", "symbol": "symbol", "secType": "sec_type", "lastTradeDateOrContractMonth": "expiry", "strike": "strike",
    "right": "right", "exchange": "exchange", "primaryExch": "primary_exchange", "currency": "currency",
    "localSymbol": "local_symbol", "tradingClass": "trading_class",
}
_ACCOUNT = {"account": "account", "modelCode": "model"}
_DATA = {"whatToShow": "what", "useRTH": "rth", "formatDate": "format_date"}
_TAGS = {"extOperator": "ext_operator", "manualOrderIndicator": "manual_indicator", "manualOrderCancelTime": "manual_time"}
_FILTER = {
    "clientId": "client_id", "acctCode": "account", "time": "time", "symbol": "symbol", "secType": "sec_type",
    "exchange": "exchange", "side": "side", "lastNDays": "last_days",
}
MESSAGES: dict[int, tuple[str, dict[str, str]]] = {
    Out.START_API: ("StartApiRequest", {"clientId": "client_id", "optionalCapabilities": "capabilities"}),
    Out.REQ_IDS: ("IdsRequest", {"numIds": "count"}),
    Out.REQ_MANAGED_ACCTS: ("ManagedAccountsRequest", {}),
    Out.REQ_CURRENT_TIME: ("CurrentTimeRequest", {}),
    Out.REQ_CURRENT_TIME_IN_MILLIS: ("CurrentTimeInMillisRequest", {}),
    Out.REQ_CONTRACT_DATA: ("ContractDataRequest", {}),
    Out.CANCEL_CONTRACT_DATA: ("CancelContractData", {}),
    Out.REQ_MARKET_RULE: ("MarketRuleRequest", {"marketRuleId": "rule_id"}),
    Out.REQ_SEC_DEF_OPT_PARAMS: (
        "SecDefOptParamsRequest",
        {"underlyingSymbol": "symbol", "futFopExchange": "fut_exchange", "underlyingSecType": "sec_type",
         "underlyingConId": "con_id_under"},
    ),
    Out.REQ_MKT_DATA: (
        "MarketDataRequest", {"genericTickList": "generic", "snapshot": "snapshot", "regulatorySnapshot": "regulatory"},
    ),
    Out.CANCEL_MKT_DATA: ("CancelMarketData", {}),
    Out.REQ_MKT_DEPTH: ("MarketDepthRequest", {"numRows": "num_rows", "isSmartDepth": "smart"}),
    Out.CANCEL_MKT_DEPTH: ("CancelMarketDepth", {"isSmartDepth": "smart"}),
    Out.REQ_MARKET_DATA_TYPE: ("MarketDataTypeRequest", {"marketDataType": "type"}),
    Out.REQ_ACCT_DATA: ("AccountDataRequest", {"subscribe": "subscribe", "acctCode": "account"}),
    Out.REQ_ACCOUNT_UPDATES_MULTI: ("AccountUpdatesMultiRequest", {**_ACCOUNT, "ledgerAndNLV": "ledger"}),
    Out.CANCEL_ACCOUNT_UPDATES_MULTI: ("CancelAccountUpdatesMulti", {}),
    Out.REQ_POSITIONS_MULTI: ("PositionsMultiRequest", _ACCOUNT),
    Out.CANCEL_POSITIONS_MULTI: ("CancelPositionsMulti", {}),
    Out.REQ_ACCOUNT_SUMMARY: ("AccountSummaryRequest", {"group": "group", "tags": "tags"}),
    Out.CANCEL_ACCOUNT_SUMMARY: ("CancelAccountSummary", {}),
    Out.REQ_POSITIONS: ("PositionsRequest", {}),
    Out.CANCEL_POSITIONS: ("CancelPositions", {}),
    Out.REQ_PNL: ("PnLRequest", _ACCOUNT),
    Out.CANCEL_PNL: ("CancelPnL", {}),
    Out.REQ_PNL_SINGLE: ("PnLSingleRequest", {**_ACCOUNT, "conId": "con_id_single"}),
    Out.CANCEL_PNL_SINGLE: ("CancelPnLSingle", {}),
    Out.PLACE_ORDER: ("PlaceOrderRequest", {}),
    Out.CANCEL_ORDER: ("CancelOrderRequest", {}),
    Out.REQ_GLOBAL_CANCEL: ("GlobalCancelRequest", {}),
    Out.EXERCISE_OPTIONS: (
        "ExerciseOptionsRequest",
        {"exerciseAction": "action", "exerciseQuantity": "quantity", "account": "account", "override": "override",
         "manualOrderTime": "manual_time", "customerAccount": "customer", "professionalCustomer": "professional"},
    ),
    Out.REQ_OPEN_ORDERS: ("OpenOrdersRequest", {}),
    Out.REQ_ALL_OPEN_ORDERS: ("AllOpenOrdersRequest", {}),
    Out.REQ_AUTO_OPEN_ORDERS: ("AutoOpenOrdersRequest", {"autoBind": "bind"}),
    Out.REQ_COMPLETED_ORDERS: ("CompletedOrdersRequest", {"apiOnly": "api_only"}),
    Out.REQ_EXECUTIONS: ("ExecutionRequest", {}),
    Out.REQ_HISTORICAL_DATA: (
        "HistoricalDataRequest",
        {**_DATA, "endDateTime": "end", "barSizeSetting": "bar_size", "duration": "duration", "keepUpToDate": "keep"},
    ),
    Out.CANCEL_HISTORICAL_DATA: ("CancelHistoricalData", {}),
    Out.REQ_REAL_TIME_BARS: ("RealTimeBarsRequest", {**_DATA, "barSize": "bar_size"}),
    Out.CANCEL_REAL_TIME_BARS: ("CancelRealTimeBars", {}),
    Out.REQ_TICK_BY_TICK_DATA: (
        "TickByTickRequest", {"tickType": "tick_type", "numberOfTicks": "count", "ignoreSize": "ignore_size"},
    ),
    Out.CANCEL_TICK_BY_TICK_DATA: ("CancelTickByTick", {}),
    Out.REQ_HEAD_TIMESTAMP: ("HeadTimestampRequest", _DATA),
    Out.CANCEL_HEAD_TIMESTAMP: ("CancelHeadTimestamp", {}),
    Out.REQ_MATCHING_SYMBOLS: ("MatchingSymbolsRequest", {"pattern": "pattern"}),
    Out.REQ_SMART_COMPONENTS: ("SmartComponentsRequest", {"bboExchange": "bbo"}),
    Out.REQ_FAMILY_CODES: ("FamilyCodesRequest", {}),
    Out.REQ_NEWS_BULLETINS: ("NewsBulletinsRequest", {"allMessages": "all"}),
    Out.CANCEL_NEWS_BULLETINS: ("CancelNewsBulletins", {}),
    Out.REQ_NEWS_PROVIDERS: ("NewsProvidersRequest", {}),
    Out.REQ_SOFT_DOLLAR_TIERS: ("SoftDollarTiersRequest", {}),
    Out.REQ_USER_INFO: ("UserInfoRequest", {}),
    Out.REQ_MKT_DEPTH_EXCHANGES: ("MarketDepthExchangesRequest", {}),
    Out.QUERY_DISPLAY_GROUPS: ("QueryDisplayGroupsRequest", {}),
    Out.REQ_SCANNER_PARAMETERS: ("ScannerParametersRequest", {}),
    Out.REQ_CONFIG: ("ConfigRequest", {}),
    Out.UPDATE_CONFIG: ("UpdateConfigRequest", {}),
    Out.SET_SERVER_LOGLEVEL: ("SetServerLogLevelRequest", {"logLevel": "level"}),
    Out.REQ_FA: ("FARequest", {"faDataType": "kind"}),
    Out.REPLACE_FA: ("FAReplace", {"faDataType": "kind", "xml": "xml"}),
    Out.REQ_SCANNER_SUBSCRIPTION: ("ScannerSubscriptionRequest", {}),
    Out.CANCEL_SCANNER_SUBSCRIPTION: ("CancelScannerSubscription", {}),
    Out.REQ_CALC_IMPLIED_VOLAT: ("CalculateImpliedVolatilityRequest", {"optionPrice": "price", "underPrice": "under"}),
    Out.REQ_CALC_OPTION_PRICE: ("CalculateOptionPriceRequest", {"volatility": "vol", "underPrice": "under"}),
    Out.CANCEL_CALC_IMPLIED_VOLAT: ("CancelCalculateImpliedVolatility", {}),
    Out.CANCEL_CALC_OPTION_PRICE: ("CancelCalculateOptionPrice", {}),
    Out.REQ_NEWS_ARTICLE: ("NewsArticleRequest", {}),
    Out.REQ_HISTORICAL_NEWS: ("HistoricalNewsRequest", {}),
    Out.REQ_HISTOGRAM_DATA: ("HistogramDataRequest", {}),
    Out.CANCEL_HISTOGRAM_DATA: ("CancelHistogramData", {}),
    Out.REQ_HISTORICAL_TICKS: ("HistoricalTicksRequest", {}),
    Out.CANCEL_HISTORICAL_TICKS: ("CancelHistoricalTicks", {}),
    Out.REQ_WSH_META_DATA: ("WshMetaDataRequest", {}),
    Out.CANCEL_WSH_META_DATA: ("CancelWshMetaData", {}),
    Out.REQ_WSH_EVENT_DATA: ("WshEventDataRequest", {}),
    Out.CANCEL_WSH_EVENT_DATA: ("CancelWshEventData", {}),
    Out.SUBSCRIBE_TO_GROUP_EVENTS: ("SubscribeToGroupEventsRequest", {"groupId": "group"}),
    Out.UPDATE_DISPLAY_GROUP: ("UpdateDisplayGroupRequest", {"contractInfo": "info"}),
    Out.UNSUBSCRIBE_FROM_GROUP_EVENTS: ("UnsubscribeFromGroupEventsRequest", {}),
}
ONLY = {  # they have no form in text
    Out.CANCEL_CONTRACT_DATA: "cancelContractData", Out.CANCEL_HISTORICAL_TICKS: "cancelHistoricalTicks",
    Out.REQ_CONFIG: "reqConfig", Out.UPDATE_CONFIG: "updateConfig",
}
SINCE = {
    Out.CANCEL_CONTRACT_DATA: Since.CANCEL_CONTRACT_DATA, Out.CANCEL_HISTORICAL_TICKS: Since.CANCEL_CONTRACT_DATA,
    Out.REQ_CONFIG: Since.CONFIG, Out.UPDATE_CONFIG: Since.UPDATE_CONFIG,
}
_EMPTY: dict[Any, Any] = {at.text: "", at.whole: 0, at.boolean: False, at.real: 0.0, at.rest: ()}


def parse(msg_id: int, data: bytes, server_version: int) -> Request:
    """A message as a Request; raises BadRequest. `msg_id` is the id in text."""
    if msg_id not in MESSAGES or server_version < SINCE.get(msg_id, 0):
        raise BadRequest("read", -1, f"Unknown message id {msg_id}")
    message, names = MESSAGES[msg_id]
    name = ONLY.get(msg_id) or LAYOUTS[msg_id][0]
    try:
        said = decode(message, data)
    except ProtobufError as error:
        raise BadRequest(name, -1, str(error)) from None
    req_id = said.get("orderId", said.get("reqId", -1))
    args = {**_defaults(msg_id), **{ours: said[theirs] for theirs, ours in names.items() if theirs in said}}
    more = SPECIAL.get(msg_id)
    try:
        args |= more(said) if more is not None else {}
    except ValueError as error:
        raise BadRequest(name, req_id, at.cause(error)) from None
    about = said.get("contract", {})
    described = Query(
        **{ours: about[theirs] for theirs, ours in _CONTRACT.items() if theirs in about},
        multiplier=f"{about['multiplier']:g}" if "multiplier" in about else "",
    )
    told = (str(msg_id), str(req_id), *(f"{key}={value}" for key, value in args.items()), repr(about))
    return Request(msg_id, name, req_id, described, args, told)


def _defaults(msg_id: int) -> dict[str, Any]:
    """Every argument of the text layout at what an absent field means."""
    if msg_id in ONLY:
        return {}
    layout = LAYOUTS[msg_id][1]
    about = {*_CONTRACT.values(), "multiplier"} if any(f.name == "con_id" for f in layout) else set()
    skipped = {"req_id", "version"} | about
    return {f.name: f.otherwise if f.otherwise is not None else _EMPTY.get(f.kind) for f in layout if f.name not in skipped}


def _tagged(said: Values) -> Values:
    tags = said.get("orderCancel", {})
    return {ours: tags[theirs] for theirs, ours in _TAGS.items() if theirs in tags}


def _details(said: Values) -> Values:
    about = said.get("contract", {})
    return {
        "include_expired": about.get("includeExpired", False), "sec_id_type": about.get("secIdType", ""),
        "sec_id": about.get("secId", ""), "issuer": about.get("issuerId", ""),
    }


def _filter(said: Values) -> Values:
    wanted = said.get("executionFilter", {})
    days = tuple(str(date) for date in wanted.get("specificDates", ()))
    return {**{ours: wanted[theirs] for theirs, ours in _FILTER.items() if theirs in wanted}, "dates": days}


def _expired(said: Values) -> Values:
    return {"include_expired": said.get("contract", {}).get("includeExpired", False)}


def _settings(said: Values) -> Values:
    """What of TWS's settings is to change, by the path of each."""
    return {"changes": dict(_paths(said))}


def _paths(said: Values, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{above}{name}.")
        elif above:
            yield above + name, value


def _condition(said: Values) -> tuple[str, ...]:
    """As in text: type, how it is joined, then the texts of its kind (order_layout.CONDITION_FIELDS)."""
    more = "1" if said.get("isMore") else "0"
    conid, exchange = str(said.get("conId", 0)), said.get("exchange", "")
    kind = said.get("type", 0)
    if kind not in CONDITIONS:
        raise ValueError(str(kind))
    texts = {
        1: (more, repr(said.get("price", 0.0)), conid, exchange, str(said.get("triggerMethod", 0))),
        3: (more, said.get("time", "")), 4: (more, str(said.get("percent", 0))),
        5: (said.get("secType", ""), exchange, said.get("symbol", "")),
        6: (more, str(said.get("volume", 0)), conid, exchange),
        7: (more, repr(said.get("changePercent", 0.0)), conid, exchange),
    }
    return (str(kind), "a" if said.get("isConjunctionConnection") else "o", *texts[kind])


CONDITIONS = frozenset({1, 3, 4, 5, 6, 7})


def _leg(leg: Values) -> tuple[Any, ...]:
    return (
        leg.get("conId", 0), leg.get("ratio", 0), leg.get("action", ""), leg.get("exchange", ""), leg.get("openClose", 0),
        leg.get("shortSalesSlot", 0), leg.get("designatedLocation", ""), leg.get("exemptCode", -1),
    )


_IGNORED = frozenset({"orderMiscOptions", "orderId", "clientId", "permId"})


def _order(said: Values) -> Values:
    """The order under IB's names, which the message has as well; what is no plain field there is taken apart."""
    order, about = dict(said.get("order", {})), said.get("contract", {})
    legs, tier = about.get("comboLegs", []), order.pop("softDollarTier", {})
    neutral = about.get("deltaNeutralContract")
    attached = {key for key, value in said.get("attachedOrders", {}).items() if value}
    if attached:
        raise ValueError(f"attached orders are not simulated: {', '.join(sorted(attached))}")
    order["totalQuantity"] = at.exact(iter([order.get("totalQuantity", "")]))
    for name in ("algoParams", "smartComboRoutingParams"):
        order[name] = tuple(order.get(name, {}).items())
    order["conditions"] = tuple(_condition(each) for each in order.get("conditions", ()))
    prices = tuple(leg.get("perLegPrice") for leg in legs)
    plain = {**{f.name: _plain(f) for f in ORDER}, "transmit": False}
    return {
        **plain, **{name: value for name, value in order.items() if name not in _IGNORED},
        "secIdType": about.get("secIdType", ""), "secId": about.get("secId", ""),
        "softDollarTierName": tier.get("name", ""), "softDollarTierVal": tier.get("value", ""),
        "comboLegs": tuple(_leg(leg) for leg in legs),
        "orderComboLegs": prices if any(price is not None for price in prices) else (),
        "deltaNeutralContract":
            None if neutral is None else (neutral.get("conId", 0), neutral.get("delta", 0.0), neutral.get("price", 0.0)),
    }


def _plain(field: at.F) -> Any:
    known = DEFAULTS.get(field.name)
    return known if isinstance(known, tuple) else _EMPTY.get(field.kind, field.otherwise)


SPECIAL: dict[int, Callable[[Values], Values]] = {
    Out.REQ_CONTRACT_DATA: _details, Out.CANCEL_ORDER: _tagged, Out.REQ_GLOBAL_CANCEL: _tagged, Out.REQ_EXECUTIONS: _filter,
    Out.PLACE_ORDER: _order, Out.REQ_HISTORICAL_DATA: _expired, Out.REQ_HEAD_TIMESTAMP: _expired, Out.UPDATE_CONFIG: _settings,
}

