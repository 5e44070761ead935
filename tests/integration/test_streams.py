"""Commands and events as streams: a gateway in a process of its own, killed at every point of an entry's way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from tests.integration.test_lease import AAPL, NAME, Running, Stage
from tests.integration.test_process import wait_for
from tests.kit.proxy import Proxy

CMDS, EVENTS = f"IBGateway:{NAME}:CMDS", f"IBGateway:{NAME}:events"
GROUP = "ibgateway"


class Streams(Stage):
    """A Stage whose gateways reach Redis through a proxy, and which hears every ACK."""

    def __init__(self, client: Any, redis_port: int) -> None:
        super().__init__(client, redis_port)
        self.proxy = Proxy(redis_port)
        self.env["REDIS_PORT"] = str(self.proxy.port)
        self.ear = client.pubsub()
        self.ear.subscribe(f"IBGateway:{NAME}:ACK")
        self.acks: list[Any] = []

    def begin(self) -> Running:
        running = self.gateway("--exchanges=SMART", "--max-command-age=60")
        self.trusted()
        return running

    def add(self, cmd: str, id: Any, **params: Any) -> str:
        return str(self.client.xadd(CMDS, {"json": json.dumps({"id": id, "cmd": cmd, "params": params})}))

    def buy(self, id: Any, **order: Any) -> str:
        return self.add("PLACE_ORDER", id, contract=AAPL, order={"T": "buy", "s": 1, "p": 1.0, **order})

    def acks_of(self, id: Any) -> list[Any]:
        while (message := self.ear.get_message(timeout=0.05)) is not None:
            if message["type"] == "message":
                self.acks.append(json.loads(message["data"]))
        return [ack for ack in self.acks if ack.get("type") == "ack" and ack["id"] == id]

    def ack(self, id: Any, limit: float = 30.0) -> Any:
        return wait_for(lambda: self.acks_of(id), limit)[0]

    @property
    def pending(self) -> int:
        return int(self.client.xpending(CMDS, GROUP)["pending"])

    def orders(self) -> dict[str, Any]:
        """Orders in Redis by their own names."""
        found = {}
        for key in self.client.keys(f"URANUS:*:{NAME}:O:*"):
            for field, value in self.client.hgetall(key).items():
                if field != "t":
                    order = json.loads(value)
                    found[order["client_oid"]] = order
        return found

    def kill_when(self, running: Running, sees: Callable[[bytes], bool], towards: str) -> None:
        """kill -9 when a chunk passes; what the kill comes before does not arrive."""

        def look(chunk: bytes) -> bool:
            if sees(chunk):
                running.process.kill()
                running.process.wait()
            return running.process.poll() is None

        setattr(self.proxy, towards, look)

    def let_through(self) -> None:
        self.proxy.to_server = self.proxy.to_client = lambda chunk: True

    def end(self) -> None:
        super().end()
        self.ear.close()
        self.proxy.close()


@pytest.fixture
def stage(client: Any, redis_server: EmbeddedRedis) -> Iterator[Streams]:
    stage = Streams(client, redis_server.port)
    yield stage
    stage.end()


def test_a_command_from_the_stream_is_acknowledged_to_its_bot_and_to_the_stream(stage: Streams) -> None:
    stage.begin()
    entry = stage.buy("one")
    ack = stage.ack("one")
    assert ack["ok"] and ack["market"] and ack["pair"] == "USD-AAPL"
    stage.buy("bad", s=-1)
    assert stage.ack("bad")["code"] == "bad_params"
    stage.client.xadd(CMDS, {"text": "no json"})
    stage.client.xadd(CMDS, {"json": "{"})
    one, other = (json.dumps({"id": name, "cmd": "ACCOUNT_LIST"}) for name in ("first", "second"))
    stage.client.execute_command("XADD", CMDS, "*", "json", one, "json", other)
    assert stage.ack(None)["code"] == "bad_json" and wait_for(lambda: len(stage.acks_of(None)) == 3)
    assert "2 fields json" in stage.acks_of(None)[2]["err"] and not stage.acks_of("second")
    wait_for(lambda: stage.pending == 0)
    order = wait_for(lambda: stage.orders().get(f"cmds-{entry}"))
    assert order["apiOrderId"] == ack["apiOrderId"] and len(stage.acks_of("one")) == 1


def test_events_stand_in_the_order_in_which_they_were_published(stage: Streams) -> None:
    stage.begin()
    stage.buy("one", client_oid="named")
    stage.ack("one")
    stage.add("CANCEL_ORDER", "two", client_oid="named")
    wait_for(lambda: stage.orders().get("named", {}).get("status") == "Cancelled")
    entries = [fields for _, fields in stage.client.xrange(EVENTS)]
    assert all(set(fields) == {"type", "t", "json"} and int(fields["t"]) > 1e12 for fields in entries)
    told = [(fields["type"], json.loads(fields["json"])) for fields in entries]
    acks = [body["id"] for kind, body in told if kind == "ack"]
    statuses = [body["status"] for kind, body in told if kind == "order" and body["client_oid"] == "named"]
    assert acks == ["one", "two"] and statuses[-1] == "Cancelled" and len(statuses) > 1
    assert not [body for kind, body in told if body.get("type") == "heartbeat"]


def test_an_entry_that_has_grown_old_is_refused_as_expired(stage: Streams) -> None:
    stage.client.xadd(CMDS, {"json": json.dumps({"id": "old", "cmd": "HALT"})}, id="1000000000000-0")
    stage.begin()
    assert stage.ack("old")["code"] == "expired"
    wait_for(lambda: stage.pending == 0)


def test_what_waited_behind_an_id_ahead_of_the_clock_is_not_carried_out_late(stage: Streams) -> None:
    first = stage.begin()
    stage.add("ACCOUNT_LIST", "first")
    assert stage.ack("first")["ok"]
    body = json.dumps({"id": "ahead", "cmd": "ACCOUNT_LIST"})
    stage.client.xadd(CMDS, {"json": body}, id=f"{int(time.time() * 1000) + 3_600_000}-0")
    assert stage.ack("ahead")["ok"]
    # It is listened for: young, whatever its id says.
    stage.buy("heard", client_oid="heard")
    assert stage.ack("heard")["ok"]
    first.process.kill()
    first.process.wait()
    stage.buy("late", client_oid="late")
    second = stage.begin()
    ack = stage.ack("late")
    assert ack["code"] == "expired" and ack["err"].startswith("how old this entry is cannot be told")
    assert wait_for(lambda: "ahead of the clock: entries that wait there have no age" in second.said)
    stage.client.delete(CMDS)
    stage.buy("mended", client_oid="mended")
    assert stage.ack("mended")["ok"] and "late" not in stage.orders()
    assert wait_for(lambda: f"ids of {CMDS} tell the age again" in second.said)


def test_what_is_done_is_not_acknowledged_again_when_somebody_destroys_the_group(stage: Streams) -> None:
    """Neither what this life has done nor what a former one had; what comes later is carried out."""
    first = stage.begin()
    stage.buy("one", client_oid="one")
    assert stage.ack("one")["ok"]
    stage.client.xadd(CMDS, {"json": "{"})
    stage.add("CANCEL_ORDER", "two", client_oid="one")
    assert stage.ack("two")["ok"] and len(stage.acks_of(None)) == 1
    first.process.kill()
    first.process.wait()
    stage.begin()
    for id in ("three", "four"):
        stage.client.xgroup_destroy(CMDS, GROUP)
        stage.buy(id, client_oid=id)
        assert stage.ack(id)["ok"]
    told = [json.loads(fields["json"]) for _, fields in stage.client.xrange(EVENTS) if fields["type"] == "ack"]
    for id in ("one", "two", "three", "four", None):
        assert len(stage.acks_of(id)) == 1 and len([ack for ack in told if ack["id"] == id]) == 1


def test_a_stream_that_is_deleted_is_read_on_at_once(stage: Streams) -> None:
    stage.begin()
    for id in ("one", "two", "three"):
        stage.client.delete(CMDS)
        stage.buy(id, client_oid=id)
        assert stage.ack(id, 4.0)["ok"]


def taken_over(stage: Streams, id: str) -> Any:
    """The next life acknowledges what the former one had; and only once."""
    stage.let_through()
    stage.begin()
    ack = stage.ack(id)
    wait_for(lambda: stage.pending == 0)
    assert len(stage.acks_of(id)) == 1
    return ack


@pytest.mark.parametrize("oid", [{}, {"client_oid": "mine"}], ids=["unnamed", "named"])
@pytest.mark.parametrize("point", ["before it was read", "read", "kept", "sent", "answered", "done"])
def test_an_order_is_placed_once_wherever_the_gateway_is_killed(stage: Streams, point: str, oid: dict[str, str]) -> None:
    """The six points of the table in command_stream.py."""
    if point in ("before it was read", "read"):
        entry = stage.buy("one", **oid)
        if point == "read":
            stage.client.xgroup_create(CMDS, GROUP, "0")
            stage.client.xreadgroup(GROUP, "gateway", {CMDS: ">"})
    else:
        first = stage.begin()
        name = b"client_oid:"
        watch: dict[str, tuple[Callable[[bytes], bool], str]] = {
            # Its reservation is on its way to Redis; Redis' answer never comes.
            "kept": (lambda chunk: name in chunk and b"NX" in chunk, "to_server"),
            # The record says that it has left, and does not arrive either.
            "sent": (lambda chunk: b'"left":true' in chunk, "to_server"),
            "answered": (lambda chunk: b"XACK" in chunk, "to_server"),
            "done": (lambda chunk: False, "to_server"),
        }
        if point == "kept":
            reserve_then_die(stage, first)
        else:
            stage.kill_when(first, *watch[point])
        entry = stage.buy("one", **oid)
        if point == "done":
            stage.ack("one")
            wait_for(lambda: stage.pending == 0)
            first.process.kill()
        first.process.wait(20)
    ack = taken_over(stage, "one")
    assert ack["ok"], ack
    order = wait_for(lambda: stage.orders().get(oid.get("client_oid", f"cmds-{entry}")))
    assert order["apiOrderId"] == ack["apiOrderId"]
    assert len([each for each in stage.orders().values() if each["alive"]]) == 1


def reserve_then_die(stage: Streams, running: Running) -> None:
    """Redis has the reservation, the gateway dies before it hears so: no byte has left."""
    seen: list[bytes] = []

    def to_server(chunk: bytes) -> bool:
        if b"client_oid:" in chunk and b"NX" in chunk:
            seen.append(chunk)
        return True

    def to_client(chunk: bytes) -> bool:
        if seen and running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        return not seen

    stage.proxy.to_server, stage.proxy.to_client = to_server, to_client


@pytest.mark.parametrize("cmd", ["CANCEL_ALL", "RESET", "EXERCISE"])
def test_what_cannot_be_told_is_not_done_again_and_said_so(stage: Streams, cmd: str) -> None:
    first = stage.begin()
    stage.kill_when(first, lambda chunk: b"XACK" in chunk, "to_server")
    stage.add(cmd, "one")
    first.process.wait(20)
    ack = taken_over(stage, "one")
    assert ack["code"] == "unavailable" and "cannot be told" in ack["err"]


def test_a_halt_that_was_not_acknowledged_is_in_force_after_the_restart(stage: Streams) -> None:
    first = stage.begin()
    stage.kill_when(first, lambda chunk: b"XACK" in chunk, "to_server")
    stage.add("HALT", "one", reason="fire")
    first.process.wait(20)
    assert taken_over(stage, "one")["ok"]
    stage.buy("two")
    assert stage.ack("two")["code"] == "limit"


def test_commands_go_on_over_a_redis_that_forgets_everything(stage: Streams) -> None:
    stage.begin()
    stage.buy("one")
    assert stage.ack("one")["ok"]
    stage.client.flushall()
    wait_for(lambda: stage.status)
    stage.trusted()
    stage.buy("two")
    assert stage.ack("two")["ok"]


