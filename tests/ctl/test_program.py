"""ibgwctl as its operator runs it: a process, against a real Redis, a gateway and a simulated TWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from tests.integration.test_process import start, wait_for

PROGRAM = str(Path(sys.executable).with_name("ibgwctl"))
NAME = "seen"


class Operator:
    """Runs the program; `said` of each run is its output and its error output."""

    def __init__(self, port: int) -> None:
        self.port = port

    def run(self, *words: str, typed: str = "", name: str = NAME) -> tuple[int, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
        env = {**clean, "REDIS_PORT": str(self.port), "TWS_GATEWAY_NAME": name}
        done = subprocess.run([PROGRAM, *words], env=env, input=typed, capture_output=True, text=True, timeout=90, check=False)
        return done.returncode, done.stdout + done.stderr

    def json(self, *words: str) -> Any:
        status, said = self.run(*words, "--json")
        assert status == 0, said
        return json.loads(said.splitlines()[-1])


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture(scope="module")
def keys(server: EmbeddedRedis) -> Iterator[Any]:
    client = redis.Redis(port=server.port, decode_responses=True)
    yield client
    client.close()


@pytest.fixture(scope="module")
def operator(server: EmbeddedRedis, keys: Any) -> Iterator[Operator]:
    """With a gateway whose status is true."""
    tws_port = str(free_port())
    sim = start("ibsim", "--port", tws_port)
    gateway = start("ibgateway", TWS_API_PORT=tws_port, REDIS_PORT=str(server.port), TWS_GATEWAY_NAME=NAME)
    try:
        wait_for(lambda: json.loads(keys.get(f"IBGateway:{NAME}:status") or "[false]")[0], limit=60)
        wait_for(lambda: keys.get(f"URANUS:SEHK:{NAME}:OMS"), limit=60)
        yield Operator(server.port)
    finally:
        for process in (gateway, sim):
            process.kill()
            process.communicate()


def test_a_well_gateway_is_well(operator: Operator) -> None:
    status, said = operator.run("doctor")
    assert status == 0, said
    assert len([line for line in said.splitlines() if line.startswith("well")]) == 10
    assert operator.run("status")[0] == 0


def test_a_gateway_that_is_not_there_is_told_by_the_exit_status(operator: Operator) -> None:
    assert operator.run("status", name="nobody")[0] == 1
    assert operator.run("doctor", "--timeout=1", name="nobody")[0] == 1
    status, said = operator.run("halt", "--yes", name="nobody")
    assert (status, "nothing was sent" in said) == (4, True)
    assert Operator(free_port()).run("status")[0] == 3
    assert operator.run("status", name="a:b")[0] == 2


def test_an_order_from_the_question_to_its_cancel(operator: Operator, keys: Any) -> None:
    order = ("place", "buy", "100", "SMART", "USD-AAPL", "--limit", "150.25", "--client-oid", "hand-1")
    status, said = operator.run(*order, typed="n\n")
    assert (status, "place buy 100 USD-AAPL on SMART, LMT limit 150.25, DAY, as hand-1" in said) == (1, True)
    assert keys.exists(f"URANUS:NASDAQ:{NAME}:O:USD-AAPL") == 0 or operator.run("order", "hand-1")[0] == 1
    status, said = operator.run(*order, typed="y\n")
    assert status == 0, said
    wait_for(lambda: operator.run("order", "hand-1")[0] == 0)
    status, said = operator.run(*order, "--yes")
    assert (status, "duplicate" in said) == (1, True)
    status, said = operator.run("change", "hand-1", "--limit", "151", "--yes")
    assert status == 0, said
    wait_for(lambda: operator.json("order", "hand-1")["p"] == 151)
    assert "hand-1" in operator.run("orders", "--alive")[1]
    assert operator.run("cancel", "hand-1", "--yes")[0] == 0
    wait_for(lambda: not operator.json("order", "hand-1")["alive"])
    assert "hand-1" not in operator.run("orders", "--alive")[1]


def test_halt_and_resume(operator: Operator, keys: Any) -> None:
    assert operator.run("halt", "a test", "--yes")[0] == 0
    assert json.loads(keys.get(f"IBGateway:{NAME}:halt"))["reason"] == "a test"
    status, said = operator.run("place", "buy", "100", "SMART", "USD-AAPL", "--limit", "150", "--yes")
    assert (status, "limit" in said) == (1, True)
    assert operator.run("resume", "--yes")[0] == 0
    assert keys.exists(f"IBGateway:{NAME}:halt") == 0
    assert operator.run("cancel-all", "--yes")[0] == 0


def test_contracts_history_balances_and_screens(operator: Operator) -> None:
    assert "conId 72276551" in operator.run("find", "STK", "1137", "--exchange", "SEHK")[1]
    status, said = operator.run("history", "SEHK", "HKD-1137", "--bar-size", "1 hour", "--duration", "2 D")
    assert (status, "┤" in said) == (0, True), said
    assert operator.json("history", "SEHK", "HKD-1137", "--bar-size", "1 hour", "--duration", "2 D")
    assert operator.json("balance")["USD"]["type"] == "cash"
    assert "NASDAQ:STK:USD-AAPL" in operator.run("pnl")[1]
    assert "one listens to commands" in operator.run("top", "--once")[1]
    assert operator.run("fills")[0] == 0
    assert operator.json("watch", "--heartbeats", "--for", "3")["message"]["type"] == "heartbeat"


def test_a_book_is_a_ladder(operator: Operator, keys: Any) -> None:
    assert operator.run("book", "SEHK", "HKD-5")[0] == 1
    keys.set("URANUS:TEST:HKD-5:orderbook", '[[{"p":9.5,"s":5}],[{"p":10,"s":1}],1619827200123]')
    status, said = operator.run("book", "TEST", "HKD-5", "--once")
    assert (status, "spread 0.5" in said, "9.5" in said) == (0, True, True)


def test_words_of_others_do_not_reach_the_terminal_as_they_are(operator: Operator, keys: Any) -> None:
    evil = {"i": "1", "client_oid": "\x1b[31mred", "status": "\x07", "alive": True, "T": "buy"}
    keys.hset(f"URANUS:TEST:{NAME}:O:USD-EVIL", "1", json.dumps(evil))
    try:
        for words in (("orders",), ("order", "1"), ("top", "--once")):
            said = operator.run(*words)[1]
            assert "red" in said and "\x1b" not in said and "\x07" not in said
    finally:
        keys.delete(f"URANUS:TEST:{NAME}:O:USD-EVIL")


def test_completion_knows_the_commands(operator: Operator) -> None:
    assert "_IBGWCTL_COMPLETE" in operator.run("completion", "bash")[1]
