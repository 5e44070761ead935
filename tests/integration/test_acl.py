"""etc/redis as it stands: the gateway does all its work as its own user, and nobody can do more than he should."""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

import ibgw_tx
from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port

from .test_process import run, wait_for

PACKAGE = Path(ibgw_tx.__file__).parent
ETC = PACKAGE.parent / "etc" / "redis"
USERS = (ETC / "users.acl").read_text(encoding="utf-8")
NAMES = re.findall(r"^user (\S+) on ", USERS, re.MULTILINE)


def password(user: str) -> str:
    return f"pw-{user}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: Any) -> Iterator[EmbeddedRedis]:
    """A Redis with both files, each CHANGE-ME replaced as they say."""
    folder = tmp_path_factory.mktemp("redis")
    users = re.sub(r"^(user (\S+) on )>CHANGE-ME-\S+", lambda m: f"{m[1]}>{password(m[2])}", USERS, flags=re.MULTILINE)
    assert "CHANGE-ME" not in users
    (folder / "users.acl").write_text(users)
    conf = (ETC / "ibgateway.conf").read_text(encoding="utf-8").replace("/etc/redis/users.acl", str(folder / "users.acl"))
    (folder / "ibgateway.conf").write_text(conf)
    with EmbeddedRedis("--include", str(folder / "ibgateway.conf")) as made:
        yield made


def connect(server: EmbeddedRedis, user: str) -> Any:
    return redis.Redis(port=server.port, username=user, password=password(user), decode_responses=True)


def test_the_fragment_is_in_force(server: EmbeddedRedis) -> None:
    admin = connect(server, "admin")
    for line in (ETC / "ibgateway.conf").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition(" ")
            found = admin.config_get(name)[name]
            if name == "client-output-buffer-limit":
                assert "pubsub 268435456 67108864 60" in found
            elif name != "aclfile":
                assert found == value, name


def test_who_gives_no_name_is_nobody(server: EmbeddedRedis) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port).ping()


@pytest.mark.parametrize("user", NAMES)
def test_nobody_gets_in_with_anothers_password(server: EmbeddedRedis, user: str) -> None:
    assert connect(server, user).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port, username=user, password="CHANGE-ME-admin").ping()


STATUS, HASH, BOOK = "IBGateway:acl:status", "URANUS:SEHK:acl:O:HKD-1137", "URANUS:SEHK:HKD-1137:full_odbk_channel"
FORBIDDEN = {
    "ibgw-reader": [
        ("PUBLISH", "IBGateway:acl:CMD", "{}"), ("XADD", "IBGateway:acl:CMDS", "*", "json", "{}"), ("SET", STATUS, "[true,1]"),
        ("HSET", HASH, "1", "{}"), ("HDEL", HASH, "1"), ("DEL", HASH), ("PUBLISH", BOOK, "[]"), ("EXPIRE", HASH, "1"),
        ("EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", STATUS), ("SUBSCRIBE", "IBGateway:acl:CMD"), ("GET", "another"),
        ("CONFIG", "GET", "*"), ("CLIENT", "KILL", "ID", "1"), ("ACL", "LIST"), ("FLUSHALL",), ("RENAME", HASH, "URANUS:x"),
        ("COPY", HASH, "URANUS:x"), ("MONITOR",),
    ],
    "ibgw-trader": [
        ("HSET", HASH, "1", "{}"), ("HDEL", HASH, "1"), ("SET", STATUS, "[true,1]"), ("DEL", "IBGateway:acl:CMDS"),
        ("GET", STATUS),
        ("PUBLISH", "IBGateway:acl:ACK", "{}"), ("PUBLISH", BOOK, "[]"), ("PUBLISH", "URANUS:SEHK:acl:O_channel", "{}"),
        ("XADD", "IBGateway:acl:events", "*", "json", "{}"), ("XTRIM", "IBGateway:acl:CMDS", "MAXLEN", "0"), ("FLUSHALL",),
        ("EVAL", "return 1", "0"), ("CONFIG", "SET", "maxmemory", "1"), ("CLIENT", "KILL", "ID", "1"), ("MONITOR",),
    ],
    "ibgateway": [
        ("CONFIG", "SET", "maxmemory", "1"), ("FLUSHALL",), ("SET", "another", "x"), ("GET", "another"), ("SHUTDOWN",),
        ("PUBLISH", "another", "x"), ("ACL", "SETUSER", "x"), ("MONITOR",), ("CLIENT", "PAUSE", "1"),
        ("EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", "another"),
    ],
    "ibgw-operator": [
        ("CONFIG", "SET", "maxmemory", "1"), ("FLUSHALL",), ("SHUTDOWN",), ("ACL", "SETUSER", "x"), ("SET", STATUS, "[true,1]"),
        ("HSET", HASH, "1", "{}"), ("GET", "another"), ("CLIENT", "KILL", "ID", "1"), ("MONITOR",),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("user", "words"),
    [(user, words) for user, all_words in FORBIDDEN.items() for words in all_words],
    ids=lambda value: str(value)[:60],
)
def test_what_is_not_his_is_refused(server: EmbeddedRedis, user: str, words: tuple[str, ...]) -> None:
    with pytest.raises(redis.ResponseError) as refused:
        connect(server, user).execute_command(*words)
    said = str(refused.value).lower()
    assert "permission" in said or "acl failure in script" in said, said


def test_a_reader_may_ask_for_the_patterns_of_bots(server: EmbeddedRedis) -> None:
    ear = connect(server, "ibgw-reader").pubsub()
    books = "URANUS:*:full_odbk_channel", "URANUS:*:full_tick_channel"
    ear.psubscribe("URANUS:*", *books, "URANUS:*:O_channel", "IBGateway:*:ACK")
    assert [ear.get_message(timeout=5)["type"] for _ in range(5)] == ["psubscribe"] * 5


def test_every_command_of_the_gateway_is_allowed_to_its_user(server: EmbeddedRedis) -> None:
    """So that whoever lets the gateway say a new word to Redis writes it into users.acl too."""
    known = {command.upper() for command in connect(server, "admin").command()}
    used = set()
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] in ("ctl", "sim", "demo"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            words = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
            first = words[0] if words else None
            if isinstance(first, ast.Constant) and first.value in known and len(words) > 1:
                used.add(first.value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "redis.call" in node.value:
                used |= set(re.findall(r"redis\.call\('(\w+)'", node.value))
    line = next(line for line in USERS.splitlines() if line.startswith("user ibgateway "))
    allowed = {word.upper() for word in re.findall(r"\+(\w+)", line)}
    assert len(used) > 20 and used <= allowed, used - allowed


def test_one_user_of_redis_7_reads_everything_and_sends_commands_only(server: EmbeddedRedis) -> None:
    admin = connect(server, "admin")
    if int(admin.info("server")["redis_version"].split(".")[0]) < 7:
        pytest.skip("selectors came with Redis 7")
    document = (PACKAGE.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    (rules,) = re.findall(r"^user ibgw-bot (on .*)$", document, re.MULTILINE)
    words = re.findall(r"\([^)]*\)|\S+", rules.replace("CHANGE-ME-bot", password("ibgw-bot")))
    admin.execute_command("ACL", "SETUSER", "ibgw-bot", *words)
    bot = connect(server, "ibgw-bot")
    assert bot.publish("IBGateway:acl:CMD", "{}") >= 0 and bot.get("IBGateway:none") is None
    assert bot.xadd("IBGateway:other:CMDS", {"json": "{}"})
    forbidden = ("SET", STATUS, "x"), ("HSET", HASH, "1", "{}"), ("PUBLISH", BOOK, "[]"), ("PUBLISH", "IBGateway:acl:ACK", "{}")
    for command in (*forbidden, ("XADD", "IBGateway:acl:events", "*", "a", "b")):
        with pytest.raises(redis.ResponseError):
            bot.execute_command(*command)


class Ear(threading.Thread):
    """What a reader hears, in a thread: texts by channel."""

    def __init__(self, client: Any, *patterns: str) -> None:
        super().__init__(daemon=True)
        self.heard: list[tuple[str, Any]] = []
        self._pubsub = client.pubsub(ignore_subscribe_messages=True)
        self._pubsub.psubscribe(*patterns)
        self.over = False

    def run(self) -> None:
        while not self.over:
            message = self._pubsub.get_message(timeout=0.2)
            if message:
                self.heard.append((message["channel"], json.loads(message["data"])))

    def ack(self, id: str) -> Any:
        """The acknowledgement of a command, when it has come."""

        def found() -> Any:
            told = [message for channel, message in self.heard if channel.endswith(":ACK")]
            return next((each for each in told if each["type"] == "ack" and each["id"] == id), None)

        return wait_for(found)


@pytest.fixture
def day(server: EmbeddedRedis) -> Iterator[Any]:
    """ibsim and a gateway that is its own user; gives a function that starts the gateway (again)."""
    tws_port = str(free_port())
    processes: list[subprocess.Popen[str]] = [run("ibsim", "--port", tws_port)]
    env = {"REDIS_PORT": str(server.port), "IBGW_REDIS_USER": "ibgateway", "REDIS_PSWD": password("ibgateway")}

    def start() -> subprocess.Popen[str]:
        processes.append(run("ibgateway", "--name=acl", f"--tws-port={tws_port}", "--exchanges=SEHK", **env))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_day_of_the_gateway_as_its_own_user(server: EmbeddedRedis, day: Any) -> None:
    reader, trader, admin = (connect(server, user) for user in ("ibgw-reader", "ibgw-trader", "admin"))
    admin.acl_log_reset()
    ear = Ear(reader, "URANUS:*", "IBGateway:*:ACK")
    ear.start()
    number = 0

    def send(cmd: str, by_stream: bool = False, **params: Any) -> Any:
        nonlocal number
        number += 1
        command = json.dumps({"id": f"c{number}", "cmd": cmd, "params": params})
        if by_stream:
            trader.xadd("IBGateway:acl:CMDS", {"json": command})
        else:
            assert trader.publish("IBGateway:acl:CMD", command) == 1
        return ear.ack(f"c{number}")

    def is_well(since: float) -> bool:
        status, at = json.loads(reader.get(STATUS) or "[false,0]")
        return bool(status) and at > since * 1000 and bool(reader.exists("URANUS:SEHK:acl:OMS"))

    gateway = day()
    wait_for(lambda: is_well(0), limit=40)
    contract = {"exchange": "SEHK", "showName": "HKD-1137"}
    assert send("SUB_ODBK", **contract)["ok"] and send("SUB_TOP", **contract)["ok"]
    wait_for(lambda: any(channel == BOOK and message[0] for channel, message in ear.heard))
    order = {"action": "BUY", "totalQuantity": 1000, "orderType": "LMT", "lmtPrice": 1.0, "tif": "DAY"}
    placed = send("PLACE_ORDER", **contract, order={**order, "client_oid": "acl-1"})
    assert placed["ok"], placed
    wait_for(lambda: any(channel == "URANUS:SEHK:acl:O_channel" for channel, _ in ear.heard))
    assert send("ACCOUNT_LIST", by_stream=True)["ok"] and send("HALT")["ok"] and send("RESUME")["ok"] and send("RESET")["ok"]
    reset_at = time.time()
    wait_for(lambda: is_well(reset_at), limit=20)
    operator = ("--redis-user", "ibgw-operator", "--redis-port", str(server.port), "--name", "acl")
    for word in ("doctor", "status", "orders"):
        asked = run("ibgwctl", *operator, word, REDIS_PSWD=password("ibgw-operator"))
        said, _ = asked.communicate(timeout=30)
        assert asked.returncode == 0 and "permission" not in said.lower(), said
    assert send("CANCEL_ORDER", client_oid="acl-1")["ok"] and send("UNSUB_TOP", **contract)["ok"]
    gateway.send_signal(signal.SIGKILL)
    gateway.communicate()
    killed_at = time.time()
    gateway = day()
    wait_for(lambda: is_well(killed_at + 1), limit=60)
    gateway.send_signal(signal.SIGTERM)
    said, _ = gateway.communicate(timeout=15)
    ear.over = True
    denied = [entry for entry in admin.acl_log() if entry["username"] == "ibgateway"]
    assert gateway.returncode == 0 and not denied, denied
    assert "NOPERM" not in said and "is not allowed by this Redis" not in said and password("ibgateway") not in said
