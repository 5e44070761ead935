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
#: From Redis 7 on nobody has it, whoever he is, unless the server was started with it.
NO_DEBUG = "debug command not allowed"
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
#: What nobody but an admin may do, whatever he reads or writes.
SYSTEM = [
    ("CONFIG", "GET", "*"), ("CONFIG", "SET", "maxmemory", "1"), ("DEBUG", "SLEEP", "0"), ("FLUSHALL",), ("FLUSHDB",),
    ("ACL", "LIST"), ("ACL", "SETUSER", "x"), ("ACL", "GETUSER", "admin"), ("MODULE", "LIST"), ("SHUTDOWN", "NOSAVE"),
    ("MONITOR",), ("REPLICAOF", "NO", "ONE"), ("CLIENT", "KILL", "TYPE", "normal"), ("CLIENT", "PAUSE", "1"), ("SAVE",),
    ("SWAPDB", "0", "1"), ("EVAL", "return 1", "0"), ("SCRIPT", "FLUSH"), ("KEYS", "*"), ("MIGRATE", "h", "1", STATUS, "0", "1"),
]  # fmt: skip
FORBIDDEN = {
    "ibgw-books": [
        *SYSTEM, ("SCAN", "0"), ("HGETALL", HASH), ("HGET", HASH, "1"), ("GET", "IBGateway:acl:balance"), ("TYPE", HASH),
        ("HGETALL", "IBGateway:acl:account:DU1000001"), ("XREAD", "STREAMS", "IBGateway:acl:events", "0"), ("EXISTS", HASH),
        ("XRANGE", "IBGateway:acl:CMDS", "-", "+"), ("GET", "IBGateway:acl:halt"), ("GET", "another"), ("CLIENT", "LIST"),
        ("GET", "IBGateway:acl:client_oid:acl-1"), ("GET", "URANUS:SEHK:acl:OMS"), ("PUBSUB", "CHANNELS"), ("RANDOMKEY",),
        ("SUBSCRIBE", "IBGateway:acl:ACK"), ("SUBSCRIBE", "IBGateway:acl:fills"), ("SUBSCRIBE", "URANUS:SEHK:acl:O_channel"),
        ("PSUBSCRIBE", "URANUS:*"), ("PSUBSCRIBE", "*"), ("SUBSCRIBE", "IBGateway:acl:CMD"), ("PUBLISH", BOOK, "[]"),
        ("PUBLISH", "IBGateway:acl:CMD", "{}"), ("XADD", "IBGateway:acl:CMDS", "*", "json", "{}"), ("SET", STATUS, "[true,1]"),
        ("SET", "URANUS:SEHK:HKD-1137:orderbook", "[]"), ("DEL", "URANUS:SEHK:HKD-1137:orderbook"), ("GETDEL", STATUS),
    ],
    "ibgw-reader": [
        *SYSTEM, ("CLIENT", "LIST"), ("PUBSUB", "CHANNELS"), ("PUBLISH", "IBGateway:acl:ACK", "{}"), ("GETDEL", STATUS),
        ("PUBLISH", "URANUS:SEHK:acl:O_channel", "{}"), ("PSUBSCRIBE", "*"), ("SUBSCRIBE", "another"),
        ("XTRIM", "x", "MAXLEN", "0"),
        ("PUBLISH", "IBGateway:acl:CMD", "{}"), ("XADD", "IBGateway:acl:CMDS", "*", "json", "{}"), ("SET", STATUS, "[true,1]"),
        ("HSET", HASH, "1", "{}"), ("HDEL", HASH, "1"), ("DEL", HASH), ("PUBLISH", BOOK, "[]"), ("EXPIRE", HASH, "1"),
        ("EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", STATUS), ("SUBSCRIBE", "IBGateway:acl:CMD"), ("GET", "another"),
        ("CONFIG", "GET", "*"), ("CLIENT", "KILL", "ID", "1"), ("ACL", "LIST"), ("FLUSHALL",), ("RENAME", HASH, "URANUS:x"),
        ("COPY", HASH, "URANUS:x"), ("MONITOR",),
    ],
    "ibgw-trader": [
        *SYSTEM, ("SCAN", "0"), ("GET", "IBGateway:acl:CMDS"), ("XREAD", "STREAMS", "IBGateway:acl:CMDS", "0"), ("HGETALL", HASH),
        ("SUBSCRIBE", "IBGateway:acl:ACK"), ("SUBSCRIBE", BOOK), ("XGROUP", "DESTROY", "IBGateway:acl:CMDS", "ibgateway"),
        ("XACK", "IBGateway:acl:CMDS", "ibgateway", "1-1"), ("XDEL", "IBGateway:acl:CMDS", "1-1"), ("PUBLISH", "another", "x"),
        ("PUBLISH", "IBGateway:acl:fills", "{}"), ("XADD", "another", "*", "json", "{}"),
        ("HSET", HASH, "1", "{}"), ("HDEL", HASH, "1"), ("SET", STATUS, "[true,1]"), ("DEL", "IBGateway:acl:CMDS"),
        ("GET", STATUS),
        ("PUBLISH", "IBGateway:acl:ACK", "{}"), ("PUBLISH", BOOK, "[]"), ("PUBLISH", "URANUS:SEHK:acl:O_channel", "{}"),
        ("XADD", "IBGateway:acl:events", "*", "json", "{}"), ("XTRIM", "IBGateway:acl:CMDS", "MAXLEN", "0"), ("FLUSHALL",),
        ("EVAL", "return 1", "0"), ("CONFIG", "SET", "maxmemory", "1"), ("CLIENT", "KILL", "ID", "1"), ("MONITOR",),
    ],
    "ibgateway": [
        ("CONFIG", "GET", "*"), ("DEBUG", "SLEEP", "0"), ("FLUSHDB",), ("ACL", "LIST"), ("MODULE", "LIST"), ("KEYS", "*"),
        ("SAVE",), ("SCRIPT", "FLUSH"), ("REPLICAOF", "NO", "ONE"), ("SUBSCRIBE", "another"), ("XADD", "another", "*", "a", "b"),
        ("CONFIG", "SET", "maxmemory", "1"), ("FLUSHALL",), ("SET", "another", "x"), ("GET", "another"), ("SHUTDOWN",),
        ("PUBLISH", "another", "x"), ("ACL", "SETUSER", "x"), ("MONITOR",), ("CLIENT", "PAUSE", "1"),
        ("EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", "another"),
    ],
    "ibgw-operator": [
        ("DEBUG", "SLEEP", "0"), ("FLUSHDB",), ("ACL", "LIST"), ("MODULE", "LIST"), ("EVAL", "return 1", "0"),
        ("SCRIPT", "FLUSH"), ("REPLICAOF", "NO", "ONE"), ("PUBLISH", "another", "x"), ("SAVE",),
        ("XADD", "IBGateway:acl:CMDS", "*", "json", "{}"), ("CLIENT", "PAUSE", "1"), ("SUBSCRIBE", "another"),
        ("PSUBSCRIBE", "*"), ("DEL", "another"), ("RENAME", HASH, "URANUS:x"),
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
    assert any(each in said for each in ("permission", "acl failure in script", NO_DEBUG)), said


@pytest.mark.parametrize("user", ["ibgw-books", "ibgw-reader", "ibgw-trader"])
def test_every_command_that_is_not_named_is_refused_whatever_redis_brings(server: EmbeddedRedis, user: str) -> None:
    """With as many words as it needs, and a key that its user may use: the command alone is what is refused."""
    (line,) = (line for line in USERS.splitlines() if line.startswith(f"user {user} "))
    allowed = {word.partition("|")[0] for word in re.findall(r"\+([\w|]+)", line)}
    key = STATUS if user != "ibgw-trader" else "IBGateway:acl:CMDS"
    tried = 0
    thief = connect(server, user)
    for name, command in connect(server, "admin").command().items():
        flags = {flag.decode() if isinstance(flag, bytes) else str(flag) for flag in command["flags"]}
        if name.lower() in allowed or flags & {"no_auth", "no-auth"}:
            continue
        with pytest.raises(redis.ResponseError) as refused:
            thief.execute_command(name, *[key] * (abs(command["arity"]) - 1))
        said = str(refused.value).lower()
        assert any(each in said for each in ("permission", "unknown subcommand", NO_DEBUG)), f"{name}: {said}"
        tried += 1
    assert tried > 150


def test_a_reader_of_books_hears_books_and_reads_what_names_them(server: EmbeddedRedis) -> None:
    books = connect(server, "ibgw-books")
    named = ("Contract:STK:SEHK:HKD-1137", "ContractId:1", "MarketRule:26", "Chain:1", "Bars:SEHK:STK:HKD-1:1 min", "Greeks:x")
    for key in (STATUS, "URANUS:SEHK:HKD-1137:orderbook", *(f"IBGateway:{each}" for each in named)):
        assert books.exists(key) in (0, 1) and books.mget(key) is not None
    ear = books.pubsub()
    ear.psubscribe("URANUS:*:full_odbk_channel", "URANUS:*:full_tick_channel", "IBGateway:Bars:*")
    ear.subscribe(BOOK, "URANUS:SEHK:HKD-1137:full_tick_channel", "IBGateway:Bars:SEHK:STK:HKD-1137:5 secs")
    assert [ear.get_message(timeout=5)["type"] for _ in range(6)] == ["psubscribe"] * 3 + ["subscribe"] * 3


def test_a_trader_of_one_gateway_gives_the_others_no_command(server: EmbeddedRedis) -> None:
    """As docs/security.md writes it."""
    document = (PACKAGE.parent / "docs" / "security.md").read_text(encoding="utf-8")
    (rules,) = re.findall(r"^user paper-trader (on .*)$", document, re.MULTILINE)
    words = rules.replace("CHANGE-ME-paper", password("paper-trader")).split()
    connect(server, "admin").execute_command("ACL", "SETUSER", "paper-trader", *words)
    trader = connect(server, "paper-trader")
    assert trader.publish("IBGateway:paper:CMD", "{}") == 0 and trader.xadd("IBGateway:paper:CMDS", {"json": "{}"})
    for command in (("PUBLISH", "IBGateway:live:CMD", "{}"), ("XADD", "IBGateway:live:CMDS", "*", "json", "{}"), ("GET", STATUS)):
        with pytest.raises(redis.ResponseError):
            trader.execute_command(*command)


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
        self._over = threading.Event()

    def __enter__(self) -> Ear:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        self._pubsub.close()

    def run(self) -> None:
        while not self._over.is_set():
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
    connect(server, "admin").acl_log_reset()
    with (
        Ear(connect(server, "ibgw-reader"), "URANUS:*", "IBGateway:*:ACK", "IBGateway:*:fills") as ear,
        Ear(connect(server, "ibgw-books"), "URANUS:*:full_odbk_channel", "IBGateway:Bars:*") as books,
    ):
        a_day(server, day, ear, books)


def a_day(server: EmbeddedRedis, day: Any, ear: Ear, books: Ear) -> None:
    reader, trader, admin = (connect(server, user) for user in ("ibgw-reader", "ibgw-trader", "admin"))
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
    viewer = connect(server, "ibgw-books")
    wait_for(lambda: any(channel == BOOK and message[0] for channel, message in books.heard))
    wait_for(lambda: json.loads(viewer.get("URANUS:SEHK:HKD-1137:orderbook") or "[[]]")[0])
    assert json.loads(viewer.get(STATUS))[0] and "HKD" in viewer.get("IBGateway:Contract:STK:SEHK:HKD-1137")
    assert send("SUB_BARS", **contract, barSize="5 secs")["ok"]
    wait_for(lambda: any(channel.startswith("IBGateway:Bars:") for channel, _ in books.heard), limit=20)
    orders = reader.hgetall("URANUS:SEHK:acl:O:HKD-1137")
    assert json.loads(orders["acl-1"])["s"] == 1000 and reader.xread({"IBGateway:acl:events": "0"})
    assert json.loads(reader.get("IBGateway:acl:balance")) and reader.hgetall("IBGateway:acl:account:DU1000001")
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
    denied = [entry for entry in admin.acl_log() if entry["username"] == "ibgateway"]
    assert gateway.returncode == 0 and not denied, denied
    assert "NOPERM" not in said and "is not allowed by this Redis" not in said and password("ibgateway") not in said
