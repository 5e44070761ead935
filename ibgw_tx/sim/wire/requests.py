"""Requests of a client, read by one table of layouts.

A layout lists fields in the order of the wire; `since` is the first server version that has the field. The layouts
are those the official client sends (ibapi 9.81.1 client.py) for every server version from 145 to 157, and what ib_async
2.1 sends from there to 178, and IB's client 10.50.2 to 200.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from ibgw_tx.sim.wire import layout as at
from ibgw_tx.sim.wire.ids import Out, Since
from ibgw_tx.sim.wire.layout import BadRequest, F
from ibgw_tx.sim.wire.order_layout import ORDER

__all__ = ["LAYOUTS", "NAMES", "BadRequest", "Query", "Request", "parse"]


@frozen
class Query:
    """A contract as a client describes it: empty or 0 means "not said"."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""


@frozen
class Request:
    """One request: IB's name for it, its id (-1 when it has none), and its arguments by name.

    `unread`: fields behind those of the layout; a known client at a known version leaves none.
    """

    msg_id: int
    name: str
    req_id: int = -1
    contract: Query = Query()
    args: Mapping[str, Any] = field(factory=dict)
    fields: tuple[str, ...] = ()
    unread: int = 0


def _legs(fields: Iterator[str]) -> tuple[int, int, str, str]:
    """A combo leg as reqMktData and reqHistoricalData send it: conId, ratio, action, exchange."""
    return at.whole(fields), at.whole(fields), next(fields), next(fields)


ID = F("req_id", at.whole)
VERSION = F("version", at.whole)
OPTIONS = F("options")
LEGS = F("legs", at.several(_legs), when=lambda said: said["sec_type"] == "BAG", otherwise=())
CONTRACT = (
    F("con_id", at.whole),
    F("symbol"),
    F("sec_type"),
    F("expiry"),
    F("strike", at.real),
    F("right"),
    F("multiplier"),
    F("exchange"),
    F("primary_exchange"),
    F("currency"),
    F("local_symbol"),
    F("trading_class"),
)
_CONTRACT_NAMES = frozenset(f.name for f in CONTRACT)
_DEPTH_CONTRACT = tuple(
    F(f.name, f.kind, Since.MKT_DEPTH_PRIM_EXCHANGE) if f.name == "primary_exchange" else f for f in CONTRACT
)
_EXPIRED = F("include_expired", at.boolean)
_CANCEL = (VERSION, ID)
_UNTAGGED = F("version", at.whole, until=Since.CME_TAGGING_FIELDS)
_TAGS = (
    F("ext_operator", since=Since.CME_TAGGING_FIELDS), F("manual_indicator", at.maybe_whole, Since.CME_TAGGING_FIELDS),
)
_RFQ = tuple(F(f"rfq{place}", since=Since.RFQ_FIELDS, until=Since.UNDO_RFQ_FIELDS) for place in (1, 2, 3))

LAYOUTS: dict[int, tuple[str, tuple[F, ...]]] = {
    Out.REQ_MKT_DATA: (
        "reqMktData",
        (VERSION, ID, *CONTRACT, LEGS, F("neutral", at.neutral), F("generic"), F("snapshot", at.boolean),
         F("regulatory", at.boolean), OPTIONS),
    ),
    Out.CANCEL_MKT_DATA: ("cancelMktData", _CANCEL),
    Out.PLACE_ORDER: ("placeOrder", (ID, *CONTRACT, *ORDER)),
    Out.CANCEL_ORDER: (
        "cancelOrder",
        (_UNTAGGED, ID, F("manual_time", since=Since.MANUAL_ORDER_TIME), *_RFQ, *_TAGS),
    ),
    Out.REQ_OPEN_ORDERS: ("reqOpenOrders", (VERSION,)),
    Out.REQ_ACCT_DATA: ("reqAccountUpdates", (VERSION, F("subscribe", at.boolean), F("account"))),
    Out.REQ_EXECUTIONS: (
        "reqExecutions",
        (VERSION, ID, F("client_id", at.whole), F("account"), F("time"), F("symbol"), F("sec_type"), F("exchange"),
         F("side"), F("last_days", at.maybe_whole, Since.PARAMETRIZED_DAYS_OF_EXECUTIONS),
         F("dates", at.several(at.text), Since.PARAMETRIZED_DAYS_OF_EXECUTIONS, otherwise=())),
    ),
    Out.REQ_IDS: ("reqIds", (VERSION, F("count", at.whole))),
    Out.REQ_CONTRACT_DATA: (
        "reqContractDetails",
        (VERSION, ID, *CONTRACT, _EXPIRED, F("sec_id_type"), F("sec_id"), F("issuer", since=Since.BOND_ISSUERID)),
    ),
    Out.REQ_MKT_DEPTH: (
        "reqMktDepth",
        (VERSION, ID, *_DEPTH_CONTRACT, F("num_rows", at.whole), F("smart", at.boolean, Since.SMART_DEPTH), OPTIONS),
    ),
    Out.CANCEL_MKT_DEPTH: ("cancelMktDepth", (VERSION, ID, F("smart", at.boolean, Since.SMART_DEPTH))),
    Out.REQ_NEWS_BULLETINS: ("reqNewsBulletins", (VERSION, F("all", at.boolean))),
    Out.CANCEL_NEWS_BULLETINS: ("cancelNewsBulletins", (VERSION,)),
    Out.SET_SERVER_LOGLEVEL: ("setServerLogLevel", (VERSION, F("level", at.whole))),
    Out.REQ_AUTO_OPEN_ORDERS: ("reqAutoOpenOrders", (VERSION, F("bind", at.boolean))),
    Out.REQ_ALL_OPEN_ORDERS: ("reqAllOpenOrders", (VERSION,)),
    Out.REQ_MANAGED_ACCTS: ("reqManagedAccts", (VERSION,)),
    Out.REQ_FA: ("requestFA", (VERSION, F("kind", at.whole))),
    Out.REPLACE_FA: ("replaceFA", (VERSION, F("kind", at.whole), F("xml"), F("req_id", at.whole, Since.REPLACE_FA_END))),
    Out.REQ_HISTORICAL_DATA: (
        "reqHistoricalData",
        (ID, *CONTRACT, _EXPIRED, F("end"), F("bar_size"), F("duration"), F("rth", at.whole), F("what"),
         F("format_date", at.whole), LEGS, F("keep", at.boolean), OPTIONS),
    ),
    Out.EXERCISE_OPTIONS: (
        "exerciseOptions",
        (VERSION, ID, *(f for f in CONTRACT if f.name != "primary_exchange"), F("action", at.whole), F("quantity", at.whole),
         F("account"), F("override", at.boolean), F("manual_time", since=Since.MANUAL_ORDER_TIME_EXERCISE, otherwise=""),
         F("customer", since=Since.CUSTOMER_ACCOUNT, otherwise=""),
         F("professional", at.boolean, Since.PROFESSIONAL_CUSTOMER, otherwise=False)),
    ),
    Out.REQ_SCANNER_SUBSCRIPTION: ("reqScannerSubscription", (ID, F("rest", at.rest))),
    Out.CANCEL_SCANNER_SUBSCRIPTION: ("cancelScannerSubscription", _CANCEL),
    Out.REQ_SCANNER_PARAMETERS: ("reqScannerParameters", (VERSION,)),
    Out.CANCEL_HISTORICAL_DATA: ("cancelHistoricalData", _CANCEL),
    Out.REQ_CURRENT_TIME: ("reqCurrentTime", (VERSION,)),
    Out.REQ_REAL_TIME_BARS: (
        "reqRealTimeBars",
        (VERSION, ID, *CONTRACT, F("bar_size", at.whole), F("what"), F("rth", at.boolean), OPTIONS),
    ),
    Out.CANCEL_REAL_TIME_BARS: ("cancelRealTimeBars", _CANCEL),
    Out.REQ_FUNDAMENTAL_DATA: ("reqFundamentalData", (VERSION, ID, F("rest", at.rest))),
    Out.CANCEL_FUNDAMENTAL_DATA: ("cancelFundamentalData", _CANCEL),
    Out.REQ_CALC_IMPLIED_VOLAT: (
        "calculateImpliedVolatility", (VERSION, ID, *CONTRACT, F("price", at.real), F("under", at.real), F("rest", at.rest)),
    ),
    Out.REQ_CALC_OPTION_PRICE: (
        "calculateOptionPrice", (VERSION, ID, *CONTRACT, F("vol", at.real), F("under", at.real), F("rest", at.rest)),
    ),
    Out.CANCEL_CALC_IMPLIED_VOLAT: ("cancelCalculateImpliedVolatility", _CANCEL),
    Out.CANCEL_CALC_OPTION_PRICE: ("cancelCalculateOptionPrice", _CANCEL),
    Out.REQ_GLOBAL_CANCEL: ("reqGlobalCancel", (_UNTAGGED, *_TAGS)),
    Out.REQ_MARKET_DATA_TYPE: ("reqMarketDataType", (VERSION, F("type", at.whole))),
    Out.REQ_POSITIONS: ("reqPositions", (VERSION,)),
    Out.REQ_ACCOUNT_SUMMARY: ("reqAccountSummary", (VERSION, ID, F("group"), F("tags"))),
    Out.CANCEL_ACCOUNT_SUMMARY: ("cancelAccountSummary", _CANCEL),
    Out.CANCEL_POSITIONS: ("cancelPositions", (VERSION,)),
    Out.QUERY_DISPLAY_GROUPS: ("queryDisplayGroups", _CANCEL),
    Out.SUBSCRIBE_TO_GROUP_EVENTS: ("subscribeToGroupEvents", (VERSION, ID, F("group", at.whole))),
    Out.UPDATE_DISPLAY_GROUP: ("updateDisplayGroup", (VERSION, ID, F("info"))),
    Out.UNSUBSCRIBE_FROM_GROUP_EVENTS: ("unsubscribeFromGroupEvents", _CANCEL),
    Out.START_API: ("startApi", (VERSION, F("client_id", at.whole), F("capabilities", lambda fs: next(fs, "")))),
    Out.REQ_POSITIONS_MULTI: ("reqPositionsMulti", (VERSION, ID, F("account"), F("model"))),
    Out.CANCEL_POSITIONS_MULTI: ("cancelPositionsMulti", _CANCEL),
    Out.REQ_ACCOUNT_UPDATES_MULTI: (
        "reqAccountUpdatesMulti", (VERSION, ID, F("account"), F("model"), F("ledger", at.boolean)),
    ),
    Out.CANCEL_ACCOUNT_UPDATES_MULTI: ("cancelAccountUpdatesMulti", _CANCEL),
    Out.REQ_SEC_DEF_OPT_PARAMS: (
        "reqSecDefOptParams", (ID, F("symbol"), F("fut_exchange"), F("sec_type"), F("con_id_under", at.whole)),
    ),
    Out.REQ_SOFT_DOLLAR_TIERS: ("reqSoftDollarTiers", (ID,)),
    Out.REQ_FAMILY_CODES: ("reqFamilyCodes", ()),
    Out.REQ_MATCHING_SYMBOLS: ("reqMatchingSymbols", (ID, F("pattern"))),
    Out.REQ_MKT_DEPTH_EXCHANGES: ("reqMktDepthExchanges", ()),
    Out.REQ_SMART_COMPONENTS: ("reqSmartComponents", (ID, F("bbo"))),
    Out.REQ_NEWS_ARTICLE: ("reqNewsArticle", (ID, F("rest", at.rest))),
    Out.REQ_NEWS_PROVIDERS: ("reqNewsProviders", ()),
    Out.REQ_HISTORICAL_NEWS: ("reqHistoricalNews", (ID, F("rest", at.rest))),
    Out.REQ_HEAD_TIMESTAMP: (
        "reqHeadTimeStamp", (ID, *CONTRACT, _EXPIRED, F("rth", at.whole), F("what"), F("format_date", at.whole)),
    ),
    Out.REQ_HISTOGRAM_DATA: ("reqHistogramData", (ID, *CONTRACT, F("rest", at.rest))),
    Out.CANCEL_HISTOGRAM_DATA: ("cancelHistogramData", (ID,)),
    Out.CANCEL_HEAD_TIMESTAMP: ("cancelHeadTimeStamp", (ID,)),
    Out.REQ_MARKET_RULE: ("reqMarketRule", (F("rule_id", at.whole),)),
    Out.REQ_PNL: ("reqPnL", (ID, F("account"), F("model"))),
    Out.CANCEL_PNL: ("cancelPnL", (ID,)),
    Out.REQ_PNL_SINGLE: ("reqPnLSingle", (ID, F("account"), F("model"), F("con_id_single", at.whole))),
    Out.CANCEL_PNL_SINGLE: ("cancelPnLSingle", (ID,)),
    Out.REQ_HISTORICAL_TICKS: ("reqHistoricalTicks", (ID, *CONTRACT, F("rest", at.rest))),
    Out.REQ_TICK_BY_TICK_DATA: (
        "reqTickByTickData", (ID, *CONTRACT, F("tick_type"), F("count", at.whole), F("ignore_size", at.boolean)),
    ),
    Out.CANCEL_TICK_BY_TICK_DATA: ("cancelTickByTickData", (ID,)),
    Out.REQ_COMPLETED_ORDERS: ("reqCompletedOrders", (F("api_only", at.boolean),)),
    Out.REQ_WSH_META_DATA: ("reqWshMetaData", (ID,)),
    Out.CANCEL_WSH_META_DATA: ("cancelWshMetaData", (ID,)),
    Out.REQ_WSH_EVENT_DATA: ("reqWshEventData", (ID, F("rest", at.rest))),
    Out.CANCEL_WSH_EVENT_DATA: ("cancelWshEventData", (ID,)),
    Out.REQ_USER_INFO: ("reqUserInfo", (ID,)),
    Out.REQ_CURRENT_TIME_IN_MILLIS: ("reqCurrentTimeInMillis", ()),
}

NAMES = frozenset(name for name, _ in LAYOUTS.values())
SINCE = {  # server versions that first knew a message
    Out.REQ_COMPLETED_ORDERS: Since.COMPLETED_ORDERS, Out.REQ_WSH_META_DATA: Since.WSHE_CALENDAR,
    Out.CANCEL_WSH_META_DATA: Since.WSHE_CALENDAR, Out.REQ_WSH_EVENT_DATA: Since.WSHE_CALENDAR,
    Out.CANCEL_WSH_EVENT_DATA: Since.WSHE_CALENDAR, Out.REQ_USER_INFO: Since.USER_INFO,
    Out.REQ_CURRENT_TIME_IN_MILLIS: Since.CURRENT_TIME_IN_MILLIS,
}


def parse(fields: list[str], server_version: int) -> Request:
    """Fields of one frame as a Request; raises BadRequest. Fields past the layout are ignored, as TWS does."""
    try:
        msg_id = int(fields[0])
    except (IndexError, ValueError):
        raise BadRequest("read", -1, "Cannot read the message id") from None
    if msg_id not in LAYOUTS or server_version < SINCE.get(msg_id, 0):
        raise BadRequest("read", -1, f"Unknown message id {msg_id}")
    name, layout = LAYOUTS[msg_id]
    stream = iter(fields[1:])
    values = at.read(name, layout, stream, server_version)
    contract = {key: values.pop(key) for key in _CONTRACT_NAMES & values.keys()} if _has_contract(layout) else {}
    req_id, unread = values.pop("req_id", -1), sum(1 for _ in stream)
    return Request(msg_id, name, req_id, Query(**contract), values, tuple(fields), unread)


def _has_contract(layout: tuple[F, ...]) -> bool:
    """reqExecutions has a symbol and a secType too, but as a filter."""
    return any(f.name == "con_id" for f in layout)
