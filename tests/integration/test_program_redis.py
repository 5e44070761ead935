"""The installed gateway over a Redis that comes back empty or refuses writes, and under a burst of RESETs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from tests.kit.contracts import AAPL
from tests.kit.program import Program, wait_for
from tests.kit.tws_server import ACCOUNT, DEPTH, PLACE, TWSServer

STATUS, BALANCE = "IBGateway:outside:status", "IBGateway:outside:balance"
CONTRACT = {"conId": AAPL.conId, "exchange": "SMART"}
BUY = {"T": "buy", "s": 1, "p": 100}


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
def own(own_redis: EmbeddedRedis, tws: TWSServer, tmp_path: Path) -> Iterator[Program]:
    """The gateway over a Redis that a test may do anything to."""
    tws.contracts = [AAPL]
    client = redis.Redis(port=own_redis.port, decode_responses=True)
    made = Program(client, own_redis.port, tws.port, tmp_path)
    yield made
    made.stop()
    client.close()


def true_without_a_balance(client: Any, seconds: float) -> list[float]:
    """When the status was true and no balance was there."""
    found, begin = [], time.monotonic()
    while time.monotonic() < begin + seconds:
        status, balance = client.mget(STATUS, BALANCE)
        if status and json.loads(status)[0] and balance is None:
            found.append(time.monotonic() - begin)
    return found


@pytest.mark.parametrize("how", ["restarted", "emptied"])
def test_no_status_is_true_before_the_balance_is_there_again(own: Program, own_redis: EmbeddedRedis, how: str) -> None:
    own.run()
    for _ in range(3):
        if how == "restarted":
            own_redis.kill()
            own_redis.start()
        else:
            # As a replica without the data that takes over: the connections end, the keys are gone.
            own.client.flushall()
            own.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            own.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            own.client.flushall()
        assert not true_without_a_balance(own.client, 2.5)
        wait_for(lambda: own.status and own.balance)


@pytest.mark.parametrize("book", [False, True])
def test_a_hundred_resets_are_one_and_each_is_acknowledged(own: Program, tws: TWSServer, book: bool) -> None:
    own.run("--exchanges=NASDAQ").trading("NASDAQ")
    if book:
        assert own.send("SUB_ODBK", contract=CONTRACT)["ok"]
        tws.wait(DEPTH)
    time.sleep(1)
    before = len(tws.requests)
    accounts, depths = len(tws.asked(ACCOUNT)), len(tws.asked(DEPTH))
    for number in range(100):
        own.client.publish("IBGateway:outside:CMD", json.dumps({"id": f"r{number}", "cmd": "RESET", "params": {}}))
    acks = [own.told("ack", f"r{number}") for number in range(100)]
    assert all(ack["ok"] for ack in acks)
    tws.wait(ACCOUNT, accounts + 2)
    if book:
        tws.wait(DEPTH, depths + 1)
    time.sleep(3)
    assert len(tws.requests) - before < 40, [request[0] for request in tws.requests[before:]][:60]


def full(client: Any) -> None:
    client.config_set("maxmemory", "1")


def read_only(client: Any) -> None:
    client.execute_command("REPLICAOF", "127.0.0.1", "1")


def well(client: Any) -> None:
    client.config_set("maxmemory", "0")
    client.execute_command("REPLICAOF", "NO", "ONE")


@pytest.mark.parametrize(("refuse", "word"), [(full, "OOM"), (read_only, "READONLY")])
def test_a_redis_that_refuses_writes_is_a_line_and_its_recovery_another(own: Program, refuse: Any, word: str) -> None:
    own.run()
    begin = len(own.lines())
    refuse(own.client)
    time.sleep(6)
    well(own.client)

    def lines() -> list[str]:
        return own.lines()[begin:]

    def recovered() -> bool:
        refusals = [number for number, line in enumerate(lines()) if word in line]
        return bool(refusals) and any("status of outside is true" in line for line in lines()[refusals[-1] :])

    wait_for(recovered, say="a line of the recovery")
    assert 1 <= len([line for line in lines() if word in line]) <= 4, lines()


@pytest.mark.parametrize("refuse", [full, read_only])
def test_no_heartbeat_says_true_while_the_status_cannot_be_written(own: Program, refuse: Any) -> None:
    own.run()
    refuse(own.client)
    # The confirmations of the subscriptions end a read each.
    wait_for(lambda: len(own.listen()) > 1)
    time.sleep(1.5)
    begin = len(own.listen())
    time.sleep(3)
    told = [m for where, m in own.listen()[begin:] if where.endswith(":ACK") and m["type"] == "heartbeat"]
    assert told and not any(m["status"] for m in told), told
    well(own.client)
    wait_for(lambda: own.status)


@pytest.mark.parametrize("refuse", [full, read_only])
@pytest.mark.parametrize("order", [BUY, {**BUY, "T": "sell", "orderType": "MKT", "p": None}, {**BUY, "client_oid": "named"}])
def test_an_order_that_redis_would_not_keep_is_not_sent(own: Program, tws: TWSServer, refuse: Any, order: Any) -> None:
    own.run("--exchanges=NASDAQ").trading("NASDAQ")
    order = {name: value for name, value in order.items() if value is not None}
    # Its contract is known then.
    assert own.send("PLACE_ORDER", contract=CONTRACT, order={**BUY, "client_oid": "first"})["ok"]
    time.sleep(0.2)
    refuse(own.client)
    ack = own.send("PLACE_ORDER", contract=CONTRACT, order=order)
    assert (ack["ok"], ack["code"]) == (False, "unavailable"), ack
    time.sleep(0.5)
    assert len(tws.asked(PLACE)) == 1
