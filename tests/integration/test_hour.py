"""A session at the newest server version in ibsim's busiest market: everything that can be asked for at once, orders without
a pause. Nothing of it is skipped, unknown or unreadable.

A cut of half a minute, with IB away for a moment in its middle; HOUR_SECONDS=3600 makes an hour of it, HOUR_RATE a busier one.
Both print what came.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from ibgw_tx.tws.api.client import MAX_VERSION
from tests.kit.program import Program, wait_for
from tests.kit.sim_process import SimProcess

SECONDS = float(os.environ.get("HOUR_SECONDS", "30"))
#: Events of each book a second.
RATE = int(os.environ.get("HOUR_RATE", "60"))
ACCOUNT, OTHER = "DU1000001", "DU1000002"
AAPL = {"secType": "STK", "symbol": "AAPL", "exchange": "SMART", "currency": "USD"}
BTC = {"secType": "CRYPTO", "symbol": "BTC", "exchange": "PAXOS", "currency": "USD"}
EUR = {"secType": "CASH", "symbol": "EUR", "exchange": "IDEALPRO", "currency": "USD"}
BOOKS: list[dict[str, Any]] = [
    {"exchange": "SMART", "showName": "USD-AAPL"},
    {"contract": {"conId": 272093, "exchange": "NASDAQ"}},
    {"contract": {"conId": 780001, "exchange": "CME"}},
    {"contract": {"conId": 790002, "exchange": "CMECRYPTO"}},
    {"exchange": "SEHK", "showName": "HKD-1137"},
    {"exchange": "SEHK", "showName": "HKD-700"},
    {"contract": BTC},
]
TOPS: list[dict[str, Any]] = [
    {"contract": EUR},
    {"contract": {"conId": 272093, "exchange": "SMART"}, "tickByTick": True},
    {"contract": {"conId": 780002, "exchange": "CME"}},
    {"contract": {"conId": 416904, "exchange": "CBOE"}},
    *({"contract": {"conId": 700000101 + number, "exchange": "SMART"}} for number in range(0, 200, 20)),
]
BARS: list[dict[str, Any]] = [
    {"exchange": "NASDAQ", "showName": "USD-AAPL", "barSize": "5 secs"},
    # A market that is open at weekends.
    {"contract": BTC, "barSize": "10 secs", "whatToShow": "TRADES"},
    {"contract": BTC, "barSize": "1 min", "whatToShow": "MIDPOINT"},
]
ODD = re.compile(r"unknown|skipped|unreadable|cannot be read|Traceback|Unhandled", re.IGNORECASE)
#: Messages of TWS, by their ids in text, that such a session has.
HEARD = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 21, 45, 46, 50, 52, 53, 54, 55, 58, 59, 63, 64, 71, 72, 73, 74,
         75, 76, 81, 90, 93, 94, 95, 99, 101, 102, 108, 110}


@pytest.fixture
def market() -> Iterator[SimProcess]:
    made = SimProcess("--order-limit=0", "--depth-limit=0", f"--rate={RATE}", f"--accounts={ACCOUNT},{OTHER}")
    yield made
    made.stop()


class Trader:
    """Places, changes and cancels orders of several kinds, two a second, and asks questions in between."""

    def __init__(self, gateway: Program, market: SimProcess) -> None:
        self._gateway, self._market = gateway, market
        self.sent: Counter[str] = Counter()
        self._turns = itertools.count()

    def _tell(self, cmd: str, **params: Any) -> None:
        self.sent[cmd] += 1
        text = json.dumps({"id": f"t{sum(self.sent.values())}", "cmd": cmd, "params": params})
        self._gateway.client.publish(f"IBGateway:{self._gateway.name}:CMD", text)

    def _order(self, oid: str, contract: Any, **order: Any) -> None:
        self._tell("PLACE_ORDER", contract=contract, order={"T": "buy", "s": 1, "client_oid": oid, "account": ACCOUNT, **order})

    def turn(self) -> None:
        turn = next(self._turns)
        oid, step = f"h{int(time.time())}-{turn}", turn % 12
        if step in (0, 3, 6, 9):
            self._order(oid, AAPL, T="sell" if turn % 24 > 11 else "buy", orderType="MKT")
        elif step == 1:
            self._resting = oid
            self._order(oid, AAPL, p=10.0, postOnly=True)
        elif step == 2:
            self._tell("PLACE_ORDER", order={"client_oid": self._resting, "p": 11.0})
        elif step == 4:
            self._tell("CANCEL_ORDER", client_oid=self._resting)
        elif step == 5:
            self._order(oid, BTC, s=0.0001, orderType="MKT")
        elif step == 7:
            self._order(oid, AAPL, p=12.0, whatIf=True)
        elif step == 8:
            self._order(oid, EUR, s=1000.5, orderType="MKT")
        elif step == 10:
            self._question(turn // 12)
        elif turn // 12 % 5 == 0:
            # A control port that is slow to answer on a busy machine has heard it all the same.
            with suppress(TimeoutError):
                self._market.ask(f"bulletin 1 number {turn}")

    def _question(self, number: int) -> None:
        if number % 4 == 0:
            self._tell("FIND_CHAIN", contract=AAPL)
        elif number % 4 == 1:
            self._tell("FIND_HISTORY", contract=AAPL, duration="1 D", barSize="1 hour", whatToShow="TRADES", useRTH=False)
        elif number % 4 == 2:
            self._tell("ACCOUNT_SUMMARY")
        else:
            self._tell("FIND_CONTRACTS", contract={"secType": "BOND", "conId": 760001})


def figures(port: int) -> dict[str, float]:
    """The gateway's metrics by name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


@pytest.mark.skipif(MAX_VERSION < 226, reason="the installed ibapi ends before protobuf")
def test_nothing_of_a_busy_session_is_skipped_or_unknown(
    client: Any, redis_server: EmbeddedRedis, market: SimProcess, tmp_path: Path
) -> None:
    gateway, metrics, recording = Program(client, redis_server.port, market.port, tmp_path), free_port(), tmp_path / "tws.jsonl"
    try:
        # The recording of a whole hour would be larger than it may be.
        record = [f"--record={recording}"] if SECONDS < 120 else []
        gateway.run("--exchanges=NASDAQ,SMART,PAXOS,IDEALPRO", f"--metrics={metrics}", *record).trading("NASDAQ")
        for cmd, wanted in (("SUB_ODBK", BOOKS), ("SUB_TOP", TOPS), ("SUB_BARS", BARS)):
            for params in wanted:
                ack = gateway.send(cmd, **params)
                assert ack["ok"], (params, ack)
        trader, due = Trader(gateway, market), time.monotonic()
        end, half = due + SECONDS, due + SECONDS / 2
        while (now := time.monotonic()) < end:
            if now > half:
                # All data is asked for anew, and what became of the orders.
                market.ask("1100")
                market.ask("1101")
                half = end
            trader.turn()
            gateway.listen()
            gateway.heard.clear()
            due += 0.5
            time.sleep(max(0.0, due - now))
        found = figures(metrics)
        about = gateway.json(f"IBGateway:{gateway.name}:tws")
    finally:
        gateway.stop()
    heard = {name: int(value) for name, value in found.items() if name.startswith("ibgateway_tws_received_messages_total")}
    print(f"\n{sum(heard.values())} messages in {SECONDS:.0f} s: {heard}")
    print(f"{dict(trader.sent)}\n{len(gateway.lines())} lines of log")
    assert about["serverVersion"] == 226
    assert not [value for name, value in found.items() if "unreadable" in name and value], found
    # Commands that come before TWS has taken the order they are about are the bot's own.
    assert [line for line in gateway.lines() if ODD.search(line) and "Dispatcher" not in line] == []
    assert sum(heard.values()) > 100 * SECONDS, "this is no busy market"
    if record:
        wait_for(lambda: recording.stat().st_size)
        kinds = {kind for line in recording.read_text().splitlines() if (kind := kind_of(json.loads(line)))}
        assert HEARD - kinds == set()


def kind_of(line: Any) -> int:
    """The id of a recorded message of TWS, as it is in text; 0 where it is none."""
    if line["d"] != "in":
        return 0
    return int(line["id"]) - 200 if "id" in line else int(line["fields"][0]) if len(line["fields"]) > 2 else 0
