"""A replicated Redis that three sentinels keep: the gateway, a process, follows the master wherever it goes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.kit.certificates import Authority
from tests.kit.program import Program, wait_for
from tests.kit.redis_servers import tls_server
from tests.kit.replicated import MASTER, Lock, Replicated
from tests.kit.sim_process import SimProcess

AAPL = {"conId": 265598, "exchange": "SMART"}
HASH = "URANUS:NASDAQ:outside:O:USD-AAPL"
FLAG = "URANUS:NASDAQ:outside:OMS"
#: Seconds from the promotion until everything is whole on the new master.
WHOLE = 15.0


@pytest.fixture
def replicated() -> Iterator[Replicated]:
    with Replicated() as made:
        yield made


@pytest.fixture
def gateway(replicated: Replicated, simulator: SimProcess, tmp_path: Path) -> Iterator[Program]:
    made = Program(replicated.client(replicated.master), 1, simulator.port, tmp_path)
    made.run("--exchanges=NASDAQ,SMART", *replicated.flags)
    made.trading("NASDAQ")
    yield made
    made.stop()


def place(gateway: Program, oid: str) -> Any:
    order = {"T": "buy", "s": 100, "p": 1.0, "client_oid": oid}
    return gateway.send("PLACE_ORDER", contract=AAPL, order=order)


def whole(gateway: Program, server: Any, since_ms: float) -> bool:
    """Status and flag true, told on this server, and CMD heard there."""
    status, at = json.loads(server.get("IBGateway:outside:status") or "[false,0]")
    return bool(
        status and at > since_ms and server.get(FLAG) == "1" and (server.hget(HASH, "t") or not server.exists(HASH))
        and server.pubsub_numsub("IBGateway:outside:CMD")[0][1] == 1
    )  # fmt: skip


def moved(replicated: Replicated, gateway: Program, old: Any) -> tuple[Any, float]:
    """Wait until the gateway is whole on the promoted one; its client, and the seconds that it took."""
    new, at = replicated.promoted(old)
    client, since = replicated.client(new), time.time() * 1000
    wait_for(lambda: whole(gateway, client, since), WHOLE, "whole on the new master")
    return client, time.monotonic() - at


@pytest.mark.parametrize("how", ["killed", "silent"])
def test_a_fail_over_is_followed(replicated: Replicated, gateway: Program, how: str) -> None:
    gateway.send("SUB_ODBK", exchange="NASDAQ", showName="USD-AAPL")
    before = place(gateway, "before")
    assert before["ok"], before
    wait_for(lambda: gateway.order(HASH, "before").get("alive"))
    old = replicated.master
    old_client = replicated.client(old)
    old.kill() if how == "killed" else os.kill(old.pid, signal.SIGSTOP)
    client, seconds = moved(replicated, gateway, old)
    assert seconds < WHOLE
    gateway.watch(client)
    assert gateway.order(HASH, "before")["alive"]
    assert place(gateway, "before")["code"] == "duplicate"
    assert place(gateway, "after")["ok"]
    wait_for(lambda: gateway.order(HASH, "after").get("alive"))
    assert json.loads(client.get("IBGateway:outside:lease"))["pid"] == gateway.process.pid  # type: ignore[union-attr]
    wait_for(lambda: client.get("URANUS:NASDAQ:USD-AAPL:orderbook"), say="books go on")
    # One line a change.
    lines = [line for line in gateway.lines() if "no longer at" in line]
    assert len(lines) == 1 and f"the master {MASTER} of Redis is at" in lines[0]
    assert sum(f"Redis at 127.0.0.1:{old.port} is lost" in line for line in gateway.lines()) == 1
    assert not [line for line in gateway.lines() if "twisted.internet.protocol.Factory#info" in line]
    if how == "silent":
        os.kill(old.pid, signal.SIGCONT)
        # Nothing is said there any more, before it is made a replica or after.
        wait_for(lambda: old_client.info("replication")["role"] == "slave", 30)
        assert "outside" not in str(old_client.client_list(_type="normal"))


def test_a_fail_over_by_hand_loses_nothing(replicated: Replicated, gateway: Program) -> None:
    old = replicated.master
    replicated.sentinels[0].client.execute_command("SENTINEL", "FAILOVER", MASTER)
    client, seconds = moved(replicated, gateway, old)
    assert seconds < WHOLE
    gateway.watch(client)
    assert place(gateway, "after")["ok"]
    wait_for(lambda: replicated.client(old).info("replication")["role"] == "slave", 30)
    clients = replicated.client(old).client_list()
    assert not [one for one in clients if one["name"].startswith("ibgateway:outside")]


def test_a_master_that_is_demoted_behind_the_sentinels_back_is_left(replicated: Replicated, gateway: Program) -> None:
    old = replicated.master
    others = [each for each in replicated.servers if each is not old]
    replicated.client(old).replicaof("127.0.0.1", others[0].port)
    wait_for(lambda: any("is no master" in line for line in gateway.lines()), 10)
    wait_for(lambda: not gateway.client.exists(FLAG), 15, "the flag ends by itself")
    said = gateway.client.get("IBGateway:outside:status")
    time.sleep(2)
    assert gateway.client.get("IBGateway:outside:status") == said
    replicated.client(old).replicaof("NO", "ONE")
    since = time.time() * 1000
    wait_for(lambda: whole(gateway, replicated.client(old), since), WHOLE)


def test_the_stream_of_commands_and_events_go_on(replicated: Replicated, gateway: Program) -> None:
    def add(oid: str) -> str:
        params = {"contract": AAPL, "order": {"T": "buy", "s": 100, "p": 1.0, "client_oid": oid}}
        found: str = gateway.client.xadd(
            "IBGateway:outside:CMDS", {"json": json.dumps({"id": oid, "cmd": "PLACE_ORDER", "params": params})}
        )
        return found

    add("one")
    gateway.told("ack", "one")
    old = replicated.master
    old.kill()
    client, _ = moved(replicated, gateway, old)
    gateway.watch(client)
    add("two")
    assert gateway.told("ack", "two")["ok"]
    wait_for(lambda: client.xpending("IBGateway:outside:CMDS", "ibgateway")["pending"] == 0)
    events = [json.loads(entry["json"]) for _, entry in client.xrange("IBGateway:outside:events")]
    acks = [each for each in events if each.get("type") == "ack" and each["cmd"] == "PLACE_ORDER"]
    assert [each["id"] for each in acks] == ["one", "two"] and all(each["ok"] for each in acks)


def test_sentinels_that_are_down_or_unknown_are_one_line_each(replicated: Replicated, gateway: Program) -> None:
    replicated.sentinels[0].kill()
    wait_for(lambda: any("can be asked" in line for line in gateway.lines()), 10)
    time.sleep(2)
    told = [line for line in gateway.lines() if "can be asked" in line]
    assert len(told) == 1 and f"127.0.0.1:{replicated.sentinels[0].port}" in told[0] and "2 of 3" in told[0]
    old = replicated.master
    old.kill()
    moved(replicated, gateway, old)
    replicated.sentinels[0].start()
    wait_for(lambda: any("is as the others again" in line for line in gateway.lines()), 30)
    assert redis.Redis(port=replicated.sentinels[0].port).ping()


def test_no_master_of_that_name_is_one_line_and_tried_again(
    replicated: Replicated, simulator: SimProcess, tmp_path: Path
) -> None:
    program = Program(replicated.client(replicated.master), 1, simulator.port, tmp_path)
    program.start(f"--redis-sentinel={replicated.addresses}", "--redis-master=other")
    try:
        wait_for(lambda: "has no master" in program.log.read_text(), 30)
        time.sleep(2)
        lines = [line for line in program.lines() if "sentinel" in line]
        assert sum("has no master" in line for line in lines) == 1
        assert sum("knows no master other, see --redis-master" in line for line in lines) == 3
    finally:
        program.stop()


def caught_up(replicated: Replicated, old: Any, new: Any) -> bool:
    """Whether the replica has all that the master has."""
    ends = [replicated.client(each).info("replication") for each in (old, new)]
    return bool(ends[0]["master_repl_offset"] == ends[1]["slave_repl_offset"])


def test_what_the_old_master_had_not_passed_on_is_noticed_and_mended(replicated: Replicated, gateway: Program) -> None:
    old = replicated.master
    (new,) = [each for each in replicated.servers if each is not old]
    stream, params = "IBGateway:outside:CMDS", {"contract": AAPL, "order": {"T": "buy", "s": 100, "p": 1.0}}
    assert place(gateway, "kept")["ok"]
    # An entry that the replica knows as read by nobody: what becomes of it there is lost, and given out again.
    os.kill(gateway.process.pid, signal.SIGSTOP)  # type: ignore[union-attr]
    entry = {"id": "again", "cmd": "PLACE_ORDER", "params": params}
    gateway.client.xadd(stream, {"json": json.dumps(entry)})
    wait_for(lambda: caught_up(replicated, old, new), 5)
    # From now on the replica gets nothing.
    replicated.client(new).config_set("masterauth", "wrong")
    gateway.client.execute_command("CLIENT", "KILL", "TYPE", "replica")
    os.kill(gateway.process.pid, signal.SIGCONT)  # type: ignore[union-attr]
    assert gateway.told("ack", "again")["ok"]
    assert place(gateway, "lost")["ok"]
    wait_for(lambda: gateway.order(HASH, "lost").get("alive"))
    assert not replicated.client(new).hexists(HASH, "lost")
    old.kill()
    client, _ = moved(replicated, gateway, old)
    gateway.watch(client)
    assert gateway.order(HASH, "kept")["alive"] and gateway.order(HASH, "lost")["alive"]
    assert place(gateway, "lost")["code"] == "duplicate"
    lost = "Redis had lost 2 client_oids that are reserved, the last of them lost: they are reserved again"
    wait_for(lambda: any(lost in line for line in gateway.lines()), 5)
    wait_for(lambda: client.xpending(stream, "ibgateway")["pending"] == 0)
    time.sleep(1)
    orders = {json.loads(order)["i"]: json.loads(order) for order in client.hvals(HASH) if order.startswith("{")}
    assert len(orders) == 3, "the entry was not carried out twice"
    assert len(gateway.on_ack("ack", "again")) == 1
    events = [json.loads(each["json"]) for _, each in client.xrange("IBGateway:outside:events")]
    assert [each["ok"] for each in events if each.get("type") == "ack" and each["id"] == "again"] == [True]
    # After a restart too: what the fail-over lost is reserved on the new one.
    gateway.stop(hard=True)
    gateway.run("--exchanges=NASDAQ,SMART", *replicated.flags)
    gateway.trading("NASDAQ")
    for oid in ("kept", "lost"):
        assert place(gateway, oid)["code"] == "duplicate"


def test_one_that_stands_by_comes_along_and_takes_over_on_the_new_master(
    replicated: Replicated, gateway: Program, simulator: SimProcess, tmp_path: Path
) -> None:
    second = Program(gateway.client, 1, simulator.port, tmp_path / "second")
    second.folder.mkdir()
    second.start("--exchanges=NASDAQ,SMART", "--standby", *replicated.flags)
    try:
        wait_for(lambda: gateway.client.get("IBGateway:outside:standby"), 10)
        old = replicated.master
        old.kill()
        client, _ = moved(replicated, gateway, old)
        wait_for(lambda: client.get("IBGateway:outside:standby"), 10)
        assert json.loads(client.get("IBGateway:outside:lease"))["pid"] == gateway.process.pid, "the holder kept it"  # type: ignore[union-attr]
        gateway.stop(hard=True)
        since = time.time() * 1000
        wait_for(lambda: whole(second, client, since), 25, "the other one has taken over")
    finally:
        second.stop()


def test_with_one_that_stands_by_and_few_sentinels_orders_go_on(
    replicated: Replicated, gateway: Program, simulator: SimProcess, tmp_path: Path
) -> None:
    """Both are seen on this Redis: neither can have gone to another one."""
    second = Program(gateway.client, 1, simulator.port, tmp_path / "second")
    second.folder.mkdir()
    second.start("--exchanges=NASDAQ,SMART", "--standby", *replicated.flags)
    try:
        wait_for(lambda: gateway.client.get("IBGateway:outside:standby"), 10)
        for sentinel in replicated.sentinels[:2]:
            sentinel.kill()
        wait_for(lambda: any("no majority of the 3 sentinels" in line for line in gateway.lines()), 10)
        time.sleep(4)
        assert place(gateway, "on")["ok"]
        # It is gone, and nobody can say whether to a new master.
        second.stop(hard=True)
        wait_for(lambda: any("is not renewed: no order leaves" in line for line in gateway.lines()), 10)
        for sentinel in replicated.sentinels[:2]:
            sentinel.start()
        since = time.time() * 1000
        wait_for(lambda: whole(gateway, gateway.client, since), 40)
        assert place(gateway, "again")["ok"]
    finally:
        second.stop()


@pytest.mark.skipif(tls_server() is None, reason="no redis-server with TLS (Debian's redis-tools has one)")
def test_a_fail_over_with_passwords_and_everything_over_tls(simulator: SimProcess, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    lock = Lock("redis-secret", "sentinel-secret", authority, authority.signed("everybody", "127.0.0.1"))
    (tmp_path / "redis").write_text("redis-secret")
    (tmp_path / "sentinel").write_text("sentinel-secret")
    cert, key = lock.certificate
    with Replicated(lock=lock) as replicated:
        gateway = Program(replicated.client(replicated.master), 1, simulator.port, tmp_path)
        gateway.run(
            *("--exchanges=NASDAQ,SMART", *replicated.flags, f"--redis-password-file={tmp_path}/redis", "--redis-tls"),
            *(f"--redis-sentinel-password-file={tmp_path}/sentinel", f"--redis-tls-ca={authority.ca}"),
            *(f"--redis-tls-cert={cert}", f"--redis-tls-key={key}"),
        )
        try:
            gateway.trading("NASDAQ")
            old = replicated.master
            old.kill()
            client, _ = moved(replicated, gateway, old)
            gateway.watch(client)
            assert place(gateway, "after")["ok"]
            assert "secret" not in gateway.log.read_text()
        finally:
            gateway.stop()
