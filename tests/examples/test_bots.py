"""The whole bots of examples/, each in its own language, against the gateway as its operator starts it, ibsim and a real Redis.

A bot whose language is not on this machine is not collected; in CI all of them have to be there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from tests.integration.test_process import ROOT, start, wait_for

EXAMPLES = ROOT / "examples"
#: Where `npm install redis` was run, when it was.
NODE_PATH = os.environ.get("NODE_PATH", str(EXAMPLES / "node_modules"))


def _has_ruby_redis() -> bool:
    found = shutil.which("ruby")
    return found is not None and not subprocess.run([found, "-e", "require 'redis'"], capture_output=True, check=False).returncode


#: How each bot is run, and whether this machine can.
BOTS: dict[str, tuple[list[str], bool]] = {
    "bot.py": ([sys.executable], True),
    "bot_asyncio.py": ([sys.executable], True),
    "bot.js": (["node"], shutil.which("node") is not None and (Path(NODE_PATH) / "redis").is_dir()),
    "bot.rb": (["ruby"], _has_ruby_redis()),
    "bot.sh": (["bash"], all(map(shutil.which, ("redis-cli", "jq")))),
}
HERE = [name for name, (_, can) in BOTS.items() if can]

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    """A gateway with the name `bots`, status true, and its Redis' port."""
    with EmbeddedRedis() as server:
        tws_port = str(free_port())
        sim = start("ibsim", "--port", tws_port)
        gateway = start(
            "ibgateway", "--name=bots", REDIS_HOST="127.0.0.1", REDIS_PORT=str(server.port), TWS_API_PORT=tws_port
        )
        client = redis.Redis(port=server.port)
        try:
            wait_for(lambda: json.loads(client.get("IBGateway:bots:status") or "[false]")[0], limit=60)
            yield server.port
        finally:
            client.close()
            for process in (gateway, sim):
                process.kill()
                process.communicate()


def run(bot: str, port: int, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port), "NODE_PATH": NODE_PATH}
    command = [*BOTS[bot][0], str(EXAMPLES / bot), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)


def test_every_bot_is_tried_where_all_languages_are() -> None:
    assert set(BOTS) == {path.name for path in EXAMPLES.glob("bot*")}
    assert {"bot.py", "bot_asyncio.py"} <= set(HERE)
    if os.environ.get("CI"):
        assert HERE == list(BOTS)


@pytest.mark.parametrize("bot", HERE)
def test_a_bot_places_an_order_sees_it_and_cancels_it(bot: str, redis_port: int) -> None:
    client: Any = redis.Redis(port=redis_port, decode_responses=True)
    before = set(client.hkeys("URANUS:SEHK:bots:O:HKD-1137"))
    done = run(bot, redis_port, "bots", "SEHK", "HKD-1137")
    assert done.returncode == 0, done.stderr
    assert "Cancelled, executed 0" in done.stdout
    (oid,) = [field for field in client.hkeys("URANUS:SEHK:bots:O:HKD-1137") if field not in before and field.startswith("bot-")]
    order = json.loads(client.hget("URANUS:SEHK:bots:O:HKD-1137", oid))
    assert (order["alive"], order["status"], order["T"]) == (False, "Cancelled", "buy")
    client.close()


@pytest.mark.parametrize("bot", HERE)
def test_a_bot_that_is_refused_says_so_in_one_line(bot: str, redis_port: int) -> None:
    done = run(bot, redis_port, "bots", "SEHK", "HKD-NOSUCH")
    assert done.returncode == 1
    assert "SUB_ODBK refused: " in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
