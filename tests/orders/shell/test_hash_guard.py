"""What somebody has deleted of the order hashes: flags and marks go at once, and all is written again."""

import pytest
from twisted.internet.defer import Deferred, succeed
from txredisapi import ResponseError

from ibgw_tx.model import keys as names
from ibgw_tx.orders.cache.archive import Archive
from ibgw_tx.orders.cache.changes import Snapshot
from ibgw_tx.orders.cache.index import OrderIndex
from ibgw_tx.orders.cache.reading import Reading
from ibgw_tx.orders.shell import hash_guard as module
from ibgw_tx.orders.shell.asking import RETRY_PAUSE
from ibgw_tx.orders.shell.hash_writer import HashWriter
from tests.kit.deferreds import error
from tests.kit.redis import FakeLink
from tests.kit.trading import HASH, OrderWorld, fill, opened, status, stored


@pytest.fixture
def world(monkeypatch):
    """A gateway with one live order, number 1, whose hash has been counted."""
    made = OrderWorld(monkeypatch).trading(opened(), status())
    made.seconds(2)
    assert made.trusted == (True, True) and made.parts.orders.is_running
    return made


def is_taken_anew(world, *more):
    """The flag is off already; then the order stands again, and the flag with it."""
    assert world.trusted == (False, False) and not world.parts.orders.is_running
    world.seconds(int(RETRY_PAUSE) + 1)
    world.snapshot(opened(), status(), *more)
    assert world.trusted == (True, True) and stored(world)["alive"]
    world.seconds(3)
    assert world.parts.orders.is_running, "nothing is missed any more"


def test_a_hash_that_somebody_has_deleted_is_written_again(world, failures):
    del world.link.hashes[HASH]
    assert world.trusted[0]
    world.seconds(1)
    is_taken_anew(world)


def test_one_field_that_somebody_has_deleted_is_written_again(world):
    del world.link.hashes[HASH][b"5001"]
    world.seconds(1)
    is_taken_anew(world)


def test_everything_gone_is_everything_written_again(world):
    world.link.hashes.clear()
    world.link.keys.clear()
    world.seconds(1)
    is_taken_anew(world)


def test_the_next_change_of_an_order_tells_that_its_hash_was_gone(world):
    del world.link.hashes[HASH]
    world.hear(opened(2), status(2))
    is_taken_anew(world, opened(2), status(2))


def test_a_field_that_goes_while_others_come_is_missed(world):
    del world.link.hashes[HASH][b"5001"]
    world.hear(opened(2), status(2))
    world.hear(opened(3), status(3))
    assert world.parts.orders.is_running
    world.seconds(1)
    is_taken_anew(world, opened(2), status(2), opened(3), status(3))


def test_what_comes_and_changes_is_no_loss(world):
    for number in range(2, 9):
        world.hear(opened(number), status(number))
        world.seconds(1)
        world.hear(fill(f"e.{number}.01.01", order_id=number), status(number, "Filled", 100))
    world.seconds(5)
    assert world.parts.orders.is_running and world.trusted == (True, True)


def test_a_hash_that_is_of_another_type_now_is_replaced(world):
    world.link.refuse["HLEN"] = ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
    world.seconds(1)
    world.link.refuse.clear()
    is_taken_anew(world)


def test_a_redis_that_forbids_counting_takes_nothing_away(world):
    world.link.refuse["HLEN"] = ResponseError("NOPERM this user has no permissions to run the 'hlen' command")
    world.seconds(5)
    assert world.parts.orders.is_running and world.trusted == (True, True)


def test_so_many_are_counted_each_second(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    link = FakeLink()
    link.bring_up()
    guard = module.HashGuard(link)
    guard.begin(f"hash-{number}" for number in range(5))
    for number in range(5):
        link.hashes[f"hash-{number}"] = {b"t": b"1"}
    for _ in range(3):
        guard.tick()
    assert link.calls == [("HLEN", f"hash-{number}") for number in range(5)]


def test_a_snapshot_whose_hash_was_refused_is_none(monkeypatch):
    """The key has become one of another type since it was read: EXEC succeeds all the same."""
    link = FakeLink()
    link.bring_up()
    refusal, place = ResponseError("WRONGTYPE"), ("NASDAQ", "USD-AAPL")
    monkeypatch.setattr(link, "transaction", lambda words: succeed([refusal for _ in words]))
    writer = HashWriter("demo", link, lambda change, text: [], lambda: ("t", "1"), lambda: succeed(None))
    snapshot = Snapshot({place: {"1": {"i": "1"}}}, (), (), ())
    reading = Reading(OrderIndex(), Archive(), lambda number: None, 0)
    done = Deferred.fromCoroutine(writer.write(snapshot, reading, {}, Archive(), lambda: True))
    assert error(done, ResponseError) is refusal


@pytest.mark.parametrize("how", ["deleted", "deleted while nothing can be counted"])
def test_records_of_unanswered_orders_that_somebody_has_deleted_are_written_again(world, how):
    key = names.unanswered("demo")
    ids = [world.place(name)["apiOrderId"] for name in ("a", "b")]
    before = world.link.hashes.pop(key)
    assert {str(number).encode() for number in ids} <= set(before)
    if how != "deleted":
        world.link.refuse["HLEN"] = ResponseError("LOADING Redis is loading the dataset in memory")
        world.seconds(3)
        world.link.refuse.clear()
        assert key not in world.link.hashes
    world.seconds(3)
    assert world.link.hashes[key] == before


def test_records_that_stand_are_not_written_again(world):
    world.place("a")
    world.seconds(2)
    world.link.calls.clear()
    world.seconds(3)
    key = names.unanswered("demo")
    assert {words[0] for words in world.link.calls if words[1] == key} == {"HLEN"}
