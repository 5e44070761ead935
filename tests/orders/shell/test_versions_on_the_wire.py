"""What a change says on the wire: the version that TWS holds with the new member, whatever was refused or moved before."""

import attrs
import pytest

from ibgw_tx.model.order_events import Terms
from tests.kit.contracts import AAPL
from tests.kit.trading import TERMS, echo_of, fill, opened, status, trader, wire


def sent(world):
    """The last order that went out, by ibapi's names."""
    return wire(world.asked("3")[-1])


def shown(world, order_id, **more):
    """TWS shows the order, with members that bots do not see."""
    terms = attrs.evolve(TERMS, **{name: more[name] for name in attrs.fields_dict(Terms) if name in more})
    event = opened(order_id, terms=terms, orderRef=more.pop("orderRef", ""))
    world.hear(echo_of(event, **more), event)


@pytest.mark.parametrize("code", [201, 321, 110])
@pytest.mark.parametrize(
    ("refused", "was"), [({"tif": "GTC"}, "DAY"), ({"outsideRth": True}, False), ({"s": 1000}, 100.0), ({"hidden": True}, False)]
)
def test_what_tws_has_refused_is_not_sent_again(world, code, refused, was):
    order_id = world.placed("a")
    assert world.change(order_id, **refused)["ok"]
    world.tws.notice(code, "refused", order_id)
    assert world.change(order_id, p=149)["ok"]
    found = sent(world)
    name = "totalQuantity" if "s" in refused else next(iter(refused))
    assert (found["lmtPrice"], found[name]) == (149.0, was)


def test_what_was_refused_is_not_sent_again_when_tws_has_shown_the_order_in_between(world):
    order_id = world.placed("a")
    world.change(order_id, tif="GTC")
    world.tws.notice(201, "refused", order_id)
    shown(world, order_id)
    world.seconds(3)
    world.change(order_id, p=149)
    shown(world, order_id, lmtPrice=149.0)
    world.change(order_id, s=50)
    found = sent(world)
    assert (found["tif"], found["lmtPrice"], found["totalQuantity"]) == ("DAY", 149.0, 50.0)


def test_a_trailing_stop_stays_where_the_market_has_brought_it(world):
    order_id = world.placed("a", T="sell", p=None, orderType="TRAIL", aux=2, trailStopPrice=98)
    assert sent_first(world, order_id)["trailStopPrice"] == 98.0
    trail = {"action": "SELL", "orderType": "TRAIL", "lmtPrice": 0.0, "auxPrice": 2.0}
    shown(world, order_id, **trail, trailStopPrice=109.0)
    assert world.change(order_id, s=50)["ok"]
    found = sent(world)
    assert (found["trailStopPrice"], found["auxPrice"], found["totalQuantity"]) == (109.0, 2.0, 50.0)


def sent_first(world, order_id):
    return wire(next(message for message in world.frames if int(message[1]) == order_id))


@pytest.fixture
def world(monkeypatch):
    """A gateway that trades, and remembers every order that went out."""
    world = trader(monkeypatch)
    world.frames = []
    asked = world.asked

    def remembering(message_id):
        found = asked(message_id)
        world.frames += found if message_id == "3" else []
        return found

    world.asked = remembering
    return world


def test_the_limit_of_a_trailing_limit_order_follows_its_stop(world):
    order_id = world.placed("a", T="sell", p=97, orderType="TRAIL LIMIT", aux=2, trailStopPrice=98)
    trail = {"action": "SELL", "orderType": "TRAIL LIMIT", "lmtPrice": 108.0, "auxPrice": 2.0}
    shown(world, order_id, **trail, trailStopPrice=109.0)
    world.change(order_id, s=50)
    found = sent(world)
    assert (found["trailStopPrice"], found["lmtPrice"]) == (109.0, 108.0)


# Families.


def test_the_stop_of_a_filled_parent_names_no_parent(world):
    parent = world.placed("entry")
    stop = world.placed("stop", T="sell", p=None, orderType="STP", aux=140, parentId=parent)
    world.change(stop, aux=141)
    assert sent(world)["parentId"] == parent
    world.hear(fill(order_id=parent), status(parent, "Filled", 100))
    world.change(stop, aux=142)
    assert sent(world)["parentId"] == 0


def test_a_parent_that_was_cancelled_or_that_tws_names_no_more_is_not_named(world):
    parent = world.placed("entry")
    stop = world.placed("stop", T="sell", p=None, orderType="STP", aux=140, parentId=parent)
    terms = {"action": "SELL", "orderType": "STP", "auxPrice": 140.0, "lmtPrice": 0.0}
    shown(world, stop, **terms, parentId=0)
    world.change(stop, aux=141)
    assert sent(world)["parentId"] == 0
    other = world.placed("stop-2", T="sell", p=None, orderType="STP", aux=140, parentId=parent)
    world.hear(status(parent, "Cancelled"))
    world.change(other, aux=141)
    assert sent(world)["parentId"] == 0


def again(world):
    """The session is lost and comes back; the orders have to be shown anew."""
    world.tws.wire.end()
    world.ready()


def test_a_group_that_tws_made_is_not_sent_back_after_a_restart(world):
    parent = world.placed("entry")
    child = world.placed("target", T="sell", p=160, parentId=parent)
    again(world)
    entry = opened(parent, orderRef="entry")
    target = opened(child, orderRef="target", terms=Terms("SELL", 100, "LMT", 160.0, 0.0, "DAY", "DU1"))
    family = {"parentId": parent, "ocaGroup": str(5000 + parent), "ocaType": 3}
    world.snapshot(echo_of(entry), entry, echo_of(target, **family), target)
    assert world.change(child, p=161)["ok"]
    found = sent(world)
    assert (found["ocaGroup"], found["parentId"], found["lmtPrice"]) == ("", parent, 161.0)


def test_a_group_of_a_bot_is_sent_back_after_a_restart(world):
    order_id = world.placed("a", ocaGroup="pair-1")
    again(world)
    event = opened(order_id, orderRef="a")
    world.snapshot(echo_of(event, ocaGroup="pair-1", ocaType=1), event)
    assert world.change(order_id, p=149)["ok"]
    found = sent(world)
    assert (found["ocaGroup"], found["ocaType"]) == ("pair-1", 1)


def test_texts_that_mean_nothing_are_never_sent_back(world):
    order_id = world.placed("a")
    again(world)
    event = opened(order_id, orderRef="a")
    unset = {"openClose": "?", "deltaNeutralOrderType": "None", "hedgeType": "None", "adjustedOrderType": "None"}
    world.snapshot(echo_of(event, **unset), event)
    assert world.change(order_id, p=149)["ok"]
    (message,) = world.asked("3")
    assert not {"None", "?"} & set(message)


def test_a_date_goes_with_gtd(world):
    order_id = world.placed("a", tif="GTD", goodTillDate="20350105-15:30:00")
    assert world.change(order_id, tif="GTC")["ok"]
    found = sent(world)
    assert (found["tif"], found["goodTillDate"]) == ("GTC", "")


@pytest.mark.parametrize(("until", "text"), [("20200105-15:30:00", "past"), ("20350105 15:30:00 Mars/Olympus", "Mars/Olympus")])
def test_a_date_that_is_over_or_nowhere_is_refused(world, until, text):
    ack = world.place("a", tif="GTD", goodTillDate=until)
    assert ack["code"] == "bad_params" and text in ack["err"] and not world.asked("3")
    order_id = world.placed("b")
    ack = world.change(order_id, tif="GTD", goodTillDate=until)
    assert ack["code"] == "bad_params" and text in ack["err"] and not world.asked("3")


# Groups.


def group(world, *orders):
    contract = {"conId": 265598, "exchange": "SMART"}
    world.send("PLACE_ORDER", orders=[{"contract": contract, "order": {"T": "sell", "s": 100, "p": 160, **o}} for o in orders])
    world.answer(AAPL)
    assert world.ack()["ok"]
    return [wire(message)["transmit"] for message in world.asked("3")]


def test_each_member_of_a_plain_oca_group_is_transmitted_and_a_family_as_one(world):
    assert group(world, {"ocaGroup": "g"}, {"ocaGroup": "g"}) == [True, True]
    assert group(world, {}, {"T": "buy", "ocaGroup": "h"}, {"T": "buy", "ocaGroup": "h"}) == [False, False, True]


def test_a_change_of_a_member_of_a_family_does_not_hold_it_back(world):
    contract = {"conId": 265598, "exchange": "SMART"}
    world.send("PLACE_ORDER", orders=[{"contract": contract, "order": {"T": "sell", "s": 1, "p": 160}}] * 2)
    world.answer(AAPL)
    first, _ = world.ack()["apiOrderIds"]
    world.hear(opened(first))
    world.change(first, p=161)
    assert sent(world)["transmit"] is True


# Held back with transmit false.


def test_an_order_that_is_held_back_is_told_as_such_and_stays(world):
    order_id = world.place("a", transmit=False)["apiOrderId"]
    order = world.orders()[-1]
    assert (order["status"], order["alive"], order["transmit"], order["apiOrderId"]) == ("Inactive", True, False, order_id)
    asked = len(world.asked("16"))
    world.seconds(200)
    assert not world.orders() and len(world.asked("16")) == asked, "nothing is wrong with it"


def test_a_held_order_is_let_go_by_a_change(world):
    order_id = world.place("a", transmit=False)["apiOrderId"]
    assert world.change(order_id, s=50)["ok"]
    assert sent(world)["transmit"] is False
    assert world.orders()[-1]["s"] == 50, "TWS says nothing of it, so it is told as it was sent"
    assert world.change(order_id, transmit=True)["ok"]
    found = sent(world)
    assert (found["transmit"], found["totalQuantity"]) == (True, 50.0)
    order = world.orders()[-1]
    assert (order["status"], order["alive"], "transmit" in order) == ("PendingSubmit", True, False)
    world.hear(opened(order_id, orderRef="a"), status(order_id))
    assert world.orders()[-1]["status"] == "Submitted"


def test_a_held_order_that_is_let_go_and_gets_no_answer_is_asked_about(world):
    order_id = world.place("a", transmit=False)["apiOrderId"]
    world.seconds(100)
    world.change(order_id, transmit=True)
    world.seconds(31)
    assert world.asked("16")


def test_a_held_order_that_is_refused_when_let_go_is_dead(world):
    order_id = world.place("a", transmit=False)["apiOrderId"]
    world.change(order_id, transmit=True)
    world.tws.notice(201, "no", order_id)
    order = world.orders()[-1]
    assert (order["status"], order["alive"], order["extCode"]) == ("Inactive", False, 201)


@pytest.mark.parametrize("action", ["SLONG", "SSHORT"])
def test_institutional_sides_are_sells(world, action):
    order_id = world.place("a", T=None, action=action)["apiOrderId"]
    terms = Terms(action, 100, "LMT", 150.0, 0.0, "DAY", "DU1")
    world.hear(opened(order_id, orderRef="a", terms=terms))
    assert world.orders()[-1]["T"] == "sell"


@pytest.mark.parametrize("code", [423, 434, 438, 439])
def test_a_refused_cash_order_is_told_as_refused(world, code):
    order_id = world.place("a", s=None, p=None, orderType="MKT", cashQty=1000)["apiOrderId"]
    world.tws.notice(code, "The order size cannot be zero.", order_id)
    order = world.orders()[-1]
    assert (order["status"], order["alive"], order["extCode"]) == ("Inactive", False, code)


def test_a_trailing_percent_and_a_limit_that_is_an_offset_are_told_as_they_are(world):
    order_id = world.place("a", T="sell", p=None, orderType="TRAIL LIMIT", trailingPercent=2.5, lmtPriceOffset=0.1)["apiOrderId"]
    terms = Terms("SELL", 100, "TRAIL LIMIT", 0.0, 0.0, "DAY", "DU1", trailingPercent=2.5)
    world.hear(opened(order_id, orderRef="a", terms=terms))
    order = world.orders()[-1]
    assert (order["p"], order["aux"], order["trailingPercent"]) == (None, None, 2.5)
