"""Changes of live orders in a whole gateway in memory: what they are built from, and what comes between."""

import attrs

from ibgw_tx.model import events
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.model.order_events import Terms
from ibgw_tx.model.order_members import Condition, Tag
from ibgw_tx.orders.entry import sent
from tests.kit import order_events as omskit
from tests.kit.contracts import AAPL
from tests.kit.trading import AAPL_OPEN, TERMS, fill, members, opened, status


def test_a_change_is_built_from_what_was_sent(world):
    order_id = world.placed("a", outsideRth=True)
    assert world.change(order_id, p=149.5)["ok"]
    (message,) = world.asked("3")
    assert members(message) == (order_id, "100", "149.5")


def test_a_change_that_tws_refused_is_not_part_of_the_next_one(world):
    order_id = world.placed("a")
    assert world.change(order_id, p=140)["ok"]
    world.tws.notice(110, "price", order_id)
    assert world.change(order_id, s=120)["ok"]
    assert members(world.asked("3")[-1]) == (order_id, "120", "150")


def test_a_change_that_is_under_way_is_part_of_the_next_one(world):
    order_id = world.placed("a")
    assert world.change(order_id, p=140)["ok"] and world.change(order_id, s=120)["ok"]
    assert members(world.asked("3")[-1]) == (order_id, "120", "140")


def test_a_change_that_tws_has_shown_is_part_of_the_next_one(world):
    order_id = world.placed("a")
    world.change(order_id, p=140)
    world.hear(opened(order_id, terms=Terms("BUY", 100, "LMT", 140.0, 0.0, "DAY", "DU1")))
    world.change(order_id, s=120)
    assert members(world.asked("3")[-1]) == (order_id, "120", "140")


def test_a_price_that_somebody_changed_at_tws_is_not_changed_back(world):
    order_id = world.placed("a")
    shown = {"action": "BUY", "totalQuantity": 100, "orderType": "LMT", "lmtPrice": 145.0, "tif": "DAY", "account": "DU1"}
    terms = Terms("BUY", 100, "LMT", 145.0, 0.0, "DAY", "DU1")
    world.hear(events.OrderEcho(order_id, 0, AAPL_OPEN, shown), opened(order_id, terms=terms))
    world.change(order_id, s=120)
    assert members(world.asked("3")[-1]) == (order_id, "120", "145")


def test_two_changes_while_tws_is_asked_for_the_contract_do_not_undo_each_other(world):
    order_id = world.placed("a")
    world.parts.contracts.forget()
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "p": 140})
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "s": 120})
    world.answer(AAPL)
    assert all(ack["ok"] for ack in world.told("ack"))
    assert members(world.asked("3")[-1]) == (order_id, "120", "140")


def test_a_fill_while_the_change_is_prepared_refuses_it(world):
    order_id = world.placed("a")
    world.parts.contracts.forget()
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "p": 140})
    world.hear(fill(order_id=order_id), status(order_id, "Filled", 100))
    world.answer(AAPL)
    assert world.ack()["code"] == "unknown_order" and not world.asked("3")


def test_a_total_below_what_was_filled_meanwhile_is_refused(world):
    order_id = world.placed("a")
    world.parts.contracts.forget()
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "s": 50})
    world.hear(fill(order_id=order_id, shares=60), status(order_id, filled=60))
    world.answer(AAPL)
    assert world.ack()["code"] == "bad_params" and not world.asked("3")


def test_a_change_for_which_there_is_no_room_is_forgotten(world, monkeypatch):
    order_id = world.placed("a")
    session = world.gateway._session
    monkeypatch.setattr(session, "order", lambda *ask: (_ for _ in ()).throw(PacingFull("full")))
    assert world.change(order_id, p=140)["code"] == "limit"
    assert not world.parts.orders.cache.orders.is_changing(order_id)


def test_an_order_of_an_earlier_session_is_changed_as_tws_shows_it(world):
    order_id = world.placed("a")
    world.tws.wire.end()
    world.ready()
    echo = {"action": "BUY", "totalQuantity": 100, "orderType": "LMT", "lmtPrice": 150.0, "tif": "GTC", "account": "DU1"}
    world.snapshot(events.OrderEcho(order_id, 0, AAPL_OPEN, echo), opened(order_id, orderRef="a"))
    assert world.change(order_id, p=140)["ok"]
    assert members(*world.asked("3")) == (order_id, "100", "140")


def test_an_order_of_an_earlier_session_keeps_its_conditions(world):
    order_id = world.placed("a")
    world.tws.wire.end()
    world.ready()
    price = {"isConjunctionConnection": True, "isMore": True, "conId": 1, "exchange": "ARCA", "price": 90.5, "triggerMethod": 0}
    more = {"conditions": (Condition(1, price),), "algoStrategy": "Adaptive", "algoParams": (Tag("adaptivePriority", "Normal"),)}
    echo = {"action": "BUY", "totalQuantity": 100, "orderType": "LMT", "lmtPrice": 150.0, "tif": "GTC", "account": "DU1", **more}
    world.snapshot(events.OrderEcho(order_id, 0, AAPL_OPEN, echo), opened(order_id, orderRef="a"))
    assert world.change(order_id, p=140)["ok"]
    (message,) = world.asked("3")
    assert members(message) == (order_id, "100", "140")
    assert {"90.5", "ARCA", "Adaptive", "adaptivePriority"} <= set(message)


def test_an_order_of_another_client_is_not_changed_or_cancelled(world):
    world.hear(omskit.opened(order_id=9, perm=900, clientId=7, contract=AAPL_OPEN, terms=TERMS))
    world.send("CANCEL_ORDER", i="900")
    ack = world.ack()
    assert ack["code"] == "unknown_order" and "client id 7" in ack["err"] and ack["order"]["i"] == "900"


# Memory.


def test_orders_that_are_over_are_forgotten(world, monkeypatch):
    monkeypatch.setattr(sent, "MAX_ORDERS", 10)
    world.parts.order_entry.sent.at_most = 10
    for number in range(40):
        order_id = world.placed(f"m{number}")
        world.hear(status(order_id, "Cancelled"))
        world.seconds(1)
    assert len(world.parts.order_entry.sent.orders) <= 11


def test_echoes_of_orders_that_are_over_are_thrown_away(world):
    order_id = world.placed("a")
    entry = world.parts.order_entry
    for number in (order_id, *range(100, sent.MAX_ORDERS + 150)):
        entry.echoed(events.OrderEcho(number, 0, AAPL_OPEN, {}))
    assert order_id in entry.sent.echoes and len(entry.sent.echoes) <= sent.MAX_ORDERS


def test_an_echo_of_another_client_is_nobody_here(world):
    world.parts.order_entry.echoed(events.OrderEcho(70, 9, AAPL_OPEN, {}))
    assert 70 not in world.parts.order_entry.sent.echoes


def test_an_exercise_is_not_changed_into_an_order(world):
    """TWS shows it as a BUY of the option at 0, under its id; with a price it would buy."""
    option = attrs.evolve(AAPL_OPEN, conId=7, secType="OPT", strike=150.0, right="C", multiplier="100", exchange="CBOE")
    option = attrs.evolve(option, lastTradeDateOrContractMonth="20260116")
    world.hear(opened(9, contract=option, terms=Terms("BUY", 1, "LMT", 0.0, 0.0, "DAY", "DU1")), status(9))
    world.answer(option)
    world.asked("3")
    for change in ({"p": 101, "s": 5}, {"s": 2}):
        world.send("PLACE_ORDER", order={"apiOrderId": 9, **change})
        world.answer(option)
        ack = world.ack()
        assert ack["code"] == "bad_params" and "is an exercise of" in ack["err"] and "only cancelled" in ack["err"]
    assert not world.asked("3")
