"""Which order a message speaks of: perm ids, API ids of several clients, references, orders placed by hand."""

import attrs
import pytest

from ibgw_tx.orders.cache.restore import api_ids
from tests.kit.order_events import (
    CLIENT,
    LIMIT,
    NOW,
    TSLA_FULL,
    TSLA_OPEN,
    completed,
    fill,
    opened,
    query,
    running,
    status,
    told,
)


@pytest.fixture
def cache():
    return running()


def test_two_clients_may_have_the_same_api_id(cache):
    cache.apply(opened(), NOW)
    cache.apply(opened(clientId=7, perm=6001), NOW)
    cache.apply(status("Cancelled", clientId=7, perm=6001), NOW)
    assert cache.orders.by_api_id(13)["i"] == "5001" and cache.orders.by_perm_id(5001)["alive"]
    assert not cache.orders.by_perm_id(6001)["alive"]


def test_a_status_without_a_perm_id_goes_by_client_and_id(cache):
    cache.apply(opened(), NOW)
    cache.apply(opened(clientId=7, perm=6001), NOW)
    assert [order["i"] for order in told(cache.apply(status("PendingCancel", clientId=7, perm=0), NOW))] == ["6001"]


def test_orders_placed_by_hand_have_no_api_id(cache):
    for perm in (7001, 7002):
        (order,) = told(cache.apply(opened(order_id=0, perm=perm, clientId=0), NOW))
        assert (order["i"], order["apiOrderId"]) == (str(perm), None)


def test_an_order_placed_by_hand_that_is_bound_later_gets_its_negative_id():
    cache = running()
    cache.client_id = 0
    cache.apply(opened(order_id=0, perm=7001, clientId=0), NOW)
    (order,) = told(cache.apply(opened(order_id=-5, perm=7001, clientId=0), NOW))
    assert order["apiOrderId"] == -5


def test_executions_of_manual_orders_go_by_perm_id(cache):
    cache.apply(opened(order_id=0, perm=7001, clientId=0), NOW)
    (order,) = told(cache.apply(fill("a.b.01.01", 10, 200.0, order_id=2147483647, perm=7001, clientId=0), NOW))
    assert (order["executed"], order["apiOrderId"]) == (10, None)


def test_a_status_under_the_cancellers_client_id_does_not_rename_the_order(cache):
    cache.apply(opened(), NOW)
    (order,) = told(cache.apply(status("PendingCancel", clientId=2), NOW))
    assert (order["clientId"], order["apiOrderId"]) == (CLIENT, 13)


def test_a_completed_order_is_found_by_its_reference(cache):
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    (order,) = told(cache.apply(completed("Filled", 100, orderRef="bot-1"), NOW))
    assert (order["i"], order["apiOrderId"], order["executed"]) == ("5001", 13, 100)


def test_a_reference_of_another_side_or_contract_is_somebody_elses(cache):
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    cache.apply(completed("Filled", 100, orderRef="bot-1", terms=attrs.evolve(LIMIT, action="SELL")), NOW)
    assert cache.orders.by_api_id(13)["i"] is None


def test_an_order_known_twice_becomes_one_when_a_message_says_so(cache):
    cache.own.placed(13, LIMIT, "", TSLA_FULL, NOW)
    cache.apply(completed("Cancelled"), NOW + 5)
    assert cache.orders.by_api_id(13)["i"] is None
    cache.apply(status("Cancelled"), NOW + 9)
    assert cache.orders.by_api_id(13)["i"] == "5001" and cache.orders.by_api_id(13)["t"] == NOW
    assert cache.orders.open_count == 0


def test_the_field_of_the_client_oid_follows_when_two_orders_become_one(cache):
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    assert [change.fields for change in cache.apply(status("PreSubmitted", perm=0), NOW)] == [("bot-1",)]
    cache.apply(completed("Filled", 100), NOW)
    (change,) = cache.apply(status("Filled", 100), NOW)
    assert change.fields == ("5001", "bot-1") and change.order["client_oid"] == "bot-1"


def test_an_id_used_again_after_a_reset_does_not_touch_the_older_order(cache):
    cache.apply(opened("Cancelled"), NOW)
    cache.apply(opened("Submitted", perm=5002), NOW)
    assert not cache.orders.by_perm_id(5001)["alive"]
    assert cache.orders.by_api_id(13)["i"] == "5002"


def test_perm_ids_outlive_the_session_and_api_ids_do_not(cache):
    cache.apply(opened(), NOW)
    cache.session_lost()
    assert cache.orders.by_api_id(13) is None and cache.orders.by_perm_id(5001)["apiOrderId"] == 13


def test_an_order_without_a_perm_id_is_still_found_by_its_id_after_the_session(cache):
    cache.own.placed(13, LIMIT, "", TSLA_FULL, NOW)
    cache.session_lost()
    cache.begin(NOW)
    cache.apply(opened(), NOW)
    assert cache.orders.by_api_id(13)["i"] == "5001"


def test_the_ids_of_orders_in_redis_are_used_up_whoever_had_them(cache):
    texts = [
        {"i": "5001", "market": "NASDAQ", "pair": "USD-TSLA", "apiOrderId": 51, "clientId": 7},
        {"i": None, "client_oid": "a", "market": "NASDAQ", "pair": "USD-TSLA", "apiOrderId": 60.0},
        {"i": "5002", "market": "NASDAQ", "pair": "USD-TSLA", "apiOrderId": 2147483647},
        {"i": "5003", "market": "NASDAQ", "pair": "USD-TSLA", "apiOrderId": "99"},
        {"apiOrderId": 98},
        "junk",
        None,
    ]
    assert list(api_ids(texts)) == [51, 60, 0, 0]


def test_the_client_oid_belongs_to_the_newest_living_order_of_its_hash(cache):
    cache.apply(opened(orderRef="s"), NOW)
    (change,) = cache.apply(opened(orderRef="s", order_id=14, perm=5002), NOW + 1)
    assert change.fields == ("5002", "s")
    (change,) = cache.apply(status("PendingCancel"), NOW + 2)
    assert change.fields == ("5001",)
    assert cache.orders.by_client_oid("s")["i"] == "5002"


def test_an_order_known_by_a_status_only_is_asked_about():
    cache = running()
    cache.apply(status("Submitted"), NOW)
    assert len(cache.due(NOW + 2_000)) == 1
    (order,) = told(query(cache, NOW + 2_000, opened(contract=TSLA_OPEN)))
    assert order["i"] == "5001"
