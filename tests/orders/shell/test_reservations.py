"""What order entry keeps in Redis: the counter, reservations, HALT, and what becomes of them when Redis goes and comes."""

import json

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import CommandError, RedisDown
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.reservations import BLOCK, RESERVED_FOR, OrderKeeping
from tests.kit.fakes import FakeLink, error, result

COUNTER, HALT = names.order_id_counter("demo"), names.halt("demo")
ORDER = Command("c", "PLACE_ORDER", {"order": {}})


@pytest.fixture
def link():
    link = FakeLink()
    link.up = True
    return link


@pytest.fixture
def keeping(link):
    keeping = OrderKeeping("demo", link, OrderIds())
    keeping.ids.next_valid_id(1)
    return keeping


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


def key(oid):
    return names.reservation("demo", oid)


# Reading.


def test_until_redis_has_been_read_no_order_is_taken(keeping):
    with pytest.raises(CommandError):
        keeping.check()
    result(done(keeping.redis_up()))
    keeping.check()


@pytest.mark.parametrize(("kept", "next_id"), [(None, 1), (b"41", 42), (b"junk", 1), (b"-1", 1)])
def test_ids_start_above_the_kept_counter(keeping, link, kept, next_id, failures):
    if kept:
        link.keys[COUNTER] = kept
    result(done(keeping.redis_up()))
    assert keeping.ids.kept + 1 == next_id and keeping.loaded


@pytest.mark.parametrize(
    ("kept", "reason"), [(b'{"reason":"lunch"}', "lunch"), (b"junk", "junk"), (b"[1]", "[1]"), (b'""', '""')]
)
def test_a_kept_halt_is_in_force_whatever_its_text(keeping, link, kept, reason):
    link.keys[HALT] = kept
    result(done(keeping.redis_up()))
    assert keeping.halt == reason


def test_a_first_reading_that_fails_is_done_again(keeping, link):
    link.refuse["MGET"] = RedisDown("gone")
    error(done(keeping.redis_up()), RedisDown)
    assert not keeping.loaded
    link.refuse.clear()
    result(done(keeping.redis_up()))
    assert keeping.loaded


@pytest.mark.parametrize("halted", [True, False])
def test_a_redis_with_another_memory_gets_what_is_in_force(keeping, link, halted):
    result(done(keeping.redis_up()))
    result(done(keeping.cover(1)))
    keeping.ids.take(1)
    if halted:
        result(done(keeping.set_halt("lunch", 1)))
    link.keys.clear()
    link.keys[HALT] = b'{"reason":"old"}'
    result(done(keeping.redis_up()))
    assert int(link.keys[COUNTER]) >= 1
    assert (json.loads(link.keys[HALT])["reason"] if halted else link.keys.get(HALT)) == ("lunch" if halted else None)


# The counter.


def test_the_counter_is_written_ahead_and_not_for_every_order(keeping, link):
    for _ in range(BLOCK):
        result(done(keeping.cover(1)))
        keeping.ids.take(1)
    assert link.sets(COUNTER) == 1 and int(link.keys[COUNTER]) == BLOCK + 1


def test_a_cover_waits_until_its_ids_are_kept_although_others_take_ids_meanwhile(keeping, link):
    link.hold = True
    covers = [done(keeping.cover(1)) for _ in range(3)]
    keeping.ids.take(BLOCK + 50)
    link.answer()
    assert not any(cover.called for cover in covers)
    while link._held:
        link.answer()
    assert all(cover.called for cover in covers) and int(link.keys[COUNTER]) > keeping.ids.kept


def test_the_counter_never_falls(keeping, link):
    link.hold = True
    done(keeping.cover(20))
    done(keeping.cover(1))
    sets = [int(words[2]) for _, words in link._held]
    assert sets == sorted(sets)


def test_without_redis_nothing_is_covered(keeping, link):
    link.up = False
    error(done(keeping.cover(1)), RedisDown)


# Reservations.


def test_a_name_is_reserved_once_with_its_command(keeping, link):
    assert result(done(keeping.reserve(["a"], ORDER, 5))) == {}
    kept = {"id": "c", "cmd": "PLACE_ORDER", "params": {"order": {}}, "t": 5}
    assert link.json(key("a")) == kept and link.calls[0][3:] == ("NX", "EX", RESERVED_FOR)
    assert result(done(keeping.reserve(["a"], ORDER, 6))) == {"a": kept}


def test_all_names_of_a_group_or_none(keeping, link):
    result(done(keeping.reserve(["b"], ORDER, 5)))
    assert set(result(done(keeping.reserve(["a", "b", "c"], ORDER, 6)))) == {"b"}
    assert key("a") not in link.keys and key("c") not in link.keys and link.json(key("b"))["t"] == 5


def test_a_name_that_could_not_be_given_back_is_given_back_before_the_next_reservation(keeping, link):
    result(done(keeping.reserve(["a"], ORDER, 5)))
    link.refuse["DEL"] = RedisDown("too slow")
    result(done(keeping.release(["a"])))
    assert key("a") in link.keys
    link.refuse.clear()
    assert result(done(keeping.reserve(["a"], ORDER, 6))) == {}
    result(done(keeping.redis_up()))
    assert link.json(key("a"))["t"] == 6, "a live reservation is not given back"


def test_names_are_given_back_first_when_redis_is_back(keeping, link):
    result(done(keeping.redis_up()))
    result(done(keeping.reserve(["a"], ORDER, 5)))
    link.up = False
    result(done(keeping.release(["a"])))
    link.up = True
    link.calls.clear()
    result(done(keeping.redis_up()))
    assert link.calls[0] == ("DEL", key("a")) and key("a") not in link.keys


def test_a_reservation_without_an_answer_is_taken_back_if_it_is_ours(keeping, link):
    result(done(keeping.redis_up()))
    link.keys[key("b")] = b"another's"
    for oid in "ab":
        link.hold = True
        asked = done(keeping.reserve([oid], ORDER, 5))
        link.hold = False
        ((deferred, words),) = link._held
        link._held = []
        link.carry_out(*words)
        deferred.errback(RedisDown("connection lost"))
        error(asked, RedisDown)
    result(done(keeping.redis_up()))
    assert key("a") not in link.keys and link.keys[key("b")] == b"another's"


# HALT.


def test_a_halt_is_in_force_at_once_even_if_redis_does_not_take_it(keeping, link):
    link.refuse["SET"] = RedisDown("too slow")
    error(done(keeping.set_halt("x", 1)), RedisDown)
    assert keeping.halt == "x"


def test_a_resume_ends_it_when_redis_has_taken_it(keeping, link):
    result(done(keeping.set_halt("x", 1)))
    link.refuse["DEL"] = RedisDown("too slow")
    error(done(keeping.end_halt()), RedisDown)
    assert keeping.halt == "x"
    link.refuse.clear()
    result(done(keeping.end_halt()))
    assert keeping.halt is None and HALT not in link.keys


def test_a_halt_that_comes_while_a_resume_is_under_way_stands(keeping, link):
    result(done(keeping.set_halt("one", 1)))
    link.hold = True
    done(keeping.end_halt())
    done(keeping.set_halt("two", 2))
    link.answer()
    assert keeping.halt == "two" and link.json(HALT)["reason"] == "two"
