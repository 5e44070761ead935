"""The small bots of examples/: each against the gateway as its operator starts it, ibsim and a real Redis."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.examples.test_bots import EXAMPLES
from tests.integration.test_process import ROOT, wait_for

SMALL = sorted(path.name for path in EXAMPLES.glob("*.py") if not path.name.startswith("bot"))

pytestmark = pytest.mark.integration


class Small:
    """A small bot at work, and the terminal beside it."""

    def __init__(self, port: int) -> None:
        self.client: Any = redis.Redis(port=port, decode_responses=True)
        self.env = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port), "PATH": "/usr/bin:/bin"}

    def start(self, bot: str, *words: str) -> subprocess.Popen[str]:
        """Begin it."""
        command = [sys.executable, str(EXAMPLES / bot), "bots", *words]
        kind: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "env": self.env}
        return subprocess.Popen(command, **kind)

    def said(self, bot: str, *words: str) -> str:
        """Run it to its end."""
        return self.ended(self.start(bot, *words))

    def ended(self, process: subprocess.Popen[str]) -> str:
        """What it has said, once it has ended well."""
        try:
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 0, out
        return out

    def send(self, cmd: str, **params: Any) -> None:
        """A command, whose ack nobody waits for."""
        self.client.publish("IBGateway:bots:CMD", json.dumps({"id": str(time.time()), "cmd": cmd, "params": params}))

    def buy(self, quantity: int) -> None:
        """A market order."""
        order = {"T": "buy", "s": quantity, "orderType": "MKT", "client_oid": f"small-{time.time()}"}
        wait_for(lambda: self.client.get("URANUS:NASDAQ:bots:OMS"), limit=30)
        self.send("PLACE_ORDER", exchange="NASDAQ", showName="USD-AAPL", order=order)


@pytest.fixture
def small(redis_port: int) -> Small:
    return Small(redis_port)


@pytest.mark.parametrize("bot", SMALL)
def test_a_small_bot_is_small_and_named_in_the_readme(bot: str) -> None:
    assert len((EXAMPLES / bot).read_text(encoding="utf-8").splitlines()) < 40
    assert f"`{bot}`" in (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert f"small.said(\"{bot}\"" in _this() or f"small.start(\"{bot}\"" in _this(), "no test runs it"


def _this() -> str:
    return Path(ROOT / "tests" / "examples" / "test_small_bots.py").read_text(encoding="utf-8")


def test_fills(small: Small) -> None:
    bot = small.start("fills.py", "1")
    assert bot.stdout is not None and bot.stdout.readline() == "listening\n"
    small.buy(3)
    said = small.ended(bot)
    assert "1 executions, bought 3, commissions 1" in said and "commission of" in said


def test_pnl(small: Small) -> None:
    wait_for(lambda: json.loads(small.client.get("IBGateway:bots:pnl:DU1000001") or "{}").get("daily") is not None, limit=30)
    assert "worst position" in small.said("pnl.py", "DU1000001", "1e12", "0.5")
    said = small.said("pnl.py", "DU1000001", "-1e12")
    assert said.endswith("halted\n")
    wait_for(lambda: small.client.get("IBGateway:bots:halt"), limit=10)
    small.send("RESUME")
    wait_for(lambda: small.client.get("IBGateway:bots:halt") is None, limit=10)


def test_chain(small: Small) -> None:
    said = small.said("chain.py", "NASDAQ", "USD-AAPL", "20350119")
    assert "options expire on 20350119: IBGateway:Contract:" in said and "strikes" in said


def test_bars(small: Small) -> None:
    said = small.said("bars.py", "PAXOS", "USD-BTC", "5 secs", "2")
    assert len(said.splitlines()) == 2 and all(line.startswith("bar ") for line in said.splitlines()), said


def test_exercise(small: Small) -> None:
    option = {"conId": 700000067}
    small.send("PLACE_ORDER", contract=option, order={"T": "buy", "s": 2, "orderType": "MKT", "client_oid": "small-option"})
    wait_for(lambda: "700000067" in (small.client.get("IBGateway:bots:balance") or ""), limit=30)
    said = small.said("exercise.py", "20350119", "1")
    assert said.startswith("exercise AAPL  350119C00182500 ") and said.split()[-1].isdigit(), said


def test_values(small: Small) -> None:
    wait_for(lambda: small.client.hgetall("IBGateway:bots:account:DU1000001"), limit=30)
    said = small.said("values.py", "DU1000001", "USD")
    assert "NetLiquidation " in said and "cushion " in said and "THIN" not in said


def test_tape(small: Small) -> None:
    bot = small.start("tape.py", "PAXOS", "USD-BTC", "2")
    assert bot.stdout is not None and bot.stdout.readline() == "listening\n"
    said = small.ended(bot).splitlines()
    assert len(said) == 2 and all(" on PAXOS [" in line for line in said), said


def test_flatten(small: Small) -> None:
    wait_for(lambda: small.client.get("URANUS:NASDAQ:bots:OMS"), limit=30)
    order = {"T": "buy", "s": 1, "p": 100, "client_oid": "flat-1"}
    small.send("PLACE_ORDER", exchange="NASDAQ", showName="USD-AAPL", order=order)
    small.send("PLACE_ORDER", exchange="NASDAQ", showName="USD-AAPL", order={**order, "client_oid": "other-1"})
    for oid in ("flat-1", "other-1"):
        wait_for(lambda oid=oid: small.client.hget("URANUS:NASDAQ:bots:O:USD-AAPL", oid), limit=30)
    assert small.said("flatten.py", "flat-") == "1 orders are over\n"
    assert json.loads(small.client.hget("URANUS:NASDAQ:bots:O:USD-AAPL", "other-1"))["alive"]
    assert small.said("flatten.py", "nothing-") == "0 orders are over\n"
    small.said("flatten.py", "other-")


def test_overnight(small: Small) -> None:
    known = json.loads(wait_for(lambda: small.client.get("IBGateway:ContractId:265598"), limit=30))
    begin, _ = known["liquidSessions"][0]
    early, late = known["sessions"][0]
    for now, which in ((begin + 1, "regular"), (early + 1, "outsideRth"), (late + 3_600_000, "includeOvernight")):
        small.env["NOW_MS"] = str(now)
        said = small.said("overnight.py", "265598", "100")
        assert said.startswith(f"{which}: order "), said
        time.sleep(0.1)
    ordered = [json.loads(order) for order in small.client.hvals("URANUS:NASDAQ:bots:O:USD-AAPL") if order.startswith("{")]
    assert len({order["i"] for order in ordered if order["p"] == 100}) >= 3


def test_start(small: Small) -> None:
    said = small.said("start.py")
    assert "IBGateway:bots:status" in said and "IBGateway:bots:balance" in said


def test_pager(small: Small) -> None:
    bot = small.start("pager.py", "1")
    assert bot.stdout is not None and bot.stdout.readline() == "watching\n"
    small.send("RESET")
    assert "PAGE: the balance of DU1000001" in small.ended(bot)
