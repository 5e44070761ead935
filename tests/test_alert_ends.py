"""Alerts of a former life, and of farms that TWS speaks of no more, come to their end."""

import json

import pytest

from ibgw_tx.alert_ends import FARM_SILENCE
from ibgw_tx.commands import replies
from ibgw_tx.model import keys as names
from tests.kit.contracts import HK1137
from tests.kit.gateway import World

KEY = names.alerts("demo")


def world(monkeypatch, *standing):
    """A gateway whose Redis holds what a former life left."""
    world = World(monkeypatch)
    kept = world.link.hashes.setdefault(KEY, {})
    for kind, what in standing:
        kept[f"{kind} {what}".encode()] = replies.alert(kind, what, True, "of a former life", 5)
    return world.running()


def over(world):
    """(kind, what, text) of each end on ACK since the last time."""
    return [(told["kind"], told["what"], told["text"]) for told in world.told("alert") if not told["on"]]


def left(world):
    return [json.loads(value)["what"] for value in world.link.hashes.get(KEY, {}).values()]


def test_a_farm_that_is_whole_is_told_at_once(monkeypatch):
    w = world(monkeypatch, ("farm", "ushmds"))
    w.tws.notice(2106, "HMDS data farm connection is OK:ushmds")
    assert [what for _, what, _ in over(w)] == ["ushmds"] and left(w) == []


def test_a_farm_that_tws_does_not_speak_of_is_not_broken(monkeypatch):
    w = world(monkeypatch, ("farm", "usfarm"), ("farm", "hfarm"))
    w.tws.notice(2103, "broken:hfarm")
    w.seconds(int(FARM_SILENCE) - 2)
    assert over(w) == []
    w.seconds(4)
    assert [what for _, what, _ in over(w)] == ["usfarm"] and left(w) == ["hfarm"]


def test_an_unnamed_farm_stands_while_it_is_broken(monkeypatch):
    w = world(monkeypatch)
    w.tws.notice(2103, "broken")
    w.seconds(int(FARM_SILENCE) + 2)
    assert over(w) == [] and left(w) == ["?"]


def test_without_a_session_nothing_is_known_of_farms(monkeypatch):
    w = world(monkeypatch, ("farm", "usfarm"))
    w.tws.wire.end()
    w.tws = None
    w.seconds(int(FARM_SILENCE) + 5)
    assert over(w) == [] and left(w) == ["usfarm"]


def test_a_lease_that_was_not_renewed_is_held_again(monkeypatch):
    w = world(monkeypatch, ("lease", "demo"))
    w.seconds(1)
    assert over(w) == [("lease", "demo", "the lease is held")] and left(w) == []


@pytest.mark.parametrize(
    "what", ["odbk URANUS:SEHK:HKD-1:full_odbk_channel", "bars IBGateway:Bars:SEHK:STK:HKD-1:5 secs", "nonsense"]
)
def test_a_feed_that_is_not_subscribed_has_no_alert(monkeypatch, what):
    w = world(monkeypatch, ("feed", what))
    w.seconds(1)
    assert over(w) == [("feed", what, "it is not subscribed any more")] and left(w) == []


def test_a_feed_stands_until_it_has_rows(monkeypatch):
    channel = names.book_channel("SEHK", "HKD-1137")
    entry = {"kind": "top", "contract": HK1137.to_json(), "lots": None}
    w = World(monkeypatch)
    w.link.hashes[names.subscriptions("demo")] = {f"top {channel}".encode(): json.dumps(entry).encode()}
    what = f"top {channel}"
    w.link.hashes[KEY] = {f"feed {what}".encode(): replies.alert("feed", what, True, "354", 5)}
    w.running()
    w.seconds(5)
    assert over(w) == [] and left(w) == [what]
    (asked,) = [each for each in w.asked("1")]
    w.tws.say(1, 6, int(asked[2]), 1, 10.5, 5, 0)
    w.seconds(1)
    assert over(w) == [("feed", what, "it has rows again")] and left(w) == []
