"""What goes out on ACK, spelled."""

import json

import pytest

from ibgw_tx.commands import replies
from ibgw_tx.commands.message import Command
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError

NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (replies.ack(Command(1, "RESET", {}), NOW), {"type": "ack", "id": 1, "cmd": "RESET", "ok": True, "t": NOW}),
        (
            replies.ack(Command("x", "SUB_ODBK", {}), NOW, channel="c"),
            {"type": "ack", "id": "x", "cmd": "SUB_ODBK", "ok": True, "channel": "c", "t": NOW},
        ),
        (
            replies.refusal(None, None, CommandError(errors.BAD_JSON, "no"), NOW),
            {"type": "ack", "id": None, "cmd": None, "ok": False, "code": "bad_json", "err": "no", "t": NOW},
        ),
        (
            replies.tws_error(1, "SUB_ODBK", 309, "Max", NOW),
            {"type": "error", "id": 1, "cmd": "SUB_ODBK", "code": 309, "err": "Max", "t": NOW},
        ),
        (replies.tws_message(1100, "lost", NOW), {"type": "msg", "code": 1100, "msg": "lost", "t": NOW}),
        (replies.result(1, "X", NOW, keys=["k"]), {"type": "result", "id": 1, "cmd": "X", "keys": ["k"], "t": NOW}),
        (
            replies.alert("farm", "usfarm", True, "2103", NOW),
            {"type": "alert", "kind": "farm", "what": "usfarm", "on": True, "text": "2103", "t": NOW},
        ),
        (replies.heartbeat(True, NOW), {"type": "heartbeat", "status": True, "t": NOW}),
    ],
)
def test_replies_are_spelled_as_section_8_says(message, told):
    assert json.loads(message) == told


@pytest.mark.parametrize(
    ("what", "channel"),
    [
        ("odbk URANUS:SEHK:HKD-1137:full_odbk_channel", "URANUS:SEHK:HKD-1137:full_odbk_channel"),
        ("ticks URANUS:NYSE:USD-BRK B:full_odbk_channel SMART", "URANUS:NYSE:USD-BRK B:full_odbk_channel"),
        ("bars IBGateway:Bars:NYSE:STK:USD-BRK B:5 secs", "IBGateway:Bars:NYSE:STK:USD-BRK B:5 secs"),
    ],
)
def test_an_alert_about_a_feed_has_its_channel(what, channel):
    told = json.loads(replies.alert("feed", what, False, "it has rows again", NOW))
    assert told == {
        "type": "alert", "kind": "feed", "what": what, "channel": channel, "on": False, "text": "it has rows again", "t": NOW
    }
