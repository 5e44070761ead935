"""One sample of every message that the gateway takes, in the texts of server version 200 and later, and what it is told as.

The texts are turned into protobuf by ibsim's own descriptors, which share nothing with ibapi's classes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ibgw_tx.model import events
from ibgw_tx.model import order_events as orders
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.position import Position
from ibgw_tx.sim.wire.ids import In

_CALL = (700000101, "AAPL", "OPT", "20350119", 225.5, "C", "100")
CALL = Contract(
    conId=700000101, symbol="AAPL", secType="OPT", currency="USD", lastTradeDateOrContractMonth="20350119", strike=225.5,
    right="C", multiplier="100", localSymbol="AAPL  350119C00225500", tradingClass="AAPL",
)
_NAMES = ("USD", "AAPL  350119C00225500", "AAPL")
UNSET = 1.7976931348623157e308


def _at(exchange: str) -> Contract:
    return Contract(**{name: getattr(CALL, name) for name in CALL.__slots__ if name != "__weakref__"} | {"exchange": exchange})


def _listed(exchange: str) -> Contract:
    return Contract(
        **{name: getattr(CALL, name) for name in CALL.__slots__ if name != "__weakref__"} | {"primaryExchange": exchange}
    )


#: By id: (the message's texts, id first; what is told). Where TWS says more than the gateway wants, the record is what it wants.
FLAT: dict[int, tuple[tuple[Any, ...], list[Any]]] = {
    In.ORDER_STATUS: (
        (7, "Submitted", "60.5", "39.5", 100.25, 2_147_483_999, 3, 100.5, 9, "locate", 0.0),
        [orders.OrderStatus(7, 9, 2_147_483_999, "Submitted", Decimal("60.5"), Decimal("39.5"), 100.25, 100.5, "locate")],
    ),
    In.ERR_MSG: (
        (7, 201, "Order rejected - reason: é", '{"8229":"x"}', 1_795_000_000_123),
        [events.Notice(7, 201, "Order rejected - reason: é", '{"8229":"x"}', 1_795_000_000_123)],
    ),
    In.ACCT_VALUE: (
        (2, "CashBalance", "12.50", "USD", "DU1"), [events.AccountValue("CashBalance", "12.50", "USD", "DU1")],
    ),
    In.PORTFOLIO_VALUE: (
        (8, *_CALL, "CBOE", *_NAMES, "3.5", 5.25, 1837.5, 501.5, 82.0, -7.5, "DU1"),
        [events.PortfolioRow("DU1", Position(_listed("CBOE"), Decimal("3.5"), 501.5, 5.25, 1837.5, 82.0, -7.5))],
    ),
    In.NEXT_VALID_ID: ((1, 77), [events.NextValidId(77)]),
    In.EXECUTION_DATA: (
        (5, 7, *_CALL, "CBOE", *_NAMES, "0001.01", "20261118-12:00:00Z", "DU1", "CBOE", "BOT", "60.5", 100.25, 2_147_483_999, 9,
         1, "60.5", 100.25, "ref", "", "", "", "2", False, ""),
        [orders.Execution("0001.01", 7, 9, 2_147_483_999, _at("CBOE"), "BOT", Decimal("60.5"), 100.25, "DU1", Decimal("60.5"),
                          100.25, "ref", "20261118-12:00:00Z", True, 2, asked=True)],
    ),
    In.NEWS_BULLETINS: ((1, 4, 2, "NYSE is not available", "NYSE"), [events.Bulletin(4, 2, "NYSE is not available", "NYSE")]),
    In.MANAGED_ACCTS: ((1, "DU1,DU2,"), [events.ManagedAccounts(("DU1", "DU2"))]),
    In.TICK_OPTION_COMPUTATION: (
        (5, 13, 0, 0.25, 0.5, 7.75, 0.125, 0.0625, 0.75, -0.5, 225.0),
        [events.OptionTick(5, 13, {"iv": 0.25, "delta": 0.5, "gamma": 0.0625, "vega": 0.75, "theta": -0.5, "undPrice": 225.0})],
    ),
    In.CURRENT_TIME: ((1, 1_795_000_000), [events.CurrentTime(1_795_000_000)]),
    In.CONTRACT_DATA_END: ((1, 5), [events.ContractEnd(5)]),
    In.OPEN_ORDER_END: ((1,), [events.OpenOrderEnd()]),
    In.ACCT_DOWNLOAD_END: ((1, "DU1"), [events.AccountDownloadEnd("DU1")]),
    In.EXECUTION_DATA_END: ((1, 5), [events.ExecutionsEnd(5)]),
    In.MARKET_DATA_TYPE: ((1, 5, 3), [events.DataType(5, 3)]),
    In.COMMISSION_REPORT: ((1, "0001.01", 1.25, "USD", -3.5, UNSET, ""), [orders.Commission("0001.01", 1.25, "USD", -3.5)]),
    In.ACCOUNT_SUMMARY: ((1, 5, "DU1", "NetLiquidation", "1000", "USD"),
                         [events.SummaryRow(5, "DU1", "NetLiquidation", "1000", "USD")]),
    In.ACCOUNT_SUMMARY_END: ((1, 5), [events.SummaryEnd(5)]),
    In.POSITION_MULTI: (
        (1, 5, "DU2", *_CALL, "CBOE", *_NAMES, "-2.5", 501.5, ""),
        [events.MultiPosition(5, "DU2", Position(_at("CBOE"), Decimal("-2.5"), 501.5, None, None, None, None))],
    ),
    In.POSITION_MULTI_END: ((1, 5), [events.MultiEnd(5, "positions")]),
    In.ACCOUNT_UPDATE_MULTI: (
        (1, 5, "DU2", "", "$LEDGER-CashBalance", "1.5", "EUR"), [events.MultiValue(5, "DU2", "CashBalance", "1.5", "EUR")],
    ),
    In.ACCOUNT_UPDATE_MULTI_END: ((1, 5), [events.MultiEnd(5, "values")]),
    In.SECURITY_DEFINITION_OPTION_PARAMETER: (
        (5, "CBOE", 265598, "AAPL", "100", 2, "20350119", "20350216", 3, 220.0, 222.5, 225.0),
        [events.Chain(5, "CBOE", "AAPL", "100", ["20350119", "20350216"], [220.0, 222.5, 225.0])],
    ),
    In.SECURITY_DEFINITION_OPTION_PARAMETER_END: ((5,), [events.ChainEnd(5)]),
    In.REAL_TIME_BARS: (
        (3, 5, 1_795_000_000, 1.5, 2.5, 1.25, 2.0, "12.5", "1.75", 9),
        [events.LiveBar(5, "1795000000", (1.5, 2.5, 1.25, 2.0), Decimal("12.5"), Decimal("1.75"), 9, closed=True)],
    ),
    In.HISTORICAL_DATA_UPDATE: (
        (5, 9, "1795000000", 1.5, 2.0, 2.5, 1.25, "1.75", "12.5"),
        [events.LiveBar(5, "1795000000", (1.5, 2.5, 1.25, 2.0), Decimal("12.5"), Decimal("1.75"), 9, closed=False)],
    ),
    In.MARKET_RULE: ((26, 2, 0.0, 0.01, 1.0, 0.05), [events.MarketRule(26, ((0.0, 0.01), (1.0, 0.05)))]),
    In.PNL: ((5, 1.5, -2.5, 0.0), [events.Pnl(5, 1.5, -2.5, 0.0)]),
    In.PNL_SINGLE: ((5, "3.5", 1.5, -2.5, 0.25, 700.0), [events.PnlSingle(5, Decimal("3.5"), 1.5, -2.5, 0.25, 700.0)]),
    In.COMPLETED_ORDERS_END: ((), [events.CompletedOrdersEnd()]),
}

#: Messages of books and bars, that are read straight into them.
HOT: dict[int, tuple[Any, ...]] = {
    In.TICK_PRICE: (6, 7, 1, 99.5, "300", 1),
    In.TICK_SIZE: (6, 7, 0, "300"),
    In.MARKET_DEPTH: (1, 7, 0, 0, 1, 99.5, "300"),
    In.MARKET_DEPTH_L2: (1, 7, 0, "NASDAQ", 0, 1, 99.5, "300", 1),
    In.HISTORICAL_DATA: (7, 2, "1795000000", 1.5, 2.5, 1.25, 2.0, "12.5", "1.75", 9, "1795003600", 2.0, 3.0, 2.0, 2.5, "7",
                         "2.25", 4),
    In.TICK_STRING: (6, 7, 48, "99.5;3;1700000000123;100;99.25;true"),
    In.TICK_BY_TICK: (7, 1, 1_700_000_000, 99.5, "3", 0, "NASDAQ", "T"),
}

#: What the gateway has no use for: ibapi's decoder reads it, and nobody is told.
PASSED_OVER = frozenset({
    In.ACCT_UPDATE_TIME, In.TICK_GENERIC, In.TICK_SNAPSHOT_END, In.POSITION_DATA, In.POSITION_END, In.TICK_REQ_PARAMS,
    In.ORDER_BOUND, In.HISTORICAL_DATA_END, In.CURRENT_TIME_IN_MILLIS, In.UPDATE_CONFIG_RESPONSE,
    # Answers to what it never asks.
    16, In.SCANNER_PARAMETERS, 20, 65, 66, In.DISPLAY_GROUP_LIST, 68, In.SOFT_DOLLAR_TIERS, In.FAMILY_CODES, In.SYMBOL_SAMPLES,
    In.MKT_DEPTH_EXCHANGES, In.SMART_COMPONENTS, 83, 84, In.NEWS_PROVIDERS, 86, In.HISTORICAL_NEWS_END, In.HEAD_TIMESTAMP, 89, 91,
    92, 96, 97, 98, 103, 104, 105, In.HISTORICAL_SCHEDULE, In.USER_INFO,
})
#: These have a form in text alone, at every version.
TEXT_ALONE = frozenset({47, 56, 69, 70})
