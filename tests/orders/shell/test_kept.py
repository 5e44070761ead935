"""What order entry keeps in Redis, and what becomes of it when Redis goes and comes."""

import json

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import CommandError, RedisDown
from tests.kit.deferreds import error, result

COUNTER, HALT = names.order_id_counter("demo"), names.halt("demo")
ORDER = Command("c", "PLACE_ORDER", {"order": {}})


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


def key(oid):
    return names.reservation("demo", oid)


def test_until_redis_has_been_read_no_order_is_taken(kept_parts):
    with pytest.raises(CommandError):
        kept_parts.check()
    result(done(kept_parts.redis_up()))
    kept_parts.check()


@pytest.mark.parametrize(("kept", "next_id"), [(None, 1), (b"41", 42), (b"junk", 1), (b"-1", 1)])
def test_ids_start_above_the_kept_counter(kept_parts, ids, link, kept, next_id, failures):
    if kept:
        link.keys[COUNTER] = kept
    result(done(kept_parts.redis_up()))
    assert ids.kept + 1 == next_id and kept_parts.loaded


@pytest.mark.parametrize(
    ("kept", "reason"), [(b'{"reason":"lunch"}', "lunch"), (b"junk", "junk"), (b"[1]", "[1]"), (b'""', '""')]
)
def test_a_kept_halt_is_in_force_whatever_its_text(kept_parts, halt, link, kept, reason):
    link.keys[HALT] = kept
    result(done(kept_parts.redis_up()))
    assert halt.reason == reason


def test_a_first_reading_that_fails_is_done_again(kept_parts, link):
    link.refuse["MGET"] = RedisDown("gone")
    error(done(kept_parts.redis_up()), RedisDown)
    assert not kept_parts.loaded
    link.refuse.clear()
    result(done(kept_parts.redis_up()))
    assert kept_parts.loaded


@pytest.mark.parametrize("halted", [True, False])
def test_a_redis_with_another_memory_gets_what_is_in_force(kept_parts, counter, halt, ids, link, halted):
    result(done(kept_parts.redis_up()))
    result(done(counter.cover(1)))
    ids.take(1)
    if halted:
        result(done(halt.set("lunch", 1)))
    link.keys.clear()
    link.keys[HALT] = b'{"reason":"old"}'
    result(done(kept_parts.redis_up()))
    assert int(link.keys[COUNTER]) >= 1
    assert (json.loads(link.keys[HALT])["reason"] if halted else link.keys.get(HALT)) == ("lunch" if halted else None)
