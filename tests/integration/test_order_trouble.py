"""Orders and trouble that only real processes, sockets and a real Redis can make."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred

from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from ibgw_tx.model import keys as names
from ibgw_tx.redis.shell import link as redislink
from ibgw_tx.sim import ctl
from tests.kit.sim_process import SimProcess

from .kit import NAME, World, sleep, until
from .test_order_recovery import settled, shorten, trusted
from .test_orders import AAPL, AAPL_ID, BUY, CHANNEL, FLAG, HASH, in_hash, place, placed, running_oms
from .test_process import start, wait_for


async def told(world: World, perm_id: int, begin: int = 0, **figures: Any) -> Any:
    """The first message about an order of TWS's with these figures."""

    def found() -> Any:
        orders = (o for o in world.bot.on(CHANNEL, begin) if o["i"] == str(perm_id))
        return next((o for o in orders if all(o[name] == value for name, value in figures.items())), None)

    return await until(found, say=f"{perm_id} with {figures}")


async def no_marks(world: World) -> None:
    """Wait until neither flag nor mark stands."""
    for _ in range(100):
        if not await world.bot.call("EXISTS", FLAG) and not await world.bot.call("HEXISTS", HASH, "t"):
            return
        await sleep(0.02)
    raise AssertionError("a mark is left")


# Orders of others.


@ensureDeferred
async def test_an_order_placed_by_hand_is_told_bound_and_can_be_cancelled(running: World) -> None:
    await running_oms(running)
    perm_id = running.sim.trouble.orders.manual_order(AAPL_ID, "BUY", 10, limit=100.0)
    order = await told(running, perm_id, alive=True)
    assert order["clientId"] == 0 and order["apiOrderId"]
    cancel = await running.bot.send("CANCEL_ORDER", i=str(perm_id))
    assert cancel["ok"], cancel
    await told(running, perm_id, status="Cancelled")


@ensureDeferred
async def test_an_order_placed_by_hand_while_away_is_in_the_next_snapshot(running: World) -> None:
    await running_oms(running)
    begin = len(running.bot.heard)
    running.sim.trouble.drop()
    perm_id = running.sim.trouble.orders.manual_order(AAPL_ID, "SELL", 10, limit=900.0)
    order = await told(running, perm_id, begin, recovered=True)
    assert order["alive"] is True and (await settled(running, str(perm_id)))["T"] == "sell"


@ensureDeferred
async def test_an_order_of_another_client_is_shown_and_not_ours_to_change(running: World) -> None:
    await running_oms(running)
    perm_id = running.sim.trouble.orders.order_by(7, AAPL_ID, "BUY", 10, limit=100.0)
    assert (await running.bot.send("RESET"))["ok"]
    order = await told(running, perm_id)
    assert (order["clientId"], order["alive"]) == (7, True)
    await running_oms(running)
    for cmd, params in (("CANCEL_ORDER", {"i": str(perm_id)}), ("PLACE_ORDER", {"order": {"i": str(perm_id), "p": 99}})):
        refused = await running.bot.send(cmd, **params)
        assert refused["code"] == "unknown_order" and "client id 7" in refused["err"], refused
    assert not running.requests("cancelOrder") and not running.requests("placeOrder")


# Lines that break at the worst moment.


@pytest.mark.parametrize("accepted", [True, False])
@ensureDeferred
async def test_a_line_that_breaks_when_the_order_comes_leaves_one_truth(running: World, accepted: bool) -> None:
    await running_oms(running)
    shorten(running)
    running.sim.trouble.orders.drop_on_next_order(accepted=accepted)
    ack = await place(running, client_oid="cut")
    assert ack["ok"]
    order = await settled(running, "cut", alive=accepted)
    assert order["recovered"] is True and (accepted or order["status"] == "Unknown")
    assert len(running.requests("placeOrder")) == 1, "never sent again"
    await running_oms(running)
    again = await place(running, client_oid="cut")
    assert again["code"] == "duplicate" and again["order"]["client_oid"] == "cut"


@ensureDeferred
async def test_a_redis_that_takes_no_writes_is_not_trusted_and_recovers(running: World, failures: list[Any]) -> None:
    await running_oms(running)
    ack, order = await placed(running, client_oid="full")
    await running.bot.call("CONFIG", "SET", "maxmemory", "1")
    try:
        assert (await running.bot.send("CANCEL_ORDER", client_oid="full"))["ok"]
        await until(lambda: not running.gateway.assembly.orders.is_running)  # type: ignore[union-attr]
        await no_marks(running)
    finally:
        await running.bot.call("CONFIG", "SET", "maxmemory", "0")
    assert (await settled(running, "full", alive=False))["i"] == order["i"]
    await running_oms(running)
    assert await trusted(running)
    failures.clear()
    assert ack["ok"]


@ensureDeferred
async def test_redis_back_while_the_link_is_down_brings_no_flag(running: World) -> None:
    await running_oms(running)
    await placed(running, client_oid="dark")
    running.sim.trouble.lose_link()
    await until(lambda: not running.gateway.is_linked)  # type: ignore[union-attr]
    asked = len(running.requests("reqAllOpenOrders"))
    await running.bot.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    link = running.gateway.redis  # type: ignore[union-attr]
    await until(lambda: not link.up)
    await until(lambda: link.up)
    await sleep(1.2)
    assert not await trusted(running) and await running.bot.call("EXISTS", FLAG) == 0
    assert len(running.requests("reqAllOpenOrders")) == asked
    running.sim.trouble.restore_link()
    await running_oms(running)
    assert (await settled(running, "dark", alive=True))["i"]


@ensureDeferred
async def test_thousands_of_hashes_are_read_written_and_trusted_in_spite_of_the_bounds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redislink, "MAX_UNANSWERED", 4000)
    stale = {"i": "1", "client_oid": None, "apiOrderId": 3, "clientId": 0, "account": "DU1000001", "market": "NASDAQ"}
    stale |= {"secType": "STK", "conId": 1, "T": "buy", "s": 10, "p": 1, "status": "Submitted", "alive": True}
    stale |= {"t": 1_600_000_000_000}
    await world.bot.connect()
    for number in range(1, 2001):
        text = json.dumps({**stale, "i": str(number), "pair": f"USD-X{number}", "updateTime": int(time.time() * 1000)})
        world.bot.redis.execute_command("HSET", names.order_hash("NASDAQ", NAME, f"USD-X{number}"), "t", "1", str(number), text)
    world.start_simulator()
    world.start_gateway()
    await running_oms(world)
    key = names.order_hash("NASDAQ", NAME, "USD-X1234")
    assert json.loads(await world.bot.call("HGET", key, "1234"))["status"] == "Unknown"
    assert await world.bot.call("HEXISTS", key, "t") == 1
    world.sim.trouble.drop()
    for _ in range(100):
        if not await world.bot.call("HEXISTS", key, "t"):
            break
        await sleep(0.02)
    assert await world.bot.call("HEXISTS", key, "t") == 0


# Bursts.


async def flood(running: World, count: int, **more: Any) -> None:
    """So many orders in one go, of which one second's leave at once, one second's wait, and the rest is refused."""
    # TWS takes 20 live orders of one contract and side.
    kinds = [(symbol, side, price) for symbol in ("AAPL", "MSFT") for side, price in (("buy", 100), ("sell", 900))]
    for symbol in ("AAPL", "MSFT"):
        assert (await running.bot.send("FIND_CONTRACTS", contract={**AAPL, "symbol": symbol}))["ok"]
    await sleep(1.5)
    for number in range(count):
        symbol, side, price = kinds[number % 4]
        order = {"T": side, "s": 1, "p": price, "client_oid": f"burst-{number}"}
        command = {"id": f"b{number}", "cmd": "PLACE_ORDER", "params": {"contract": {**AAPL, "symbol": symbol}, "order": order}}
        running.bot.redis.publish(names.commands(NAME), json.dumps({**command, **more}))


@pytest.mark.parametrize("end", ["HALT", "CANCEL_ALL", "1100"])
@ensureDeferred
async def test_nothing_that_waits_leaves_after_the_end_of_its_wait(running: World, end: str) -> None:
    await running_oms(running)
    await flood(running, 200)
    await until(lambda: len(running.requests("placeOrder")) > 20)
    if end == "1100":
        running.sim.trouble.lose_link()
        await until(lambda: len([ack for ack in running.bot.on_ack() if ack.get("cmd") == "PLACE_ORDER"]) == 200)
        sent = len(running.requests("placeOrder"))
    else:
        assert (await running.bot.send(end))["ok"]
        sent = len(running.requests("placeOrder"))
    await sleep(3)
    acks = [ack for ack in running.bot.on_ack() if ack.get("type") == "ack" and ack.get("cmd") == "PLACE_ORDER"]
    accepted = [ack["apiOrderId"] for ack in acks if ack["ok"]]
    assert len(acks) == 200 and 0 < len(accepted) < 100
    assert sorted(int(request[1]) for request in running.requests("placeOrder")) == sorted(accepted)
    assert len(running.requests("placeOrder")) == sent


# Processes.


@pytest.fixture
def client(redis_server: EmbeddedRedis) -> Iterator[Any]:
    client = redis.Redis(port=redis_server.port, decode_responses=True)
    client.flushall()
    yield client
    client.close()


class Process:
    """A gateway in a process of its own, over an ibsim in this one or another."""

    def __init__(self, client: Any, port: int, tws_port: int, name: str) -> None:
        self.client = client
        self.name = name
        self.control = 0
        self.env = {"REDIS_PORT": str(port), "TWS_API_PORT": str(tws_port), "TWS_GATEWAY_NAME": name}
        self.flag = f"URANUS:NASDAQ:{name}:OMS"
        self.hash = f"URANUS:NASDAQ:{name}:O:USD-AAPL"
        self.process: subprocess.Popen[str] | None = None
        self.ear = client.pubsub(ignore_subscribe_messages=True)
        self.ear.subscribe(f"IBGateway:{name}:ACK")

    def start(self) -> None:
        self.process = start("ibgateway", "--exchanges=NASDAQ", **self.env)
        wait_for(lambda: self.client.get(self.flag) == "1" and self._is_heard(), limit=30)

    def _is_heard(self) -> bool:
        """The flag is about orders; whether commands are heard is another matter, and on a busy machine a later one."""
        channel = f"IBGateway:{self.name}:CMD"
        return bool(dict(self.client.pubsub_numsub(channel)).get(channel) == 1)

    def send(self, cmd: str, **params: Any) -> None:
        assert self.client.publish(f"IBGateway:{self.name}:CMD", json.dumps({"id": "x", "cmd": cmd, "params": params})) == 1

    def ack(self) -> Any:
        def found() -> Any:
            message = self.ear.get_message()
            content = json.loads(message["data"]) if message else {}
            return content if content.get("type") == "ack" else None

        return wait_for(found)

    def order(self, field: str) -> Any:
        return json.loads(self.client.hget(self.hash, field) or "null")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.ear.close()


@pytest.fixture
def sim() -> Iterator[SimProcess]:
    made = SimProcess()
    yield made
    made.stop()


@pytest.fixture
def gateway(client: Any, redis_server: EmbeddedRedis, sim: SimProcess) -> Iterator[Process]:
    made = Process(client, redis_server.port, sim.port, "proc")
    made.control = sim.control
    made.start()
    yield made
    made.stop()


def test_sigterm_with_live_orders_leaves_no_mark_and_exits_0_within_five_seconds(gateway: Process) -> None:
    gateway.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "live"})
    assert gateway.ack()["ok"]
    wait_for(lambda: (gateway.order("live") or {}).get("alive"))
    assert gateway.client.hexists(gateway.hash, "t")
    process = gateway.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=5)
    assert process.returncode == 0
    assert not gateway.client.exists(gateway.flag) and not gateway.client.hexists(gateway.hash, "t")
    assert gateway.order("live")["alive"], "the order lives on at IB"
    gateway.start()
    wait_for(lambda: gateway.client.hexists(gateway.hash, "t"))
    assert gateway.order("live")["alive"]


def test_kill_9_takes_the_flag_away_by_itself_and_a_repeat_makes_no_second_order(gateway: Process) -> None:
    gateway.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "k"})
    assert gateway.ack()["ok"]
    # At once: its answer may not have been told.
    gateway.kill()
    killed = time.monotonic()
    assert json.loads(gateway.client.get("IBGateway:proc:client_oid:k"))["params"]["order"]["client_oid"] == "k"
    wait_for(lambda: not gateway.client.exists(gateway.flag), limit=12)
    assert time.monotonic() - killed < 11
    gateway.start()
    order = wait_for(lambda: gateway.order("k"))
    assert order["client_oid"] == "k"
    gateway.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "k"})
    ack = gateway.ack()
    assert (ack["ok"], ack["code"]) == (False, "duplicate") and ack["order"]["i"] == order["i"]
    gateway.send("PLACE_ORDER", contract=AAPL, order={**BUY, "p": 140, "client_oid": "k2"})
    assert gateway.ack()["apiOrderId"] > order["apiOrderId"]


def test_an_order_without_an_answer_is_told_over_a_kill_9_and_can_be_cancelled(gateway: Process) -> None:
    assert ctl.ask(gateway.control, "swallow 2")[-1].startswith("ok")
    for oid in ("mute", "mute-too"):
        gateway.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": oid})
        assert gateway.ack()["ok"]
    gateway.kill()
    kept = gateway.client.hgetall("IBGateway:proc:unanswered")
    assert sorted(json.loads(value)["client_oid"] for value in kept.values()) == ["mute", "mute-too"]
    assert all(json.loads(value)["left"] for value in kept.values())
    # Sent more than 5 s ago when TWS is asked: it would list what it has.
    time.sleep(5)
    gateway.start()
    order = wait_for(lambda: gateway.order("mute"))
    assert (order["status"], order["alive"], order["i"]) == ("Unknown", False, None)
    gateway.send("PLACE_ORDER", contract=AAPL, order={**BUY, "client_oid": "mute"})
    ack = gateway.ack()
    assert (ack["code"], ack["order"]["status"]) == ("duplicate", "Unknown")
    gateway.send("CANCEL_ORDER", client_oid="mute")
    assert gateway.ack()["ok"]
    wait_for(lambda: not gateway.client.hgetall("IBGateway:proc:unanswered"))
    # Over another restart too, when the hash is all that is left of it.
    gateway.kill()
    gateway.client.delete(gateway.flag)
    gateway.start()
    gateway.send("CANCEL_ORDER", client_oid="mute-too")
    assert gateway.ack()["ok"]


@ensureDeferred
async def test_a_crash_between_reservation_and_bytes_leaves_no_order_and_frees_the_name(running: World) -> None:
    """As a process that died there would leave it: the name reserved, the record without its mark, nothing at TWS."""
    await running_oms(running)
    gateway = running.gateway
    assert gateway is not None
    session = gateway._session
    assert session is not None
    command = {"id": "dead", "cmd": "PLACE_ORDER", "params": {"contract": AAPL, "order": {**BUY, "client_oid": "dead"}}}
    session.order = lambda *ask: Deferred()  # type: ignore[method-assign]
    running.bot.redis.publish(names.commands(NAME), json.dumps(command))
    for _ in range(100):
        kept = await running.bot.call("HGETALL", names.unanswered(NAME))
        if kept:
            break
        await sleep(0.02)
    reserved = await running.bot.call("GET", names.reservation(NAME, "dead"))
    assert json.loads(kept[1])["left"] is False and json.loads(reserved)["apiOrderId"] == int(kept[0])
    await running.stop_gateway()
    await running.bot.call("HSET", names.unanswered(NAME), *kept)
    await running.bot.call("SET", names.reservation(NAME, "dead"), reserved)
    assert not running.requests("placeOrder")
    running.start_gateway()
    await running.ready()
    await running_oms(running)
    assert await in_hash(running, "dead") is None and not await running.bot.call("EXISTS", names.unanswered(NAME))
    other, _ = await placed(running, client_oid="dead")
    assert other["apiOrderId"] > int(kept[0])
