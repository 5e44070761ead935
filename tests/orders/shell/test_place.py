"""Order commands in a whole gateway in memory: what is refused, what leaves, what is kept, and what comes between."""

import json

import attrs
import pytest

from ibgw_tx.model import events
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull, RedisDown
from ibgw_tx.model.order_events import Terms
from ibgw_tx.model.order_members import Condition, Tag
from ibgw_tx.orders.shell import place as ordercommands
from ibgw_tx.tws.pacing import CAPACITY, Lane
from tests.kit import order_events as omskit
from tests.kit.fakes import AAPL, result
from tests.kit.trading import AAPL_OPEN, BUY, TERMS, OrderWorld, fill, opened, status


@pytest.fixture
def world(monkeypatch):
    """A gateway that trades; AAPL is known, nothing is live."""
    world = OrderWorld(monkeypatch).trading()
    assert world.place("warm", s=1)["ok"]
    world.seconds(2)
    world.asked("3")
    world.tws.notice(201, "refused", 1)
    world.orders()
    world.told("error")
    return world


def kept(world, oid):
    return world.link.keys.get(names.reservation("demo", oid))


def members(message):
    """(order id, quantity, limit price) of a placeOrder frame."""
    at = message.index("BUY") if "BUY" in message else message.index("SELL")
    return int(message[1]), message[at + 1], message[at + 3]


def burst(world, count=60):
    """So many orders that some wait for TWS's message rate; the ids of those that wait."""
    ids = [world.place(f"burst-{number}")["apiOrderId"] for number in range(count)]
    left = [int(message[1]) for message in world.asked("3")]
    assert left == ids[: len(left)] and len(left) < count
    return ids[len(left) :]


# New orders.


def test_a_new_order_is_reserved_kept_and_sent_in_this_order(world):
    world.link.calls.clear()
    ack = world.place("a")
    assert ack["ok"] and members(*world.asked("3")) == (ack["apiOrderId"], "100", "150")
    sets = [call[1] for call in world.link.calls if call[0] == "SET"]
    assert sets[0] == names.reservation("demo", "a")
    assert json.loads(kept(world, "a"))["params"]["order"]["client_oid"] == "a"
    assert int(world.link.keys[names.order_id_counter("demo")]) >= ack["apiOrderId"]


def test_ids_rise_and_the_kept_counter_is_never_behind_them(world):
    world.link.hold = True
    for number in range(150):
        world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, "client_oid": f"p{number}"})
    world.link.hold = False
    while world.link._held:
        world.link.answer()
    ids = [ack["apiOrderId"] for ack in world.told("ack")]
    assert len(ids) == 150 and ids == sorted(set(ids))
    assert int(world.link.keys[names.order_id_counter("demo")]) >= max(ids)


@pytest.mark.parametrize("trouble", ["HALT", "session", "1100", "RESET", "new session"])
def test_what_comes_while_redis_is_asked_refuses_the_order_and_frees_its_name(world, trouble):
    world.link.hold = True
    world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    tws = world.tws
    if trouble == "HALT":
        world.send("HALT")
    elif trouble == "RESET":
        world.send("RESET")
    elif trouble == "1100":
        world.tws.notice(1100)
    else:
        world.tws.wire.end()
        if trouble == "new session":
            world.ready()
    world.told("ack")
    world.link.answer()
    (ack,) = world.told("ack")
    assert not ack["ok"] and not [message for message in tws.asked() if message[0] == "3"] and not world.asked("3")
    assert kept(world, "a") is None


def test_the_name_of_an_order_that_did_not_leave_is_given_back_when_redis_can_be_told(world, monkeypatch):
    world.link.hold = True
    world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    world.send("HALT")
    world.told("ack")
    world.link.refuse["DEL"] = RedisDown("too slow")
    world.link.answer()
    assert world.ack()["code"] == "limit" and kept(world, "a")
    world.link.refuse.clear()
    world.send("RESUME")
    world.told("ack")
    assert world.place("a")["ok"]


def test_a_reservation_whose_answer_was_lost_is_taken_back(world):
    world.link.hold = True
    world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    (_, words) = world.link._held[0]
    world.link.carry_out(*words)
    world.link.go_down()
    assert kept(world, "a")
    world.told("ack")
    world.link.bring_up()
    world.snapshot()
    assert kept(world, "a") is None and world.place("a")["ok"]


def test_a_reservation_of_somebody_else_outlives_a_lost_answer(world):
    world.link.keys[names.reservation("demo", "a")] = b'{"id":"other"}'
    world.link.hold = True
    world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    world.link.go_down()
    world.told("ack")
    world.link.bring_up()
    world.snapshot()
    assert world.place("a")["code"] == "duplicate" and kept(world, "a") == b'{"id":"other"}'


def test_sending_twice_never_makes_two_orders_even_when_redis_forgets(world):
    world.placed("a")
    world.link.keys.clear()
    assert world.place("a")["code"] == "duplicate" and not world.asked("3")


def test_a_repeat_that_was_under_way_when_redis_forgot_is_a_duplicate(world):
    ask = {"contract": {"conId": AAPL.conId, "exchange": "SMART"}, "order": {**BUY, "client_oid": "a"}}
    world.link.hold = True
    world.send("PLACE_ORDER", **ask)
    world.send("PLACE_ORDER", **ask)
    first, second = world.link._held
    world.link._held = []
    world.link.hold = False
    first[0].callback(world.link.carry_out(*first[1]))
    world.link.keys.clear()
    second[0].callback(world.link.carry_out(*second[1]))
    assert [ack["ok"] for ack in world.told("ack")] == [True, False] and len(world.asked("3")) == 1


def test_what_fails_before_the_bytes_leaves_nothing_behind(world, monkeypatch):
    session = world.gateway._session
    monkeypatch.setattr(session, "send_orders", lambda frames: (_ for _ in ()).throw(PacingFull("full")))
    count = world.parts.orders.cache.open_count
    assert world.place("a")["code"] == "limit"
    assert kept(world, "a") is None and world.parts.orders.cache.open_count == count


def test_what_fails_after_the_bytes_does_not_free_the_name(world, monkeypatch, failures):
    session = world.gateway._session
    send = session.send_orders

    def sent_and_failed(frames):
        send(frames)
        raise OSError("disk full")

    monkeypatch.setattr(session, "send_orders", sent_and_failed)
    ack = world.place("a")
    assert ack["ok"] and len(world.asked("3")) == 1 and kept(world, "a") and len(failures) == 1
    failures.clear()
    assert world.parts.orders.cache.is_open(ack["apiOrderId"])


def test_a_group_of_which_one_cannot_be_told_to_the_cache_leaves_no_other_behind(world, monkeypatch, failures):
    cache, count = world.parts.orders.cache, world.parts.orders.cache.open_count
    placed, calls = cache.placed, []

    def second_fails(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise ValueError("in use")
        return placed(*arguments)

    monkeypatch.setattr(cache, "placed", second_fails)
    contract = {"conId": AAPL.conId, "exchange": "SMART"}
    orders = [{"contract": contract, "order": {**BUY, "client_oid": name, "ocaGroup": "g"}} for name in ("a", "b")]
    world.send("PLACE_ORDER", orders=orders)
    assert not world.ack()["ok"] and not world.asked("3") and cache.open_count == count
    assert kept(world, "a") is None and kept(world, "b") is None
    failures.clear()


def test_an_order_whose_command_expired_while_it_was_checked_is_not_sent(world):
    world.link.hold = True
    now = int(world.reactor.seconds() * 1000)
    ask = {"contract": {"conId": AAPL.conId, "exchange": "SMART"}, "order": {**BUY, "client_oid": "a"}}
    world.link.on_message(json.dumps({"id": 1, "cmd": "PLACE_ORDER", "params": ask, "t": now}).encode())
    world.seconds(6)
    world.link.hold = False
    world.link.answer()
    assert world.ack()["code"] == "expired" and not world.asked("3") and kept(world, "a") is None


def test_an_order_whose_contract_took_too_long_is_not_sent(world):
    world.send("PLACE_ORDER", contract={"symbol": "MSFT", "secType": "STK"}, order=BUY)
    world.seconds(ordercommands.READY_WITHIN // 1000 + 1)
    world.answer(attrs.evolve(AAPL, conId=272093, symbol="MSFT"))
    assert world.ack()["code"] == "unavailable" and not world.asked("3")


def test_a_tws_that_has_fallen_silent_gets_no_order(world):
    world.reactor.advance(11)
    ack = world.place("a")
    assert ack["code"] == "not_connected" and "silent" in ack["err"] and kept(world, "a") is None


def test_orders_are_refused_while_the_snapshot_is_taken_and_cancels_of_unseen_orders_too(world):
    order_id = world.placed("a")
    world.tws.wire.end()
    world.ready()
    world.send("CANCEL_ORDER", client_oid="a")
    ack = world.ack()
    assert (ack["code"], bool(world.asked("4"))) == ("unavailable", False)
    assert world.place("b")["code"] == "unavailable"
    world.hear(opened(order_id, orderRef="a"))
    world.send("CANCEL_ORDER", client_oid="a")
    assert world.ack()["ok"] and world.asked("4") == [["4", "1", str(order_id)]]


# Ids.


def test_ids_of_executions_and_statuses_of_this_client_are_not_used_again(world):
    world.hear(fill(order_id=500, perm=9000), status(600, perm=9001), fill("x.1.1.01", order_id=700, perm=9002, clientId=9))
    assert world.place()["apiOrderId"] == 601


# Changes.


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
    world.hear(opened(order_id, terms=Terms("BUY", 100, "LMT", 145.0, 0.0, "DAY", "DU1")))
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
    monkeypatch.setattr(session, "send_orders", lambda frames: (_ for _ in ()).throw(PacingFull("full")))
    assert world.change(order_id, p=140)["code"] == "limit"
    assert not world.parts.orders.cache.is_changing(order_id)


def test_an_order_of_an_earlier_session_is_changed_as_tws_shows_it(world):
    order_id = world.placed("a")
    world.tws.wire.end()
    world.ready()
    echo = {"action": "BUY", "totalQuantity": 100, "orderType": "LMT", "lmtPrice": 150.0, "tif": "GTC", "account": "DU1"}
    world.snapshot(events.OrderEcho(order_id, 0, AAPL_OPEN, echo), opened(order_id, orderRef="a"))
    assert world.change(order_id, p=140)["ok"]
    assert members(*world.asked("3")) == (order_id, "100", "140") and world.parts.order_commands._sent[order_id].frames == 2


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


# Cancels.


def test_a_cancel_does_not_overtake_its_order(world):
    waiting = burst(world)
    world.send("CANCEL_ORDER", apiOrderId=waiting[0])
    assert world.ack()["ok"] and not world.asked("4")
    world.seconds(2)
    left = [(message[0], message[1] if message[0] == "3" else message[2]) for message in world._asked if message[0] in "34"]
    world._asked.clear()
    assert left.index(("3", str(waiting[0]))) < left.index(("4", str(waiting[0])))


def test_a_cancel_of_an_order_that_has_left_goes_first(world):
    order_id = world.placed("a")
    burst(world)
    world.send("CANCEL_ORDER", apiOrderId=order_id)
    assert world.asked("4") == [["4", "1", str(order_id)]]


def test_a_global_cancel_goes_at_once_and_again_behind_the_orders_that_wait(world):
    waiting = burst(world)
    world.send("CANCEL_ALL")
    assert world.ack()["ok"] and len(world.asked("58")) == 1
    world.seconds(2)
    kinds = [message[0] for message in world._asked if message[0] in ("3", "58")]
    assert kinds == ["3"] * len(waiting) + ["58"]


def test_a_global_cancel_finds_room_however_many_orders_wait(world):
    session = world.gateway._session
    session._outgoing._pacer.offer(Lane.ORDER, *[b"\0\0\0\1" + b"3\x001\x00"] * CAPACITY[Lane.ORDER])
    world.send("CANCEL_ALL")
    assert world.ack()["ok"] and world.asked("58")


def test_an_order_without_an_answer_can_be_cancelled(world):
    order_id = world.place("a")["apiOrderId"]
    world.seconds(61)
    while world.asked("16"):
        world.tws.say(53, 1)
        world.asked("99")
        world.tws.say(102)
        for asked in world.asked("7"):
            world.tws.say(55, 1, asked[2])
    assert world.orders()[-1]["status"] == "Unknown"
    world.send("CANCEL_ORDER", client_oid="a")
    assert world.ack()["ok"] and world.asked("4") == [["4", "1", str(order_id)]]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "bad_params"),
        ({"apiOrderId": True}, "bad_params"),
        ({"apiOrderId": "1"}, "bad_params"),
        ({"i": 1.5}, "bad_params"),
        ({"client_oid": 1}, "bad_params"),
        ({"id": 1}, "bad_params"),
        ({"apiOrderId": 77}, "unknown_order"),
        ({"i": "77"}, "unknown_order"),
        ({"client_oid": "no"}, "unknown_order"),
        ({"client_oid": "warm"}, "unknown_order"),
    ],
)
def test_cancels_that_are_refused(world, params, code):
    world.send("CANCEL_ORDER", **params)
    assert world.ack()["code"] == code and not world.asked("4")


def test_members_that_are_null_count_as_absent(world):
    order_id = world.placed("a")
    world.send("CANCEL_ORDER", apiOrderId=None, i=None, client_oid="a")
    assert world.ack()["apiOrderId"] == order_id


def test_two_names_of_different_orders_cancel_neither(world):
    one, _ = world.placed("a"), world.placed("b")
    world.send("CANCEL_ORDER", apiOrderId=one, client_oid="b")
    assert world.ack()["code"] == "bad_params" and not world.asked("4")


def test_cancels_work_while_halted(world):
    order_id = world.placed("a")
    world.send("HALT", reason="lunch")
    world.send("CANCEL_ORDER", apiOrderId=order_id)
    world.send("CANCEL_ALL")
    assert [ack["ok"] for ack in world.told("ack")] == [True] * 3
    assert "lunch" in world.place("b")["err"] and "lunch" in world.change(order_id, p=1)["err"]


# The end of a session.


@pytest.mark.parametrize("version", [145, 157])
def test_orders_that_never_left_are_told_and_their_names_are_free(monkeypatch, version):
    world = OrderWorld(monkeypatch)
    world.link.bring_up()
    world.connect().welcome(version=version)
    world.download()
    world.asked("16")
    world.tws.say(53, 1)
    if version >= 150:
        world.asked("99")
        world.tws.say(102)
    world.tws.say(55, 1, world.asked("7")[0][2])
    assert world.parts.orders.is_running
    world.place("first")
    world.seconds(2)
    ids = {f"o{number}": world.place(f"o{number}")["apiOrderId"] for number in range(60)}
    left = {int(message[1 if version >= 145 else 2]) for message in world.asked("3")}
    world.tws.wire.end()
    told = {int(each["err"].split()[1]) for each in world.told("error") if each["code"] == 504}
    assert told == {order_id for order_id in ids.values() if order_id not in left}
    for oid, order_id in ids.items():
        assert (kept(world, oid) is not None) == (order_id in left)
    # What has left is waited for, the rest is forgotten.
    assert world.parts.orders.cache.open_count == len(left)


def test_a_change_that_never_left_does_not_make_its_order_unsent(world):
    order_id = world.place("a")["apiOrderId"]
    world.asked("3")
    waiting = burst(world)
    world.send("PLACE_ORDER", order={"apiOrderId": order_id, "p": 140}, id="change")
    assert world.ack()["ok"]
    world.tws.wire.end()
    errors = world.told("error")
    assert [each["err"].partition(" was")[0] for each in errors if each["id"] == "change"] == [f"the change of order {order_id}"]
    assert len(errors) == len(waiting) + 1
    assert kept(world, "a") and world.parts.orders.cache.by_client_oid("a")["alive"]


def test_cancels_that_never_left_are_told(world):
    waiting = burst(world)
    world.send("CANCEL_ORDER", apiOrderId=waiting[-1], id="cancel")
    world.send("CANCEL_ALL", id="all")
    world.tws.wire.end()
    told = {each["id"]: each["err"] for each in world.told("error")}
    assert f"the cancel of order {waiting[-1]}" in told["cancel"] and "global cancel" in told["all"]


def test_a_stop_tells_what_waits_and_frees_its_names(world):
    waiting = burst(world)
    result(world.gateway.stopService())
    assert len([each for each in world.told("error") if each["code"] == 504]) == len(waiting)
    assert not [oid for oid in range(60) if kept(world, f"burst-{oid}") and oid >= 60 - len(waiting)]


def test_a_preview_that_waits_when_the_session_ends_is_told_once(world):
    world.place(whatIf=True)
    world.tws.wire.end()
    (told,) = world.told("error")
    assert told["code"] is None and "preview" in told["err"]


# Previews.


def test_a_preview_for_which_there_is_no_room_is_over(world, monkeypatch):
    session = world.gateway._session
    monkeypatch.setattr(session, "send_orders", lambda frames: (_ for _ in ()).throw(PacingFull("full")))
    assert world.place(whatIf=True)["code"] == "limit"
    world.seconds(40)
    assert not world.told("error")


def test_a_preview_reserves_no_name(world):
    assert world.place("a", whatIf=True)["ok"] and kept(world, "a") is None
    (message,) = world.asked("3")
    assert world.parts.orders.cache.by_client_oid("a") is None and message[0] == "3"


# HALT.


def test_a_halt_during_a_resume_stands(world):
    world.send("HALT")
    world.link.hold = True
    world.send("RESUME")
    world.send("HALT", reason="again")
    world.link.hold = False
    world.link.answer()
    world.told("ack")
    assert world.place("a")["code"] == "limit" and world.link.json(names.halt("demo"))["reason"] == "again"


# Memory.


def test_orders_that_are_over_are_forgotten(world, monkeypatch):
    monkeypatch.setattr(ordercommands, "_ORDERS", 10)
    world.parts.order_commands._sent_at_most = 10
    for number in range(40):
        order_id = world.placed(f"m{number}")
        world.hear(status(order_id, "Cancelled"))
        world.seconds(1)
    assert len(world.parts.order_commands._sent) <= 11
