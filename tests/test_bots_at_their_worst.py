"""Bots at their worst, in memory: very many commands, huge ones, one order from three. `make faults` does it over sockets."""

import json

import pytest

from ibgw_tx.commands.message import MAX_SIZE
from ibgw_tx.commands.shell.dispatcher import MAX_OPEN
from tests.kit.market import Market

CONTRACT = {"conId": 265598, "exchange": "SMART"}
#: IB's own limit; the gateway stays below it.
IB_RATE = 50


@pytest.fixture
def market():
    made = Market()
    made.connect()
    made.passes(3)
    assert made.status
    yield made
    made.stop()


def order(oid, price=100.0):
    return {"contract": CONTRACT, "order": {"T": "buy", "s": 1, "p": price, "client_oid": oid}}


def test_ten_thousand_commands_at_once_have_an_acknowledgement_each(market):
    entries = market.simulator.office.journal.entries
    asked, sent, busiest = {}, len(entries), 0
    for number in range(10_000):
        if number % 10:
            asked[market.send("CANCEL_ORDER", client_oid=f"nobody-{number}")] = None
        else:
            asked[market.send("PLACE_ORDER", **order(f"flood-{number}"))] = f"flood-{number}"
    for _ in range(30):
        market.passes(1)
        busiest, sent = max(busiest, len(entries) - sent), len(entries)
    acks = [(oid, market.acks[id_]) for id_, oid in asked.items()]
    assert all(len(each) == 1 for _, each in acks)
    assert market.life.is_connected and market.status and 0 < busiest <= IB_RATE
    placed = {oid for oid, (ack,) in acks if ack["ok"]}
    assert {ack.get("code") for _, (ack,) in acks} <= {None, "unknown_order", "limit"}
    assert 0 < len(placed) <= MAX_OPEN and placed <= market.hash().keys() and market.orders_sent() == len(placed)


def test_a_command_of_ten_megabytes_is_refused_with_one_sentence(market):
    text = json.dumps({"id": "huge", "cmd": "SUB_ODBK", "params": {"padding": "x" * 10_000_000}}).encode()
    market.said.clear()
    market.life.redis.on_message(text)
    market.settle()
    acks = [said for _, said in market.said if isinstance(said, dict) and said.get("type") == "ack"]
    assert [(ack["ok"], ack["code"]) for ack in acks] == [(False, "bad_json")] and str(MAX_SIZE) in acks[0]["err"]
    small = market.send("ACCOUNT_LIST")
    market.settle()
    assert market.acks[small][0]["ok"]


def test_the_same_order_by_three_bots_at_once_is_placed_once(market):
    for number in range(20):
        ids = [market.send("PLACE_ORDER", **order(f"same-{number}")) for _ in range(3)]
        market.passes(0.25)
        acks = [market.acks[id_] for id_ in ids]
        assert all(len(each) == 1 for each in acks)
        told = sorted((ack["ok"], ack.get("code", "")) for (ack,) in acks)
        assert told == [(False, "duplicate"), (False, "duplicate"), (True, "")]
    assert market.orders_sent() == 20
