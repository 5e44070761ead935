"""HALT and RESUME, and what Redis has of them."""

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.halt import HaltSwitch
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.kept import Kept
from ibgw_tx.orders.shell.reservations import Reservations
from tests.kit.fakes import FakeLink, error, result

COUNTER, HALT = names.order_id_counter("demo"), names.halt("demo")
ORDER = Command("c", "PLACE_ORDER", {"order": {}})


@pytest.fixture
def link():
    link = FakeLink()
    link.up = True
    return link


@pytest.fixture
def ids():
    ids = OrderIds()
    ids.next_valid_id(1)
    return ids


@pytest.fixture
def reservations(link):
    return Reservations("demo", link)


@pytest.fixture
def counter(link, ids):
    return IdCounter("demo", link, ids)


@pytest.fixture
def halt(link):
    return HaltSwitch("demo", link)


@pytest.fixture
def kept_parts(link, reservations, counter, halt):
    return Kept("demo", link, reservations, counter, halt)


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


def key(oid):
    return names.reservation("demo", oid)


def test_a_halt_is_in_force_at_once_even_if_redis_does_not_take_it(halt, link):
    link.refuse["SET"] = RedisDown("too slow")
    error(done(halt.set("x", 1)), RedisDown)
    assert halt.reason == "x"


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
