"""Section 8's frame over a real Redis: exactly one acknowledgement for each message, and no effect of a bad one."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.model import keys as names

from .kit import NAME, World, sleep

SUB = {"exchange": "SEHK", "showName": "HKD-1137"}
BAD: list[tuple[str, Any, str]] = [
    ("not json", None, "bad_json"),
    ("[1,2]", None, "bad_json"),
    ('{"cmd":"RESET"}', None, "bad_command"),
    ('{"id":true,"cmd":"RESET"}', None, "bad_command"),
    ('{"id":1}', 1, "bad_command"),
    ('{"id":2,"cmd":"DANCE"}', 2, "bad_command"),
    ('{"id":"x","cmd":"SUB_ODBK"}', "x", "bad_params"),
    ('{"id":3,"cmd":"SUB_ODBK","params":[]}', 3, "bad_params"),
    ('{"id":4,"cmd":"SUB_ODBK","params":{"exchange":"SEHK","showName":"HKD-1137","colour":1}}', 4, "bad_params"),
    ('{"id":5,"cmd":"SUB_ODBK","params":{"showName":"HKD-1137"}}', 5, "bad_params"),
    ('{"id":6,"cmd":"SUB_ODBK","params":{"exchange":"SE:HK","showName":"HKD-1137"}}', 6, "bad_params"),
    ('{"id":7,"cmd":"SUB_ODBK","params":{"contract":{"symbol":"X"}}}', 7, "bad_params"),
    ('{"id":8,"cmd":"SUB_ODBK","params":{"contract":{"conId":1,"colour":2}}}', 8, "bad_params"),
    ('{"id":9,"cmd":"RESET","t":1000}', 9, "expired"),
    ('{"id":10,"cmd":"SUB_ODBK","exchange":"SEHK","showName":"HKD-99999"}', 10, "unknown_contract"),
    ('{"id":11,"cmd":"SUB_ODBK","exchange":"CMECRYPTO","showName":"USD-BRR@203512"}', 11, "ambiguous_contract"),
    ('{"id":12,"cmd":"UNSUB_ODBK","exchange":"SEHK","showName":"HKD-1137"}', 12, "bad_params"),
]


@ensureDeferred
async def test_each_bad_message_gets_one_refusal_and_has_no_effect(running: World) -> None:
    start = len(running.bot.heard)
    for text, id, code in BAD:
        ack = await running.bot.send_raw(text, id)
        assert (ack["ok"], ack["code"]) == (False, code), text
        assert ack["err"] and "\n" not in ack["err"]
    await sleep(0.2)
    acks = [message for message in running.bot.on_ack(start) if message["type"] == "ack"]
    assert len(acks) == len(BAD)
    assert not running.requests("reqMktDepth")
    assert await running.bot.call("EXISTS", f"IBGateway:{NAME}:subscriptions") == 0


@pytest.mark.parametrize("body", [{"params": SUB}, SUB, {"params": {"shownName": "SEHK/STK/HKD-1137"}}])
@ensureDeferred
async def test_params_may_stand_beside_cmd_and_the_exchange_in_the_show_name(running: World, body: Any) -> None:
    text = json.dumps({"id": "a", "cmd": "SUB_ODBK", "t": int(time.time() * 1000), **body})
    ack = await running.bot.send_raw(text, "a")
    assert ack["ok"] and ack["channel"] == "URANUS:SEHK:HKD-1137:full_odbk_channel"
    assert set(ack) == {"type", "id", "cmd", "ok", "channel", "t"}


@ensureDeferred
async def test_a_message_of_tws_that_belongs_to_nobody_is_told_as_msg(running: World) -> None:
    running.sim.trouble.error(2106, "HMDS data farm connection is OK:test")
    message = await running.bot.hear(lambda m: m["type"] == "msg" and "test" in m["msg"])
    assert message["code"] == 2106 and {"type", "code", "msg", "t"} <= set(message) <= {"type", "code", "msg", "errorTime", "t"}


@ensureDeferred
async def test_a_burst_of_commands_gets_an_ack_each(running: World) -> None:
    for number in range(300):
        text = json.dumps({"id": number, "cmd": "SUB_ODBK", **SUB})
        await running.bot.call("PUBLISH", names.commands(NAME), text)
    await running.bot.hear(lambda m: m.get("id") == 299)
    ids = [message["id"] for message in running.bot.on_ack() if message["type"] == "ack"]
    assert sorted(ids) == list(range(300))
    assert len(running.requests("reqMktDepth")) == 1
    assert len(running.requests("reqContractDetails")) < 10
