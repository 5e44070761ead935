"""The order desk in a whole gateway in memory: marks of trust, snapshots, what changes meanwhile, single orders in doubt."""

import json

import attrs
import pytest

from ibgw_tx.model import events
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.restore import read_order
from ibgw_tx.orders.shell import orders as orderdesk
from tests.kit.fakes import AAPL, HK1137, result
from tests.kit.gateway import contract_data
from tests.kit.trading import AAPL_OPEN, CHANNEL, FLAG, HASH, OrderWorld, fill, opened, status


@pytest.fixture
def world(monkeypatch):
    """A gateway whose one live order is number 1."""
    world = OrderWorld(monkeypatch).trading(opened(), status())
    world.orders()
    return world


def stored(world, field="5001"):
    return json.loads(world.link.hashes[HASH][field.encode()])


def words(world):
    """The commands since the last time."""
    calls, world.link.calls = world.link.calls, []
    return calls


# The snapshot.


def test_a_snapshot_writes_the_hash_tells_what_is_new_and_then_sets_the_flag(monkeypatch):
    world = OrderWorld(monkeypatch).trading(opened(), status())
    assert world.trusted == (True, True)
    calls = [call[0] for call in world.link.calls if call[1] in (HASH, CHANNEL, FLAG)]
    assert calls[-4:] == ["DEL", "HSET", "PUBLISH", "SET"]
    (told,) = world.orders()
    assert told["recovered"] is True and told == stored(world)


def test_an_exchange_of_the_settings_gets_its_flag_without_an_order(monkeypatch):
    world = OrderWorld(monkeypatch, exchanges="SEHK").trading()
    assert world.link.keys["URANUS:SEHK:demo:OMS"] == b"1"


def test_the_exchange_of_a_contract_found_gets_its_flag(world):
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.answer(HK1137)
    world.seconds(1)
    assert "URANUS:SEHK:demo:OMS" in world.link.keys


def test_nothing_is_trusted_before_redis_has_confirmed_the_hashes_and_changes_go_out_behind_them(world):
    world.tws.notice(1102)
    world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    world.asked("99")
    world.tws.say(102)
    (asked,) = world.asked("7")
    world.link.hold = True
    world.tws.say(55, 1, asked[2])
    world.hear(fill(), status(word="Filled", filled=100))
    assert not world.orders() and not world.parts.orders.is_running
    assert any(call[0] == "HSET" for call in world.link.calls) and FLAG not in world.link.keys
    world.link.hold = False
    world.link.answer()
    assert world.orders()[-1]["status"] == "Filled" and stored(world)["status"] == "Filled" and world.trusted == (True, True)


def test_hashes_that_redis_refuses_leave_no_flag_and_are_tried_again(world, failures):
    world.tws.notice(1102)
    world.link.refuse["HSET"] = RuntimeError("OOM")
    world.snapshot(opened(), status())
    assert world.trusted == (False, False) and len(failures) == 1
    failures.clear()
    world.link.refuse.clear()
    world.seconds(3)
    world.snapshot(opened(), status())
    assert world.trusted == (True, True)


def test_a_link_lost_between_two_portions_of_hashes_leaves_no_mark(world, monkeypatch):
    monkeypatch.setattr("ibgw_tx.orders.shell.store.PORTION", 1)
    world.tws.notice(1102)
    world.asked("16")
    world.hear(opened(), status(), opened(2, contract=attrs.evolve(HK1137)))
    world.tws.say(53, 1)
    world.asked("99")
    world.tws.say(102)
    (asked,) = world.asked("7")
    world.link.hold = True
    world.tws.say(55, 1, asked[2])
    world.tws.notice(1100)
    world.link.hold = False
    world.link.answer()
    assert not any(b"t" in kept for kept in world.link.hashes.values()) and FLAG not in world.link.keys


def test_a_change_that_redis_refuses_ends_the_trust_and_takes_everything_anew(world, failures):
    world.link.refuse["HSET"] = RuntimeError("READONLY")
    world.hear(status(word="PreSubmitted"), fill(shares=40), status(filled=40))
    assert world.trusted == (False, False) and not world.parts.orders.is_running
    assert len(failures) == 1
    failures.clear()
    world.link.refuse.clear()
    world.seconds(3)
    world.snapshot(opened(), status(filled=40), fill(shares=40))
    assert world.trusted == (True, True) and stored(world)["executed"] == 40


def test_junk_in_a_hash_keeps_nothing_back(monkeypatch):
    world = OrderWorld(monkeypatch)
    alive = order_json(read_order(json.loads(json.dumps(BOTS))))
    world.link.hashes[HASH] = {b"x": b"[", b"y": b'{"i":1}', b"77": json.dumps({**alive, "t": 1e200, "p": 1e250}).encode()}
    world.running()
    world.snapshot(opened(), status())
    assert world.asked("16"), "77 is asked for once more"
    world.tws.say(53, 1)
    assert stored(world, "77")["status"] == "Unknown" and not stored(world, "77")["alive"]


BOTS = {
    "i": "77", "client_oid": None, "apiOrderId": 9, "clientId": 0, "account": "DU1", "market": "NASDAQ", "pair": "USD-AAPL",
    "secType": "STK", "conId": 265598, "T": "buy", "s": 10, "p": 1, "aux": None, "orderType": "LMT", "tif": "GTC",
    "executed": 0, "remained": 10, "avg_price": None, "last_price": None, "status": "Submitted", "alive": True,
    "commission": None, "commissionCurrency": None, "t": 1, "updateTime": 1, "extCode": None, "extMsg": None,
}  # fmt: skip


def test_a_key_of_another_type_in_the_place_of_a_hash_keeps_nothing_back(monkeypatch):
    world = OrderWorld(monkeypatch)
    world.link.refuse["HGETALL"] = RuntimeError("WRONGTYPE")
    world.link.hashes[HASH] = {b"a": b"b"}
    world.trading(opened(), status())
    assert world.trusted == (True, True)


def test_an_order_that_tws_did_not_name_is_asked_for_once_more_before_it_is_called_lost(world):
    world.tws.notice(1102)
    # An end that belongs to another list comes first.
    world.snapshot()
    assert world.trusted == (False, False)
    assert world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    assert world.trusted == (True, True) and stored(world)["alive"] is True


def test_an_order_that_tws_never_names_is_unknown(world):
    world.tws.notice(1102)
    world.snapshot()
    assert world.asked("16")
    world.tws.say(53, 1)
    (told,) = world.orders()
    assert (told["status"], told["alive"], told["recovered"]) == ("Unknown", False, True)


def test_a_step_that_times_out_is_asked_again_and_nothing_is_concluded(world):
    world.tws.notice(1102)
    for _ in range(3):
        assert world.asked("16")
        world.seconds(33)
        assert world.trusted == (False, False) and not world.orders()
    world.snapshot(opened(), status())
    assert world.trusted == (True, True)


# Contracts.


def test_contracts_are_asked_for_a_few_at_a_time(monkeypatch):
    world = OrderWorld(monkeypatch).running()
    world.hear(*(opened(n, contract=attrs.evolve(AAPL_OPEN, conId=1000 + n), perm=n) for n in range(1, 101)))
    seen = len(world.asked("9"))
    assert 0 < seen <= orderdesk.MAX_RESOLVING


def test_a_contract_without_an_answer_is_asked_for_again_and_does_not_hide_its_order(monkeypatch, lines):
    world = OrderWorld(monkeypatch).running()
    world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    world.asked("99")
    world.tws.say(102)
    (asked,) = world.asked("7")
    world.tws.say(55, 1, asked[2])
    assert len(world.asked("9")) == 1
    world.seconds(63)
    assert FLAG not in world.link.keys
    (again,) = world.asked("9")
    world.tws.say(*contract_data(again[2], AAPL))
    world.tws.say(52, 1, again[2])
    assert world.trusted == (True, True)
    assert not any("goes by what the order says" in line for line in lines)


def test_a_contract_that_tws_does_not_know_goes_by_what_the_order_says(monkeypatch):
    world = OrderWorld(monkeypatch).running()
    world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    world.asked("99")
    world.tws.say(102)
    (asked,) = world.asked("7")
    world.tws.say(55, 1, asked[2])
    world.answer(code=200)
    assert world.parts.orders.is_running and "URANUS:SMART:demo:O:USD-AAPL" in world.link.hashes


# Losing trust.


@pytest.mark.parametrize("how", ["session", "1100", "2110", "RESET", "stop"])
def test_flag_and_mark_go_before_anything_else_is_said(world, how):
    words(world)
    if how == "session":
        world.tws.wire.end()
    elif how == "RESET":
        world.send("RESET")
    elif how == "stop":
        result(world.gateway.stopService())
    else:
        world.tws.notice(int(how))
    calls = [call for call in words(world) if not (call[0] == "PUBLISH" and b'"msg"' in call[2])]
    assert calls[0] == ("DEL", FLAG) and calls[1] == ("HDEL", HASH, "t")
    assert world.trusted == (False, False)


def test_orders_that_never_left_are_told_after_the_marks_are_gone(world):
    world.seconds(2)
    for _ in range(60):
        assert world.place()["ok"]
    words(world)
    world.tws.wire.end()
    calls = words(world)
    assert calls[0] == ("DEL", FLAG)
    assert len([told for told in world.told("error") if told["code"] == 504]) == 60 - 42


def test_a_late_fill_while_the_link_is_down_is_told_without_a_mark(world):
    world.tws.notice(1100)
    world.hear(fill(), status(word="Filled", filled=100))
    assert world.orders()[-1]["status"] == "Filled" and stored(world)["status"] == "Filled" and world.trusted == (False, False)


def test_redis_back_while_the_link_is_down_brings_no_flag(world):
    world.tws.notice(1100)
    world.link.go_down()
    world.link.keys[FLAG] = b"1"
    world.link.hashes[HASH][b"t"] = b"1"
    world.link.bring_up()
    assert world.trusted == (False, False) and not world.asked("16")
    world.seconds(5)
    assert world.trusted == (False, False) and not world.parts.orders.is_running
    world.tws.notice(1102)
    world.snapshot(opened(), status())
    assert world.trusted == (True, True)


def test_redis_back_without_a_session_brings_no_flag(monkeypatch):
    world = OrderWorld(monkeypatch)
    world.link.keys[FLAG] = b"1"
    world.link.hashes[HASH] = {b"t": b"1"}
    world.link.bring_up()
    assert world.trusted == (False, False)


def test_marks_go_from_a_redis_with_another_memory_before_the_status_is_said(world):
    world.link.go_down()
    world.link.keys[FLAG] = b"1"
    words(world)
    world.link.bring_up()
    calls = words(world)
    assert calls[0] == ("DEL", FLAG) and world.trusted[0] is False


def test_a_new_order_told_while_redis_was_away_is_told_when_it_is_back(world):
    world.link.go_down()
    world.hear(opened(2), status(2))
    world.link.bring_up()
    world.snapshot(opened(), status(), opened(2), status(2))
    (told,) = world.orders()
    assert told["i"] == "5002" and told["recovered"] is True


def test_an_empty_redis_is_told_everything(world):
    world.link.go_down()
    world.link.hashes.clear()
    world.link.bring_up()
    world.snapshot(opened(), status())
    assert [told["i"] for told in world.orders()] == ["5001"]


def test_marks_that_redis_did_not_take_away_are_taken_away_again(world):
    world.link.refuse["DEL"] = world.link.refuse["HDEL"] = RedisDown("too slow")
    world.tws.notice(1100)
    assert world.trusted == (True, True)
    world.link.refuse.clear()
    world.seconds(1)
    assert world.trusted == (False, False)


def test_the_lease_is_renewed_while_trusted_only(world):
    words(world)
    world.seconds(3)
    assert [call for call in words(world) if call[:2] == ("SET", FLAG)] == [("SET", FLAG, "1", "EX", 10)] * 3
    world.tws.notice(1100)
    words(world)
    world.seconds(3)
    assert not [call for call in words(world) if call[:2] == ("SET", FLAG)]


def test_a_link_that_comes_back_during_a_stop_brings_no_flag(world):
    world.link.hold = True
    world.gateway.stopService()
    world.tws.notice(1102)
    assert not world.asked("16")
    world.link.hold = False
    world.link.answer()
    assert world.trusted == (False, False)


# Single orders in doubt.


def test_a_doubt_is_asked_about_and_settled(world):
    world.tws.notice(31337, "a code nobody knows", 1)
    world.snapshot(opened(status="PreSubmitted"), status(word="PreSubmitted"))
    assert stored(world)["alive"] is True


def test_a_doubt_while_the_link_is_down_is_not_asked_about(world):
    world.tws.notice(1100)
    world.tws.notice(31337, "a code nobody knows", 1)
    world.seconds(20)
    assert not world.asked("16") and stored(world)["alive"] is True


def test_an_order_in_doubt_is_not_lost_by_the_end_of_another_list(world):
    world.tws.notice(31337, "a code nobody knows", 1)
    world.snapshot()
    assert world.asked("16")
    world.hear(opened(), status())
    world.tws.say(53, 1)
    assert stored(world)["alive"] is True


def test_a_doubt_whose_second_list_does_not_come_settles_nothing(world):
    world.tws.notice(31337, "a code nobody knows", 1)
    world.snapshot()
    world.asked("16")
    world.seconds(31)
    assert stored(world)["alive"] is True


# Memory.


def test_echoes_of_orders_that_are_over_are_thrown_away(world, monkeypatch):
    desk = world.parts.orders
    for number in range(orderdesk._ECHOES + 50):
        desk.echo(events.OrderEcho(1 + number, 0, AAPL_OPEN, {}))
    assert 1 in desk.echoes and len(desk.echoes) < 100


def test_an_echo_of_another_client_is_nobody_here(world):
    world.parts.orders.echo(events.OrderEcho(70, 9, AAPL_OPEN, {}))
    assert 70 not in world.parts.orders.echoes


def test_a_negative_id_of_a_bound_order_is_that_orders(world):
    world.hear(opened(-5, perm=6000), status(-5, perm=6000))
    world.told("msg")
    world.tws.notice(202, "Order Canceled - reason:", -5)
    assert stored(world, "6000")["status"] == "Cancelled"
