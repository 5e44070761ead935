"""The life of an order as a client sees it: statuses, fills, refusals, changes, cancels, ids."""

import pytest

from tests.kit.ibapi_names import MODERN, name
from tests.sim.kit.bench import AAPL, BRR01, ES, EURUSD, SPX, Bench, Peer, codes, of
from tests.sim.kit.trader import Trader, contract_of, names, pair

BID, ASK = [(99.5, 100), (99.0, 300)], [(100.0, 60), (100.5, 500)]


@pytest.fixture
def market(bench):
    """The book of AAPL stands still: 99.5 x 100, 100.0 x 60, then 500 at 100.5."""
    bench.simulator.trouble.set_book(AAPL, BID, ASK)
    return bench


@pytest.fixture
def trader(market):
    return Trader(market)


def later(trader, seconds=0.3):
    trader.bench.advance(seconds)
    return trader.heard()


def fills(heard):
    return [event[2:] for event in heard if event[0] == "execDetails"]


def statuses(heard):
    return [event[2] for event in heard if event[0] == "orderStatus"]


# --- fills ----------------------------------------------------------------------------------------------------------------


def test_a_market_order_eats_through_the_book_row_by_row(trader):
    heard = trader.place("BUY", 100, "MKT")
    assert heard == [
        *pair(1, "PreSubmitted", 0, 100), ("execDetails", 1, 60, 100.0), *pair(1, "Submitted", 60, 40),
        ("execDetails", 1, 40, 100.5), *pair(1, "Filled", 100, 0),
    ]
    assert trader.last("orderStatus")[4] == pytest.approx(100.2)
    assert names(later(trader)) == ["openOrder", "commissionReport"] * 2


def test_a_limit_order_takes_what_reaches_its_price_and_rests_with_the_rest(trader):
    heard = trader.place("BUY", 100, "LMT", 100.0)
    assert fills(heard) == [(60, 100.0)]
    assert heard[-2:] == pair(1, "Submitted", 60, 40)
    assert fills(later(trader)) == []
    trader.bench.simulator.trouble.set_book(AAPL, BID, [(99.9, 30), (100.5, 10)])
    assert fills(trader.heard()) == [(30, 100.0)], "resting, it trades at its own limit"
    trader.bench.simulator.trouble.set_book(AAPL, BID, [(100.0, 30)])
    assert trader.heard()[-1] == ("orderStatus", 1, "Filled", 100, 0)


def test_a_limit_away_from_the_market_is_presubmitted_then_submitted(trader):
    assert trader.place("BUY", 100, "LMT", 99.0) == [*pair(1, "PreSubmitted", 0, 100), *pair(1, "Submitted", 0, 100)]


def test_a_resting_order_has_its_part_in_trades_through_its_price(trader):
    trader.place("BUY", 100, "LMT", 99.7)
    trader.bench.simulator.trouble.trade(AAPL, 99.7, 50)
    assert trader.heard() == [], "at its price others are first"
    trader.bench.simulator.trouble.trade(AAPL, 99.5, 50)
    assert fills(trader.heard()) == [(50, 99.7)]


def test_depth_subscribers_see_the_size_go(trader):
    watcher = trader.bench.peer(9)
    watcher.ask(10, 5, 1, AAPL, "", "", "", 0.0, "", "", "NASDAQ", "", "", "", "", 5, 0, "")
    trader.place("BUY", 100, "MKT", about=contract_of(AAPL, "NASDAQ"))
    rows = [message[3:] for message in of(watcher.heard(), 12)]
    assert rows == [["0", "2", "0", "0", "0"], ["0", "1", "0", "100.5", "4"]], "one row gone, the next smaller (in lots)"


def test_an_order_at_one_exchange_takes_only_that_exchanges_rows(bench):
    trader = Trader(bench)
    walk = bench.simulator.office.market.walk(bench.simulator.office.catalogue.instruments[AAPL], bench.clock.seconds())
    there = sum(row.size for row in walk.book.rows[0] if row.maker == "IEX")
    others = [row for row in walk.book.rows[0] if row.maker != "IEX"]
    heard = trader.place("BUY", there, "MKT", about=contract_of(AAPL, "IEX"))
    assert sum(size for size, _ in fills(heard)) == there
    assert walk.book.rows[0] == others


@pytest.mark.parametrize(("tif", "size", "want"), [("IOC", 100, [(60, 100.0)]), ("FOK", 100, []), ("FOK", 60, [(60, 100.0)])])
def test_immediate_orders_take_what_is_there_or_nothing(trader, tif, size, want):
    heard = trader.place("BUY", size, "LMT", 100.0, tif=tif)
    assert fills(heard) == want
    if sum(one for one, _ in want) < size:
        assert statuses(heard)[-2:] == ["PendingCancel", "Cancelled"]
        assert heard[-1] == ("error", 1, 202)
    else:
        assert statuses(heard)[-1] == "Filled"


def test_all_or_none_waits_for_the_whole(trader):
    assert fills(trader.place("BUY", 100, "LMT", 100.0, allOrNone=True)) == []
    trader.bench.simulator.trouble.set_book(AAPL, BID, [(100.0, 100)])
    assert fills(trader.heard()) == [(100, 100.0)]


def test_a_stop_waits_for_its_trigger(trader):
    heard = trader.place("BUY", 100, "STP", auxPrice=101.0)
    assert heard == pair(1, "PreSubmitted", 0, 100)
    assert trader.last("orderStatus")[9] == "trigger"
    trader.bench.simulator.trouble.trade(AAPL, 101.0, 10)
    assert fills(trader.heard()) == [(60, 100.0), (40, 100.5)]


def test_a_stop_limit_rests_at_its_limit_once_triggered(trader):
    trader.place("SELL", 150, "STP LMT", 99.5, auxPrice=99.6)
    trader.bench.simulator.trouble.trade(AAPL, 99.6, 10)
    heard = trader.heard()
    assert fills(heard) == [(100, 99.5)]
    assert heard[-1] == ("orderStatus", 1, "Submitted", 100, 50)


@pytest.mark.parametrize(("kind", "fields"), [("MIT", {}), ("LIT", {"limit": 100.0})])
def test_touched_orders_trigger_the_other_way(trader, kind, fields):
    limit = fields.get("limit")
    assert statuses(trader.place("BUY", 50, kind, limit, auxPrice=99.6)) == ["PreSubmitted"]
    trader.bench.simulator.trouble.trade(AAPL, 99.6, 10)
    assert fills(trader.heard()) == [(50, 100.0)]


@pytest.mark.parametrize("fields", [{"auxPrice": 1.0}, {"trailingPercent": 1.0}])
def test_a_trailing_stop_follows_the_market_and_never_goes_back(trader, fields):
    trouble = trader.bench.simulator.trouble
    trader.place("SELL", 50, "TRAIL", **fields)
    assert trader.last("orderStatus")[1] == "PreSubmitted"
    trouble.set_book(AAPL, [(110.0, 100)], [(110.5, 100)])
    trouble.set_book(AAPL, [(109.5, 100)], [(110.0, 100)])
    trader.ask("reqOpenOrders")
    assert trader.last("openOrder")[2].trailStopPrice == pytest.approx(109.0 if "auxPrice" in fields else 108.9)
    trouble.set_book(AAPL, [(108.5, 100)], [(108.7, 100)])
    assert fills(trader.heard()) == [(50, 108.5)]


def test_orders_for_the_close_trade_at_the_bell_and_the_rest_expires(trader):
    trader.place("BUY", 10, "MOC")
    trader.place("BUY", 10, "LOC", 99.0)
    trader.place("BUY", 10, "LMT", 99.0)
    trader.place("BUY", 10, "LMT", 99.0, tif="GTC")
    trader.bench.simulator.trouble.orders.end_session()
    heard = trader.heard()
    assert fills(heard) == [(10, 100.0)]
    assert [event[1] for event in heard if event[0] == "error"] == [2, 3]
    assert ("openOrder", 4, "Submitted") in trader.ask("reqOpenOrders")
    done = [event for event in trader.ask("reqCompletedOrders", True) if event[0] == "completedOrder"]
    assert [event[1] for event in done] == ["Filled", "Cancelled", "Cancelled"]


def test_good_till_date_ends_and_good_after_time_begins_by_the_clock(trader):
    trader.place("BUY", 10, "LMT", 99.0, tif="GTD", goodTillDate="20261118-12:00:05")
    assert fills(trader.place("BUY", 10, "LMT", 100.0, goodAfterTime="20261118 12:00:03 UTC")) == []
    heard = later(trader, 4)
    assert fills(heard) == [(10, 100.0)]
    assert ("error", 1, 202) in later(trader, 2)


def test_conditions_hold_an_order_until_they_are_true(trader):
    from ibapi.order_condition import PriceCondition  # noqa: PLC0415

    one = PriceCondition(2, AAPL, "SMART", True, 105.0)
    assert statuses(trader.place("BUY", 10, "MKT", conditions=[one])) == ["PreSubmitted"]
    trader.bench.simulator.trouble.set_book(AAPL, [(106.0, 10)], [(106.5, 10)])
    assert fills(trader.heard()) == [(10, 106.5)]


def test_positions_cash_and_commission_follow(trader):
    account = trader.bench.simulator.office.accounts["DU1000001"]
    cash, held = account.cash["USD"], account.positions[AAPL].amount
    trader.ask("reqPositions")
    heard = trader.place("BUY", 60, "MKT")
    assert "position" in names(heard)
    assert account.positions[AAPL].amount == held + 60
    assert account.cash["USD"] == pytest.approx(cash - 60 * 100.0 - 1.0)
    trader.place("SELL", 60, "MKT")
    later(trader)
    report = trader.last("commissionReport")[0]
    assert (getattr(report, name("commission")), report.currency) == (1.0, "USD")
    assert report.realizedPNL < 1e300


def test_a_future_costs_no_cash_and_forex_moves_two_balances(bench):
    trader = Trader(bench)
    account = bench.simulator.office.accounts["DU1000001"]
    cash = account.cash["USD"]
    trader.place("BUY", 1, "MKT", about=contract_of(BRR01, "CMECRYPTO"))
    assert account.cash["USD"] == cash
    euros = account.cash.get("EUR", 0.0)
    trader.place("BUY", 20_000, "MKT", about=contract_of(EURUSD, "IDEALPRO"))
    assert account.cash["EUR"] == euros + 20_000
    assert account.cash["USD"] < cash - 15_000
    assert EURUSD not in account.positions


# --- refusals -------------------------------------------------------------------------------------------------------------

REFUSED = [
    ({"limit": 90.001}, 110), ({"limit": 0.30000000000000004}, 110), ({"kind": "STP", "auxPrice": 90.001}, 110),
    ({"limit": -1.0}, 463), ({"limit": None}, 463), ({"kind": "STP"}, 463), ({"quantity": 0, "limit": 90.0}, 434),
    ({"quantity": 1.5, "limit": 90.0}, 10243), ({"kind": "FEELINGS", "limit": 90.0}, 321),
    ({"action": "HOLD", "limit": 90.0}, 321),
    # Today's ibapi cannot say these.
    *(() if MODERN else [({"limit": 90.0, "eTradeOnly": True}, 10268), ({"limit": 90.0, "firmQuoteOnly": True}, 10269),
                         ({"limit": 90.0, "nbboPriceCap": 1.0}, 10270)]),
    ({"limit": 90.0, "account": "DU9"}, 321), ({"limit": 90.0, "tif": "NOW"}, 321), ({"limit": 90.0, "parentId": 77}, 10006),
    ({"limit": 90.0, "tif": "GTD", "goodTillDate": "tomorrow"}, 10314), ({"limit": 90.0, "tif": "GTD"}, 10314),
    ({"limit": 90.0, "whatIf": True, "transmit": False}, 413), ({"kind": "MOC", "tif": "GTC"}, 201),
    ({"limit": 90.0, "about": contract_of(5)}, 200), ({"limit": 90.0, "about": contract_of(SPX, "CBOE")}, 201),
    ({"limit": 90.0, "about": contract_of(0, symbol="IBM", secType="STK", currency="USD", exchange="NOWHERE")}, 200),
]


@pytest.mark.parametrize(("said", "code"), REFUSED)
def test_a_wrong_order_gets_its_code_and_leaves_nothing(trader, said, code):
    said = dict(said)
    heard = trader.place(said.pop("action", "BUY"), said.pop("quantity", 100), said.pop("kind", "LMT"), **said)
    assert heard == [("error", 1, code)]
    assert trader.ask("reqAllOpenOrders") == [("openOrderEnd",)]
    assert trader.place("BUY", 1, "LMT", 90.0, order_id=1) == [("error", 1, 103)], "the id is used up"


@pytest.mark.skipif(MODERN, reason="the official client of today has no such defaults")
def test_the_defaults_of_the_official_client_are_refused_as_today():
    from ibapi.order import Order  # noqa: PLC0415

    trader, order = Trader(Bench()), Order()
    order.action, order.totalQuantity, order.orderType = "BUY", 1, "MKT"
    assert trader.ask("placeOrder", 1, contract_of(), order) == [("error", 1, 10268)]


def test_twenty_active_orders_on_a_side_are_enough(trader):
    for _ in range(20):
        trader.place("BUY", 1, "LMT", 90.0)
    assert trader.place("BUY", 1, "LMT", 90.0) == [("error", 21, 201)]
    assert trader.place("SELL", 1, "LMT", 190.0)[0] == ("openOrder", 22, "PreSubmitted")
    trader.ask("cancelOrder", 1)
    assert trader.place("BUY", 1, "LMT", 90.0, order_id=23)[0] == ("openOrder", 23, "PreSubmitted")


def test_with_several_accounts_one_must_be_said():
    trader = Trader(Bench(accounts=("DU1", "DU2")))
    assert trader.place("BUY", 1, "LMT", 1.0) == [("error", 1, 436)]
    trader.place("BUY", 1, "LMT", 1.0, account="DU2")
    assert trader.order().account == "DU2"


def test_a_read_only_tws_refuses_whatever_writes():
    bench = Bench(read_only=True)
    trader, zero = Trader(bench, 1), Trader(bench, 0)
    assert trader.place("BUY", 1, "LMT", 1.0) == [("error", 1, 321)]
    assert trader.raw[0][3].endswith("The API interface is currently in Read-Only mode.")
    assert trader.ask("cancelOrder", 1) == [("error", 1, 321)]
    assert trader.ask("reqOpenOrders") == [("openOrderEnd",)]
    assert zero.ask("reqOpenOrders") == [("error", -1, 321)]


def test_precautions_and_the_tif_notice_are_optional():
    trader = Trader(Bench(size_limit=500, price_percent=3.0, tif_notice=True))
    assert trader.place("BUY", 501, "MKT") == [("error", 1, 383)]
    assert trader.place("BUY", 1, "LMT", 10.0) == [("error", 2, 109)]
    heard = trader.place("BUY", 1, "LMT", 10.0, overridePercentageConstraints=True, tif="")
    assert heard[-1] == ("error", 3, 10349)
    assert trader.order().tif == "DAY"
    trader = Trader(Bench(tick_limit=100))
    assert trader.place("BUY", 1, "LMT", 10.0) == [("error", 1, 382)]


def test_a_time_without_its_zone_is_taken_with_a_warning(trader):
    assert trader.place("BUY", 1, "LMT", 90.0, tif="GTD", goodTillDate="20261118 13:00:00")[-1] == ("error", 1, 2174)
    assert trader.place("BUY", 1, "LMT", 90.0, tif="GTD", goodTillDate="20261118 13:00:00 UTC")[-1][0] == "orderStatus"


def test_closed_hours_hold_an_order_and_say_so():
    bench = Bench(keep_hours=True)  # it is 07:00 in New York
    trader = Trader(bench)
    heard = trader.place("BUY", 10, "MKT")
    assert heard == [*pair(1, "PreSubmitted", 0, 10), ("error", 1, 399), *pair(1, "PreSubmitted", 0, 10)]
    text = next(call[3] for call in trader.raw if call[0] == "error")
    assert text.startswith("Order Message:\nBUY 10 AAPL ")
    assert text.endswith("until 2026-11-18 09:30:00 US/Eastern.")
    assert statuses(trader.place("BUY", 10, "LMT", 1.0, outsideRth=True)) == ["PreSubmitted", "Submitted"]
    bench.clock.advance(2.5 * 3600)
    bench.advance(0.2)
    assert sum(size for size, _ in fills(trader.heard())) == 10
    trader.place("BUY", 10, "LMT", 1.0)
    bench.clock.advance(7 * 3600)
    bench.advance(0.2)
    assert ("error", 3, 202) in trader.heard()
    assert [e for e in trader.ask("reqOpenOrders") if e[0] == "openOrder"] == [("openOrder", 2, "Submitted")]


def test_what_if_answers_margins_and_leaves_nothing(trader):
    heard = trader.place("BUY", 100, "LMT", 90.0, whatIf=True)
    assert heard == [("openOrder", 1, "PreSubmitted")]
    state = trader.last("openOrder")[3]
    assert float(state.initMarginChange) == pytest.approx(100 * 90.0 * 0.25)
    assert float(state.initMarginAfter) == pytest.approx(float(state.initMarginBefore) + 2250.0)
    assert (getattr(state, name("commission")), getattr(state, name("commissionCurrency"))) == (1.0, "USD")
    assert trader.ask("reqAllOpenOrders") == [("openOrderEnd",)]
    assert trader.ask("reqCompletedOrders", False) == [("completedOrdersEnd",)]


# --- ids, owners, lists -----------------------------------------------------------------------------------------------------


def test_ids_rise_and_belong_to_their_client(market):
    one, two = Trader(market, 1), Trader(market, 2)
    one.place("BUY", 1, "LMT", 90.0, order_id=5)
    assert one.place("BUY", 1, "LMT", 90.0, order_id=4) == [("error", 4, 103)]
    assert two.place("BUY", 2, "LMT", 91.0, order_id=5)[0] == ("openOrder", 5, "PreSubmitted")
    one.ask("reqIds", 1)
    assert one.last("nextValidId") == (6,)
    assert two.ask("cancelOrder", 6) == [("error", 6, 10147)]
    assert [e for e in one.ask("reqOpenOrders") if e[0] == "openOrder"] == [("openOrder", 5, "Submitted")]
    assert len([e for e in one.ask("reqAllOpenOrders") if e[0] == "openOrder"]) == 2
    permits = {order.perm_id for order in market.simulator.tws.orders.store.live.values()}
    assert len(permits) == 2


def test_orders_outlive_the_connection(trader):
    trader.place("BUY", 1, "LMT", 90.0)
    trader.peer.lose()
    again = Trader(trader.bench)
    assert ("orderStatus", 1, "Submitted", 0, 1) in again.ask("reqOpenOrders")
    assert again.ask("cancelOrder", 1)[-1] == ("error", 1, 202)


def test_open_orders_are_downloaded_on_connection_if_set():
    bench = Bench(download_open_orders=True)
    Trader(bench).place("BUY", 1, "LMT", 1.0)
    bench.simulator.clients[0].close()
    assert [m[0] for m in Peer(bench).start(1)][:5] == ["5", "3", "53", "15", "9"]


def test_the_master_client_hears_of_everybodys_orders():
    bench = Bench(master_client=9)
    master, one = Trader(bench, 9), Trader(bench, 1)
    one.place("BUY", 1, "LMT", 1.0)
    assert master.heard() == [*pair(1, "PreSubmitted", 0, 1), *pair(1, "Submitted", 0, 1)]
    assert master.order().clientId == 1


def test_auto_binding_is_for_client_0_only(market):
    one, zero = Trader(market, 1), Trader(market, 0)
    assert one.ask("reqAutoOpenOrders", True) == [("error", -1, 327)]
    manual = market.simulator.trouble.orders.manual_order(AAPL, "BUY", 5, limit=90.0)
    assert zero.heard() == []
    assert [e for e in one.ask("reqAllOpenOrders") if e[0] == "openOrder"] == [("openOrder", 0, "Submitted")]
    heard = zero.ask("reqOpenOrders")
    assert heard == [("orderBound",), *pair(-1, "Submitted", 0, 5), ("openOrderEnd",)]
    zero.ask("reqAutoOpenOrders", True)
    market.simulator.trouble.orders.manual_order(AAPL, "BUY", 6, limit=90.0)
    heard = zero.heard()
    assert heard[:3] == [("orderBound",), *pair(-2, "PreSubmitted", 0, 6)]
    assert zero.ask("cancelOrder", -1)[-1] == ("error", -1, 202)
    assert market.simulator.tws.orders.store.by_perm(manual).status == "Cancelled"


def test_executions_are_filtered_and_come_with_their_commissions(market):
    one, two = Trader(market, 1), Trader(market, 2)
    one.place("BUY", 10, "MKT")
    two.place("SELL", 20, "MKT")
    every = two.peer.ask(7, 3, 60, 0, "", "", "", "", "", "")
    assert [m[0] for m in every] == ["11", "59", "11", "59", "55"]
    assert {m[1] for m in of(every, 11)} == {"60"}
    for said, want in (
        ((1, "", "", "", "", "", ""), 1), ((0, "", "", "", "", "", "SELL"), 1), ((0, "", "", "MSFT", "", "", ""), 0),
        ((0, "", "20261118 13:00:00", "", "", "", ""), 0), ((0, "DU1000001", "", "AAPL", "STK", "NASDAQ", ""), 2),
    ):
        assert len(of(two.peer.ask(7, 3, 61, *said), 11)) == want, said


def test_completed_orders_need_server_version_150(market):
    assert codes(market.peer(3, "v100..149").ask(99, 0)) == [320]


# --- changes and cancels ------------------------------------------------------------------------------------------------------


def test_a_modify_is_told_as_an_open_order_with_the_new_terms(trader):
    trader.place("BUY", 100, "LMT", 90.0)
    assert trader.place("BUY", 50, "LMT", 91.0, order_id=1) == pair(1, "Submitted", 0, 50)
    assert (trader.order().lmtPrice, trader.order().totalQuantity) == (91.0, 50.0)
    heard = trader.place("BUY", 50, "LMT", 100.0, order_id=1)
    assert statuses(heard)[-1] == "Filled"
    assert trader.place("BUY", 70, "LMT", 100.0, order_id=1) == [("error", 1, 104)]


def test_a_modify_counts_what_is_filled_already(trader):
    trader.place("BUY", 100, "LMT", 100.0)
    assert trader.place("BUY", 50, "LMT", 100.0, order_id=1) == [("error", 1, 201)]
    assert trader.place("BUY", 80, "LMT", 100.0, order_id=1) == pair(1, "Submitted", 60, 20)
    assert statuses(trader.place("BUY", 60, "LMT", 100.0, order_id=1)) == ["Filled"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"action": "SELL"}, 105), ({"about": contract_of(8314)}, 105), ({"about": contract_of(AAPL, "NASDAQ")}, 105),
     ({"limit": 90.001}, 110), ({"kind": "STP", "auxPrice": 200.0}, 329), ({"ocaGroup": "g"}, 105), ({"parentId": 7}, 10341)],
)
def test_a_refused_modify_leaves_the_live_order_as_it_was(trader, change, code):
    trader.place("BUY", 100, "LMT", 90.0)
    said = {"action": "BUY", "quantity": 100, "kind": "LMT", "limit": 91.0, **change}
    assert trader.place(order_id=1, **said) == [("error", 1, code)]
    assert ("orderStatus", 1, "Submitted", 0, 100) in trader.ask("reqOpenOrders")
    assert trader.order().lmtPrice == 90.0


def test_cancels_of_what_cannot_be_cancelled_say_why(trader):
    assert trader.ask("cancelOrder", 9) == [("error", 9, 10147)]
    trader.place("BUY", 10, "MKT")
    assert trader.ask("cancelOrder", 1) == [("error", 1, 10148)]
    assert trader.raw[0][3].endswith("state: Filled.")
    trader.bench.simulator.trouble.orders.midnight()
    assert trader.ask("cancelOrder", 1) == [("error", 1, 10147)], "purged"


def test_a_pending_cancel_can_still_fill_and_is_not_cancelled_twice():
    bench = Bench(cancel_after=1.0)
    trader = Trader(bench)
    trader.place("BUY", 10, "LMT", 1.0)
    assert trader.ask("cancelOrder", 1) == pair(1, "PendingCancel", 0, 10)
    assert trader.ask("cancelOrder", 1) == [("error", 1, 161)]
    bench.simulator.trouble.orders.fill(next(iter(bench.simulator.tws.orders.store.live)))
    assert statuses(trader.heard()) == ["Filled"]
    trader.place("BUY", 10, "LMT", 1.0)
    trader.ask("cancelOrder", 2)
    assert later(trader, 1.2)[-2:] == [("orderStatus", 2, "Cancelled", 0, 10), ("error", 2, 202)]


def test_a_global_cancel_ends_everybodys_orders(market):
    one, two = Trader(market, 1), Trader(market, 2)
    one.place("BUY", 1, "LMT", 90.0)
    two.place("BUY", 1, "LMT", 90.0)
    market.simulator.trouble.orders.manual_order(ES, "BUY", 1, limit=1000.0)
    two.ask("reqGlobalCancel")
    assert one.heard() == [("orderStatus", 1, "Cancelled", 0, 1), ("error", 1, 202)]
    assert two.ask("reqAllOpenOrders") == [("openOrderEnd",)]
