"""The order id counter in Redis: always ahead of the ids that are given."""

import json

from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.id_counter import BLOCK, LOW, IdCounter
from tests.kit.deferreds import error, result
from tests.kit.trading import HASH, OrderWorld

COUNTER, HALT = names.order_id_counter("demo"), names.halt("demo")
ORDER = Command("c", "PLACE_ORDER", {"order": {}})


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


def key(oid):
    return names.reservation("demo", oid)


def test_the_counter_is_written_ahead_and_not_for_every_order(counter, ids, link):
    for _ in range(BLOCK):
        result(done(counter.cover(1)))
        ids.take(1)
    assert link.sets(COUNTER) == 1 and int(link.keys[COUNTER]) == BLOCK + 1


def test_a_cover_waits_until_its_ids_are_kept_although_others_take_ids_meanwhile(counter, ids, link):
    link.hold = True
    covers = [done(counter.cover(1)) for _ in range(3)]
    ids.take(BLOCK + 50)
    link.answer()
    assert not any(cover.called for cover in covers)
    while link._held:
        link.answer()
    assert all(cover.called for cover in covers) and int(link.keys[COUNTER]) > ids.kept


def test_the_counter_never_falls(counter, link):
    link.hold = True
    done(counter.cover(20))
    done(counter.cover(1))
    sets = [int(words[2]) for _, words in link._held]
    assert sets == sorted(sets)


def test_without_redis_nothing_is_covered(counter, link):
    link.up = False
    error(done(counter.cover(1)), RedisDown)


def test_ids_of_orders_that_only_redis_knows_are_not_given_again(monkeypatch):
    """The counter's key was lost, and TWS's nextValidId has gone back: the hashes still say what has been used."""
    world = OrderWorld(monkeypatch)
    old = {"i": "4000", "clientId": 0, "market": "NASDAQ", "pair": "USD-AAPL", "status": "Cancelled", "alive": False}
    texts = {b"4000": {**old, "apiOrderId": 700}, b"4001": {**old, "i": "4001", "apiOrderId": 2**31 - 2}}
    world.link.hashes[HASH] = {field: json.dumps(text).encode() for field, text in texts.items()}
    world.trading()
    assert world.place()["apiOrderId"] == 701, "one id above what this client may give does not end all order entry"


def test_the_next_block_is_kept_before_an_order_asks_for_it(counter, ids, link):
    counter.tick()
    assert counter.covers(BLOCK) and link.sets(COUNTER) == 1
    ids.take(BLOCK - LOW)
    counter.tick()
    assert link.sets(COUNTER) == 1, "enough is left"
    ids.take(1)
    counter.tick()
    assert link.sets(COUNTER) == 2 and counter.covers(BLOCK)


def test_the_next_block_is_asked_for_once_at_a_time_and_again_after_a_refusal(counter, ids, link):
    link.hold = True
    counter.tick()
    counter.tick()
    assert len(link._held) == 1
    held, link._held = link._held, []
    held[0][0].errback(RedisDown("gone"))
    counter.tick()
    assert len(link._held) == 1 and not counter.covers(1)
    link.answer()
    assert counter.covers(BLOCK)


def test_nothing_is_kept_ahead_before_tws_has_told_where_ids_begin_nor_without_redis(counter, ids, link):
    ids.session_lost()
    counter.tick()
    ids.next_valid_id(1)
    link.up = False
    counter.tick()
    assert not link.sets(COUNTER)


def test_a_redis_that_comes_back_empty_gets_it_ahead_of_what_was_given(counter, ids, link, kept_parts):
    result(done(kept_parts.redis_up()))
    ids.take(7)
    link.keys.clear()
    result(done(kept_parts.redis_up()))
    assert int(link.keys[COUNTER]) == ids.kept + BLOCK
    link.keys.clear()
    ids.session_lost()
    result(done(kept_parts.redis_up()))
    assert int(link.keys[COUNTER]) == ids.kept + BLOCK


def test_a_life_that_knows_no_id_writes_none(link):
    counter = IdCounter("demo", link, OrderIds())
    result(done(counter.rewrite()))
    assert COUNTER not in link.keys
