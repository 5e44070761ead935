"""The installed gateway over ibsim: what waits to leave, or has left without an answer, and what ends its wait."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.kit.program import Program, wait_for
from tests.kit.sim_process import SimProcess

from .test_program_orders import AAPL, BUY, HASH

MSFT = {"symbol": "MSFT", "secType": "STK", "currency": "USD", "exchange": "SMART"}
COUNT = 200


def burst(program: Program) -> None:
    """So many orders at once of a contract that is known."""
    assert program.send("PLACE_ORDER", contract=AAPL, order={**BUY, "s": 1})["ok"]
    time.sleep(1.5)  # the rate is free again
    pipe = program.client.pipeline(transaction=False)
    for number in range(COUNT):
        order = {**BUY, "s": 1, "client_oid": f"burst-{number}"}
        command = {"id": f"b{number}", "cmd": "PLACE_ORDER", "params": {"contract": AAPL, "order": order}}
        pipe.publish(f"IBGateway:{program.name}:CMD", json.dumps(command))
    pipe.execute()


def answers(program: Program) -> dict[str, bool]:
    """The acknowledgements of the burst so far."""
    acks = [told for _, told in program.listen() if isinstance(told, dict) and told.get("type") == "ack"]
    return {ack["id"]: ack["ok"] for ack in acks if ack["id"].startswith("b")}


def accepted(program: Program) -> list[str]:
    """The names of the orders of the burst that were acknowledged with ok, once all are answered."""
    wait_for(lambda: len(answers(program)) == COUNT, say="an ack for each")
    return [f"burst-{id[1:]}" for id, ok in answers(program).items() if ok]


def shown(program: Program) -> dict[str, Any]:
    """The orders of the burst that stand in the hash, but those gone Unknown."""
    orders = {name: json.loads(value) for name, value in program.client.hgetall(HASH).items() if name.startswith("burst")}
    return {name: order for name, order in orders.items() if order["status"] != "Unknown"}


@pytest.mark.parametrize("end", ["HALT", "CANCEL_ALL", "1100"])
def test_nothing_that_waits_for_the_rate_leaves_after_what_ends_it(trading: Program, simulator: SimProcess, end: str) -> None:
    burst(trading)
    wait_for(lambda: [id for id, ok in answers(trading).items() if ok])
    if end == "1100":
        simulator.ask("1100")
    else:
        assert trading.send(end)["ok"]
    sent = accepted(trading)
    assert 0 < len(sent) < COUNT
    if end == "1100":
        time.sleep(3)
        simulator.ask("1102")
    time.sleep(6)
    wait_for(lambda: trading.client.get("URANUS:NASDAQ:outside:OMS") == "1")
    assert sorted(shown(trading)) == sorted(sent)
    assert end != "CANCEL_ALL" or not [order for order in shown(trading).values() if order["alive"]]


def test_what_was_acknowledged_before_a_kill_is_at_tws(trading: Program) -> None:
    burst(trading)
    sent = accepted(trading)
    trading.stop(hard=True)
    trading.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")
    assert 0 < len(sent) and sorted(shown(trading)) == sorted(sent)


@pytest.mark.parametrize(
    ("cmd", "params"), [("CANCEL_ALL", {}), ("HALT", {}), ("CANCEL_ORDER", {"client_oid": "early"})]
)  # fmt: skip
def test_an_order_that_waits_for_its_contract_does_not_leave_after_what_ends_it(
    trading: Program, simulator: SimProcess, cmd: str, params: dict[str, Any]
) -> None:
    simulator.ask("delay 10 2")  # the details of a contract
    simulator.ask("delay 52 2")  # and their end
    order = {"contract": MSFT, "order": {**BUY, "client_oid": "early"}}
    trading.client.publish("IBGateway:outside:CMD", json.dumps({"id": "early", "cmd": "PLACE_ORDER", "params": order}))
    time.sleep(0.3)
    assert not trading.on_ack("ack", "early"), "it waits"
    assert trading.send(cmd, **params)["ok"]
    time.sleep(3)
    assert not trading.client.hexists(HASH.replace("AAPL", "MSFT"), "early"), "it went live"
    assert trading.told("ack", "early")["ok"] is False


@pytest.mark.parametrize("hard", [False, True])
def test_an_order_without_an_answer_is_told_over_a_restart_and_can_be_cancelled(
    trading: Program, simulator: SimProcess, hard: bool
) -> None:
    simulator.ask("swallow 1")
    assert trading.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "mute"})["ok"]
    trading.stop(hard)
    time.sleep(5)
    trading.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")
    order = wait_for(lambda: trading.order(HASH, "mute"), 60, "the order over a restart")
    assert (order["status"], order["alive"]) == ("Unknown", False)
    again = trading.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "mute"})
    assert (again["code"], again["order"]["status"]) == ("duplicate", "Unknown")
    assert trading.send("CANCEL_ORDER", client_oid="mute")["ok"]
