"""Reserved client_oids: once each, and given back when nothing left."""

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.shell import reservations as module
from ibgw_tx.orders.shell.reservations import Reservations
from tests.kit.deferreds import error, result

COUNTER, HALT = names.order_id_counter("demo"), names.halt("demo")
ORDER = Command("c", "PLACE_ORDER", {"order": {}})


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


def key(oid):
    return names.reservation("demo", oid)


def test_a_name_is_reserved_once_with_its_command(reservations, link):
    assert result(done(reservations.reserve(["a"], ORDER, [7], 5, []))) == {}
    kept = {"id": "c", "cmd": "PLACE_ORDER", "params": {"order": {}}, "t": 5, "apiOrderId": 7}
    assert link.json(key("a")) == kept and link.calls[0][3:] == ("NX", "EX", str(7 * 24 * 3600))
    assert result(done(reservations.reserve(["a"], ORDER, [7], 6, []))) == {"a": kept}


@pytest.mark.parametrize(("days", "seconds"), [(0.01, 86_400), (30, 30 * 86_400)])
def test_a_name_is_reserved_for_as_long_as_orders_are_kept_and_a_day_at_least(link, days, seconds):
    result(done(Reservations("demo", link, days).reserve(["a"], ORDER, [7], 5, [])))
    assert link.calls[0][3:] == ("NX", "EX", str(seconds))


def test_all_names_of_a_group_or_none(reservations, link):
    result(done(reservations.reserve(["b"], ORDER, [7], 5, [])))
    assert set(result(done(reservations.reserve(["a", "b", "c"], ORDER, [7, 7, 7], 6, [])))) == {"b"}
    assert key("a") not in link.keys and key("c") not in link.keys and link.json(key("b"))["t"] == 5


def test_a_name_that_could_not_be_given_back_is_given_back_before_the_next_reservation(kept_parts, reservations, link):
    result(done(reservations.reserve(["a"], ORDER, [7], 5, [])))
    link.refuse["DEL"] = RedisDown("too slow")
    result(done(reservations.release(["a"])))
    assert key("a") in link.keys
    link.refuse.clear()
    assert result(done(reservations.reserve(["a"], ORDER, [7], 6, []))) == {}
    result(done(kept_parts.redis_up()))
    assert link.json(key("a"))["t"] == 6, "a live reservation is not given back"


def test_names_are_given_back_first_when_redis_is_back(kept_parts, reservations, link):
    result(done(kept_parts.redis_up()))
    result(done(reservations.reserve(["a"], ORDER, [7], 5, [])))
    link.up = False
    result(done(reservations.release(["a"])))
    link.up = True
    link.calls.clear()
    result(done(kept_parts.redis_up()))
    assert link.calls[0] == ("DEL", key("a")) and key("a") not in link.keys


def test_a_reservation_without_an_answer_is_taken_back_if_it_is_ours(kept_parts, reservations, link):
    result(done(kept_parts.redis_up()))
    link.keys[key("b")] = b"another's"
    for oid in "ab":
        link.hold = True
        asked = done(reservations.reserve([oid], ORDER, [7], 5, []))
        link.hold = False
        ((deferred, words),) = link._held
        link._held = []
        link.carry_out(*words)
        deferred.errback(RedisDown("connection lost"))
        error(asked, RedisDown)
    result(done(kept_parts.redis_up()))
    assert key("a") not in link.keys and link.keys[key("b")] == b"another's"


def test_what_redis_has_lost_of_the_last_names_is_reserved_again(kept_parts, reservations, link, lines):
    result(done(kept_parts.redis_up()))
    for number, oid in enumerate(["a", "b", "c"]):
        result(done(reservations.reserve([oid], ORDER, [number], 5, [])))
    result(done(reservations.release(["b"])))
    del link.keys[key("c")]
    kept = link.json(key("a"))
    result(done(kept_parts.redis_up()))
    assert link.json(key("a")) == kept and link.json(key("c"))["apiOrderId"] == 2 and key("b") not in link.keys
    assert lines == ["warn Redis had lost 1 client_oids that are reserved, the last of them c: they are reserved again"]
    lines.clear()
    result(done(kept_parts.redis_up()))
    assert lines == []
    assert set(result(done(reservations.reserve(["c"], ORDER, [9], 6, [])))) == {"c"}


def test_another_ones_reservation_is_left_as_it_is(kept_parts, reservations, link):
    result(done(kept_parts.redis_up()))
    result(done(reservations.reserve(["a"], ORDER, [7], 5, [])))
    link.keys[key("a")] = b"newer"
    result(done(kept_parts.redis_up()))
    assert link.keys[key("a")] == b"newer"


def test_so_many_names_are_remembered_and_no_more(kept_parts, reservations, link, monkeypatch):
    monkeypatch.setattr(module, "MEMORY", 3)
    monkeypatch.setattr(module, "PORTION", 2)
    result(done(kept_parts.redis_up()))
    for number in range(5):
        result(done(reservations.reserve([f"n{number}"], ORDER, [number], 5, [])))
    link.keys.clear()
    result(done(kept_parts.redis_up()))
    assert {each for each in link.keys if "client_oid" in each} == {key(f"n{number}") for number in (2, 3, 4)}


def test_a_name_that_was_taken_is_not_remembered_as_ours(kept_parts, reservations, link):
    link.keys[key("a")] = b'{"apiOrderId":1}'
    assert set(result(done(reservations.reserve(["a", "b"], ORDER, [7, 8], 5, [])))) == {"a"}
    link.keys.clear()
    result(done(kept_parts.redis_up()))
    result(done(kept_parts.redis_up()))
    assert not [each for each in link.keys if "client_oid" in each]


def test_what_redis_refuses_inside_a_transaction_is_a_refusal_and_the_names_are_free(reservations, link, monkeypatch):
    refusal, carry_out = RuntimeError("WRONGTYPE"), link.transaction
    monkeypatch.setattr(link, "transaction", lambda words: carry_out(words[1:]).addCallback(lambda found: [refusal, *found]))
    asked = reservations.reserve(["a", "b"], ORDER, [7, 8], 5, [("HSET", "k", "7", "{}")])
    assert error(done(asked)) is refusal and key("a") not in link.keys and key("b") not in link.keys
