"""New orders in a whole gateway in memory: what is refused, what leaves, what is kept, and what comes between."""

import json

import attrs
import pytest

from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull, RedisDown
from ibgw_tx.orders.cache.own import OwnOrders
from ibgw_tx.orders.shell.gate import READY_WITHIN
from tests.kit.contracts import AAPL
from tests.kit.trading import (
    BUY,
    CONTRACT,
    fill,
    kept,
    members,
    opened,
    status,
)


def test_a_new_order_is_reserved_kept_and_sent_in_this_order(world):
    world.link.calls.clear()
    ack = world.place("a")
    assert ack["ok"] and members(*world.asked("3")) == (ack["apiOrderId"], "100", "150")
    sets = [call[1] for call in world.link.calls if call[0] == "SET"]
    assert sets[0] == names.reservation("demo", "a")
    assert json.loads(kept(world, "a"))["params"]["order"]["client_oid"] == "a"
    assert int(world.link.keys[names.order_id_counter("demo")]) >= ack["apiOrderId"]


def test_ids_rise_and_the_kept_counter_is_never_behind_them(world):
    """However the kinds of orders are mixed: TWS refuses an id below one that it has seen."""
    world.link.hold = True
    contract = {"conId": AAPL.conId, "exchange": "SMART"}
    for number in range(20):
        world.send("PLACE_ORDER", contract=contract, order={**BUY, "client_oid": f"p{number}"})
        world.send("PLACE_ORDER", contract=contract, order=BUY)
        world.send("PLACE_ORDER", contract=contract, order={**BUY, "whatIf": True})
    world.link.hold = False
    while world.link._held:
        world.link.answer()
    world.seconds(2)
    ids = [ack["apiOrderId"] for ack in world.told("ack")]
    sent = [int(message[1]) for message in world.asked("3")]
    assert len(ids) == 60 and ids == sorted(set(ids)) == sent
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
    (ack,) = [ack for ack in world.told("ack") if ack["cmd"] == "PLACE_ORDER"]
    world.link.answer()
    assert not world.told("ack")
    assert not ack["ok"] and not [message for message in tws.asked() if message[0] == "3"] and not world.asked("3")
    assert kept(world, "a") is None


def test_the_name_of_an_order_that_did_not_leave_is_given_back_when_redis_can_be_told(world, monkeypatch):
    world.link.hold = True
    world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    world.send("HALT")
    assert [ack.get("code") for ack in world.told("ack")] == ["limit", None]
    world.link.refuse["DEL"] = RedisDown("too slow")
    world.link.answer()
    assert kept(world, "a")
    world.link.refuse.clear()
    world.send("RESUME")
    world.told("ack")
    assert world.place("a")["ok"]


def test_a_reservation_whose_answer_was_lost_is_taken_back(world):
    world.link.hold = True
    world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    for _, words in world.link._held:
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
    held, world.link._held = world.link._held, []
    world.link.hold = False
    half = len(held) // 2
    for done, words in held[:half]:
        done.callback(world.link.carry_out(*words))
    world.link.keys.clear()
    for done, words in held[half:]:
        done.callback(world.link.carry_out(*words))
    assert [ack["ok"] for ack in world.told("ack")] == [True, False] and len(world.asked("3")) == 1


def test_what_fails_before_the_bytes_leaves_nothing_behind(world, monkeypatch):
    session = world.gateway._session
    monkeypatch.setattr(session, "order", lambda *ask: (_ for _ in ()).throw(PacingFull("full")))
    monkeypatch.setattr(session, "takes_order", lambda: False)
    count = world.parts.orders.cache.orders.open_count
    assert world.place("a")["code"] == "limit"
    assert kept(world, "a") is None and world.parts.orders.cache.orders.open_count == count


@pytest.mark.parametrize(("method", "more"), [("order", {"hidden": True}), ("send_order", {})])
def test_what_fails_after_the_bytes_does_not_free_the_name(direct_world, monkeypatch, failures, method, more):
    world, session = direct_world, direct_world.gateway._session
    send = getattr(session, method)

    def sent_and_failed(*ask):
        send(*ask)
        raise OSError("disk full")

    monkeypatch.setattr(session, method, sent_and_failed)
    ack = world.place("a", **more)
    assert ack["ok"] and len(world.asked("3")) == 1 and kept(world, "a") and len(failures) == 1
    failures.clear()
    assert world.parts.orders.cache.orders.is_open(ack["apiOrderId"])


def test_a_group_of_which_one_cannot_be_told_to_the_cache_leaves_no_other_behind(world, monkeypatch, failures):
    cache, count = world.parts.orders.cache, world.parts.orders.cache.orders.open_count
    placed, calls = OwnOrders.placed, []

    def second_fails(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise ValueError("in use")
        return placed(*arguments)

    monkeypatch.setattr(OwnOrders, "placed", second_fails)
    contract = {"conId": AAPL.conId, "exchange": "SMART"}
    orders = [{"contract": contract, "order": {**BUY, "client_oid": name, "ocaGroup": "g"}} for name in ("a", "b")]
    world.send("PLACE_ORDER", orders=orders)
    assert not world.ack()["ok"] and not world.asked("3") and cache.orders.open_count == count
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
    world.seconds(READY_WITHIN // 1000)
    assert not world.told("ack")
    world.seconds(1)
    assert world.ack()["code"] == "unavailable", "its author is told when it is too late, not when the contract comes"
    world.answer(attrs.evolve(AAPL, conId=272093, symbol="MSFT"))
    assert not world.told("ack") and not world.asked("3")


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


# What Redis does not take.


@pytest.mark.parametrize("oid", ["a", None])
def test_an_order_that_redis_does_not_keep_is_not_sent(world, oid):
    world.link.refuse["HSET"] = world.link.refuse["SET"] = RuntimeError("OOM command not allowed")
    ack = world.place(oid)
    assert ack["code"] == "unavailable" and "OOM" in ack["err"] and not world.asked("3")
    world.link.refuse.clear()
    assert world.place(oid)["ok"] and len(world.asked("3")) == 1


def test_an_order_whose_id_redis_does_not_cover_is_not_sent(world):
    world.parts.order_entry.ids.saw(5000)
    world.link.refuse["SET"] = RuntimeError("OOM command not allowed")
    ack = world.place()
    assert ack["code"] == "unavailable" and "OOM" in ack["err"] and not world.asked("3")


def test_a_change_and_a_preview_are_not_sent_either_and_a_cancel_is(world):
    order_id = world.placed("a")
    world.link.refuse["SET"] = RuntimeError("READONLY")
    for ack in (world.change(order_id, p=140), world.place(whatIf=True)):
        assert ack["code"] == "unavailable" and "READONLY" in ack["err"]
    assert not world.asked("3") and not world.parts.orders.cache.orders.is_changing(order_id)
    world.send("CANCEL_ORDER", apiOrderId=order_id)
    assert world.ack()["ok"] and world.asked("4")


def test_the_ack_says_where_the_order_is_kept(world):
    ack = world.place("a")
    assert (ack["market"], ack["pair"]) == ("NASDAQ", "USD-AAPL")
    order_id = ack["apiOrderId"]
    world.hear(opened(order_id, orderRef="a"), status(order_id))
    change = world.change(order_id, p=140)
    assert change == change | {"apiOrderId": order_id, "market": "NASDAQ", "pair": "USD-AAPL"}
    orders = [{"contract": CONTRACT, "order": {**BUY, "ocaGroup": "g"}} for _ in range(2)]
    world.send("PLACE_ORDER", orders=orders)
    group = world.ack()
    assert group["orders"] == [{"apiOrderId": each, "market": "NASDAQ", "pair": "USD-AAPL"} for each in group["apiOrderIds"]]


def test_a_contract_may_be_named_by_its_show_name(world):
    world.send("PLACE_ORDER", exchange="NASDAQ", showName="USD-AAPL", order=BUY)
    world.answer(AAPL)
    ack = world.ack()
    assert ack["ok"] and ack["market"] == "NASDAQ" and len(world.asked("3")) == 1


def test_a_change_may_name_its_order_by_client_oid(world):
    order_id = world.placed("a")
    world.send("PLACE_ORDER", order={"client_oid": "a", "p": 140})
    world.answer(AAPL)
    assert world.ack()["ok"] and members(*world.asked("3")) == (order_id, "100", "140")


# Ids.


def test_ids_of_executions_and_statuses_of_this_client_are_not_used_again(world):
    world.hear(fill(order_id=500, perm=9000), status(600, perm=9001), fill("x.1.1.01", order_id=700, perm=9002, clientId=9))
    assert world.place()["apiOrderId"] == 601


# Previews.


def test_a_preview_for_which_there_is_no_room_is_over(world, monkeypatch):
    session = world.gateway._session
    monkeypatch.setattr(session, "order", lambda *ask: (_ for _ in ()).throw(PacingFull("full")))
    assert world.place(whatIf=True)["code"] == "limit"
    world.seconds(40)
    assert not world.told("error")


def test_a_preview_reserves_no_name(world):
    assert world.place("a", whatIf=True)["ok"] and kept(world, "a") is None
    (message,) = world.asked("3")
    assert world.parts.orders.cache.orders.by_client_oid("a") is None and message[0] == "3"
