"""Messages in the protobuf dialect: the same fields as in text, under their names, for every message that has one.

What has none goes as text behind a raw id; so does each message below the server version at which its kind changed. Orders and
contract details, which are no flat lists, are made by protobuf_orders.py and protobuf_contracts.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import In, Since
from ibgw_tx.sim.wire.protobuf import encode, flat

_CONTRACT = (
    "conId symbol secType lastTradeDateOrContractMonth strike right multiplier {exchange} currency localSymbol tradingClass"
)


def _contract(exchange: str) -> str:
    return " ".join(f"contract.{name}" for name in _CONTRACT.format(exchange=exchange).split())


_ORDERS, _LISTS, _MARKET = Since.PROTOBUF_PLACE_ORDER, Since.PROTOBUF_COMPLETED_ORDER, Since.PROTOBUF_MARKET_DATA
_ACCOUNTS, _HISTORY, _SCAN = Since.PROTOBUF_ACCOUNTS_POSITIONS, Since.PROTOBUF_HISTORICAL_DATA, Since.PROTOBUF_SCAN_DATA
_REST2, _REST3 = Since.PROTOBUF_REST_MESSAGES_2, Since.PROTOBUF_REST_MESSAGES_3
_EXECUTION = (
    "execId time acctNumber exchange side shares price permId clientId isLiquidation cumQty avgPrice orderRef evRule "
    "evMultiplier modelCode lastLiquidity isPriceRevisionPending submitter"
)
# Message: since, name, fields in front that it has in text alone, the others in their order there.
FLAT: dict[int, tuple[int, str, int, str]] = {
    In.NEXT_VALID_ID: (_REST3, "NextValidId", 1, "orderId"),
    In.MANAGED_ACCTS: (_ACCOUNTS, "ManagedAccounts", 1, "accountsList"),
    In.CURRENT_TIME: (_REST3, "CurrentTime", 1, "currentTime"),
    In.CURRENT_TIME_IN_MILLIS: (_REST3, "CurrentTimeInMillis", 0, "currentTimeInMillis"),
    In.ERR_MSG: (_ORDERS, "ErrorMessage", 0, "id errorCode errorMsg advancedOrderRejectJson errorTime"),
    In.CONTRACT_DATA_END: (Since.PROTOBUF_CONTRACT_DATA, "ContractDataEnd", 1, "reqId"),
    In.SECURITY_DEFINITION_OPTION_PARAMETER_END: (_REST2, "SecDefOptParameterEnd", 0, "reqId"),
    In.TICK_PRICE: (_MARKET, "TickPrice", 1, "reqId tickType price size attrMask"),
    In.TICK_SIZE: (_MARKET, "TickSize", 1, "reqId tickType size"),
    In.TICK_STRING: (_MARKET, "TickString", 1, "reqId tickType value"),
    In.TICK_GENERIC: (_MARKET, "TickGeneric", 1, "reqId tickType value"),
    In.TICK_SNAPSHOT_END: (_MARKET, "TickSnapshotEnd", 1, "reqId"),
    In.TICK_REQ_PARAMS: (
        _MARKET, "TickReqParams", 0, "reqId minTick bboExchange snapshotPermissions lastPricePrecision lastSizePrecision",
    ),
    In.MARKET_DATA_TYPE: (_MARKET, "MarketDataType", 1, "reqId marketDataType"),
    In.ACCT_VALUE: (_ACCOUNTS, "AccountValue", 1, "key value currency accountName"),
    In.PORTFOLIO_VALUE: (
        _ACCOUNTS, "PortfolioValue", 1,
        f"{_contract('primaryExch')} position marketPrice marketValue averageCost unrealizedPNL realizedPNL accountName",
    ),
    In.ACCT_UPDATE_TIME: (_ACCOUNTS, "AccountUpdateTime", 1, "timeStamp"),
    In.ACCT_DOWNLOAD_END: (_ACCOUNTS, "AccountDataEnd", 1, "accountName"),
    In.ACCOUNT_UPDATE_MULTI: (_ACCOUNTS, "AccountUpdateMulti", 1, "reqId account modelCode key value currency"),
    In.ACCOUNT_UPDATE_MULTI_END: (_ACCOUNTS, "AccountUpdateMultiEnd", 1, "reqId"),
    In.POSITION_DATA: (_ACCOUNTS, "Position", 1, f"account {_contract('exchange')} position avgCost"),
    In.POSITION_END: (_ACCOUNTS, "PositionEnd", 1, ""),
    In.POSITION_MULTI: (_ACCOUNTS, "PositionMulti", 1, f"reqId account {_contract('exchange')} position avgCost modelCode"),
    In.POSITION_MULTI_END: (_ACCOUNTS, "PositionMultiEnd", 1, "reqId"),
    In.ACCOUNT_SUMMARY: (_ACCOUNTS, "AccountSummary", 1, "reqId account tag value currency"),
    In.ACCOUNT_SUMMARY_END: (_ACCOUNTS, "AccountSummaryEnd", 1, "reqId"),
    In.PNL: (_SCAN, "PnL", 0, "reqId dailyPnL unrealizedPnL realizedPnL"),
    In.PNL_SINGLE: (_SCAN, "PnLSingle", 0, "reqId position dailyPnL unrealizedPnL realizedPnL value"),
    In.OPEN_ORDER_END: (_LISTS, "OpenOrdersEnd", 1, ""),
    In.ORDER_STATUS: (
        _ORDERS, "OrderStatus", 0,
        "orderId status filled remaining avgFillPrice permId parentId lastFillPrice clientId whyHeld mktCapPrice",
    ),
    In.ORDER_BOUND: (_LISTS, "OrderBound", 0, "permId clientId orderId"),
    In.COMPLETED_ORDERS_END: (_LISTS, "CompletedOrdersEnd", 0, ""),
    In.EXECUTION_DATA: (
        Since.PROTOBUF, "ExecutionDetails", 0, f"reqId execution.orderId {_contract('exchange')} "
        + " ".join(f"execution.{name}" for name in _EXECUTION.split()),
    ),
    In.EXECUTION_DATA_END: (Since.PROTOBUF, "ExecutionDetailsEnd", 1, "reqId"),
    In.COMMISSION_REPORT: (
        Since.PROTOBUF, "CommissionAndFeesReport", 1,
        "execId commissionAndFees currency realizedPNL bondYield yieldRedemptionDate",
    ),
    In.NEWS_BULLETINS: (Since.PROTOBUF_NEWS_DATA, "NewsBulletin", 1, "newsMsgId newsMsgType newsMessage originatingExch"),
    In.HISTORICAL_NEWS_END: (Since.PROTOBUF_NEWS_DATA, "HistoricalNewsEnd", 0, "reqId hasMore"),
    In.SCANNER_PARAMETERS: (_SCAN, "ScannerParameters", 1, "xml"),
    In.USER_INFO: (_REST2, "UserInfo", 0, "reqId whiteBrandingId"),
    In.DISPLAY_GROUP_LIST: (_REST3, "DisplayGroupList", 1, "reqId groups"),
    In.HEAD_TIMESTAMP: (_HISTORY, "HeadTimestamp", 0, "reqId headTimestamp"),
    In.HISTORICAL_DATA_END: (_HISTORY, "HistoricalDataEnd", 0, "reqId startDateStr endDateStr"),
    In.REAL_TIME_BARS: (_HISTORY, "RealTimeBarTick", 1, "reqId time open high low close volume WAP count"),
}
_BAR = "date open high low close volume WAP barCount".split()
_OPTION = "impliedVol delta optPrice pvDividend gamma vega theta undPrice".split()
_NOT_REACHED = {"impliedVol": -1.0, "optPrice": -1.0, "pvDividend": -1.0, "undPrice": -1.0}  # -2 in the others


def _bars(fields: Fields) -> dict[str, Any]:
    _, req_id, _, *rest = fields
    rows = [rest[place : place + len(_BAR)] for place in range(0, len(rest), len(_BAR))]
    return {"reqId": req_id, "historicalDataBars": [dict(zip(_BAR, row, strict=True)) for row in rows]}


def _update(fields: Fields) -> dict[str, Any]:
    _, req_id, count, date, opened, close, high, low, average, volume = fields
    row = (date, opened, high, low, close, volume, average, count)
    return {"reqId": req_id, "historicalDataBar": dict(zip(_BAR, row, strict=True))}


def _computation(fields: Fields) -> dict[str, Any]:
    """What could not be reckoned is absent."""
    _, req_id, kind, attribute, *values = fields
    figures = {name: value for name, value in zip(_OPTION, values, strict=True) if value != _NOT_REACHED.get(name, -2.0)}
    return {"reqId": req_id, "tickType": kind, "tickAttrib": attribute, **figures}


def _rule(fields: Fields) -> dict[str, Any]:
    _, number, _, *steps = fields
    pairs = zip(steps[::2], steps[1::2], strict=True)
    return {"marketRuleId": number, "priceIncrements": [{"lowEdge": low, "increment": step} for low, step in pairs]}


def _options(fields: Fields) -> dict[str, Any]:
    _, req_id, exchange, under, trading_class, multiplier, count, *rest = fields
    return {
        "reqId": req_id, "exchange": exchange, "underlyingConId": under, "tradingClass": trading_class, "multiplier": multiplier,
        "expirations": rest[:count], "strikes": rest[count + 1 :],
    }


def _tick(fields: Fields) -> dict[str, Any]:
    _, req_id, kind, when, *rest = fields
    made: dict[str, Any] = {"reqId": req_id, "tickType": kind}
    if kind in (1, 2):
        price, size, _, exchange, special = rest
        made["historicalTickLast"] = {"time": when, "tickAttribLast": {}, "price": price, "size": size, "exchange": exchange,
                                      "specialConditions": special}
    elif kind == 3:
        bid, ask, bid_size, ask_size, _ = rest
        made["historicalTickBidAsk"] = {"time": when, "tickAttribBidAsk": {}, "priceBid": bid, "priceAsk": ask,
                                        "sizeBid": bid_size, "sizeAsk": ask_size}
    else:
        made["historicalTickMidPoint"] = {"time": when, "price": rest[0], "size": "0"}
    return made


def _rows(name: str, names: str, first: int) -> Callable[[Fields], dict[str, Any]]:
    """Of a message that is a count and so many rows: the list under `name`, each row's fields by `names`.

    `first`: where the count stands; a field in front of it is the request's id.
    """
    wanted = names.split()

    def shaped(fields: Fields) -> dict[str, Any]:
        rest = fields[first + 1 :]
        rows = [rest[place : place + len(wanted)] for place in range(0, len(rest), len(wanted))]
        told = {name: [flat(wanted, row) for row in rows]}
        return told if first == 1 else {"reqId": fields[1], **told}

    return shaped


def _symbols(fields: Fields) -> dict[str, Any]:
    names = "conId symbol secType primaryExch currency".split()
    _, req_id, count, *rest = fields
    found = []
    for _ in range(count):
        about, kinds = rest[:5], rest[5]
        derivatives, rest = rest[6 : 6 + kinds], rest[6 + kinds :]
        (description, issuer), rest = rest[:2], rest[2:]
        contract = {**dict(zip(names, about, strict=True)), "description": description, "issuerId": issuer}
        found.append({"contract": contract, "derivativeSecTypes": derivatives})
    return {"reqId": req_id, "contractDescriptions": found}


def _schedule(fields: Fields) -> dict[str, Any]:
    _, req_id, start, end, zone, _, *rest = fields
    names = "startDateTime endDateTime refDate".split()
    days = [dict(zip(names, rest[place : place + 3], strict=True)) for place in range(0, len(rest), 3)]
    return {"reqId": req_id, "startDateTime": start, "endDateTime": end, "timeZone": zone, "historicalSessions": days}


SHAPED: dict[int, tuple[int, str, Callable[[Fields], dict[str, Any]]]] = {
    In.HISTORICAL_DATA: (_HISTORY, "HistoricalData", _bars),
    In.HISTORICAL_DATA_UPDATE: (_HISTORY, "HistoricalDataUpdate", _update),
    In.TICK_OPTION_COMPUTATION: (_MARKET, "TickOptionComputation", _computation),
    In.MARKET_RULE: (_REST2, "MarketRule", _rule),
    In.SECURITY_DEFINITION_OPTION_PARAMETER: (_REST2, "SecDefOptParameter", _options),
    In.TICK_BY_TICK: (_HISTORY, "TickByTickData", _tick),
    In.HISTORICAL_SCHEDULE: (_HISTORY, "HistoricalSchedule", _schedule),
    In.SYMBOL_SAMPLES: (_REST2, "SymbolSamples", _symbols),
    In.FAMILY_CODES: (_REST2, "FamilyCodes", _rows("familyCodes", "accountId familyCode", 1)),
    In.SOFT_DOLLAR_TIERS: (_REST2, "SoftDollarTiers", _rows("softDollarTiers", "name value displayName", 2)),
    In.SMART_COMPONENTS: (_REST2, "SmartComponents", _rows("smartComponents", "bitNumber exchange exchangeLetter", 2)),
    In.NEWS_PROVIDERS: (
        Since.PROTOBUF_NEWS_DATA, "NewsProviders", _rows("newsProviders", "providerCode providerName", 1),
    ),
    In.MKT_DEPTH_EXCHANGES: (
        _REST3, "MarketDepthExchanges",
        _rows("depthMarketDataDescriptions", "exchange secType listingExch serviceDataType aggGroup", 1),
    ),
}


def config(req_id: int, settings: dict[str, Any]) -> Fields:
    """TWS's own settings, as far as they mean anything here; no precaution waits for a click."""
    api = {"settings": settings, "precautions": {"bypassOrderPrecautions": True}}
    return In.CONFIG_RESPONSE, encode("ConfigResponse", {"reqId": req_id, "api": api, "orders": {"smartRouting": {}}})


def config_refused(req_id: int, why: str) -> Fields:
    """The settings stay as they are."""
    return In.UPDATE_CONFIG_RESPONSE, encode("UpdateConfigResponse", {"reqId": req_id, "status": "Rejected", "errors": [why]})


def dialect(fields: Fields, version: int) -> Fields:
    """A message as a client of this server version gets it: as it is, or its id and its bytes."""
    if version < Since.PROTOBUF or isinstance(fields[-1], bytes):
        return fields
    shaped = SHAPED.get(fields[0])
    if shaped is not None:
        since, name, shape = shaped
        return (fields[0], encode(name, shape(fields))) if version >= since else fields
    since, name, skipped, names = FLAT.get(fields[0], (version + 1, "", 0, ""))
    wanted = names.split()
    if version < since or len(fields) != 1 + skipped + len(wanted):  # trouble may send anything under any id
        return fields
    values = flat(wanted, fields[1 + skipped :])
    about = values.get("contract")
    if about is not None and not about["strike"]:
        about["strike"] = None  # 0 is a strike from 202 on
    return fields[0], encode(name, values)
