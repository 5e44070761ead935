"""Order types and attributes beyond limit and market, each as TWS has it: told to the official client, decoded by it."""

import pytest
from ibapi.order_condition import PriceCondition

from tests.sim.kit.bench import AAPL, Bench
from tests.sim.kit.trader import Trader

BID, ASK = [(99.5, 100)], [(100.0, 60), (100.5, 500)]
MSFT = 272093


@pytest.fixture
def trader(bench):
    bench.simulator.trouble.set_book(AAPL, BID, ASK)
    return Trader(bench)


def statuses(heard):
    return [event[1:3] for event in heard if event[0] == "orderStatus"]


def store(trader):
    return trader.bench.simulator.tws.orders.store


def order(trader, order_id):
    return store(trader).by_key(trader.client_id, order_id)


def above(price, con_id=MSFT):
    """A condition that comes true when the price of another instrument is that high."""
    return PriceCondition(0, con_id, "SMART", isMore=True, price=price)


def book(trader, bids, asks, con_id=AAPL):
    trader.bench.simulator.trouble.set_book(con_id, bids, asks)
    return trader.heard()


# The closing bell


@pytest.mark.parametrize(("kind", "limit"), [("MOC", None), ("LOC", 101.0)])
def test_a_child_for_the_close_does_not_trade_while_its_parent_waits(trader, kind, limit):
    trader.place("BUY", 10, "LMT", 90.0, tif="GTC", transmit=False)
    trader.place("SELL", 10, kind, limit and 99.0, parentId=1)
    trader.bench.simulator.trouble.orders.end_session()
    assert statuses(trader.heard()) == [(2, "Cancelled")]
    assert order(trader, 1).live and order(trader, 2).filled == 0


@pytest.mark.parametrize(("kind", "limit"), [("MOC", None), ("LOC", 101.0)])
def test_an_order_for_the_close_trades_only_where_its_condition_holds(trader, kind, limit):
    book(trader, [(400.0, 10)], [(401.0, 10)], MSFT)
    trader.place("BUY", 10, kind, limit, conditions=[above(500.0)])
    trader.place("BUY", 10, kind, limit, conditions=[above(300.0)])
    trader.bench.simulator.trouble.orders.end_session()
    heard = trader.heard()
    assert (statuses(heard)[0], order(trader, 1).filled) == ((1, "Cancelled"), 0)
    assert statuses(heard)[-1] == (2, "Filled")


def test_an_order_for_the_close_that_is_being_located_does_not_trade(trader):
    trader.place("SELL", 10, "MOC")
    trader.bench.simulator.trouble.orders.deactivate(order(trader, 1).perm_id)
    trader.bench.simulator.trouble.orders.end_session()
    assert order(trader, 1).status == "Cancelled" and order(trader, 1).filled == 0


# Conditions that cancel


def test_a_condition_may_cancel_a_working_order(trader):
    book(trader, [(400.0, 10)], [(401.0, 10)], MSFT)
    heard = trader.place("BUY", 10, "LMT", 90.0, conditions=[above(500.0)], conditionsCancelOrder=True)
    assert statuses(heard)[-1] == (1, "Submitted"), "it works while the condition does not hold"
    heard = book(trader, [(500.0, 10)], [(501.0, 10)], MSFT)
    assert heard == [("orderStatus", 1, "Cancelled", 0, 10), ("error", 1, 202)]


def test_it_also_cancels_what_waits_and_what_comes_too_late(trader):
    book(trader, [(400.0, 10)], [(401.0, 10)], MSFT)
    trader.place("SELL", 10, "STP", auxPrice=80.0, conditions=[above(500.0)], conditionsCancelOrder=True)
    assert statuses(book(trader, [(500.0, 10)], [(501.0, 10)], MSFT)) == [(1, "Cancelled")]
    heard = trader.place("BUY", 10, "MKT", conditions=[above(500.0)], conditionsCancelOrder=True)
    assert statuses(heard)[-1] == (2, "Cancelled")
    assert not store(trader).fills and not store(trader).revocable


def test_a_change_takes_the_cancelling_condition_away(trader):
    book(trader, [(400.0, 10)], [(401.0, 10)], MSFT)
    trader.place("BUY", 10, "LMT", 90.0, conditions=[above(500.0)], conditionsCancelOrder=True)
    trader.place("BUY", 10, "LMT", 90.0, order_id=1)
    assert book(trader, [(500.0, 10)], [(501.0, 10)], MSFT) == []
    assert order(trader, 1).live


# Market to limit


def test_the_rest_of_a_market_to_limit_order_is_a_limit_order_at_the_fills_price(trader):
    heard = trader.place("BUY", 100, "MTL")
    assert statuses(heard)[-1] == (1, "Submitted") and order(trader, 1).filled == 60
    assert trader.order().lmtPrice == 100.0
    assert book(trader, [(99.5, 100)], [(100.5, 500)]) == [], "it does not follow the market"
    heard = book(trader, [(99.5, 100)], [(99.9, 40)])
    assert heard[0] == ("execDetails", 1, 40, 100.0), "a resting order trades at its own limit"


def test_a_market_to_limit_order_that_met_an_empty_book_becomes_one_at_its_first_fill(trader):
    book(trader, BID, [])
    trader.place("BUY", 100, "MTL")
    better = trader.place("BUY", 10, "LMT", 101.0)
    assert statuses(better)[-1] == (2, "Submitted")
    book(trader, BID, [(102.0, 30)])
    assert (order(trader, 1).filled, trader.order().lmtPrice) == (30, 102.0)
    book(trader, BID, [(101.0, 80)])
    assert (order(trader, 1).status, order(trader, 2).status) == ("Filled", "Filled")


def test_a_hand_fill_of_a_part_sets_the_limit_too_and_a_change_keeps_it(trader):
    book(trader, BID, [])
    trader.place("BUY", 100, "MTL")
    trader.bench.simulator.trouble.orders.fill(order(trader, 1).perm_id, 20, 98.0)
    trader.heard()
    trader.place("BUY", 90, "MTL", order_id=1)
    assert trader.order().lmtPrice == 98.0
    assert book(trader, BID, [(99.0, 500)]) == []


# All or none


def test_all_or_none_takes_nothing_from_a_tape_that_has_too_little(trader):
    trader.place("BUY", 100, "LMT", 99.0, allOrNone=True)
    trader.bench.simulator.trouble.trade(AAPL, 98.0, 40)
    assert trader.heard() == []
    trader.bench.simulator.trouble.trade(AAPL, 98.0, 100)
    assert trader.heard()[0] == ("execDetails", 1, 100, 99.0)


def test_what_all_or_none_left_on_the_tape_is_another_orders(trader):
    trader.place("BUY", 100, "LMT", 99.0, allOrNone=True)
    trader.place("BUY", 30, "LMT", 99.0)
    trader.bench.simulator.trouble.trade(AAPL, 98.0, 40)
    assert [event for event in trader.heard() if event[0] == "execDetails"] == [("execDetails", 2, 30, 99.0)]


# Trails


def test_a_trails_first_message_has_its_stop(trader):
    trader.place("SELL", 10, "TRAIL", auxPrice=2.0)
    first = next(call for call in trader.raw if call[0] == "openOrder")
    assert (first[3].trailStopPrice, first[3].auxPrice) == (97.5, 2.0)
    trader.place("BUY", 10, "TRAIL", trailingPercent=10.0)
    assert next(call for call in trader.raw if call[0] == "openOrder")[3].trailStopPrice == 110.0
    trader.place("SELL", 10, "TRAIL", auxPrice=2.0, trailStopPrice=95.0)
    assert next(call for call in trader.raw if call[0] == "openOrder")[3].trailStopPrice == 95.0


def test_a_trail_that_is_still_held_has_none_of_its_own_yet(trader):
    trader.place("BUY", 10, "LMT", 90.0, transmit=False)
    trader.place("SELL", 10, "TRAIL", auxPrice=2.0, parentId=1)
    assert order(trader, 2).stop is None
    assert trader.order().trailStopPrice > 1e300 or trader.order().trailStopPrice == 0


def test_the_limit_of_a_trailing_limit_moves_with_its_stop(trader):
    trader.place("SELL", 10, "TRAIL LIMIT", 97.0, auxPrice=2.0, trailStopPrice=97.5)
    book(trader, [(109.5, 10)], [(110.0, 10)])
    trader.ask("reqOpenOrders")
    assert (trader.order().trailStopPrice, trader.order().lmtPrice) == (107.5, 107.0)
    heard = book(trader, [(107.2, 10)], [(107.4, 10)])
    assert ("execDetails", 1, 10, 107.2) in heard
    book(trader, BID, ASK)
    trader.place("BUY", 10, "TRAIL LIMIT", 103.0, auxPrice=2.0)
    book(trader, [(89.5, 10)], [(90.0, 10)])
    trader.ask("reqOpenOrders")
    assert (trader.order().trailStopPrice, trader.order().lmtPrice) == (92.0, 93.0)


def test_a_change_without_a_stop_keeps_the_ground_a_trail_has_made(trader):
    trader.place("SELL", 10, "TRAIL", auxPrice=2.0, trailStopPrice=97.5)
    book(trader, [(109.5, 10)], [(110.0, 10)])
    book(trader, [(108.5, 10)], [(109.0, 10)])
    trader.place("SELL", 20, "TRAIL", order_id=1, auxPrice=2.0)
    assert trader.order().trailStopPrice == 107.5
    trader.place("SELL", 20, "TRAIL", order_id=1, auxPrice=3.0)
    assert trader.order().trailStopPrice == 106.5, "as far as now said behind the best price seen"
    trader.place("SELL", 20, "TRAIL", order_id=1, auxPrice=3.0, trailStopPrice=99.0)
    assert trader.order().trailStopPrice == 99.0, "a stop that is said is taken"


def test_a_percent_trail_keeps_its_ground_too(trader):
    trader.place("BUY", 10, "TRAIL", trailingPercent=10.0)
    book(trader, [(79.5, 10)], [(80.0, 10)])
    book(trader, [(81.5, 10)], [(82.0, 10)])
    trader.place("BUY", 20, "TRAIL", order_id=1, trailingPercent=10.0)
    assert trader.order().trailStopPrice == 88.0
    trader.place("BUY", 20, "TRAIL", order_id=1, trailingPercent=20.0)
    assert trader.order().trailStopPrice == 96.0


def test_a_triggered_trailing_limit_stays_triggered_when_it_is_changed(trader):
    trader.place("SELL", 200, "TRAIL LIMIT", 98.0, auxPrice=2.0, trailStopPrice=97.5)
    book(trader, [(97.0, 10)], [(97.2, 10)])
    assert order(trader, 1).triggered
    trader.place("SELL", 100, "TRAIL LIMIT", 98.0, order_id=1, auxPrice=2.0)
    assert (order(trader, 1).triggered, order(trader, 1).status) == (True, "Submitted")


# What-if


def test_a_what_if_under_a_live_orders_id_changes_nothing(trader):
    trader.place("BUY", 100, "LMT", 90.0)
    before = order(trader, 1)
    terms = before.terms
    heard = trader.place("BUY", 500, "LMT", 99.0, order_id=1, whatIf=True)
    assert [event[0] for event in heard] == ["openOrder"] and trader.raw[0][3].whatIf
    assert order(trader, 1) is before and before.terms is terms and (before.total, before.status) == (100, "Submitted")
    trader.ask("reqOpenOrders")
    assert (trader.order().totalQuantity, trader.order().lmtPrice, trader.order().whatIf) == (100, 90.0, False)


def test_nor_does_one_under_a_held_orders_id(trader):
    trader.place("BUY", 10, "LMT", 90.0, transmit=False)
    trader.place("SELL", 10, "LMT", 120.0, parentId=1, transmit=False)
    heard = trader.place("BUY", 99, "LMT", 91.0, order_id=1, whatIf=True)
    assert [event[0] for event in heard] == ["openOrder"]
    assert order(trader, 2).parent is order(trader, 1)
    assert statuses(trader.place("SELL", 10, "STP", auxPrice=80.0, parentId=1))[0] == (1, "PreSubmitted")
    assert order(trader, 1).total == 10


# The opening


@pytest.mark.parametrize(("kind", "limit"), [("MKT", None), ("LMT", 101.0)])
def test_an_order_for_the_opening_waits_for_it_and_its_rest_ends_there(trader, kind, limit):
    heard = trader.place("BUY", 600, kind, limit, tif="OPG")
    assert statuses(heard) == [(1, "PreSubmitted")]
    trader.bench.simulator.trouble.orders.end_session()
    trader.bench.advance(1)
    assert order(trader, 1).live and order(trader, 1).filled == 0
    trader.bench.simulator.trouble.orders.open_session()
    heard = trader.heard()
    assert order(trader, 1).filled == 560
    assert heard[-2:] == [("orderStatus", 1, "Cancelled", 560, 40), ("error", 1, 202)]


def test_with_hours_it_waits_for_the_next_regular_session():
    bench = Bench(keep_hours=True, clock_speed=1.0)
    trader = Trader(bench)  # noon UTC is 07:00 in New York
    heard = trader.place("BUY", 10, "MKT", tif="OPG", outsideRth=True)
    assert ("error", 1, 399) in heard and statuses(heard)[-1] == (1, "PreSubmitted")
    bench.clock.advance(2.4 * 3600)
    assert order(trader, 1).filled == 0
    bench.clock.advance(0.2 * 3600)
    assert order(trader, 1).status == "Filled"
    heard = trader.place("BUY", 10, "MKT", tif="OPG")
    bench.clock.advance(6 * 3600)
    assert order(trader, 2).live and order(trader, 2).filled == 0, "today's session is on: it is for tomorrow's"
    bench.clock.advance(10 * 3600)  # past midnight, when what is over is forgotten
    bench.clock.advance(8 * 3600)
    assert order(trader, 2).status == "Filled"
    bench.simulator.stopService()


# Short and long sells


@pytest.mark.parametrize("action", ["SSHORT", "SLONG", "SELL"])
def test_a_sell_is_echoed_as_it_was_said_and_sells(trader, action):
    trader.place(action, 10, "LMT", 99.0)
    assert trader.order().action == action
    assert trader.last("execDetails")[2].side == "SLD"
    trader.ask("reqCompletedOrders", False)
    assert trader.last("completedOrder")[1].action == action
    trader.place(action, 10, "LMT", 120.0)
    trader.place(action, 20, "LMT", 121.0, order_id=2)
    assert (trader.order().action, trader.order().totalQuantity) == (action, 20)


def test_the_limit_of_orders_a_side_counts_all_sells(bench):
    made = Bench(order_limit=2)
    made.simulator.trouble.set_book(AAPL, BID, ASK)
    trader = Trader(made)
    trader.place("SELL", 1, "LMT", 120.0)
    trader.place("SSHORT", 1, "LMT", 120.0)
    assert trader.place("SELL", 1, "LMT", 120.0) == [("error", 3, 201)]
    made.simulator.stopService()


# OCA groups and accounts


def test_an_oca_group_is_of_one_account():
    made = Bench(accounts=("DU1", "DU2"))
    made.simulator.trouble.set_book(AAPL, BID, ASK)
    trader = Trader(made)
    trader.place("BUY", 10, "LMT", 90.0, account="DU1", ocaGroup="g")
    assert trader.place("BUY", 10, "LMT", 91.0, account="DU2", ocaGroup="g") == [("error", 2, 10224)]
    assert statuses(trader.place("BUY", 10, "LMT", 91.0, account="DU1", ocaGroup="g"))[-1] == (3, "Submitted")
    trader.place("BUY", 10, "LMT", 90.0, account="DU1", ocaGroup="h", transmit=False)
    assert trader.place("BUY", 10, "LMT", 91.0, account="DU2", ocaGroup="h") == [("error", 5, 10224)], "held ones count"
    trader.ask("cancelOrder", 1)
    trader.ask("cancelOrder", 3)
    assert statuses(trader.place("BUY", 10, "LMT", 91.0, account="DU2", ocaGroup="g"))[-1] == (6, "Submitted")
    made.simulator.stopService()
