"""Why TWS has rejected an order, in its own JSON: with the command, in the order, over a restart."""

import json

import pytest

from ibgw_tx.model import json_text
from ibgw_tx.model.events import Notice
from ibgw_tx.orders.cache.restore import read_order
from tests.kit.trading import one_live_order, opened, status, stored

REJECT = {"rejects": [{"code": "8227", "text": "price too far", "levels": [0.1, 12345678.00000001]}]}


TEXT = json.dumps(REJECT)


@pytest.fixture
def world(monkeypatch):
    return one_live_order(monkeypatch)


def rejected(world, text=TEXT, order_id=1, code=201):
    world.hear(Notice(order_id, code, "rejected", text, 1_700_000_000_123))


def test_a_reject_stands_in_the_error_of_its_command_and_in_the_order(world):
    order_id = world.placed("a", s=10, p=150)
    rejected(world, order_id=order_id)
    (error,) = [message for message in world.told("error") if message["code"] == 201]
    assert error["reject"] == REJECT and error["errorTime"] == 1_700_000_000_123
    world.hear(opened(order_id, "Inactive", orderRef="a"))
    assert stored(world, "a")["reject"] == REJECT


def test_a_later_code_without_one_takes_it_away(world):
    rejected(world, code=399)
    world.hear(status(1))
    assert stored(world)["reject"] == REJECT
    world.hear(Notice(1, 404, "locating"), status(1, "PreSubmitted", whyHeld="locate"))
    assert "reject" not in stored(world) and stored(world)["extCode"] == 404


def test_it_survives_a_restart(world):
    rejected(world, code=399)
    world.hear(status(1))
    assert read_order(stored(world)).reasons.reject == REJECT


@pytest.mark.parametrize("text", ["no json", "{", "[" * 2000, "NaN"])
def test_what_is_no_json_is_told_as_text(world, text):
    rejected(world, text, code=399)
    assert stored(world)["reject"] == text


def test_what_is_too_long_is_cut():
    assert json_text.embedded(json.dumps(["x" * 20_000])) == json.dumps(["x" * 20_000])[:10_000]
