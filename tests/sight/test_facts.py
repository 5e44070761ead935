"""What the page and the metrics are made of, from a whole gateway in memory."""

import pytest

from ibgw_tx.facts import Facts
from ibgw_tx.sight.families import families
from ibgw_tx.sight.rows import ORDERS
from tests.kit.trading import OrderWorld, fill, opened, status


@pytest.fixture
def world(monkeypatch):
    return OrderWorld(monkeypatch)


def test_a_gateway_without_a_session_says_why_and_can_be_shown(world):
    facts = Facts.of(world.gateway)
    document = facts.document()
    assert document["status"] is False and facts.reasons == document["reasons"] != []
    assert (document["ages"]["session"], document["link"], document["books"], document["alive"]) == (None, False, [], [])
    assert facts.is_alive and list(families(facts.figures(), facts.latencies()))


def test_orders_fills_and_refusals_are_told(world):
    world.trading()
    facts = Facts.of(world.gateway)
    order_id = world.placed("mine")
    world.hear(fill(shares=40, order_id=order_id))
    assert world.change(99, s=1)["ok"] is False
    document = facts.document()
    (order,) = document["alive"]
    assert (order["client_oid"], order["T"], order["executed"]) == ("mine", "buy", 40)
    (found,) = document["fills"]
    assert (found["size"], found["side"]) == (40, "buy")
    assert [each["code"] is None for each in document["acks"]] == [False, True]
    assert sum(document["refusals"].values()) == document["said"]["refusal"] == 1


def test_what_the_page_is_sent_is_bounded_and_the_counts_are_of_all(world):
    many = ORDERS + 20
    world.trading(*(each for number in range(1, many + 1) for each in (opened(number), status(number))))
    document = Facts.of(world.gateway).document()
    assert len(document["alive"]) == ORDERS and document["orders"]["open"] == many
