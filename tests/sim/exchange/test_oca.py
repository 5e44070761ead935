"""Orders that hang together: not yet transmitted, brackets, OCA groups."""

import pytest

from tests.sim.kit.bench import AAPL, Bench
from tests.sim.kit.trader import Trader, names, pair

BID, ASK = [(99.5, 100)], [(100.0, 60), (100.5, 500)]


@pytest.fixture
def trader(bench):
    bench.simulator.trouble.set_book(AAPL, BID, ASK)
    return Trader(bench)


def bracket(trader, limit=90.0, size=60):
    """A parent, its profit taker and its stop, the last of them sending all three."""
    assert trader.place("BUY", size, "LMT", limit, transmit=False) == []
    assert trader.place("SELL", size, "LMT", 120.0, parentId=1, transmit=False) == []
    return trader.place("SELL", size, "STP", auxPrice=80.0, parentId=1)


def statuses(heard):
    return [event[1:3] for event in heard if event[0] == "orderStatus"]


def held(trader):
    """whyHeld by order id, of the statuses heard last."""
    return {call[1]: call[10] for call in trader.raw if call[0] == "orderStatus"}


def test_what_is_not_transmitted_is_not_told_listed_or_traded(trader):
    assert trader.place("BUY", 60, "LMT", 100.0, transmit=False) == []
    assert trader.ask("reqAllOpenOrders") == [("openOrderEnd",)]
    heard = trader.place("BUY", 60, "LMT", 100.0, order_id=1)
    assert statuses(heard)[-1] == (1, "Filled")


def test_an_untransmitted_order_can_be_cancelled_and_is_lost_at_a_restart(trader):
    trader.place("BUY", 60, "LMT", 100.0, transmit=False)
    assert trader.ask("cancelOrder", 1)[-1] == ("error", 1, 202)
    trader.place("BUY", 60, "LMT", 100.0, transmit=False)
    trader.bench.simulator.trouble.day.restart()
    again = Trader(trader.bench)
    assert again.ask("cancelOrder", 2) == [("error", 2, 10147)]


def test_a_bracket_is_sent_whole_parent_first_and_its_children_wait(trader):
    heard = bracket(trader)
    assert statuses(heard) == [(1, "PreSubmitted"), (1, "Submitted"), (2, "PreSubmitted"), (3, "PreSubmitted")]
    assert held(trader) == {1: "", 2: "child", 3: "child,trigger"}
    assert trader.order().ocaGroup == str(trader.bench.simulator.tws.orders.store.by_key(1, 1).perm_id)


def test_the_parents_fill_sets_the_children_free_and_one_ends_the_other(trader):
    heard = bracket(trader, limit=100.0)
    assert statuses(heard)[-3:] == [(2, "PreSubmitted"), (2, "Submitted"), (3, "PreSubmitted")]
    store = trader.bench.simulator.tws.orders.store
    assert (store.by_key(1, 2).status, store.by_key(1, 3).why_held) == ("Submitted", "trigger")
    trader.bench.simulator.trouble.set_book(AAPL, [(120.0, 60)], [(120.5, 10)])
    heard = trader.heard()
    assert (2, "Filled") in statuses(heard)
    assert heard[-2:] == [("orderStatus", 3, "Cancelled", 0, 60), ("error", 3, 202)]


def test_the_children_of_a_resting_parent_go_to_work_with_its_last_fill(trader):
    bracket(trader)
    parent = trader.bench.simulator.tws.orders.store.by_key(1, 1)
    trader.bench.simulator.trouble.orders.fill(parent.perm_id, 20)
    assert statuses(trader.heard()) == [(1, "Submitted")]
    trader.bench.simulator.trouble.orders.fill(parent.perm_id)
    assert statuses(trader.heard()) == [(1, "Filled"), (2, "Submitted"), (3, "PreSubmitted")]
    assert held(trader) == {1: "", 2: "", 3: "trigger"}


def test_a_partly_filled_profit_taker_makes_the_stop_smaller(trader):
    bracket(trader, limit=100.0)
    trader.bench.simulator.trouble.set_book(AAPL, [(120.0, 20)], [(120.5, 10)])
    assert trader.heard()[-2:] == pair(3, "PreSubmitted", 0, 40)


def test_the_parents_end_is_the_childrens_end(trader):
    bracket(trader)
    heard = trader.ask("cancelOrder", 1)
    assert statuses(heard) == [(1, "Cancelled"), (2, "Cancelled"), (3, "Cancelled")]
    assert [event[1] for event in heard if event[0] == "error"] == [1, 2, 3]


def test_a_child_of_a_filled_parent_works_at_once_and_of_a_cancelled_one_is_refused(trader):
    trader.place("BUY", 10, "MKT")
    assert statuses(trader.place("SELL", 10, "LMT", 120.0, parentId=1))[-1] == (2, "Submitted")
    trader.place("BUY", 10, "LMT", 90.0)
    trader.ask("cancelOrder", 3)
    assert trader.place("SELL", 10, "LMT", 120.0, parentId=3) == [("error", 4, 201)]


@pytest.mark.parametrize(("kind", "rest"), [(1, []), (2, [(2, 40), (3, 80)]), (3, [(2, 40), (3, 80)])])
def test_a_fill_cancels_or_reduces_the_others_of_its_oca_group(trader, kind, rest):
    for size in (100, 100, 200):
        trader.place("BUY", size, "LMT", 90.0, ocaGroup="g", ocaType=kind)
    store = trader.bench.simulator.tws.orders.store
    trader.bench.simulator.trouble.orders.fill(store.by_key(1, 1).perm_id, 60)
    left = [(order.order_id, order.remaining) for order in store.live.values() if order.order_id > 1]
    assert left == rest
    assert ("openOrder" in names(trader.heard())) is True
    trader.bench.simulator.trouble.orders.fill(store.by_key(1, 1).perm_id)
    assert not [order for order in store.live.values()]


def test_a_held_bracket_may_be_stated_anew_and_cancelled_whole(trader):
    trader.place("BUY", 60, "LMT", 90.0, transmit=False)
    trader.place("SELL", 60, "LMT", 120.0, parentId=1, transmit=False)
    assert trader.place("BUY", 50, "LMT", 91.0, transmit=False, order_id=1) == []
    trader.place("SELL", 50, "LMT", 121.0, parentId=1, transmit=False, order_id=2)
    heard = trader.place("SELL", 50, "STP", auxPrice=80.0, parentId=1)
    assert [event for event in heard if event[0] == "orderStatus"] == [
        ("orderStatus", 1, "PreSubmitted", 0, 50), ("orderStatus", 1, "Submitted", 0, 50),
        ("orderStatus", 2, "PreSubmitted", 0, 50), ("orderStatus", 3, "PreSubmitted", 0, 50)]
    trader.place("BUY", 60, "LMT", 90.0, transmit=False)
    trader.place("SELL", 60, "LMT", 120.0, parentId=4, transmit=False)
    assert statuses(trader.ask("cancelOrder", 4)) == [(4, "Cancelled"), (5, "Cancelled")]
    assert trader.ask("cancelOrder", 5) == [("error", 5, 10147)]


def test_two_stops_of_a_group_set_off_at_once_give_one_fill(trader):
    for price in (101.0, 101.5):
        trader.place("BUY", 10, "STP", auxPrice=price, ocaGroup="g", ocaType=1)
    trader.bench.simulator.trouble.set_book(AAPL, [(102.0, 100)], [(102.5, 100)])
    assert [event[:2] for event in trader.heard() if event[0] == "execDetails"] == [("execDetails", 1)]
    assert not trader.bench.simulator.tws.orders.store.live


def test_groups_of_other_names_are_left_alone():
    bench = Bench()
    trader = Trader(bench)
    trader.place("BUY", 1, "LMT", 1.0, ocaGroup="a", ocaType=1)
    trader.place("BUY", 1, "LMT", 1.0, ocaGroup="b", ocaType=1)
    bench.simulator.trouble.orders.fill(bench.simulator.tws.orders.store.by_key(1, 1).perm_id)
    assert bench.simulator.tws.orders.store.by_key(1, 2).live
