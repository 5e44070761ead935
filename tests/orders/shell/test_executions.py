"""Executions on Redis: hash and channel in one transaction, and what happens when Redis does not take them."""

import json

from ibgw_tx.model import keys as names
from tests.kit.order_events import paid
from tests.kit.trading import OrderWorld, fill, one_live_order, opened, status

FILLS, KEPT = names.fills("demo"), names.executions("demo")


def fills(world):
    found = world.link.on_channel(FILLS)
    world.link.published = [each for each in world.link.published if each[0] != FILLS]
    return found


def test_an_execution_is_told_and_kept_in_one_transaction(monkeypatch):
    world = one_live_order(monkeypatch)
    world.hear(fill("e.1.01.01"), paid("e.1.01.01", 1.5))
    assert [(one["execId"], one["commission"]) for one in fills(world)] == [("e.1.01.01", None), ("e.1.01.01", 1.5)]
    ((key, kept),) = world.link.hashes[KEPT].items()
    assert key.startswith(b"e.1.01.01 ") and json.loads(kept)[1:] == [1.5, "USD", None, 100, 150]
    (entry,) = [words for words in world.link.calls if words[0] == "HSET" and words[1] == KEPT]
    assert entry


def test_a_new_session_tells_nothing_twice(monkeypatch):
    world = one_live_order(monkeypatch)
    world.hear(fill("e.1.01.01"))
    assert len(fills(world)) == 1
    world.tws.notice(1102)
    world.snapshot(opened(), status(filled=100), fill("e.1.01.01", asked=True), fill("e.1.02.01", asked=True))
    assert [(one["execId"], one["recovered"]) for one in fills(world)] == [("e.1.02.01", True)]


def test_with_redis_away_executions_wait_and_what_may_have_arrived_is_not_told_twice(monkeypatch):
    world = one_live_order(monkeypatch)
    world.link.hold = True
    world.hear(fill("e.1.01.01"))
    (transaction,) = [words for _, words in world.link._held if words[0] == "EXEC" and words[1][0][1] == KEPT]
    world.link.carry_out(*transaction)  # it has arrived, its answer has not
    world.link.hold = False
    world.link.go_down()
    world.hear(fill("e.1.02.01"))
    assert [one["execId"] for one in fills(world)] == ["e.1.01.01"]
    world.link.bring_up()
    world.snapshot(opened(), status(filled=100))
    assert [one["execId"] for one in fills(world)] == ["e.1.02.01"]


def test_a_redis_that_refuses_is_asked_again_each_second(monkeypatch, failures):
    world = one_live_order(monkeypatch)
    world.link.refuse["PUBLISH"] = RuntimeError("OOM")
    world.hear(fill("e.1.01.01"))
    world.link.refuse.clear()
    assert fills(world) == []
    failures.clear()
    world.seconds(2)
    assert [one["execId"] for one in fills(world)] == ["e.1.01.01"]


def test_a_hash_that_is_none_keeps_the_orders_back_from_nobody(monkeypatch):
    world = OrderWorld(monkeypatch)
    world.link.refuse["HSCAN"] = RuntimeError("WRONGTYPE")
    world.trading()
    world.link.refuse.clear()
    world.seconds(2)
    assert world.parts.orders._executions._loaded
