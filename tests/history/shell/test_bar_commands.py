"""What is kept of subscribed bars, and when history is asked for."""

import json

import pytest

from ibgw_tx.model import keys as names
from tests.kit.contracts import AAPL
from tests.kit.gateway import World

KEPT = names.bar_subscriptions("demo")
CHANNEL = names.bars("NASDAQ", "STK", "USD-AAPL", "1 min")
CONTRACT = {"conId": AAPL.conId, "exchange": "SMART"}


def bars_message(req_id, *starts):
    rows = [part for start in starts for part in (start, "1", "2", "0.5", "1.5", "100", "1.2", "7")]
    return (17, req_id, "a", "b", len(starts), *rows)


def subscribed(monkeypatch, **params):
    world = World(monkeypatch).running()
    world.send("SUB_BARS", contract=CONTRACT, barSize="1 min", **params)
    world.answer(AAPL)
    assert world.ack()["channel"] == CHANNEL
    return world


def told(world):
    return world.link.on_channel(CHANNEL)


def test_an_entry_that_is_none_is_not_restored_and_goes(monkeypatch, lines):
    world = World(monkeypatch)
    world.link.hashes[KEPT] = {b"x": b"junk", CHANNEL.encode(): b'{"contract":{},"barSize":"1 min"}'}
    world.running()
    assert len([line for line in lines if "are not restored" in line]) == 2 and not world.link.hashes.get(KEPT)


def test_a_restart_asks_anew_from_the_newest_bar_on(monkeypatch):
    world = subscribed(monkeypatch)
    kept = dict(world.link.hashes[KEPT])
    again = World(monkeypatch)
    start = int(again.reactor.seconds()) // 60 * 60 - 600
    again.link.hashes[KEPT] = kept
    again.link.keys[CHANNEL] = f"[{start * 1000},1,2,0.5,1.5,100,1.2,7,false]".encode()
    again.running()
    again.seconds(1)
    (asked,) = again.asked("20")
    assert asked[-2] == "1" and int(asked[-6].split()[0]) >= 600, asked
    again.tws.say(*bars_message(asked[1], start - 60, start, start + 60, start + 120))
    found = [(bar[0] // 1000 - start, bar[8], bar[9:]) for bar in told(again)]
    assert found == [(0, True, [True]), (60, True, [True]), (120, False, [])]


def test_the_same_question_is_not_asked_again_within_ibs_pacing(monkeypatch):
    world = subscribed(monkeypatch)
    assert len(world.asked("20")) == 1
    world.tws.notice(1102)
    world.download()
    world.seconds(3)
    assert not world.asked("20")
    world.seconds(15)
    assert len(world.asked("20")) == 1


def test_a_refusal_is_told_once_and_asked_again_after_a_minute(monkeypatch):
    world = subscribed(monkeypatch)
    for seconds in (0, 62):
        world.seconds(seconds)
        (asked,) = world.asked("20")
        world.tws.notice(162, "no data", int(asked[1]))
    (error,) = world.told("error")
    assert (error["cmd"], error["code"]) == ("SUB_BARS", 162)


def test_fifty_feeds_are_enough(monkeypatch):
    monkeypatch.setattr("ibgw_tx.history.shell.bar_commands.MOST", 1)
    world = subscribed(monkeypatch)
    world.send("SUB_BARS", contract=CONTRACT, barSize="2 mins")
    assert world.ack()["code"] == "limit"
    world.send("SUB_BARS", contract=CONTRACT, barSize="1 min")
    assert world.ack()["ok"] and len(world.asked("20")) == 1
    world.send("UNSUB_BARS", contract=CONTRACT, barSize="1 min")
    assert world.ack()["ok"] and world.asked("25") and KEPT not in world.link.hashes


@pytest.mark.parametrize(
    ("wrong", "right"), [({"whatToShow": "MIDPOINT"}, {"whatToShow": "TRADES"}), ({"useRTH": True}, {"useRTH": False})]
)
def test_what_ends_a_feed_has_to_fit_where_it_says_more(monkeypatch, wrong, right):
    world = subscribed(monkeypatch)
    world.send("UNSUB_BARS", contract=CONTRACT, barSize="1 min", **wrong)
    assert world.ack()["code"] == "bad_params" and not world.asked("25") and world.link.hashes[KEPT]
    world.send("UNSUB_BARS", contract=CONTRACT, barSize="1 min", **right)
    assert world.ack()["ok"] and world.asked("25")


FIVE = names.bars("NASDAQ", "STK", "USD-AAPL", "5 secs")


def with_a_gap(world):
    """The link comes back; what was missed is asked of history, and refused."""
    world.tws.notice(1102)
    world.download()
    world.seconds(1)
    (asked,) = world.asked("20")
    assert world.asked("50")
    world.tws.notice(162, "no data", int(asked[1]))


def test_a_gap_that_is_not_filled_is_told_as_such_and_the_bars_go_on(monkeypatch):
    world = World(monkeypatch).running()
    world.send("SUB_BARS", contract=CONTRACT, barSize="5 secs")
    world.answer(AAPL)
    (asked,) = world.asked("50")
    start = int(world.reactor.seconds()) // 5 * 5
    world.tws.say(50, 3, asked[2], start, "1", "2", "0.5", "1.5", "100", "1.2", "7")
    with_a_gap(world)
    (error,) = world.told("error")
    assert (error["code"], error["err"]) == (162, "the gap is not filled: no data")


def test_the_line_about_a_gap_does_not_say_that_there_are_no_bars(monkeypatch, lines):
    world = World(monkeypatch)
    contract = {**CONTRACT, "symbol": "AAPL", "secType": "STK", "primaryExchange": "NASDAQ", "currency": "USD"}
    entry = {"contract": contract, "barSize": "5 secs", "whatToShow": "TRADES", "useRTH": False}
    world.link.hashes[KEPT] = {FIVE.encode(): json.dumps(entry).encode()}
    world.link.keys[FIVE] = f"[{int(world.reactor.seconds()) * 1000 - 60_000},1,2,0.5,1.5,100,1.2,7,true]".encode()
    world.running()
    world.seconds(1)
    (asked,) = world.asked("20")
    world.tws.notice(162, "no data", int(asked[1]))
    assert [line for line in lines if "the gap before its bars is not filled" in line]
    assert not [line for line in lines if "no bars" in line]
