"""Requests of a client, read by one table of layouts.

A layout lists fields in the order of the wire; ``since`` is the first server version that has the field. The layouts
are those the official client sends (ibapi 9.81.1 client.py) for every server version from 145.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from ibgw_tx.sim.ids import Out, Since

INT_MAX = 2**31 - 1  # ids live in a signed 32-bit space; TWS answers 320 to a larger one


class BadRequest(Exception):
    """A field cannot be read: ``cause`` is worded as TWS words it, ``req_id`` is -1 until the id was read."""

    def __init__(self, name: str, req_id: int, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name, self.req_id, self.cause = name, req_id, cause


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

    ``unread``: fields behind those of the layout; a known client at a known version leaves none.
    """

    msg_id: int
    name: str
    req_id: int = -1
    contract: Query = Query()
    args: Mapping[str, Any] = field(factory=dict)
    fields: tuple[str, ...] = ()
    unread: int = 0


Kind = Callable[[Iterator[str]], Any]


def _text(fields: Iterator[str]) -> str:
    return next(fields)


def _int(fields: Iterator[str]) -> int:
    raw = next(fields)
    value = int(raw) if raw.strip() else 0
    if not -INT_MAX - 1 <= value <= INT_MAX:
        raise ValueError(raw)
    return value


def _real(fields: Iterator[str]) -> float:
    raw = next(fields)
    return float(raw) if raw.strip() else 0.0


def _bool(fields: Iterator[str]) -> bool:
    return next(fields).strip().lower() in ("1", "true")


def _rest(fields: Iterator[str]) -> tuple[str, ...]:
    return tuple(fields)


def _neutral(fields: Iterator[str]) -> tuple[int, float, float] | None:
    """The delta-neutral contract of reqMktData: a flag and, when set, conId, delta and price."""
    return (_int(fields), _real(fields), _real(fields)) if _bool(fields) else None


@frozen
class F:
    """A field of a layout."""

    name: str
    kind: Kind = _text
    since: int = 0


ID = F("req_id", _int)
VERSION = F("version", _int)
OPTIONS = F("options")
LEGS = F("legs")  # only present when the contract is a BAG
CONTRACT = (
    F("con_id", _int),
    F("symbol"),
    F("sec_type"),
    F("expiry"),
    F("strike", _real),
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
_EXPIRED = F("include_expired", _bool)
_CANCEL = (VERSION, ID)

LAYOUTS: dict[int, tuple[str, tuple[F, ...]]] = {
    Out.REQ_MKT_DATA: (
        "reqMktData",
        (VERSION, ID, *CONTRACT, LEGS, F("neutral", _neutral), F("generic"), F("snapshot", _bool),
         F("regulatory", _bool), OPTIONS),
    ),
    Out.CANCEL_MKT_DATA: ("cancelMktData", _CANCEL),
    Out.PLACE_ORDER: ("placeOrder", (ID, *CONTRACT, F("rest", _rest))),
    Out.CANCEL_ORDER: ("cancelOrder", _CANCEL),
    Out.REQ_OPEN_ORDERS: ("reqOpenOrders", (VERSION,)),
    Out.REQ_ACCT_DATA: ("reqAccountUpdates", (VERSION, F("subscribe", _bool), F("account"))),
    Out.REQ_EXECUTIONS: (
        "reqExecutions",
        (VERSION, ID, F("client_id", _int), F("account"), F("time"), F("symbol"), F("sec_type"), F("exchange"),
         F("side")),
    ),
    Out.REQ_IDS: ("reqIds", (VERSION, F("count", _int))),
    Out.REQ_CONTRACT_DATA: (
        "reqContractDetails",
        (VERSION, ID, *CONTRACT, _EXPIRED, F("sec_id_type"), F("sec_id")),
    ),
    Out.REQ_MKT_DEPTH: (
        "reqMktDepth",
        (VERSION, ID, *_DEPTH_CONTRACT, F("num_rows", _int), F("smart", _bool, Since.SMART_DEPTH), OPTIONS),
    ),
    Out.CANCEL_MKT_DEPTH: ("cancelMktDepth", (VERSION, ID, F("smart", _bool, Since.SMART_DEPTH))),
    Out.REQ_NEWS_BULLETINS: ("reqNewsBulletins", (VERSION, F("all", _bool))),
    Out.CANCEL_NEWS_BULLETINS: ("cancelNewsBulletins", (VERSION,)),
    Out.SET_SERVER_LOGLEVEL: ("setServerLogLevel", (VERSION, F("level", _int))),
    Out.REQ_AUTO_OPEN_ORDERS: ("reqAutoOpenOrders", (VERSION, F("bind", _bool))),
    Out.REQ_ALL_OPEN_ORDERS: ("reqAllOpenOrders", (VERSION,)),
    Out.REQ_MANAGED_ACCTS: ("reqManagedAccts", (VERSION,)),
    Out.REQ_FA: ("requestFA", (VERSION, F("kind", _int))),
    Out.REPLACE_FA: ("replaceFA", (VERSION, F("kind", _int), F("xml"))),
    Out.REQ_HISTORICAL_DATA: (
        "reqHistoricalData",
        (ID, *CONTRACT, _EXPIRED, F("end"), F("bar_size"), F("duration"), F("rth", _int), F("what"),
         F("format_date", _int), LEGS, F("keep", _bool), OPTIONS),
    ),
    Out.EXERCISE_OPTIONS: ("exerciseOptions", (VERSION, ID, F("rest", _rest))),
    Out.REQ_SCANNER_SUBSCRIPTION: ("reqScannerSubscription", (ID, F("rest", _rest))),
    Out.CANCEL_SCANNER_SUBSCRIPTION: ("cancelScannerSubscription", _CANCEL),
    Out.REQ_SCANNER_PARAMETERS: ("reqScannerParameters", (VERSION,)),
    Out.CANCEL_HISTORICAL_DATA: ("cancelHistoricalData", _CANCEL),
    Out.REQ_CURRENT_TIME: ("reqCurrentTime", (VERSION,)),
    Out.REQ_REAL_TIME_BARS: (
        "reqRealTimeBars",
        (VERSION, ID, *CONTRACT, F("bar_size", _int), F("what"), F("rth", _bool), OPTIONS),
    ),
    Out.CANCEL_REAL_TIME_BARS: ("cancelRealTimeBars", _CANCEL),
    Out.REQ_FUNDAMENTAL_DATA: ("reqFundamentalData", (VERSION, ID, F("rest", _rest))),
    Out.CANCEL_FUNDAMENTAL_DATA: ("cancelFundamentalData", _CANCEL),
    Out.REQ_CALC_IMPLIED_VOLAT: (
        "calculateImpliedVolatility", (VERSION, ID, *CONTRACT, F("price", _real), F("under", _real), F("rest", _rest)),
    ),
    Out.REQ_CALC_OPTION_PRICE: (
        "calculateOptionPrice", (VERSION, ID, *CONTRACT, F("vol", _real), F("under", _real), F("rest", _rest)),
    ),
    Out.CANCEL_CALC_IMPLIED_VOLAT: ("cancelCalculateImpliedVolatility", _CANCEL),
    Out.CANCEL_CALC_OPTION_PRICE: ("cancelCalculateOptionPrice", _CANCEL),
    Out.REQ_GLOBAL_CANCEL: ("reqGlobalCancel", (VERSION,)),
    Out.REQ_MARKET_DATA_TYPE: ("reqMarketDataType", (VERSION, F("type", _int))),
    Out.REQ_POSITIONS: ("reqPositions", (VERSION,)),
    Out.REQ_ACCOUNT_SUMMARY: ("reqAccountSummary", (VERSION, ID, F("group"), F("tags"))),
    Out.CANCEL_ACCOUNT_SUMMARY: ("cancelAccountSummary", _CANCEL),
    Out.CANCEL_POSITIONS: ("cancelPositions", (VERSION,)),
    Out.QUERY_DISPLAY_GROUPS: ("queryDisplayGroups", _CANCEL),
    Out.START_API: ("startApi", (VERSION, F("client_id", _int), F("capabilities", lambda fs: next(fs, "")))),
    Out.REQ_POSITIONS_MULTI: ("reqPositionsMulti", (VERSION, ID, F("account"), F("model"))),
    Out.CANCEL_POSITIONS_MULTI: ("cancelPositionsMulti", _CANCEL),
    Out.REQ_ACCOUNT_UPDATES_MULTI: (
        "reqAccountUpdatesMulti", (VERSION, ID, F("account"), F("model"), F("ledger", _bool)),
    ),
    Out.CANCEL_ACCOUNT_UPDATES_MULTI: ("cancelAccountUpdatesMulti", _CANCEL),
    Out.REQ_SEC_DEF_OPT_PARAMS: (
        "reqSecDefOptParams", (ID, F("symbol"), F("fut_exchange"), F("sec_type"), F("con_id_under", _int)),
    ),
    Out.REQ_SOFT_DOLLAR_TIERS: ("reqSoftDollarTiers", (ID,)),
    Out.REQ_FAMILY_CODES: ("reqFamilyCodes", ()),
    Out.REQ_MATCHING_SYMBOLS: ("reqMatchingSymbols", (ID, F("pattern"))),
    Out.REQ_MKT_DEPTH_EXCHANGES: ("reqMktDepthExchanges", ()),
    Out.REQ_SMART_COMPONENTS: ("reqSmartComponents", (ID, F("bbo"))),
    Out.REQ_NEWS_ARTICLE: ("reqNewsArticle", (ID, F("rest", _rest))),
    Out.REQ_NEWS_PROVIDERS: ("reqNewsProviders", ()),
    Out.REQ_HISTORICAL_NEWS: ("reqHistoricalNews", (ID, F("rest", _rest))),
    Out.REQ_HEAD_TIMESTAMP: (
        "reqHeadTimeStamp", (ID, *CONTRACT, _EXPIRED, F("rth", _int), F("what"), F("format_date", _int)),
    ),
    Out.REQ_HISTOGRAM_DATA: ("reqHistogramData", (ID, *CONTRACT, F("rest", _rest))),
    Out.CANCEL_HISTOGRAM_DATA: ("cancelHistogramData", (ID,)),
    Out.CANCEL_HEAD_TIMESTAMP: ("cancelHeadTimeStamp", (ID,)),
    Out.REQ_MARKET_RULE: ("reqMarketRule", (F("rule_id", _int),)),
    Out.REQ_PNL: ("reqPnL", (ID, F("account"), F("model"))),
    Out.CANCEL_PNL: ("cancelPnL", (ID,)),
    Out.REQ_PNL_SINGLE: ("reqPnLSingle", (ID, F("account"), F("model"), F("con_id_single", _int))),
    Out.CANCEL_PNL_SINGLE: ("cancelPnLSingle", (ID,)),
    Out.REQ_HISTORICAL_TICKS: ("reqHistoricalTicks", (ID, *CONTRACT, F("rest", _rest))),
    Out.REQ_TICK_BY_TICK_DATA: (
        "reqTickByTickData", (ID, *CONTRACT, F("tick_type"), F("count", _int), F("ignore_size", _bool)),
    ),
    Out.CANCEL_TICK_BY_TICK_DATA: ("cancelTickByTickData", (ID,)),
    Out.REQ_COMPLETED_ORDERS: ("reqCompletedOrders", (F("api_only", _bool),)),
}

NAMES = frozenset(name for name, _ in LAYOUTS.values())


def _legs(fields: Iterator[str]) -> tuple[tuple[int, int, str, str], ...]:
    """Combo legs as reqMktData and reqHistoricalData send them: conId, ratio, action, exchange."""
    return tuple((_int(fields), _int(fields), next(fields), next(fields)) for _ in range(min(_int(fields), 1000)))


def parse(fields: list[str], server_version: int) -> Request:
    """Fields of one frame as a Request; raises BadRequest. Fields past the layout are ignored, as TWS does."""
    try:
        msg_id = int(fields[0])
    except (IndexError, ValueError):
        raise BadRequest("read", -1, "Cannot read the message id") from None
    if msg_id not in LAYOUTS:
        raise BadRequest("read", -1, f"Unknown message id {msg_id}")
    name, layout = LAYOUTS[msg_id]
    stream = iter(fields[1:])
    values = _read(name, layout, stream, server_version)
    contract = {key: values.pop(key) for key in _CONTRACT_NAMES & values.keys()} if _has_contract(layout) else {}
    req_id, unread = values.pop("req_id", -1), sum(1 for _ in stream)
    return Request(msg_id, name, req_id, Query(**contract), values, tuple(fields), unread)


def _has_contract(layout: tuple[F, ...]) -> bool:
    """reqExecutions has a symbol and a secType too, but as a filter."""
    return any(f.name == "con_id" for f in layout)


def _read(name: str, layout: tuple[F, ...], stream: Iterator[str], server_version: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for one in layout:
        if one.since > server_version:
            continue
        try:
            if one is LEGS:
                values["legs"] = _legs(stream) if values.get("sec_type") == "BAG" else ()
            else:
                values[one.name] = one.kind(stream)
        except StopIteration:
            # A trailing field left off reads as empty: older clients do not know the newest ones.
            if one.name not in ("options", "capabilities"):
                raise BadRequest(name, values.get("req_id", -1), "Unexpected end of the message") from None
        except (ValueError, OverflowError) as e:
            raise BadRequest(name, values.get("req_id", -1), _cause(e)) from None
    return values


def _cause(error: Exception) -> str:
    """Java's NumberFormatException text, which is what TWS passes on."""
    raw = str(error).rsplit(": ", 1)[-1].strip("'\"")
    return f'For input string: "{raw}"'
