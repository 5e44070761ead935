"""The wall clock of the host is set while an order works and a book runs: nothing happens but other times in messages."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port

from .kit import NAME, World, sleep, until
from .test_orders import CHANNEL, FLAG, placed, running_oms
from .test_process import start, wait_for

HOUR = 3600.0
STATUS = f"IBGateway:{NAME}:status"


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 120.0])
@ensureDeferred
async def test_a_set_clock_ends_no_session_doubts_no_order_and_stops_nothing(running: World, jump: float) -> None:
    await running_oms(running)
    asked = await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    book = asked["channel"]
    _, order = await placed(running, client_oid="clock")
    await until(lambda: running.bot.on(book))
    sessions = len(running.requests("startApi"))
    start = len(running.bot.heard)

    running.clock_ahead = jump
    await sleep(2.5)

    beats = [m for m in running.bot.on_ack(start) if m["type"] == "heartbeat"]
    assert len(beats) >= 2 and all(beat["status"] for beat in beats)
    now = (time.time() + jump) * 1000
    assert abs((await running.bot.get(STATUS))[1] - now) < 2500
    assert await running.bot.call("GET", FLAG) == b"1" and await running.bot.call("TTL", FLAG) > 5
    assert len(running.requests("startApi")) == sessions
    assert all(told["alive"] for told in running.bot.on(CHANNEL, start))
    _, more = await placed(running, client_oid="after")
    assert abs(more["t"] - now) < 5000
    cancelled = await running.bot.send("CANCEL_ORDER", i=order["i"])
    assert cancelled["ok"]


@ensureDeferred
async def test_a_book_goes_on_with_the_new_time(running: World) -> None:
    asked = await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    await until(lambda: running.bot.on(asked["channel"]))
    running.clock_ahead = -HOUR
    start = len(running.bot.heard)
    later = await until(lambda: running.bot.on(asked["channel"], start)[2:])
    assert all(abs(t - (time.time() - HOUR) * 1000) < 3000 for _, _, t in later)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
@ensureDeferred
async def test_a_balance_goes_on_too(running: World, jump: float) -> None:
    key = f"IBGateway:{NAME}:balance"
    before = await running.bot.get(key)
    running.clock_ahead = jump
    await running.bot.call("DEL", key)
    await sleep(1.2)
    await running.bot.send("RESET")
    await running.ready()
    again = await running.bot.get(key)
    assert again is not None and set(again) == set(before)


#: The wall clock of a process: whatever asks for the time, Twisted's reactor too, gets it with what the file says.
SET_CLOCK = """
import time, pathlib
_true, _file = time.time, pathlib.Path({path!r})
time.time = lambda: _true() + float(_file.read_text())
"""


def test_a_process_whose_wall_clock_is_set_goes_on_with_order_book_and_balance(
    client: Any, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    ahead = tmp_path / "ahead"
    ahead.write_text("0")
    (tmp_path / "sitecustomize.py").write_text(SET_CLOCK.format(path=str(ahead)))
    tws_port = str(free_port())
    sim = start("ibsim", "--port", tws_port)
    env = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis_server.port), "TWS_API_PORT": tws_port}
    gateway = start("ibgateway", **env, TWS_GATEWAY_NAME="clock", PYTHONPATH=str(tmp_path))
    flag, book, balance = "URANUS:NASDAQ:clock:OMS", "URANUS:SEHK:HKD-1137:orderbook", "IBGateway:clock:balance"
    orders = "URANUS:NASDAQ:clock:O:USD-AAPL"

    def send(**command: Any) -> None:
        client.publish("IBGateway:clock:CMD", json.dumps({"id": 1, **command}))

    def status() -> Any:
        return json.loads(client.get("IBGateway:clock:status") or "[false,0]")

    def order() -> Any:
        return json.loads(client.hget(orders, "clock-1") or "null")

    try:
        wait_for(lambda: status()[0], limit=30)
        send(cmd="SUB_ODBK", exchange="SEHK", showName="HKD-1137")
        bought = {"T": "buy", "s": 100, "p": 100, "client_oid": "clock-1"}
        send(cmd="PLACE_ORDER", contract={"conId": 265598, "exchange": "SMART"}, order=bought)
        wait_for(lambda: client.get(flag) and client.get(book) and client.get(balance) and (order() or {}).get("alive"))
        for jump in (HOUR, -HOUR):
            ahead.write_text(str(jump))
            for _ in range(4):
                time.sleep(1.0)
                now = (time.time() + jump) * 1000
                stands, t = status()
                assert stands and abs(t - now) < 2500
                # The lease of 10 s is renewed every second.
                assert client.ttl(flag) >= 8
            assert abs(json.loads(client.get(book))[2] - now) < 12_000 and client.get(balance)
            assert order()["alive"] and order()["status"] != "Unknown"
        gateway.send_signal(signal.SIGTERM)
        out, _ = gateway.communicate(timeout=10)
        assert out.count("the wall clock was set forward by 3600 s") == 1
        assert out.count("the wall clock was set back by 7200 s") == 1
        assert out.count(" ready: client id 0") == 1 and gateway.returncode == 0
    finally:
        for process in (gateway, sim):
            process.kill()
            process.communicate()
