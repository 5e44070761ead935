"""The snapshot of orders in a whole gateway in memory, and what changes while it is taken."""

import json

import attrs
import pytest

from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.restore import read_order
from tests.kit.contracts import HK1137
from tests.kit.trading import (
    CHANNEL,
    FLAG,
    HASH,
    OrderWorld,
    fill,
    one_live_order,
    opened,
    status,
    stored,
)


@pytest.fixture
def world(monkeypatch):
    """A gateway whose one live order is number 1."""
    return one_live_order(monkeypatch)


def test_a_snapshot_writes_the_hash_tells_what_is_new_and_then_sets_the_flag(monkeypatch):
    world = OrderWorld(monkeypatch).trading(opened(), status())
    assert world.trusted == (True, True)
    calls = [call[0] for call in world.link.calls if call[1] in (HASH, CHANNEL, FLAG)]
    assert calls[-3:] == ["HSET", "PUBLISH", "SET"]
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
    monkeypatch.setattr("ibgw_tx.orders.shell.hash_writer.PORTION", 1)
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
    hashes = [kept for key, kept in world.link.hashes.items() if key.startswith("URANUS:")]
    assert hashes and not any(b"t" in kept for kept in hashes) and FLAG not in world.link.keys


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
    world.link.refuse["HSCAN"] = RuntimeError("WRONGTYPE")
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
