"""Every trouble with orders does what its name says, seen from a client."""

import pytest

from ibgw_tx.sim.wire.ids import In
from tests.sim.kit.bench import AAPL, Bench
from tests.sim.kit.trader import Trader, bag, names, pair

BID, ASK = [(99.5, 100)], [(100.0, 60), (100.5, 500)]


@pytest.fixture
def trader(bench):
    bench.simulator.trouble.set_book(AAPL, BID, ASK)
    return Trader(bench)


@pytest.fixture
def trouble(bench):
    return bench.simulator.trouble


def perm(trader, order_id=1):
    return trader.bench.simulator.tws.orders.store.by_key(1, order_id).perm_id


def later(trader, seconds=0.3):
    trader.bench.advance(seconds)
    return trader.heard()


def listed(trader):
    return [event[1:] for event in trader.ask("reqAllOpenOrders") if event[0] == "openOrder"]


def test_an_order_of_another_client_id_is_seen_in_the_list_only(trader, trouble):
    number = trouble.orders.order_by(77, AAPL, "SELL", 5, limit=130.0, orderRef="theirs")
    assert trader.heard() == []
    assert listed(trader) == [(1, "Submitted")]
    assert (trader.order().clientId, trader.order().permId, trader.order().orderRef) == (77, number, "theirs")
    with pytest.raises(ValueError, match="no order field is called colour"):
        trouble.orders.order_by(77, AAPL, "SELL", 5, limit=130.0, colour="red")


def test_a_fill_by_hand_in_parts_at_any_price(trader, trouble):
    trader.place("BUY", 100, "LMT", 90.0)
    first = trouble.orders.fill(perm(trader), 30, 88.5)
    assert trader.heard() == [("execDetails", 1, 30, 88.5), *pair(1, "Submitted", 30, 70)]
    second = trouble.orders.fill(perm(trader))
    assert trader.heard() == [("execDetails", 1, 70, 90.0), *pair(1, "Filled", 100, 0)]
    assert [call[1].execId for call in trader.judge.calls if call[0] == "commissionReport"] == []
    assert [event for event in later(trader) if event[0] == "commissionReport"] == [
        ("commissionReport", first), ("commissionReport", second)]


def test_a_silent_fill_is_told_by_its_execution_alone(trader, trouble):
    trader.place("BUY", 100, "LMT", 90.0)
    trouble.orders.fill(perm(trader), silent=True)
    assert names(trader.heard()) == ["execDetails"]


def test_an_instant_order_has_no_status_at_all(trader, trouble):
    trouble.orders.instant_next_order()
    assert names(trader.place("BUY", 100, "LMT", 90.0)) == ["execDetails"]
    assert names(later(trader)) == ["commissionReport"]
    assert trader.ask("reqCompletedOrders", False)[0] == ("completedOrder", "Filled", "Filled Size: 100")


def test_tws_cancels_by_itself_with_a_reason(trader, trouble):
    trader.place("BUY", 100, "LMT", 90.0)
    trouble.orders.cancel_order(perm(trader), "the price is off")
    assert trader.heard() == [("orderStatus", 1, "Cancelled", 0, 100), ("error", 1, 202)]
    assert trader.raw[-1][3] == "Order Canceled - reason:the price is off"


def test_the_next_order_is_refused_as_ib_does_it(trader, trouble):
    trouble.orders.reject_next_order(201, "Order rejected - reason:no margin")
    assert trader.place("BUY", 100, "LMT", 90.0) == [("error", 1, 201), *pair(1, "Inactive", 0, 100)]
    trouble.orders.reject_next_order(460)
    assert trader.place("BUY", 100, "LMT", 90.0) == [("error", 2, 460)]
    assert listed(trader) == []
    assert trader.place("BUY", 100, "LMT", 90.0)[0] == ("openOrder", 3, "PreSubmitted")
    trouble.orders.reject_next_order(201)
    assert trader.place("BUY", 100, "LMT", 91.0, order_id=3) == [("error", 3, 201)]
    assert listed(trader) == [(3, "Submitted")], "a refused modify leaves the order as it was"
    trouble.orders.reject_order(perm(trader, 3))
    assert trader.heard() == [("error", 3, 201), *pair(3, "Inactive", 0, 100)]


@pytest.mark.parametrize("code", [399, 2109, 10349, 98765])
def test_a_notice_leaves_an_order_alive(trader, trouble, code):
    trouble.orders.notice_next_order(code)
    assert trader.place("BUY", 100, "LMT", 90.0)[-1] == ("error", 1, code)
    trouble.orders.notice(perm(trader), code, "once more")
    assert trader.heard() == [("error", 1, code)]
    assert listed(trader) == [(1, "Submitted")]


def test_inactive_while_shares_are_located_then_alive(trader, trouble):
    trader.place("SELL", 60, "LMT", 101.0)
    trouble.orders.deactivate(perm(trader))
    assert trader.heard() == [("error", 1, 404), *pair(1, "Inactive", 0, 60)]
    assert trader.last("orderStatus")[9] == "locate"
    trouble.set_book(AAPL, [(102.0, 100)], [(103.0, 100)])
    assert trader.heard() == []
    trouble.orders.reactivate(perm(trader))
    assert trader.heard()[-1] == ("orderStatus", 1, "Filled", 60, 0)


def test_a_correction_replaces_and_a_bust_takes_back(trader, trouble):
    account = trader.bench.simulator.office.accounts["DU1000001"]
    cash, amount = account.cash["USD"], account.positions[AAPL].amount
    trader.place("BUY", 60, "MKT")
    (fill,) = trader.bench.simulator.tws.orders.store.fills.values()
    later(trader)
    fixed = trouble.orders.correct(fill.exec_id, price=99.0)
    assert trader.heard() == [("execDetails", 1, 60, 99.0)]
    assert (fixed.rpartition(".")[0], fixed[-2:]) == (fill.exec_id.rpartition(".")[0], "02")
    assert account.cash["USD"] == pytest.approx(cash - 60 * 99.0 - 1.0)
    trouble.orders.bust(fixed)
    assert trader.heard() == [("execDetails", 1, 0, 99.0)]
    assert account.positions[AAPL].amount == amount
    assert account.cash["USD"] == pytest.approx(cash - 1.0)


def test_a_combo_fills_by_hand_with_an_execution_for_itself_and_one_for_each_leg(trader, trouble):
    account = trader.bench.simulator.office.accounts["DU1000001"]
    amount = account.positions[AAPL].amount
    trader.place("BUY", 3, "LMT", -5.25, about=bag())
    fill = trouble.orders.fill(perm(trader))
    heard = trader.heard()
    assert names(heard) == ["execDetails"] * 3 + ["openOrder", "orderStatus"]
    whole, first, second = [call[2:] for call in trader.raw if call[0] == "execDetails"]
    assert [one[0].secType for one in (whole, first, second)] == ["BAG", "STK", "STK"]
    assert [one[1].side for one in (whole, first, second)] == ["BOT", "BOT", "SLD"]
    assert (whole[1].execId, len(first[1].execId.split("."))) == (fill, 5)
    assert first[1].price - second[1].price == pytest.approx(-5.25)
    assert account.positions[AAPL].amount == amount + 3
    assert len([event for event in later(trader) if event[0] == "commissionReport"]) == 2


def test_messages_are_lost_repeated_and_late(trader, trouble):
    trouble.lose_next(In.ORDER_STATUS)
    trouble.repeat_next(In.OPEN_ORDER)
    assert trader.place("BUY", 100, "LMT", 90.0) == [
        ("openOrder", 1, "PreSubmitted"), ("openOrder", 1, "PreSubmitted"), *pair(1, "Submitted", 0, 100)]
    trouble.delay_next(In.EXECUTION_DATA, 1.0)
    trouble.lose_next(In.COMMISSION_REPORT)
    trouble.orders.fill(perm(trader))
    assert names(trader.heard()) == ["openOrder", "orderStatus"]
    assert names(later(trader, 0.9)) == ["openOrder"]
    assert names(later(trader, 0.3)) == ["execDetails"]


def test_orders_answered_late_or_never(trader, trouble):
    trouble.orders.late_orders(2.0)
    assert trader.place("BUY", 100, "LMT", 90.0) == []
    assert trader.ask("cancelOrder", 1) == [("error", 1, 10147)], "not there yet"
    assert later(trader, 2.1)[0] == ("openOrder", 1, "PreSubmitted")
    trouble.orders.late_orders(0.0)
    trouble.orders.swallow_next_order()
    assert trader.place("BUY", 100, "LMT", 90.0) == []
    assert later(trader, 60.0) == []
    assert trouble.orders.click_dialog() == 1
    assert trader.heard()[0] == ("openOrder", 2, "PreSubmitted")
    trouble.orders.swallow_next_order()
    trader.place("BUY", 100, "LMT", 90.001)
    trouble.orders.click_dialog()
    assert trader.heard() == [("error", 3, 110)]


@pytest.mark.parametrize("accepted", [True, False])
def test_the_connection_breaks_with_an_order_on_its_way(trader, trouble, accepted):
    trouble.orders.drop_on_next_order(accepted=accepted)
    assert trader.place("BUY", 100, "LMT", 90.0) == []
    assert trader.peer.pipe.aborted
    again = Trader(trader.bench)
    assert listed(again) == ([(1, "Submitted")] if accepted else [])


def ids(trader):
    store = trader.bench.simulator.tws.orders.store
    return [(*order.key, order.perm_id) for order in (*store.live.values(), *store.done.values())]


def test_a_restart_hands_out_ids_twice(trader, trouble):
    trader.place("BUY", 1, "LMT", 90.0)
    trader.place("BUY", 10, "MKT")
    trouble.day.restart(next_ids_back=2)
    again = Trader(trader.bench)
    again.ask("reqIds", 1)
    assert again.last("nextValidId") == (1,)
    assert again.place("SELL", 1, "LMT", 190.0, order_id=1) == [("error", 1, 105)], "the id of a live order: a modify"
    assert again.place("SELL", 1, "LMT", 190.0, order_id=2)[0] == ("openOrder", 2, "PreSubmitted"), "of a dead one: free"
    assert len({order[-1] for order in ids(again)}) == len(ids(again))


def test_a_lost_link_holds_orders_and_keeps_back_what_happens_at_ib(trader, trouble):
    trader.place("BUY", 100, "LMT", 90.0)
    trouble.lose_link()
    trouble.orders.fill(perm(trader), 40)
    assert trader.heard() == [("error", -1, 1100)]
    assert trader.place("BUY", 5, "LMT", 91.0) == pair(2, "PendingSubmit", 0, 5)
    assert trader.ask("cancelOrder", 1) == pair(1, "PendingCancel", 40, 60)
    assert later(trader, 1.0) == []
    trouble.restore_link()
    heard = later(trader, 0.3)
    assert heard[:4] == [("error", -1, 1102), ("execDetails", 1, 40, 90.0), *pair(1, "Submitted", 40, 60)]
    assert ("error", 1, 202) in heard
    assert pair(2, "Submitted", 0, 5)[0] in heard
    assert sum(trader.bench.simulator.tws.orders.store.active.values()) == 1


def test_a_silent_tws_tells_what_happened_when_it_speaks_again(trader, trouble):
    trader.place("BUY", 100, "LMT", 90.0)
    trouble.silence()
    trouble.orders.fill(perm(trader), 40)
    assert later(trader, 1.0) == []
    trouble.silence(False)
    assert later(trader, 0.3)[:3] == [("execDetails", 1, 40, 90.0), *pair(1, "Submitted", 40, 60)]


def test_the_session_ends_and_the_day_goes(trader, trouble):
    trader.place("BUY", 5, "LMT", 90.0)
    trader.place("BUY", 5, "LMT", 90.0, tif="GTC")
    trouble.orders.end_session()
    assert trader.heard() == [("orderStatus", 1, "Cancelled", 0, 5), ("error", 1, 202)]
    assert trader.ask("reqCompletedOrders", False)[0] == ("completedOrder", "Cancelled", "Cancelled by System:\n")
    trouble.orders.midnight()
    assert trader.ask("reqCompletedOrders", False) == [("completedOrdersEnd",)]
    assert listed(trader) == [(2, "Submitted")]


def test_a_status_can_be_told_again_or_wrongly(trader, trouble):
    trader.place("BUY", 5, "LMT", 90.0)
    trouble.orders.tell_again(perm(trader))
    assert trader.heard() == pair(1, "Submitted", 0, 5)
    trouble.orders.tell_again(perm(trader), "ApiPending")
    assert trader.heard() == pair(1, "ApiPending", 0, 5)
    assert listed(trader) == [(1, "Submitted")]


def test_thousands_of_orders_are_seeded_and_listed_in_slices():
    bench = Bench()
    trader = Trader(bench)
    made = bench.simulator.trouble.orders.seed_orders(1200, client_id=1)
    assert len(set(made)) == 1200
    assert trader.heard() == []
    first = trader.ask("reqOpenOrders")
    assert (len(first), first[-1]) == (500, ("orderStatus", 250, "Submitted", 0, first[-1][4]))
    rest = later(trader, 0.1)
    assert len(first) + len(rest) == 2 * 1200 + 1
    assert rest[-1] == ("openOrderEnd",)
    trader.next_id = 1201
    assert trader.place("BUY", 1, "LMT", 1.0) == [("error", 1201, 201)], "the limit of active orders knows no favourites"
