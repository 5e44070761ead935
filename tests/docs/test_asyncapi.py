"""docs/asyncapi.yaml: it refuses, and knows the channels that the code spells. Integration tests hold every message to it."""

from __future__ import annotations

import pytest

from ibgw_tx.model import keys
from tests.kit.asyncapi import complaint, document

NOW = 1_700_000_000_000
ACK = "IBGateway:x:ACK"
BOOK = "URANUS:SEHK:HKD-1137:full_odbk_channel"


@pytest.mark.parametrize(
    "content",
    [
        {"type": "heartbeat", "status": True, "t": NOW},
        {"type": "ack", "id": None, "cmd": None, "ok": False, "code": "bad_json", "err": "no JSON", "t": NOW},
        {"type": "result", "id": "a", "cmd": "FIND_CONTRACTS", "keys": [], "t": NOW},
    ],
)
def test_what_the_gateway_says_is_described(content: object) -> None:
    assert complaint(ACK, content) is None


@pytest.mark.parametrize(
    ("channel", "content"),
    [
        (ACK, {"type": "heartbeat", "status": True, "t": 1_700_000_000}),  # seconds
        (ACK, {"type": "ack", "id": 1, "cmd": "RESET", "ok": False, "code": "no_such_code", "err": "x", "t": NOW}),
        (ACK, {"type": "nothing of ours", "t": NOW}),
        (BOOK, [[{"p": 1, "s": -2}], [], NOW]),
        (BOOK, [[], [], NOW, "appended"]),
        ("URANUS:SEHK:HKD-1137:no_channel", []),
    ],
)
def test_what_the_gateway_must_not_say_is_refused(channel: str, content: object) -> None:
    assert complaint(channel, content)


def test_the_document_spells_the_channels_as_the_code_does() -> None:
    addresses = {name: channel["address"] for name, channel in document()["channels"].items()}
    names = {"name": "{name}", "exchange": "{exchange}", "pair": "{pair}"}
    assert addresses["commands"] == keys.commands(names["name"])
    assert addresses["acks"] == keys.acks(names["name"])
    assert addresses["book"] == keys.book_channel(names["exchange"], names["pair"])
    assert addresses["trades"] == keys.tick_channel(names["exchange"], names["pair"])
    assert addresses["orders"] == keys.order_channel(names["exchange"], names["name"])
