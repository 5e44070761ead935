"""Every message the simulator sends is decoded by ibapi's own Decoder with no field left over, at several versions."""

import pytest

from ibgw_tx.sim.replies import market
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire.ids import In
from tests.kit.ibapi_names import MODERN
from tests.sim.kit.bench import AAPL, BOND, BRR01, EURUSD, SPX, TENCENT, Bench, Judge, contract, depth, details, mkt_data

VERSIONS = ("v100..145", "v100..149", "v100..150", "v100..151", "v100..155", "v100..157")

SMART_AAPL = contract(AAPL, exchange="SMART")
OPTION = contract(700000101, exchange="SMART")
DEPTH_145 = contract(AAPL, exchange="NASDAQ")[:8] + contract(AAPL, exchange="NASDAQ")[9:]

ASKED = [
    (8, 1, 1), (49, 1), (17, 1), (80,), (79, 5), (85,), (67, 1, 5), (24, 1), (18, 1, 1), (52, 2, 5),
    details(5, *contract(AAPL)), details(6, *contract(BRR01)), details(7, *contract(BOND, exchange="SMART")),
    details(8, *contract(700000101)), details(9, *contract(TENCENT)), details(10, *contract(EURUSD)),
    details(11, *contract(symbol="NOPE", sec_type="STK")),
    (81, 5, "A"), (78, 5, "AAPL", "", "STK", AAPL), (83, 5, "10001"), (91, 1534), (91, 5555), (82,),
    mkt_data(20, *SMART_AAPL, generic="233"), mkt_data(21, *OPTION), mkt_data(22, *contract(SPX, exchange="CBOE")),
    mkt_data(23, *SMART_AAPL, snapshot=1), mkt_data(24, *contract(14121, exchange="IBIS")), (59, 1, 3),
    mkt_data(25, *contract(14121, exchange="IBIS")), (2, 2, 99), (59, 1, 9),
    (97, 40, *SMART_AAPL, "AllLast", 0, 0), (97, 41, *SMART_AAPL, "BidAsk", 0, 0), (97, 42, *OPTION, "MidPoint", 0, 0),
    (6, 2, 1, "DU1"), (76, 1, 50, "DU2", "", 1), (61, 1), (74, 1, 51, "DU1", ""), (62, 1, 52, "All", "NetLiquidation"),
    (62, 1, 53, "All", "$LEDGER:ALL,AccountType,Cushion,SettledCash"), (92, 54, "DU1", ""), (94, 55, "DU1", "", AAPL),
    (94, 56, "DU1", "", 8314), (93, 1), (95, 1),
    (5, 1), (16, 1), (15, 1, 1), (7, 3, 60, 0, "", "", "", "", "", ""), (4, 1, 77), (58, 1),
    (20, 70, *SMART_AAPL, 0, "", "1 hour", "2 D", 1, "TRADES", 1, 1, ""),
    (20, 71, *contract(EURUSD, exchange="IDEALPRO"), 0, "", "1 day", "1 M", 0, "MIDPOINT", 2, 0, ""),
    (20, 72, *SMART_AAPL, 0, "", "7 hours", "2 D", 1, "TRADES", 1, 0, ""), (25, 1, 99),
    (87, 73, *SMART_AAPL, 0, 1, "TRADES", 1), (50, 3, 74, *SMART_AAPL, 5, "TRADES", 1, ""),
    (21, 2, 80, "x"), (54, 3, 81, *OPTION, 1.0, 2.0, 0, ""), (86, 82, "x"), (84, 83, "x"), (22, 84, "x"), (23, 4, 84),
]

EXPECTED = {
    In.TICK_PRICE, In.TICK_SIZE, In.ERR_MSG, In.ACCT_VALUE, In.PORTFOLIO_VALUE, In.ACCT_UPDATE_TIME, In.NEXT_VALID_ID,
    In.CONTRACT_DATA, In.MARKET_DEPTH, In.MANAGED_ACCTS, In.HISTORICAL_DATA, In.BOND_CONTRACT_DATA,
    In.SCANNER_PARAMETERS, In.TICK_OPTION_COMPUTATION, In.TICK_GENERIC, In.TICK_STRING, In.CURRENT_TIME,
    In.REAL_TIME_BARS, In.CONTRACT_DATA_END, In.OPEN_ORDER_END, In.ACCT_DOWNLOAD_END, In.EXECUTION_DATA_END,
    In.TICK_SNAPSHOT_END, In.MARKET_DATA_TYPE, In.POSITION_DATA, In.POSITION_END, In.ACCOUNT_SUMMARY,
    In.ACCOUNT_SUMMARY_END, In.DISPLAY_GROUP_LIST, In.POSITION_MULTI, In.POSITION_MULTI_END, In.ACCOUNT_UPDATE_MULTI,
    In.ACCOUNT_UPDATE_MULTI_END, In.SECURITY_DEFINITION_OPTION_PARAMETER,
    In.SECURITY_DEFINITION_OPTION_PARAMETER_END, In.SOFT_DOLLAR_TIERS, In.FAMILY_CODES, In.SYMBOL_SAMPLES,
    In.MKT_DEPTH_EXCHANGES, In.TICK_REQ_PARAMS, In.SMART_COMPONENTS, In.NEWS_PROVIDERS, In.HISTORICAL_NEWS_END,
    In.HEAD_TIMESTAMP, In.HISTORICAL_DATA_UPDATE, In.MARKET_RULE, In.PNL, In.PNL_SINGLE, In.TICK_BY_TICK,
}


def depth_requests(version):
    if version < 146:
        return [(10, 5, 30, *DEPTH_145, 10, "")]
    if version < 149:
        return [(10, 5, 30, *DEPTH_145, 10, 0, "")]
    return [depth(30, *contract(AAPL, exchange="NASDAQ")), depth(31, *SMART_AAPL, smart=1)]


@pytest.mark.parametrize("versions", VERSIONS)
def test_everything_sent_is_decoded_by_ibapi_to_the_last_field(versions):
    bench = Bench(accounts=("DU1", "DU2"))
    peer = bench.peer(versions=versions)
    judge, seen = Judge(peer.version), set()
    heard = []
    for request in [*ASKED, *depth_requests(peer.version)]:
        heard += peer.ask(*request)
    for _ in range(120):
        bench.clock.advance(0.1)
        heard += peer.heard()
    for trouble in ("lose_link", "restore_link"):
        getattr(bench.simulator.trouble, trouble)()
    heard += peer.heard()
    for fields in heard:
        judge.decode(fields)
        seen.add(int(fields[0]))
    more = {In.MARKET_DEPTH_L2} if peer.version >= 149 else set()
    assert seen == EXPECTED | more


def test_completed_orders_have_an_end_from_150_on_and_are_unknown_before():
    bench = Bench()
    assert bench.peer(1, "v100..157").ask(99, 0) == [["102"]]
    assert bench.peer(2, "v100..149").ask(99, 0)[0][3] == "320"


def test_contract_details_say_what_the_catalogue_says():
    peer = Bench().peer()
    judge = Judge(157)
    row, end = peer.ask(*details(5, *contract(BRR01, exchange="CMECRYPTO")))
    ((_, req_id, found),) = judge.decode(row)
    c = found.contract
    assert (req_id, c.conId, c.symbol, c.secType, c.exchange, c.currency) == (
        5, BRR01, "BRR", "FUT", "CMECRYPTO", "USD")
    assert (c.lastTradeDateOrContractMonth, c.multiplier, c.tradingClass, c.localSymbol) == (
        "20351228", "0.1", "MBT", "MBTZ5")
    assert (found.lastTradeTime, found.contractMonth, found.realExpirationDate) == ("08:30", "203512", "20351228")
    assert found.validExchanges == "CMECRYPTO,QBALGO"
    assert found.marketRuleIds == "563,563"
    assert found.minTick == 5.0
    assert found.underSymbol == "BRR"
    assert judge.decode(end) == [("contractDetailsEnd", 5)]


def test_stock_details_have_multiplier_hours_and_isin():
    peer = Bench().peer()
    rows = peer.ask(*details(5, *contract(symbol="AAPL", sec_type="STK", currency="USD")))
    judge = Judge(157)
    found = [judge.decode(row)[0] for row in rows]
    assert len(found) == 22
    first = found[0][2]
    assert first.contract.exchange == "SMART"
    assert first.contract.primaryExchange == "NASDAQ"
    assert MODERN or first.mdSizeMultiplier == 100
    assert first.stockType == "COMMON"
    assert first.secIdList[0].value == "US0378331005"
    assert first.tradingHours.startswith("20261118:0400-20261118:2000;20261119")
    assert "20261121:CLOSED" in first.tradingHours
    assert [f[2].contract.exchange for f in found[:-1]] == first.validExchanges.split(",")


def test_a_bond_comes_as_message_18():
    peer = Bench().peer()
    ((_, _, found),) = Judge(157).decode(peer.ask(*details(5, *contract(BOND, exchange="SMART")))[0])
    assert (found.cusip, found.coupon, found.maturity, found.couponType) == ("45920SIM7", 7, "20451030", "FIXED")
    assert found.marketRuleIds == "45,45"


def test_portfolio_rows_and_positions_name_every_field_rightly():
    peer = Bench().peer()
    judge = Judge(157)
    heard = peer.ask(6, 2, 1, "")
    rows = [judge.decode(m)[0] for m in heard if m[0] == "7"]
    _, c, amount, price, value, cost, unrealized, realized, account = rows[0]
    assert (c.conId, c.primaryExchange, amount, account) == (AAPL, "NASDAQ", 100.0, "DU1000001")
    assert value == pytest.approx(float(amount) * price)
    assert unrealized == pytest.approx(value - float(amount) * cost)
    assert realized == 0.0
    future = rows[2]
    assert future[4] == pytest.approx(2 * 50 * future[3])


def test_layouts_that_no_request_triggers_yet_are_right_as_well():
    judge = Judge(157)
    for fields in (replies.completed_orders_end(), market.snapshot_end(5), replies.executions_end(6)):
        judge.decode([str(f) for f in fields])
