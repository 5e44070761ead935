"""ACCOUNT_LIST and ACCOUNT_SUMMARY in a whole gateway in memory."""

import pytest

from ibgw_tx.accounts.shell.commands import SUMMARY_LIMIT
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull
from tests.kit.gateway import World


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


def test_the_accounts_are_in_the_ack(monkeypatch):
    world = World(monkeypatch)
    world.link.bring_up()
    world.ready("DU1,DU2,")
    world.send("ACCOUNT_LIST")
    assert world.ack()["accounts"] == ["DU1", "DU2"]


def summary(world, *rows):
    (asked,) = world.asked("62")
    for row in rows:
        world.tws.say(63, 1, asked[2], *row)
    world.tws.say(64, 1, asked[2])
    return asked[2]


def test_a_summary_is_written_then_told_and_its_request_cancelled(world):
    id = world.send("ACCOUNT_SUMMARY")
    world.turn()
    req_id = summary(world, ("DU1", "NetLiquidation", "1000", "USD"), ("DU1", "CashBalance", "5", "EUR"))
    (result,) = world.told("result")
    assert result["id"] == id and result["keys"] == [names.summary("demo", "DU1")]
    document = world.link.json(result["keys"][0])
    assert document["NetLiquidation"] == {"value": 1000, "currency": "USD"} and document["ledger"]["EUR"]["CashBalance"] == 5
    assert [message[2] for message in world.asked("63")] == [req_id]


def test_one_question_serves_everybody_who_asks_meanwhile(world):
    ids = [world.send("ACCOUNT_SUMMARY"), world.send("ACCOUNT_SUMMARY", account="DU1")]
    world.turn()
    summary(world, ("DU1", "NetLiquidation", "1000", "USD"))
    assert [result["id"] for result in world.told("result")] == ids
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    assert len(world.asked("62")) == 1


def test_everybody_who_asked_hears_why_there_is_no_summary(world):
    world.send("ACCOUNT_SUMMARY")
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    (asked,) = world.asked("62")
    world.tws.notice(322, "too many", int(asked[2]))
    assert [told["code"] for told in world.told("error")] == [322, 322]


def test_a_summary_without_an_end_is_an_error_and_the_next_one_asks_anew(world):
    world.send("ACCOUNT_SUMMARY")
    world.seconds(int(SUMMARY_LIMIT) + 1)
    assert world.told("error")[0]["code"] is None and len(world.asked("63")) == 1
    world.asked("62")
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    assert len(world.asked("62")) == 1


def test_no_room_for_the_question_is_told_and_blocks_no_later_one(world, monkeypatch):
    client = world.gateway._session.client
    with monkeypatch.context() as patched:
        patched.setattr(client, "ask_summary", lambda *_: (_ for _ in ()).throw(PacingFull("full")))
        world.send("ACCOUNT_SUMMARY")
        world.turn()
        ack = world.ack()
        assert (ack["ok"], ack["code"], ack["err"]) == (False, "limit", "full")
    world.send("ACCOUNT_SUMMARY")
    world.turn()
    assert len(world.asked("62")) == 1


def test_an_account_of_another_login_is_refused(world):
    world.send("ACCOUNT_SUMMARY", account="DU9")
    assert world.ack()["code"] == "bad_params"
