"""A replicated Redis that Sentinel keeps: processes on loopback. What happens to them is the test's doing."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import attrs
import redis
import redis.sentinel

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port, redis_server_path
from tests.kit.certificates import Authority
from tests.kit.program import wait_for
from tests.kit.redis_servers import tls_server

MASTER = "books"
LIMIT = 30.0  # seconds


@attrs.frozen
class Lock:
    """What keeps others out: passwords of the servers and of the sentinels, and TLS by an authority that signs everybody."""

    password: str | None = None
    sentinel_password: str | None = None
    authority: Authority | None = None
    certificate: tuple[str, str] = ("", "")

    @property
    def program(self) -> str | None:
        return None if self.authority is None else tls_server()

    def lines(self, port: int) -> list[str]:
        """Of the file of a sentinel."""
        if self.authority is None:
            return [f"port {port}"]
        return ["port 0", f"tls-port {port}", *self._files(), "tls-replication yes"]

    def _files(self) -> list[str]:
        assert self.authority is not None
        cert, key = self.certificate
        return [f"tls-cert-file {cert}", f"tls-key-file {key}", f"tls-ca-cert-file {self.authority.ca}"]

    def of_sentinel(self) -> list[str]:
        """What it needs to ask a server, and to be asked."""
        found = [] if self.password is None else [f"sentinel auth-pass {MASTER} {self.password}"]
        return found if self.sentinel_password is None else [*found, f"requirepass {self.sentinel_password}"]

    def of_server(self, port: int) -> list[str]:
        """Options of a server."""
        words = [] if self.authority is None else self.lines(port)
        if self.password is not None:
            words += [f"requirepass {self.password}", f"masterauth {self.password}"]
        return [part for line in words for part in ("--" + line).split(" ")]

    def client(self, port: int, password: str | None) -> Any:
        cert, key = self.certificate
        tls: dict[str, Any] = {}
        if self.authority is not None:
            tls = {"ssl": True, "ssl_ca_certs": self.authority.ca, "ssl_certfile": cert, "ssl_keyfile": key}
        return redis.Redis(host="127.0.0.1", port=port, password=password, decode_responses=True, socket_timeout=5, **tls)


class SentinelProcess:
    """One sentinel; what it learns stands in its own file, so that it can be started again."""

    def __init__(self, folder: Path, master_port: int, down_after: int, lock: Lock) -> None:
        self.port, self._lock = free_port(), lock
        self._conf, self._log = folder / f"sentinel-{self.port}.conf", folder / f"sentinel-{self.port}.log"
        monitored = [f"monitor {MASTER} 127.0.0.1 {master_port} 2", f"down-after-milliseconds {MASTER} {down_after}"]
        monitored += [f"failover-timeout {MASTER} 6000"]
        own = ["bind 127.0.0.1", f"dir {folder}", f"logfile {self._log}", *lock.lines(self.port)]
        self._conf.write_text("\n".join([*own, *(f"sentinel {line}" for line in monitored), *lock.of_sentinel(), ""]))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", str(self._conf), "--sentinel"],
            executable=self._lock.program or redis_server_path(),
            start_new_session=True,
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def client(self) -> Any:
        return self._lock.client(self.port, self._lock.sentinel_password)

    def facts(self) -> dict[str, str]:
        """What it knows of the master; {} until it answers."""
        try:
            reply = self.client.execute_command("SENTINEL", "MASTER", MASTER)
        except redis.RedisError:
            return {}
        return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


class Replicated:
    """Two servers and three sentinels, by default. `down_after`: ms of silence until a master counts as down."""

    def __init__(self, servers: int = 2, sentinels: int = 3, down_after: int = 1000, lock: Lock | None = None) -> None:
        self.lock = lock = lock or Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="ibgateway-sentinel-")
        first = EmbeddedRedis("--repl-diskless-sync-delay", "0", program=lock.program)
        follows = ("--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", str(first.port))
        self.servers = [first, *(EmbeddedRedis(*follows, program=lock.program) for _ in range(servers - 1))]
        for server in self.servers:
            server._options = (*server._options, *lock.of_server(server.port))
        self.sentinels = [SentinelProcess(Path(self._folder.name), first.port, down_after, lock) for _ in range(sentinels)]

    def __enter__(self) -> Replicated:
        for each in (*self.servers, *self.sentinels):
            each.start()
        wait_for(self._is_complete, LIMIT, "every sentinel knows everybody")
        return self

    def _is_complete(self) -> bool:
        facts = [each.facts() for each in self.sentinels]
        others, replicas = len(self.sentinels) - 1, len(self.servers) - 1
        return all(
            int(each.get("num-other-sentinels", -1)) >= others and int(each.get("num-slaves", -1)) >= replicas for each in facts
        ) and all(self._follows(each) for each in self.servers[1:])

    def _follows(self, server: EmbeddedRedis) -> bool:
        return bool(self.client(server).info("replication").get("master_link_status") == "up")

    def __exit__(self, *_: object) -> None:
        for each in self.sentinels:
            each.kill()
        for server in self.servers:
            if server._process is not None:
                os.kill(server.pid, signal.SIGCONT)
            server.kill()
        self._folder.cleanup()

    @property
    def addresses(self) -> str:
        """As --redis-sentinel takes it."""
        return ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)

    @property
    def env(self) -> dict[str, str]:
        """Of a gateway, or of ibgwctl."""
        return {"IBGW_REDIS_SENTINEL": self.addresses, "IBGW_REDIS_MASTER": MASTER}

    @property
    def flags(self) -> list[str]:
        """Of a gateway."""
        return [f"--redis-sentinel={self.addresses}", f"--redis-master={MASTER}"]

    def client(self, server: EmbeddedRedis) -> Any:
        return self.lock.client(server.port, self.lock.password)

    def following(self) -> Any:
        """A client that goes to the master, wherever it is."""
        sentinels = redis.sentinel.Sentinel([("127.0.0.1", each.port) for each in self.sentinels], socket_timeout=2)
        return sentinels.master_for(MASTER, decode_responses=True, socket_timeout=2)

    @property
    def master(self) -> EmbeddedRedis:
        """The one that says that it is the master; of the first one that is not away."""
        for each in self.servers:
            try:
                if self.client(each).info("replication")["role"] == "master":
                    return each
            except redis.RedisError:
                continue
        raise AssertionError("no master")

    def promoted(self, old: EmbeddedRedis, limit: float = LIMIT) -> tuple[EmbeddedRedis, float]:
        """Wait until another one is the master: which, and when that was seen (monotonic)."""
        others = [each for each in self.servers if each is not old]

        def found() -> EmbeddedRedis | None:
            for each in others:
                if self.client(each).info("replication")["role"] == "master":
                    return each
            return None

        return wait_for(found, limit, "a promotion"), time.monotonic()
