"""One name, several orders: the name means ours, then the one that lives, whatever came last."""

import pytest

from ibgw_tx.orders.cache.changes import OrderChanged
from tests.kit.order_events import NOW, Bot, asks, error, fill, opened, query, running, status


@pytest.fixture
def cache():
    return running()


TWINS = (
    opened(orderRef="c1"),
    opened(orderRef="c1", perm=5002),
)


def test_an_order_of_another_client_does_not_take_our_name(cache):
    cache.apply(opened(orderRef="c1"), NOW)
    cache.apply(opened(orderRef="c1", order_id=3, perm=6001, clientId=7), NOW + 1)
    assert cache.orders.by_client_oid("c1")["i"] == "5001"
    assert cache.orders.by_client_oid("c1")["clientId"] == 100


def test_where_only_another_client_has_the_name_it_is_its(cache):
    cache.apply(opened(orderRef="c1", order_id=3, perm=6001, clientId=7), NOW)
    assert cache.orders.by_client_oid("c1")["i"] == "6001"


@pytest.mark.parametrize("twins", [TWINS, TWINS[::-1]])
@pytest.mark.parametrize("dead", [5001, 5002])
def test_the_names_of_twins_mean_the_living_one(cache, twins, dead):
    bot = Bot()
    for event in twins:
        bot.take(cache.apply(event, NOW))
    bot.take(cache.apply(status("Cancelled", perm=dead), NOW + 1))
    living = str(5001 + 5002 - dead)
    assert cache.orders.by_api_id(13)["i"] == living and cache.orders.is_open(13)
    assert cache.orders.by_client_oid("c1")["i"] == living
    (hash_,) = bot.hashes.values()
    assert hash_["c1"]["i"] == living and hash_["c1"]["alive"]
    assert not hash_[str(dead)]["alive"]
    # Nothing was published twice.
    assert len([order for order in bot.heard if order["i"] == living]) == 1
    assert cache.own.cancelling(13, NOW + 2) is None


def test_a_code_for_an_id_that_two_living_orders_have_kills_neither(cache):
    for event in TWINS:
        cache.apply(event, NOW)
    assert asks(cache.apply(error(202), NOW))
    assert cache.orders.by_perm_id(5001)["alive"] and cache.orders.by_perm_id(5002)["alive"]
    query(cache, NOW, TWINS[1], status("Submitted", perm=5002))
    assert [cache.orders.by_perm_id(perm)["alive"] for perm in (5001, 5002)] == [False, True]


@pytest.mark.parametrize("dead", [5001, 5002])
def test_the_202_that_follows_the_end_of_one_does_not_end_the_other(cache, dead):
    for event in TWINS:
        cache.apply(event, NOW)
    cache.apply(status("Cancelled", perm=dead), NOW)
    assert asks(cache.apply(error(202), NOW))
    assert [cache.orders.by_perm_id(perm)["alive"] for perm in (5001, 5002)] == [dead != 5001, dead != 5002]
    # If it did speak of the other one, the list says so.
    query(cache, NOW)
    assert not cache.orders.by_perm_id(5001 + 5002 - dead)["alive"]


def test_a_snapshot_gives_the_field_to_the_living_one(cache):
    for event in TWINS:
        cache.apply(event, NOW)
    cache.apply(status("Cancelled", perm=5002), NOW)
    cache.begin(NOW)
    cache.apply(TWINS[0], NOW)
    for step in ("OPEN", "COMPLETED", "EXECUTIONS"):
        cache.answered(type(cache.step)[step], True)
    (hash_,) = cache.snapshot_done(NOW).hashes.values()
    assert hash_["c1"]["i"] == "5001" and hash_["c1"]["alive"]


def test_a_field_that_goes_back_is_written_and_not_published(cache):
    for event in TWINS:
        cache.apply(event, NOW)
    shown = cache.orders.by_client_oid("c1")["i"]
    found = cache.apply(status("Cancelled", perm=int(shown)), NOW + 1)
    changes = [change for change in found if isinstance(change, OrderChanged)]
    assert [change.quiet for change in changes] == [False, True]
    assert changes[0].fields == (shown,) and changes[1].fields == ("c1",)


def test_an_execution_finds_the_twin_that_it_names(cache):
    for event in TWINS:
        cache.apply(event, NOW)
    cache.apply(fill("a.b.01.01", 40, 200.0, perm=5001), NOW)
    assert (cache.orders.by_perm_id(5001)["executed"], cache.orders.by_perm_id(5002)["executed"]) == (40, 0)
