"""What ibgwctl says: pure functions of what Redis holds."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from ibgw_tx.ctl import book, messages, orders
from ibgw_tx.ctl.chart import chart, gathered, summary
from ibgw_tx.ctl.doctor import Facts, verdicts
from ibgw_tx.ctl.words import age, aligned, figure, moment, money, safe

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


def test_an_order_without_an_answer_is_one_too_until_it_stands_in_its_hash() -> None:
    kept = {
        "client_oid": "way-1", "apiOrderId": 60, "market": "SEHK", "pair": "HKD-1137", "t": NOW, "left": True,
        "terms": {"action": "BUY", "totalQuantity": 100, "orderType": "LMT", "lmtPrice": 8, "auxPrice": None, "tif": "DAY"},
    }  # fmt: skip
    texts = [json.dumps(kept), "[", "{}", json.dumps({**kept, "client_oid": "bot-1", "apiOrderId": 61}), json.dumps({"terms": 1})]
    found = orders.with_unanswered([ORDER], texts)
    assert [order["client_oid"] for order in found] == ["bot-1", "way-1"]
    assert orders.sentence(found[1]) == "buy 100 HKD-1137 on SEHK, LMT 8, DAY: no answer yet, 0 done"
    assert orders.named(found, "way-1") is found[1] and orders.named(found, "60") is found[1]


def test_what_tws_said_of_an_order_stands_in_its_sentence() -> None:
    refused = {**ORDER, "status": "Inactive", "extCode": 201, "extMsg": "no \x1b[2J money"}
    assert orders.sentence(refused).endswith(": Inactive (201: no \\x1b[2J money), 0 done")


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
    made = chart(bars, 80, 12)
    assert made is not None
    assert (len(made.lines), made.labels[0], made.labels[-1].strip(), made.labels[1].strip()) == (12, "20", "", "")
    assert "░" in "".join(made.lines) and "█" in "".join(made.lines)
    assert [made.rising[at] for at in (0, 6, 12)] == [True, True, False]
    assert chart([], 80, 12) is None
    flat = chart([[NOW, 5, 5, 5, 5, 0]], 80, 12)
    assert flat is not None and (len(flat.lines), flat.labels) == (1, ["5"])
    assert summary(bars) == "last 12, +2 (+20.00 %), high 20, low 9, volume 3"


def test_a_chart_fits_its_columns_and_says_from_when_to_when() -> None:
    bars = [[NOW + at * 60_000, 10, 11 + at % 3, 9, 10.5, 1] for at in range(500)]
    made = chart(bars, 64, 16)
    assert made is not None
    assert {len(line) for line in made.lines} == {len(made.rising)} and len(made.rising) <= 64
    assert (made.axis[:16], made.axis[-16:], len(made.axis)) == ("2023-11-14 22:13", "2023-11-15 06:32", len(made.rising))
    wide = chart(bars[:20], 64, 16)
    assert wide is not None and len(wide.rising) == 60


TOLD: dict[str, Any] = {
    "reasons": [], "addresses": {"tws": "127.0.0.1:4002"}, "ages": {"heard": 0.2}, "versions": {"ibgateway": "1", "ibapi": "9"},
    "messages": {"rate": 45, "sent": 3, "waiting": {"order": 0}},
}  # fmt: skip
REMOTE = {**TOLD, "remote": {"tws": True, "allowed": False}}
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
        ({"halt": {"reason": "checking", "t": NOW - 1000}}, {"halt"}),
    ],
)
def test_each_thing_that_is_not_well_has_its_verdict(changes: dict[str, Any], subjects: set[str]) -> None:
    assert bad(**changes) == subjects


def test_a_tws_on_another_host_is_said_and_no_fault() -> None:
    def text(told: dict[str, Any]) -> str:
        found = verdicts(attrs.evolve(WELL, told=told))
        assert all(each.well for each in found)
        return next(each.text for each in found if each.subject == "tws")

    assert "on another host" in text(REMOTE) and "--allow-remote" in text(REMOTE)
    assert "another host" not in text(TOLD) + text({**TOLD, "remote": {"tws": True, "allowed": True}})


def test_figures_of_a_column_have_the_same_places() -> None:
    assert aligned([11.4, 11.42, 12, 1234.5]) == ["11.40", "11.42", "12.00", "1,234.50"]
    assert aligned([7, None]) == ["7", "-"] and aligned([]) == []
    assert book.best([[{"p": 11.4, "s": 5}], [{"p": 11.42, "s": 1}], NOW]) == ("5", "11.40", "11.42", "1", "0.02")
    assert book.best([[], [{"p": 11.42, "s": 1}], NOW]) == ("-", "-", "11.42", "1", "-")
    assert book.best(None) == ("-",) * 5


def test_times_are_utc_and_what_is_none_is_told_as_none() -> None:
    assert (moment(NOW + 7), moment(NOW, date=False)) == ("2023-11-14 22:13:20.007 UTC", "22:13:20")
    assert [moment(value) for value in (None, "x", True, -1, 1e300, float("inf"), float("nan"))] == ["-"] * 7


def test_ids_are_told_as_they_are_and_nothing_twice() -> None:
    order = {**ORDER, "conId": 72276551, "permId": "9001", "ttl_qty": 100, "commission": None, "t": NOW, "s": 2000}
    told = dict(orders.details(order))
    assert (told["conId"], told["s"], told["t"]) == ("72276551", "2,000", "2023-11-14 22:13:20.000 UTC")
    assert {"permId", "commission", "aux"} & set(told) == set()
    assert told["ttl_qty"] == "100"  # it does not say what `s` says


def test_a_narrow_row_keeps_the_name_that_cancels() -> None:
    assert orders.row(ORDER, NOW, narrow=True) == ("9001", "USD-AAPL", "buy", "LMT 150.25", "0/100", "Submitted", "0.0 s")
    assert orders.row({**ORDER, "i": None}, NOW, narrow=True)[0] == "bot-1"
    for narrow, headings, filled in ((False, orders.HEADINGS, orders.FILLED), (True, orders.NARROW, orders.FILLED_NARROW)):
        assert len(orders.row(ORDER, NOW, narrow)) == len(headings)
        assert len(orders.fill_row(ORDER, narrow)) == len(filled)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            {"type": "ack", "id": "b1", "cmd": "PLACE_ORDER", "ok": True, "apiOrderId": 12345, "market": "SEHK", "t": NOW},
            "22:13:20  done       PLACE_ORDER b1  apiOrderId 12345, market SEHK",
        ),
        (
            {"type": "ack", "id": None, "cmd": None, "ok": False, "code": "bad_json", "err": "not JSON", "t": NOW},
            "22:13:20  refused    - -  bad_json: not JSON",
        ),
        (
            {"type": "error", "id": 1, "cmd": "SUB_ODBK", "code": 309, "err": "Max\x1b[2J", "t": NOW},
            "22:13:20  error      SUB_ODBK 1  309: Max\\x1b[2J",
        ),
        ({"type": "error", "id": 1, "cmd": "X", "code": None, "err": "late", "t": NOW}, "22:13:20  error      X 1  late"),
        ({"type": "msg", "code": 2104, "msg": "OK:usfarm", "t": NOW}, "22:13:20  notice     2104: OK:usfarm"),
        (
            {"type": "heartbeat", "status": False, "reasons": ["no", "nor"], "t": NOW},
            "22:13:20  heartbeat  status false: no; nor",
        ),
        (
            {"type": "result", "id": 5, "cmd": "FIND_CONTRACTS", "keys": ["a", "b"], "t": NOW},
            "22:13:20  result     FIND_CONTRACTS 5  keys (2)",
        ),
        ({"type": "new kind", "t": None}, "-         new kind   - -"),
    ],
)
def test_each_message_is_one_line(message: dict[str, Any], line: str) -> None:
    assert messages.line(message) == line


def test_an_order_on_its_channel_is_a_sentence() -> None:
    said = messages.line({**ORDER, "recovered": True}, order=True)
    assert said == "22:13:20  order      9001  buy 100 USD-AAPL on NASDAQ, LMT 150.25, DAY: Submitted, 0 done, recovered"


def test_a_fill_is_a_line_with_what_it_cost() -> None:
    told = {"execId": "e", "i": "9001", "T": "buy", "s": 1, "p": 206.5, "pair": "USD-AAPL", "t": NOW, "commission": None}
    assert messages.fill(told) == "22:13:20  fill       9001  buy 1 USD-AAPL at 206.5"
    said = messages.fill({**told, "commission": 1.05, "commissionCurrency": "USD", "recovered": True, "corrects": "e.01"})
    assert said.endswith(" at 206.5, commission 1.05 USD, recovered, in place of e.01")


def test_a_trade_has_its_time_and_where_it_came_from() -> None:
    message = json.dumps([[{"T": "buy", "p": 228.43, "s": 200, "t": NOW, "x": "ARCA"}], NOW])
    assert book.trades(message) == ["22:13:20  buy           200 at 228.43  ARCA"]
    assert [book.trades(text) for text in ("[", "{}", "[[{}],1]", "[[1],1]")] == [[]] * 4


def test_who_works_and_who_waits_is_told() -> None:
    holder, waiting = {"host": "a", "pid": 7, "t": NOW - 60_000}, {"host": "b", "pid": 8, "t": NOW}
    told = {each.subject: each.text for each in verdicts(attrs.evolve(WELL, holder=holder, standby=waiting))}
    assert told["one gateway"] == "one listens to commands; a pid 7 has worked for 60.0 s; b pid 8 stands by"
