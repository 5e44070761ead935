"""The short way of plain orders: what leaves, what is kept and what is told is that of the long way."""

import json

import pytest
from txredisapi import ResponseError

from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.entry.checks import ContractFacts
from ibgw_tx.orders.entry.plain import plain_contract, read_plain
from ibgw_tx.orders.shell.unanswered import Record, read_record, record_text
from tests.kit.contracts import AAPL
from tests.kit.trading import BUY, CONTRACT, OrderWorld, kept, opened, status, trader

PLAIN = [
    {},
    {"client_oid": "bot-1"},
    {"client_oid": "bot-2", "T": "sell", "p": 150.25, "tif": "GTC", "outsideRth": True},
    {"s": 7.0, "p": 150.3},
]


def shortcuts(world):
    """How often the short way was taken, from now on."""
    taken, take = [], world.parts.order_entry.direct.take

    def counted(command, finish):
        done = take(command, finish)
        taken.append(done)
        return done

    world.parts.dispatcher._shortcuts = {"PLACE_ORDER": counted}
    return taken


def traces(world):
    """Everything that an order has left behind."""
    frames = world.asked("3")
    redis = {key: value for key, value in world.link.keys.items() if "oid" in key or "Oid" in key or "reserved" in key}
    unanswered = {field: json.loads(text) for field, text in world.link.hashes.get(names.unanswered("demo"), {}).items()}
    return frames, redis, unanswered, world.told("ack")


@pytest.mark.parametrize("order", PLAIN)
def test_both_ways_leave_the_same_behind(monkeypatch_for_each, order):
    found = []
    for way in ("short", "long"):
        with monkeypatch_for_each() as monkeypatch:
            world = trader(monkeypatch)
            world.asked("3")
            taken = shortcuts(world)
            if way == "long":
                world.parts.dispatcher._shortcuts = {}
            for number in range(3):
                oid = {"client_oid": f"{order['client_oid']}-{number}"} if "client_oid" in order else {}
                world.send("PLACE_ORDER", contract=CONTRACT, order={**BUY, **order, **oid})
            assert taken == ([True] * 3 if way == "short" else [])
            found.append(traces(world))
    assert found[0] == found[1] and len(found[0][0]) == 3 and all(ack["ok"] for ack in found[0][3])


def test_the_bytes_are_a_templates_from_the_second_order_of_a_kind_on(direct_world, monkeypatch):
    assert direct_world.place("a")["ok"]
    client = direct_world.gateway._session.client
    direct_world.asked("3")
    monkeypatch.setattr(client, "encode_order", lambda *order: 1 / 0)
    assert direct_world.place("b", s=12)["ok"] and len(direct_world.asked("3")) == 1


@pytest.mark.parametrize(
    "order", [{"hidden": True}, {"orderType": "MKT", "p": None}, {"s": 0.5}, {"T": "SSHORT"}, {"p": 150.001}, {"whatIf": True}]
)
def test_what_is_not_plain_goes_the_long_way(direct_world, order):
    taken = shortcuts(direct_world)
    direct_world.send("PLACE_ORDER", contract=CONTRACT, order={**BUY, **order})
    assert taken == [False]


def test_an_unknown_contract_goes_the_long_way_once(direct_world):
    taken = shortcuts(direct_world)
    for number in range(2):
        contract = {"symbol": "AAPL", "secType": "STK", "exchange": "SMART", "currency": "USD"}
        direct_world.send("PLACE_ORDER", id=number, contract=contract, order=BUY)
        direct_world.answer(AAPL)
        assert direct_world.ack()["ok"]
    assert taken == [False, True]


def test_no_byte_leaves_before_redis_has_answered(direct_world):
    taken = shortcuts(direct_world)
    direct_world.link.hold = True
    direct_world.send("PLACE_ORDER", contract=CONTRACT, order={**BUY, "client_oid": "a"})
    assert taken == [True] and not direct_world.asked("3") and not direct_world.told("ack")
    direct_world.link.hold = False
    direct_world.link.answer()
    assert len(direct_world.asked("3")) == 1 and direct_world.ack()["ok"]


@pytest.mark.parametrize("command", ["HALT", "CANCEL_ALL", "CANCEL_ORDER", "link"])
def test_what_ends_the_wait_for_redis_refuses_it_and_nothing_is_kept(direct_world, command):
    world = direct_world
    world.link.hold = True
    world.send("PLACE_ORDER", id="it", contract=CONTRACT, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    if command == "link":
        world.gateway.sessionLost(world.gateway._session, "gone")
    else:
        world.send(command, **({"client_oid": "a"} if command == "CANCEL_ORDER" else {}))
    (ack,) = [ack for ack in world.told("ack") if ack["id"] == "it"]
    assert not ack["ok"]
    world.link.answer()
    assert not world.asked("3") and kept(world, "a") is None
    assert not world.link.hashes.get(names.unanswered("demo")) or b"2" not in world.link.hashes[names.unanswered("demo")]
    assert world.parts.dispatcher.under_way == 0 and not world.parts.order_entry.attempts._open


def test_a_failure_while_it_is_made_ready_is_a_refusal_and_nothing_is_kept(direct_world, monkeypatch, failures):
    monkeypatch.setattr("ibgw_tx.orders.shell.direct.rendered", lambda *order: 1 / 0)
    assert direct_world.place("a")["code"] == "unavailable"
    failures.clear()
    assert not direct_world.asked("3") and kept(direct_world, "a") is None and direct_world.parts.dispatcher.under_way == 0
    assert list(direct_world.link.hashes[names.unanswered("demo")]) == [b"1"]


def test_the_cache_that_cannot_be_told_does_not_unsend_it(direct_world, monkeypatch, failures):
    monkeypatch.setattr("ibgw_tx.orders.cache.own.OwnOrders.placed", lambda *order: 1 / 0)
    ack = direct_world.place("a")
    assert ack["ok"] and len(direct_world.asked("3")) == 1 and kept(direct_world, "a") and len(failures) == 1
    failures.clear()
    order_id = ack["apiOrderId"]
    assert json.loads(direct_world.link.hashes[names.unanswered("demo")][b"%d" % order_id])["left"]
    direct_world.hear(opened(order_id, orderRef="a"), status(order_id))
    assert direct_world.orders()[-1]["client_oid"] == "a"


def test_where_tws_has_no_room_it_waits_and_leaves_later(direct_world):
    world = direct_world
    while world.gateway._session.budget["sent"]:
        world.seconds(1)
    for number in range(50):
        world.send("PLACE_ORDER", id=number, contract=CONTRACT, order={**BUY, "client_oid": f"n{number}"})
    left = len(world.asked("3"))
    assert 30 < left < 50 and len([ack for ack in world.told("ack") if ack["ok"]]) == left
    world.seconds(2)
    assert len(world.asked("3")) == 50 - left and world.parts.dispatcher.under_way == 0


@pytest.mark.parametrize("ref", ["bot-1", "gw-5-1"])
def test_a_record_is_read_back_as_what_it_was_made_of(ref):
    contract = Contract(conId=1, symbol="AAPL", secType="STK", exchange="SMART", primaryExchange="NASDAQ", currency="USD")
    known = plain_contract(contract, ContractFacts("STK"))
    plain = read_plain({"T": "buy", "s": 100, "p": 150.25}, known, ("DU1",), "")
    text = record_text(5, ref, known, plain, 1700000000000, "id")
    terms = Terms("BUY", 100, "LMT", 150.25, None, "DAY", "DU1")
    record = Record(5, ref, contract, terms, 1700000000000, "id", "NASDAQ", "USD-AAPL")
    assert read_record(text) == record and json.loads(text) == json.loads(json.dumps(record.to_json()))


def test_a_redis_that_comes_back_without_the_name_gets_it_again(direct_world):
    direct_world.place("a")
    name = kept(direct_world, "a")
    direct_world.link.go_down()
    direct_world.link.keys.pop(names.reservation("demo", "a"))
    direct_world.link.bring_up()
    assert name is not None and kept(direct_world, "a") == name


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_the_likely_kinds_are_learnt_before_their_first_order(monkeypatch, side):
    world = OrderWorld(monkeypatch).trading()
    world.send("FIND_CONTRACTS", **CONTRACT)
    world.answer(AAPL)
    assert world.ack()["ok"]
    world.seconds(4)
    world.asked("3")
    taken = shortcuts(world)
    monkeypatch.setattr(world.gateway._session.client, "encode_order", lambda *order: 1 / 0)
    world.send("PLACE_ORDER", contract=CONTRACT, order={**BUY, "T": side})
    assert taken == [True] and len(world.asked("3")) == 1 and world.ack()["ok"]


def records(world):
    """The apiOrderIds of the records that Redis keeps."""
    return set(world.link.hashes.get(names.unanswered("demo"), {}))


def test_a_name_that_only_redis_knows_is_refused_and_leaves_no_record(direct_world):
    world, before = direct_world, records(direct_world)
    world.link.keys[names.reservation("demo", "a")] = b'{"id":"another"}'
    taken = shortcuts(world)
    ack = world.place("a")
    assert taken == [True] and ack["code"] == "duplicate" and ack["reserved"] == {"id": "another"}
    assert not world.asked("3") and records(world) == before and kept(world, "a")


def test_without_its_record_nothing_leaves_although_the_name_was_free(direct_world):
    """The hash of records is somebody's key of another type."""
    world, taken = direct_world, shortcuts(direct_world)
    world.link.refuse["HSET"] = ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
    ack = world.place("a")
    assert taken == [True] and ack["code"] == "unavailable" and "WRONGTYPE" in str(ack)
    assert not world.asked("3") and kept(world, "a") is None
    world.link.refuse.clear()
    assert world.place("a")["ok"], "the name is free again"


def test_without_its_reservation_nothing_leaves_and_no_record_stays(direct_world):
    world, before = direct_world, records(direct_world)
    world.link.refuse["SET"] = ResponseError("OOM command not allowed when used memory > 'maxmemory'.")
    assert world.place("a")["code"] == "unavailable"
    assert not world.asked("3") and records(world) == before


def test_what_is_not_let_go_in_the_turn_of_its_bytes_leaves_no_record(direct_world, monkeypatch):
    world, before = direct_world, records(direct_world)
    gate = world.parts.order_entry.gate
    found = iter([True, False])
    monkeypatch.setattr(gate, "lets_through", lambda *order: next(found))
    monkeypatch.setattr(gate, "check_limits", lambda *order, **more: (_ for _ in ()).throw(CommandError("limit", "no")))
    assert world.place("a")["code"] == "limit"
    assert not world.asked("3") and records(world) == before and kept(world, "a") is None
