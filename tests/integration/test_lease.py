"""One gateway under one name: processes of their own, a real Redis, the simulated TWS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from tests.integration.test_process import start, wait_for

NAME = "leased"
LEASE, STANDBY, STATUS = f"IBGateway:{NAME}:lease", f"IBGateway:{NAME}:standby", f"IBGateway:{NAME}:status"
AAPL = {"conId": 265598, "exchange": "SMART"}


class Running:
    """A gateway's process and what it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def end(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self._reader.join()


class Stage:
    """Redis and ibsim, and as many gateways of one name as a test starts."""

    def __init__(self, client: Any, redis_port: int) -> None:
        self.client = client
        self.tws_port = str(free_port())
        self.env = {"REDIS_PORT": str(redis_port), "TWS_API_PORT": self.tws_port, "TWS_GATEWAY_NAME": NAME}
        self.processes = [Running(start("ibsim", "--port", self.tws_port))]

    def gateway(self, *flags: str) -> Running:
        running = Running(start("ibgateway", *flags, **self.env))
        self.processes.append(running)
        return running

    @property
    def status(self) -> bool:
        return bool(json.loads(self.client.get(STATUS) or "[false]")[0])

    @property
    def pid(self) -> int:
        """Who holds the lease; 0 for nobody."""
        return int(json.loads(self.client.get(LEASE) or '{"pid":0}')["pid"])

    def trusted(self, limit: float = 30.0) -> None:
        """Status true, said from now on, and the orders can be trusted."""
        since = time.time() * 1000
        wait_for(lambda: self.status and json.loads(self.client.get(STATUS))[1] > since and self._oms(), limit)

    def _oms(self) -> bool:
        return self.client.get(f"URANUS:SMART:{NAME}:OMS") == "1"

    def end(self) -> None:
        for process in reversed(self.processes):
            process.end()


@pytest.fixture
def stage(client: Any, redis_server: EmbeddedRedis) -> Iterator[Stage]:
    stage = Stage(client, redis_server.port)
    yield stage
    stage.end()



def place(stage: Stage, oid: str) -> Any:
    """A PLACE_ORDER and its acknowledgement."""
    ear = stage.client.pubsub()
    ear.subscribe(f"IBGateway:{NAME}:ACK")
    ear.get_message(timeout=5)
    order = {"T": "buy", "s": 1, "p": 1.0, "client_oid": oid}
    command = {"id": oid, "cmd": "PLACE_ORDER", "params": {"contract": AAPL, "order": order}}
    assert stage.client.publish(f"IBGateway:{NAME}:CMD", json.dumps(command)) == 1
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        message = ear.get_message(timeout=1)
        if message and message["type"] == "message":
            ack = json.loads(message["data"])
            if ack.get("type") == "ack" and ack["id"] == oid:
                ear.close()
                return ack
    raise AssertionError("no ack")


def test_a_second_one_refuses_to_start_with_one_line(stage: Stage) -> None:
    first = stage.gateway("--exchanges=SMART")
    stage.trusted()
    second = stage.gateway()
    assert second.process.wait(15) == 1
    second.end()
    refusals = [line for line in second.lines if "another gateway works under the name leased" in line]
    assert len(refusals) == 1 and f"pid {first.process.pid}" in refusals[0] and "--standby" in refusals[0]
    assert "cannot connect" not in second.said and "ibgateway 0" not in second.said
    assert stage.pid == first.process.pid and stage.status


def test_a_clean_stop_gives_the_lease_back(stage: Stage) -> None:
    first = stage.gateway("--exchanges=SMART")
    stage.trusted()
    first.process.terminate()
    assert first.process.wait(10) == 0
    assert stage.client.get(LEASE) is None
    stage.gateway("--exchanges=SMART")
    stage.trusted(10)


def test_a_restart_after_kill_9_on_the_same_host_does_not_wait_for_the_lease_to_end(stage: Stage) -> None:
    first = stage.gateway("--exchanges=SMART")
    stage.trusted()
    first.process.kill()
    first.process.wait()
    began = time.monotonic()
    stage.gateway("--exchanges=SMART")
    stage.trusted(9)
    assert time.monotonic() - began < 9


def test_who_stands_by_touches_nothing_and_takes_over_after_kill_9(stage: Stage) -> None:
    first = stage.gateway("--exchanges=SMART")
    stage.trusted()
    second = stage.gateway("--exchanges=SMART", "--standby")
    wait_for(lambda: stage.client.get(STANDBY))
    ack = place(stage, "before")  # which sees that only one hears commands
    assert ack["ok"]
    assert "status of" not in second.said
    first.process.kill()
    first.process.wait()
    wait_for(lambda: stage.pid == second.process.pid, 25)
    stage.trusted(25)
    wait_for(lambda: stage.client.hget(f"URANUS:{ack['market']}:{NAME}:O:{ack['pair']}", "before"))
    assert place(stage, "after")["ok"]
    assert place(stage, "before")["code"] == "duplicate"
    assert stage.client.get(STANDBY) is None


def test_one_that_slept_while_another_took_over_says_and_sends_nothing(stage: Stage) -> None:
    first = stage.gateway("--exchanges=SMART")
    stage.trusted()
    second = stage.gateway("--exchanges=SMART", "--standby")
    wait_for(lambda: stage.client.get(STANDBY))
    first.process.send_signal(signal.SIGSTOP)
    # The sleeper's socket keeps what a bot says now.
    order = {"T": "buy", "s": 1, "p": 1.0, "client_oid": "said to a sleeper"}
    command = {"id": 1, "cmd": "PLACE_ORDER", "params": {"contract": AAPL, "order": order}}
    assert stage.client.publish(f"IBGateway:{NAME}:CMD", json.dumps(command)) == 1
    wait_for(lambda: stage.pid == second.process.pid, 25)
    # TWS still has its session, so the second has to wait for its client id.
    oms, status = f"URANUS:SMART:{NAME}:OMS", stage.client.get(STATUS)
    wait_for(lambda: stage.client.get(oms) is None)
    first.process.send_signal(signal.SIGCONT)
    assert first.process.wait(20) == 1
    first.end()
    assert "has lost its lease to another gateway" in first.said
    assert stage.client.get(STATUS) is not None and status is not None
    stage.trusted(40)
    assert stage.pid == second.process.pid
    assert not stage.client.keys(f"IBGateway:{NAME}:client_oid:*")
    assert place(stage, "said to a sleeper")["ok"]


def test_it_goes_on_over_a_redis_that_forgets_everything(stage: Stage) -> None:
    first = stage.gateway("--exchanges=SMART")
    stage.trusted()
    stage.client.flushall()
    wait_for(lambda: stage.pid == first.process.pid, 5)
    stage.trusted(10)
    assert place(stage, "once")["ok"]


def test_a_lease_that_is_not_renewed_wakes_the_pager_when_redis_is_back() -> None:
    with EmbeddedRedis() as own:
        client = redis.Redis(port=own.port, decode_responses=True)
        stage = Stage(client, own.port)
        try:
            stage.gateway("--exchanges=SMART")
            stage.trusted()
            os.kill(own.pid, signal.SIGSTOP)
            time.sleep(12)  # a lease is held for ten
            os.kill(own.pid, signal.SIGCONT)

            def told() -> list[bool]:
                entries = client.xrange(f"IBGateway:{NAME}:events")
                alerts = [json.loads(fields["json"]) for _, fields in entries if fields["type"] == "alert"]
                return [each["on"] for each in alerts if each["kind"] == "lease" and each["what"] == NAME]

            wait_for(lambda: told() and told()[-1] is False, 30)
        finally:
            os.kill(own.pid, signal.SIGCONT)
            stage.end()
            client.close()
