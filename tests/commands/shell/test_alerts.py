"""What a pager is told: once when it begins and once when it is over, over an absence of Redis and another life too."""

import json

import pytest
from twisted.internet.task import Clock

from ibgw_tx.commands import replies
from ibgw_tx.commands.shell import alerts as module
from ibgw_tx.commands.shell.alerts import Alerts
from ibgw_tx.model import keys as names
from tests.kit.redis import FakeLink

ALERTS, FEED = names.alerts("demo"), "top URANUS:NASDAQ:USD-BRK B:full_odbk_channel SMART"


class Life:
    """One life of the gateway's alerts over a Redis, which stays."""

    def __init__(self, redis=None):
        self.redis = redis or FakeLink()
        self.clock, self.said = Clock(), []
        self.alerts = Alerts("demo", self.redis, self._say, self.clock.seconds)

    def _say(self, kind, what, on, text):
        self.said.append((kind, what, on, text))
        return replies.alert(kind, what, on, text, 5)

    def up(self):
        self.redis.up = True
        self.alerts.redis_up()
        return self

    def down(self):
        self.redis.up = False
        self.alerts.redis_down()

    @property
    def kept(self):
        return {field.decode(): json.loads(value) for field, value in self.redis.hashes.get(ALERTS, {}).items()}


@pytest.fixture
def life():
    return Life().up()


def test_what_stands_is_kept_as_it_was_said_until_it_is_over(life):
    life.alerts.changed("farm", "usfarm", True, "2103 broken")
    assert life.kept == {
        "farm usfarm": {"type": "alert", "kind": "farm", "what": "usfarm", "on": True, "text": "2103 broken", "t": 5}
    }
    life.alerts.changed("farm", "usfarm", True, "2103 broken")
    life.alerts.changed("farm", "usfarm", False, "2104 OK")
    life.alerts.changed("farm", "usfarm", False, "2104 OK")
    assert [on for _, _, on, _ in life.said] == [True, False] and life.kept == {}


def test_what_a_former_life_left_standing_is_not_told_again_and_its_end_is(life):
    life.alerts.changed("feed", FEED, True, "354")
    later = Life(life.redis).up()
    assert later.alerts.former == {("feed", FEED)} and later.alerts.standing("feed") == [FEED]
    later.alerts.changed("feed", FEED, True, "354")
    assert later.said == [] and not later.alerts.former and later.kept == life.kept
    later.alerts.changed("feed", FEED, False, "rows")
    assert later.said == [("feed", FEED, False, "rows")] and later.kept == {}


def test_what_begins_before_the_former_life_is_known_stands_once(life):
    life.alerts.changed("farm", "usfarm", True, "2103")
    later = Life(life.redis)
    later.alerts.changed("farm", "usfarm", True, "2103")
    later.alerts.changed("farm", "hfarm", True, "2103")
    assert later.said == []
    later.up()
    assert later.said == [("farm", "hfarm", True, "2103")] and not later.alerts.former
    assert set(later.kept) == {"farm usfarm", "farm hfarm"}


def test_what_ends_before_the_former_life_is_known_is_told_as_over(life):
    life.alerts.changed("farm", "usfarm", True, "2103")
    later = Life(life.redis)
    later.alerts.changed("farm", "usfarm", True, "2103")
    later.alerts.changed("farm", "usfarm", False, "2104")
    later.up()
    assert later.said == [("farm", "usfarm", False, "2104")] and later.kept == {}


def test_an_end_before_the_former_life_is_known_ends_what_it_left_standing(life):
    life.alerts.changed("farm", "usfarm", True, "2103")
    later = Life(life.redis)
    later.alerts.changed("farm", "usfarm", False, "2104")
    later.alerts.changed("farm", "hfarm", False, "2104")
    later.up()
    assert later.said == [("farm", "usfarm", False, "2104")] and later.kept == {} and not later.alerts.former


def test_while_redis_is_away_changes_wait_in_their_order(life):
    life.alerts.changed("farm", "a", True, "1")
    life.down()
    life.alerts.changed("farm", "a", False, "2")
    life.alerts.changed("lease", "demo", True, "3")
    life.alerts.changed("lease", "demo", False, "4")
    life.alerts.changed("farm", "b", True, "5")
    assert [text for *_, text in life.said] == ["1"]
    life.up()
    assert [text for *_, text in life.said] == ["1", "2", "3", "4", "5"] and set(life.kept) == {"farm b"}


def test_a_redis_that_comes_back_empty_has_again_what_stands_and_nothing_is_told_twice(life):
    life.alerts.changed("farm", "a", True, "1")
    life.down()
    life.redis.hashes.clear()
    life.up()
    assert len(life.said) == 1 and set(life.kept) == {"farm a"}


def test_an_end_that_never_arrived_is_told_when_redis_is_back(life):
    life.alerts.changed("farm", "a", True, "1")
    kept = dict(life.redis.hashes[ALERTS])
    life.alerts.changed("farm", "a", False, "2")
    life.down()
    life.redis.hashes[ALERTS] = kept
    life.up()
    assert life.said[-1] == ("farm", "a", False, "it is over") and life.kept == {}


@pytest.mark.parametrize(
    "odd", [b"{", b"[]", b'{"type":"alert","kind":"limit","what":"x","on":true}', b'{"type":"alert","on":true}']
)
def test_what_nobody_of_ours_wrote_goes(odd, lines):
    redis = FakeLink()
    redis.hashes[ALERTS] = {b"x": odd}
    life = Life(redis).up()
    assert life.kept == {} and life.said == [] and any("is not taken over" in line for line in lines)


def test_a_key_of_another_type_silences_nobody(life, lines):
    life.down()
    life.redis.refuse["HGETALL"] = ValueError("WRONGTYPE")
    life.alerts.changed("farm", "a", True, "1")
    life.up()
    life.alerts.changed("farm", "a", False, "2")
    assert [text for *_, text in life.said] == ["1", "2"] and any("WRONGTYPE" in line for line in lines)


def test_a_limit_is_told_and_does_not_stand(life):
    for _ in range(3):
        life.alerts.refused("max_quantity: too many")
    life.clock.advance(module.PAUSE)
    life.alerts.refused("max_quantity: too many")
    assert [text for *_, text in life.said] == ["max_quantity: too many", "max_quantity: too many (2 more since the last alert)"]
    assert life.kept == {} and all(on for _, _, on, _ in life.said)


def test_no_more_stand_than_there_is_room_for(life, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    for name in "abc":
        life.alerts.changed("farm", name, True, "1")
    assert len(life.said) == 3 and set(life.kept) == {"farm a", "farm b"}
