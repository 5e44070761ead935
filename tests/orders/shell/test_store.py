"""The order cache on Redis: which marks are set and taken away, in which order changes are written."""

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.cache.changes import OrderChanged
from ibgw_tx.orders.shell import store as store_module
from ibgw_tx.orders.shell.store import OrderStore
from tests.kit.deferreds import error, result
from tests.kit.redis import FakeLink

HASH, CHANNEL, FLAG = (f"URANUS:NASDAQ:demo:{tail}" for tail in ("O:USD-AAPL", "O_channel", "OMS"))
PLACE = ("NASDAQ", "USD-AAPL")


def order(number, **more):
    return {"i": str(number), "client_oid": f"o{number}", **more}


def change(number=1, place=PLACE, fields=None, **more):
    told = order(number, **more)
    return OrderChanged(told, *place, (told["i"], told["client_oid"]) if fields is None else fields)


def ignored(failure):
    """For those who do not ask."""


@pytest.fixture
def link():
    link = FakeLink()
    link.bring_up()
    return link


@pytest.fixture
def store(link):
    return OrderStore("demo", link, lambda: 1234)


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


def words(link):
    return [call[0] for call in link.calls]


# Marks.


def test_all_marks_of_this_gateway_are_cleared_and_no_others(store, link):
    others = {"URANUS:NASDAQ:other:OMS": b"1", "URANUS:X:demo:orderbook": b"1"}
    link.keys.update({FLAG: b"1", "URANUS:OLD:demo:OMS": b"1", **others})
    link.hashes[HASH] = {b"t": b"1", b"5": b"{}"}
    result(done(store.clear_marks()))
    assert link.keys == others and link.hashes[HASH] == {b"5": b"{}"}


def test_many_hashes_are_cleared_in_portions(store, link, monkeypatch):
    monkeypatch.setattr(store_module, "PORTION", 3)
    for number in range(10):
        link.hashes[names.order_hash("NASDAQ", "demo", f"USD-{number}")] = {b"t": b"1", b"x": b"y"}
    link.hold = True
    clearing, sizes = done(store.clear_marks()), []
    while not clearing.called:
        sizes.append(len(link._held))
        link.answer()
    assert sizes == [1, 1, 3, 3, 3, 1] and not any(b"t" in kept for kept in link.hashes.values())


def test_a_key_of_another_type_has_no_mark_and_another_refusal_is_one(store, link):
    store.places = {PLACE}
    link.refuse["HDEL"] = RuntimeError("WRONGTYPE Operation against a key holding the wrong kind of value")
    store.distrust()
    assert not store.marks_left
    link.refuse["HDEL"] = RuntimeError("READONLY")
    link.hashes[HASH] = {b"t": b"1"}
    error(done(store.clear_marks()), RuntimeError, Exception)


def test_distrust_takes_flags_and_marks_at_once(store, link):
    store.exchanges, store.places = {"NASDAQ"}, {PLACE}
    link.keys[FLAG], link.hashes[HASH] = b"1", {b"t": b"1", b"5": b"{}"}
    store.distrust()
    assert FLAG not in link.keys and link.hashes[HASH] == {b"5": b"{}"} and not store.marks_left


@pytest.mark.parametrize("failure", [RedisDown("too slow"), RuntimeError("MISCONF")])
def test_marks_that_could_not_be_taken_are_remembered(store, link, failure):
    store.exchanges = {"NASDAQ"}
    link.refuse["DEL"] = failure
    store.distrust()
    assert store.marks_left
    link.refuse.clear()
    store.distrust(again=True)
    assert not store.marks_left


def test_marks_that_are_on_their_way_out_are_not_taken_twice(store, link):
    store.exchanges = {"NASDAQ"}
    link.hold = True
    store.distrust()
    store.distrust()
    assert words(link) == ["DEL"]
    link.hold = False
    link.answer()
    store.distrust()
    assert words(link) == ["DEL"]
    store.renew_lease()
    store.distrust()
    assert words(link) == ["DEL", "SET", "DEL"]


def test_without_redis_nothing_is_taken(store, link):
    store.exchanges = {"NASDAQ"}
    link.go_down()
    store.distrust()
    assert not store.marks_left


def test_the_lease_is_for_every_exchange(store, link):
    store.exchanges = {"NASDAQ", "SEHK"}
    store.renew_lease()
    assert sorted(link.calls) == [("SET", f"URANUS:{name}:demo:OMS", "1", "EX", 10) for name in ("NASDAQ", "SEHK")]


# Changes.


def test_a_change_is_in_the_hash_before_it_is_published(store, link):
    store.exchanges.add("NASDAQ")
    store.write([change(), change(2, fields=())], True, ignored)
    assert words(link) == ["HSET", "PUBLISH", "PUBLISH"]
    assert set(link.hashes[HASH]) == {b"t", b"1", b"o1"}


def test_the_first_order_of_an_exchange_brings_its_flag(store, link):
    store.write([change()], True, ignored)
    assert words(link) == ["HSET", "SET", "PUBLISH"] and link.keys[FLAG] == b"1"


def test_an_untrusted_change_brings_neither_mark_nor_flag(store, link):
    store.write([change()], False, ignored)
    assert words(link) == ["HSET", "PUBLISH"] and b"t" not in link.hashes[HASH] and not store.exchanges


def test_a_change_that_redis_refuses_is_reported(store, link):
    refused = []
    link.refuse["HSET"] = RuntimeError("OOM")
    store.write([change()], True, refused.append)
    assert len(refused) == 1
    link.refuse["HSET"] = RedisDown("gone")
    store.write([change()], True, refused.append)
    assert len(refused) == 1
