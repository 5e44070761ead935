"""What the operator sees of the installed gateway: its log, and the reasons beside a status that is false."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.program import Program, wait_for
from tests.kit.tws_server import TWSServer

from .test_program_exotic import Stage, in_thread
from .test_program_exotic import stage as stage  # noqa: PLC0414  a fixture


def line_of(program: Program, *parts: str) -> str:
    """The one line with these parts, once it is there."""
    found = wait_for(lambda: [line for line in program.lines() if all(part in line for part in parts)], say=f"a line of {parts}")
    assert len(found) == 1, found
    return str(found[0])


@in_thread
def test_the_end_of_each_order_is_one_line_with_what_it_is_found_by(stage: Stage) -> None:
    program, trouble = stage.program, stage.world.sim.trouble.orders
    filled, _, refused = (stage.place(name, p=90)["i"] for name in ("o-filled", "o-cancelled", "o-refused"))
    stage.sim(trouble.fill, int(filled))
    assert program.send("CANCEL_ORDER", client_oid="o-cancelled")["ok"]
    stage.sim(trouble.reject_order, int(refused), 201, "no margin")
    for name, *parts in (
        ("o-filled", "Filled", "executed 100"),
        ("o-cancelled", "Cancelled", "executed 0"),
        ("o-refused", "Inactive", "201", "no margin"),
    ):
        line = line_of(program, name, "is over", *parts)
        assert "NASDAQ" in line and "USD-AAPL" in line and "command" in line


@pytest.mark.parametrize("env", [{"TWS_API_PORT": "1"}, {"TWS_API_PORT": "1", "TWS_API_ADDR": "localhost"}])
def test_a_tws_that_is_not_there_is_told_with_its_address(program: Program, env: dict[str, str]) -> None:
    program.start(**env)
    host = env.get("TWS_API_ADDR", "127.0.0.1")
    wait_for(lambda: any("cannot connect" in line and f"{host}:1" in line for line in program.lines()), say="the address")


def test_the_start_is_one_line_with_addresses_and_limits(program: Program, tws: TWSServer) -> None:
    program.run("--max-quantity=7", "--max-open-orders=3")
    line = line_of(program, f"127.0.0.1:{tws.port}", "client id", "limits", "ibgateway")
    assert program.env["REDIS_PORT"] in line and "max_quantity 7" in line and "max_open_orders 3" in line


@pytest.mark.parametrize("cause", ["lost", "broken"])
def test_a_false_status_comes_with_its_reason_everywhere(program: Program, tws: TWSServer, cause: str) -> None:
    program.run()
    tws.notice(1100, f"Connectivity is {cause}")
    wait_for(lambda: not program.status, say="status false")
    line_of(program, "status of outside is false: ", "1100", cause)
    status = program.result("STATUS")
    assert status["status"] is False and cause in status["reasons"][0]

    def beats() -> list[Any]:
        return [m for _, m in program.listen() if isinstance(m, dict) and m.get("type") == "heartbeat" and not m["status"]]

    assert cause in wait_for(beats)[-1]["reasons"][0]


EVIL = "\x1b[2Jgone\rstatus of outside is true"


@pytest.mark.parametrize("code", [2100, 2137, 10182])
def test_a_text_of_tws_is_quoted_in_the_log(program: Program, tws: TWSServer, code: int) -> None:
    program.run()
    tws.notice(code, f"odd {EVIL} {'x' * 100_000}")
    tws.notice(1100, EVIL)
    wait_for(lambda: not program.status)
    raw = program.log.read_bytes()
    assert b"\x1b" not in raw and b"\r" not in raw and b"x" * 5000 not in raw and b"gone" in raw


@pytest.mark.parametrize("command", [
    {"id": "ESC", "cmd": "SUB_ODBK", "params": {"contract": {"symbol": "ESC"}}},
    {"id": "x" * 200_000, "cmd": "NO_SUCH", "params": {}},
    {"id": "ESC", "cmd": "ESC", "params": {}},
])  # fmt: skip
def test_a_text_of_a_bot_is_quoted_and_cut_in_the_log(program: Program, command: dict[str, Any]) -> None:
    program.run()
    text = json.dumps(command).replace("ESC", json.dumps(EVIL)[1:-1])
    program.client.publish("IBGateway:outside:CMD", text)
    assert program.send("ACCOUNT_LIST")["ok"]
    raw = program.log.read_bytes()
    assert b"\x1b" not in raw and b"\r" not in raw and b"x" * 5000 not in raw
