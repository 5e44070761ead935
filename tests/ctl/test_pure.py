"""What ibgwctl says: pure functions of what Redis holds."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from ibgw_tx.ctl import book, orders
from ibgw_tx.ctl.chart import chart, gathered
from ibgw_tx.ctl.doctor import Facts, verdicts
from ibgw_tx.ctl.words import age, figure, money, safe

NOW = 1_700_000_000_000
ORDER = {
    "i": "9001", "client_oid": "bot-1", "apiOrderId": 51, "market": "NASDAQ", "pair": "USD-AAPL", "T": "buy", "s": 100,
    "p": 150.25, "aux": None, "orderType": "LMT", "tif": "DAY", "executed": 0, "status": "Submitted",
    "alive": True, "updateTime": NOW,
}  # fmt: skip


@pytest.mark.parametrize("text", ["\x1b[2J", "a\rb", "\x9b31m", "\u202egnp", "line\nline", "\x07"])
def test_no_control_character_of_others_reaches_the_terminal(text: str) -> None:
    assert safe(text).isprintable()


def test_texts_are_cut_and_figures_are_exact() -> None:
    assert len(safe("x" * 1000)) == 300
    assert [figure(value) for value in (100.0, 11.02, 1234567, None, 0.00001, True)] == [
        "100", "11.02", "1,234,567", "-", "0.00001", "True",
    ]  # fmt: skip
    assert money(484333.2) == "484,333.20"
    assert [age(NOW, NOW - back) for back in (400, 180_000, 7_200_000, 5 * 86_400_000)] == ["0.4 s", "3 min", "2 h", "5 d"]


def test_an_order_stands_twice_in_its_hash_and_comes_out_once() -> None:
    text = json.dumps(ORDER)
    found = orders.of_hash({"t": str(NOW), "9001": text, "bot-1": text, "junk": "[", "other": '"x"'})
    assert found == [ORDER]


def test_an_order_is_found_by_each_of_its_names() -> None:
    dead = {**ORDER, "i": "8000", "client_oid": "old", "alive": False}
    both = [dead, ORDER]
    assert [orders.named(both, name) for name in ("9001", "bot-1", "51", "old", "none")] == [ORDER, ORDER, ORDER, dead, None]
    assert orders.named([dead], "51") is None
    assert orders.sentence(ORDER) == "buy 100 USD-AAPL on NASDAQ, LMT 150.25, DAY: Submitted, 0 done"


def test_a_ladder_has_the_best_prices_in_its_middle() -> None:
    found = book.read(json.dumps([[{"p": 9, "s": 5}, {"p": 8, "s": 10}], [{"p": 10, "s": 1}, {"p": 11, "s": 2}], NOW - 1000]))
    assert found is not None
    assert [rung[2] for rung in book.ladder(found)] == ["11", "10", "9", "8"]
    assert book.title("SEHK", "HKD-1", found, NOW) == "SEHK HKD-1: spread 1, 1.0 s old"
    assert "empty" in book.title("SEHK", "HKD-1", [[], [], NOW], NOW)
    assert [book.read(text) for text in (None, "[", "{}", "[1,2,3]")] == [None] * 4


def test_a_chart_leaves_no_extreme_out() -> None:
    bars = [[NOW, 10, 11, 9, 10.5, 1], [NOW, 10.5, 20, 10, 19, 1], [NOW, 19, 19, 12, 12, 1]]
    assert gathered(bars, 2) == [(10, 20, 9, 19), (19, 19, 12, 12)]
    lines = chart(bars, 80, 12)
    assert (len(lines), lines[0].split()[0], lines[-1].split()[0]) == (12, "20", "9")
    assert "░" in "".join(lines) and "█" in "".join(lines)
    assert chart([], 80, 12) == []
    assert len(chart([[NOW, 5, 5, 5, 5, 0]], 80, 12)) == 1


TOLD: dict[str, Any] = {
    "reasons": [], "addresses": {"tws": "127.0.0.1:4002"}, "ages": {"heard": 0.2}, "versions": {"ibgateway": "1", "ibapi": "9"},
    "messages": {"rate": 45, "sent": 3, "waiting": {"order": 0}},
}  # fmt: skip
WELL = Facts(
    name="x", now=NOW, redis_now=NOW, redis_version="7", settings={"maxmemory": "0", "maxmemory-policy": "noeviction"},
    status=[True, NOW - 500], listeners=1, told=TOLD, flags={"SEHK": True}, books={"c": NOW - 1000}, version="1",
)  # fmt: skip


def bad(**changes: Any) -> set[str]:
    return {each.subject for each in verdicts(attrs.evolve(WELL, **changes)) if not each.well}


@pytest.mark.parametrize(
    ("changes", "subjects"),
    [
        ({}, set()),
        ({"settings": None}, {"redis settings"}),
        ({"settings": {"maxmemory": "100", "maxmemory-policy": "allkeys-lru"}}, {"redis settings"}),
        ({"now": NOW + 5000}, {"clock"}),
        ({"listeners": 2}, {"one gateway"}),
        ({"listeners": 0}, {"one gateway"}),
        ({"status": None}, {"status"}),
        ({"status": [False, NOW]}, {"status"}),
        ({"status": [True, NOW - 4000]}, {"status"}),
        ({"told": None}, {"tws", "messages", "versions"}),
        ({"told": {**TOLD, "ages": {"heard": None}}}, {"tws"}),
        ({"told": {**TOLD, "ages": {"heard": 12.0}}}, {"tws"}),
        ({"told": {**TOLD, "messages": {"rate": 45, "sent": 44, "waiting": {}}}}, {"messages"}),
        ({"flags": {"SEHK": True, "CME": False}}, {"orders"}),
        ({"flags": {}}, {"orders"}),
        ({"books": {"c": NOW - 70_000}}, {"books"}),
        ({"books": {"c": None}}, {"books"}),
        ({"version": "2"}, {"versions"}),
    ],
)
def test_each_thing_that_is_not_well_has_its_verdict(changes: dict[str, Any], subjects: set[str]) -> None:
    assert bad(**changes) == subjects
