"""Redis over TLS, a real one: what is not believed is one line and tried again, and nothing is ever said without TLS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from pytest_twisted import ensureDeferred

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from tests.kit.certificates import Authority
from tests.kit.redis_servers import tls_server

from .kit import World, sleep, until
from .test_books import full_book, subscribe

pytestmark = pytest.mark.skipif(tls_server() is None, reason="no redis-server with TLS (Debian's redis-tools has one)")
SECRET = "never-printed"


class Stage:
    """A Redis whose other port speaks TLS and asks for certificates; files of an authority that has signed everybody's."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.tls_port = free_port()
        self.ours = self.authority.signed("gateway")
        cert, key = self.authority.signed("server", "127.0.0.1", "redis.example")
        self.redis = EmbeddedRedis(
            *("--tls-port", str(self.tls_port), "--tls-cert-file", cert, "--tls-key-file", key),
            *("--tls-ca-cert-file", self.authority.ca, "--requirepass", ""),
            program=tls_server(),
        )
        self.folder = folder
        (folder / "password").write_text(SECRET)

    @property
    def flags(self) -> dict[str, str]:
        """Settings with which it works."""
        cert, key = self.ours
        files = {"redis_tls_ca": self.authority.ca, "redis_tls_cert": cert, "redis_tls_key": key}
        return {"redis_tls": "1", "redis_port": str(self.tls_port), **files}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    with made.redis:
        yield made


@pytest_twisted.async_yield_fixture
async def world(stage: Stage) -> Any:
    world = World(stage.redis)
    yield world
    await world.stop()


@ensureDeferred
async def test_everything_works_over_tls(world: World, stage: Stage) -> None:
    await world.start(**stage.flags)
    await subscribe(world)
    await full_book(world)
    clients = await world.bot.call("CLIENT", "LIST")
    assert sum(f"laddr=127.0.0.1:{stage.tls_port} " in line for line in clients.decode().splitlines()) == 4
    order = {"T": "buy", "s": 1, "p": 1.0, "client_oid": "tls-1"}
    ack = await world.bot.send("PLACE_ORDER", contract={"conId": 265598, "exchange": "SMART"}, order=order)
    assert ack["ok"], ack
    # A Redis that goes is followed over TLS too.
    await world.bot.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    start = len(world.bot.heard)
    await world.bot.hear(lambda m: m.get("type") == "heartbeat" and m["status"], start, limit=15)


def _warnings(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(("warn", "error")) and "Redis" in line]


async def _refused_once(world: World, lines: list[str], *words: str, **flags: str) -> None:
    world.start_simulator()
    gateway = world.start_gateway(**flags)
    told = await until(lambda: [line for line in _warnings(lines) if all(word in line for word in words)])
    await sleep(1.5)
    assert len(told) == 1 and _warnings(lines) == told, _warnings(lines)
    assert told[0].endswith("; trying again") and SECRET not in told[0] and not gateway.redis.up


@pytest.mark.parametrize(
    ("name", "words"), [("expired", "has expired"), ("named", "--redis-tls-name"), ("unknown", "--redis-tls-ca")]
)
@ensureDeferred
async def test_who_is_not_believed_is_one_line(world: World, stage: Stage, lines: list[str], name: str, words: str) -> None:
    flags, other = stage.flags, stage.folder / "other"
    other.mkdir()
    await world.bot.connect()
    if name == "expired":
        cert, key = stage.authority.signed("old", "127.0.0.1", expired=True)
        await world.bot.call("CONFIG", "SET", "tls-cert-file", cert, "tls-key-file", key)
    elif name == "named":
        flags["redis_tls_name"] = "other.example"
    else:
        flags["redis_tls_ca"] = Authority(other, "stranger").ca
    flags["redis_password_file"] = str(stage.folder / "password")
    await _refused_once(world, lines, "is not trusted", words, **flags)


@ensureDeferred
async def test_who_comes_without_a_certificate_is_told_what_is_missing(world: World, stage: Stage, lines: list[str]) -> None:
    flags = {key: value for key, value in stage.flags.items() if key not in ("redis_tls_cert", "redis_tls_key")}
    await world.bot.connect()
    await _refused_once(world, lines, "is not trusted", "--redis-tls-cert", **flags)


@ensureDeferred
async def test_a_file_that_is_mended_counts_from_the_next_attempt_on(world: World, stage: Stage, lines: list[str]) -> None:
    own = stage.folder / "own.pem"
    right = Path(stage.authority.ca).read_bytes()
    stranger = stage.folder / "stranger"
    stranger.mkdir()
    own.write_bytes(Path(Authority(stranger, "stranger").ca).read_bytes())
    await world.bot.connect()
    world.start_simulator()
    world.start_gateway(**{**stage.flags, "redis_tls_ca": str(own)})
    await until(lambda: [line for line in lines if "--redis-tls-ca" in line])
    own.write_bytes(right)
    await world.ready(limit=20)


@ensureDeferred
async def test_a_certificate_for_the_name_that_was_asked_for_is_believed(world: World, stage: Stage) -> None:
    await world.start(**{**stage.flags, "redis_tls_name": "redis.example"})


@ensureDeferred
async def test_without_tls_the_tls_port_is_told_apart(world: World, stage: Stage, lines: list[str]) -> None:
    await world.bot.connect()
    await _refused_once(world, lines, "and without TLS?", redis_port=str(stage.tls_port))


class Ear:
    """Listens, keeps what is said first on each connection, answers as a Redis without TLS."""

    def __init__(self) -> None:
        self.first: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                with client:
                    self.first.append(client.recv(1 << 16))
                    client.sendall(b"-ERR unknown command\r\n")
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()


@ensureDeferred
async def test_nothing_is_ever_said_without_tls(world: World, stage: Stage, lines: list[str]) -> None:
    ear = Ear()
    await world.bot.connect()
    flags = {**stage.flags, "redis_port": str(ear.port), "redis_password_file": str(stage.folder / "password")}
    await _refused_once(world, lines, "is not trusted", "is it the TLS port?", **flags)
    await until(lambda: len(ear.first) >= 6, say="several attempts")
    ear.close()
    # 22: a TLS handshake.
    assert all(said[:1] == b"\x16" and SECRET.encode() not in said for said in ear.first)
