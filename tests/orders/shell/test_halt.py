"""HALT and RESUME, and what Redis has of them."""

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from tests.kit.deferreds import error, result

COUNTER, HALT = names.order_id_counter("demo"), names.halt("demo")
ORDER = Command("c", "PLACE_ORDER", {"order": {}})


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


def key(oid):
    return names.reservation("demo", oid)


def test_a_halt_is_in_force_at_once_even_if_redis_does_not_take_it(halt, link):
    link.refuse["SET"] = RedisDown("too slow")
    assert result(done(halt.set("x", 1))) is False
    assert halt.reason == "x"
    result(done(halt.tick()))
    assert HALT not in link.keys
    link.refuse.clear()
    result(done(halt.tick()))
    assert halt.kept and link.json(HALT) == {"reason": "x", "t": 1}


def test_a_resume_whose_answer_is_lost_leaves_the_halt_in_force_and_kept(halt, link):
    result(done(halt.set("x", 1)))
    link.hold = True
    ending = done(halt.end())
    link.hold = False
    ((deferred, words),) = link._held
    link._held = []
    link.carry_out(*words)
    deferred.errback(RedisDown("too slow"))
    error(ending, RedisDown)
    assert halt.reason == "x" and HALT not in link.keys
    result(done(halt.tick()))
    assert link.json(HALT)["reason"] == "x"


def test_a_resume_ends_it_when_redis_has_taken_it(halt, link):
    result(done(halt.set("x", 1)))
    link.refuse["DEL"] = RedisDown("too slow")
    error(done(halt.end()), RedisDown)
    assert halt.reason == "x"
    link.refuse.clear()
    result(done(halt.end()))
    assert halt.reason is None and HALT not in link.keys


def test_a_halt_that_comes_while_a_resume_is_under_way_stands(halt, link):
    result(done(halt.set("one", 1)))
    link.hold = True
    done(halt.end())
    done(halt.set("two", 2))
    link.answer()
    assert halt.reason == "two" and link.json(HALT)["reason"] == "two"


@pytest.mark.parametrize("how", ["lost", "not taken at first", "a former life"])
def test_what_is_written_again_is_the_same_with_its_time(kept_parts, halt, link, how):
    same = b'{"reason":"x","t":17}'
    if how == "a former life":
        link.keys[HALT] = same
    result(done(kept_parts.redis_up()))
    if how == "not taken at first":
        link.refuse["SET"] = RedisDown("too slow")
    if how != "a former life":
        result(done(halt.set("x", 17)))
    link.refuse.clear()
    link.keys.clear()
    result(done(halt.tick() if how == "not taken at first" else kept_parts.redis_up()))
    assert link.keys[HALT] == same


def test_a_later_halt_has_its_own_time(kept_parts, halt, link):
    result(done(kept_parts.redis_up()))
    result(done(halt.set("x", 17)))
    result(done(halt.set("y", 18)))
    link.keys.clear()
    result(done(halt.rewrite()))
    assert link.json(HALT) == {"reason": "y", "t": 18}


def test_a_key_of_another_type_is_no_resume(kept_parts, halt, link):
    link.hashes[HALT] = {b"reason": b"x"}
    result(done(kept_parts.redis_up()))
    assert "another type" in halt.reason
    result(done(halt.end()))
    assert halt.reason is None and HALT not in link.hashes
