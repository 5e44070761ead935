"""Who is asked for profit and loss, when it ends, and what a refusal or a full lane does."""

import pytest

from ibgw_tx.accounts.shell import pnl as module
from ibgw_tx.model import keys as names
from tests.kit.contracts import AAPL, HK1137
from tests.kit.gateway import World, portfolio_row

KEY = names.pnl("demo", "DU1")
UNSET = "1.7976931348623157E308"


@pytest.fixture
def world(monkeypatch):
    world = World(monkeypatch)
    world.link.bring_up()
    world.ready()
    world.download(AAPL)
    world.answer(AAPL)
    world.seconds(1)
    return world


def test_the_account_and_each_position_are_asked_for_and_told(world):
    (whole,), (single,) = world.asked("92"), world.asked("94")
    assert whole[2:4] == ["DU1", ""] and single[2:5] == ["DU1", "", str(AAPL.conId)]
    world.tws.say(94, whole[1], "-12.5", UNSET, "3")
    world.tws.say(95, single[1], "100", "-12.5", "1", UNSET, "16050")
    world.seconds(1)
    found = world.link.json(KEY)
    assert (found["daily"], found["unrealized"], found["realized"]) == (-12.5, None, 3)
    assert found["positions"]["NASDAQ:STK:USD-AAPL"] == {
        **{"conId": AAPL.conId, "pos": 100, "daily": -12.5, "unrealized": 1, "realized": None, "value": 16050}
    }
    sets = world.link.sets(KEY)
    world.seconds(2)
    assert world.link.sets(KEY) == sets, "unchanged"


def test_a_position_that_comes_is_asked_for_and_one_that_goes_is_ended(world):
    (single,) = world.asked("94")
    world.tws.say(95, single[1], "100", "1", "1", "1", "1")
    world.tws.say(*portfolio_row(HK1137, 5))
    world.answer(HK1137)
    world.seconds(1)
    (other,) = world.asked("94")
    assert other[4] == str(HK1137.conId)
    world.tws.say(*portfolio_row(AAPL, 0))
    world.seconds(1)
    assert [message[1] for message in world.asked("95")] == [single[1]]
    world.tws.say(95, single[1], "0", "1", "1", "1", "1")  # late
    world.seconds(1)
    assert "NASDAQ:STK:USD-AAPL" not in world.link.json(KEY)["positions"]


@pytest.mark.parametrize("code", [1101, 1102])
def test_everything_is_asked_anew_when_the_link_is_back(world, code):
    before = world.asked("92") + world.asked("94")
    world.tws.notice(1100)
    world.tws.notice(code)
    world.download(AAPL)
    world.seconds(1)
    again = world.asked("92") + world.asked("94")
    assert len(again) == 2 and not {message[1] for message in again} & {message[1] for message in before}
    assert len(world.asked("93") + world.asked("95")) == 2, "the old ones are ended"
    world.tws.say(94, before[0][1], "7", "7", "7")
    world.seconds(1)
    assert KEY not in world.link.keys, "an answer to an old question"


def test_a_new_session_asks_anew_and_redis_is_written_anew(world):
    (whole,) = world.asked("92")
    world.tws.say(94, whole[1], "1", "2", "3")
    world.seconds(1)
    world.link.go_down()
    world.link.keys.clear()
    world.link.bring_up()
    world.seconds(1)
    assert world.link.json(KEY)["daily"] == 1
    world.tws.wire.end()
    world.ready()
    world.download(AAPL)
    world.seconds(1)
    assert len(world.asked("92")) == 1 and len(world.asked("94")) == 1


def test_a_refusal_is_said_once_and_not_repeated_and_a_warning_ends_nothing(world, lines):
    (whole,), (single,) = world.asked("92"), world.asked("94")
    world.tws.notice(2150, "Invalid position trade derived value", int(single[1]))
    world.tws.notice(321, "Invalid account", int(whole[1]))
    world.seconds(3)
    assert not world.asked("92") and not world.asked("94")
    assert [line for line in lines if "no profit and loss of DU1" in line and "321" in line]
    world.tws.say(95, single[1], "100", "1", "1", "1", "1")
    world.seconds(1)
    assert world.link.json(KEY)["positions"]


def test_only_so_many_positions_are_followed(monkeypatch, lines):
    monkeypatch.setattr(module, "MAX_SINGLE", 1)
    world = World(monkeypatch)
    world.link.bring_up()
    world.ready()
    world.download(AAPL, HK1137)
    world.answer(AAPL, HK1137)
    world.seconds(2)
    assert len(world.asked("94")) == 1
    assert len([line for line in lines if "of 1 positions is not followed" in line]) == 1
