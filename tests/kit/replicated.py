"""A replicated Redis that Sentinel keeps: processes on loopback. What happens to them is the test's doing."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port, redis_server_path
from tests.kit.program import wait_for

MASTER = "books"
LIMIT = 30.0  # seconds


class SentinelProcess:
    """One sentinel; what it learns stands in its own file, so that it can be started again."""

    def __init__(self, folder: Path, master_port: int, down_after: int, lines: tuple[str, ...]) -> None:
        self.port = free_port()
        self._conf, self._log = folder / f"sentinel-{self.port}.conf", folder / f"sentinel-{self.port}.log"
        monitored = [f"monitor {MASTER} 127.0.0.1 {master_port} 2", f"down-after-milliseconds {MASTER} {down_after}"]
        monitored += [f"failover-timeout {MASTER} 6000"]
        own = [f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", f"logfile {self._log}"]
        self._conf.write_text("\n".join([*own, *(f"sentinel {line}" for line in monitored), *lines, ""]))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", str(self._conf), "--sentinel"], executable=redis_server_path(), start_new_session=True
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def client(self) -> Any:
        return redis.Redis(port=self.port, decode_responses=True, socket_timeout=5)

    def facts(self) -> dict[str, str]:
        """What it knows of the master; {} until it answers."""
        try:
            reply = self.client.execute_command("SENTINEL", "MASTER", MASTER)
        except redis.RedisError:
            return {}
        return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


class Replicated:
    """Two servers and three sentinels, by default. `down_after`: ms of silence until a master counts as down."""

    def __init__(
        self,
        servers: int = 2,
        sentinels: int = 3,
        down_after: int = 1000,
        options: tuple[str, ...] = (),
        lines: tuple[str, ...] = (),
    ) -> None:
        """`options` are of each server, `lines` of each sentinel's file."""
        self._folder = tempfile.TemporaryDirectory(prefix="ibgateway-sentinel-")
        first = EmbeddedRedis("--repl-diskless-sync-delay", "0", *options)
        follows = ("--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", str(first.port), *options)
        self.servers = [first, *(EmbeddedRedis(*follows) for _ in range(servers - 1))]
        self.sentinels = [SentinelProcess(Path(self._folder.name), first.port, down_after, lines) for _ in range(sentinels)]

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

    @staticmethod
    def _follows(server: EmbeddedRedis) -> bool:
        return bool(redis.Redis(port=server.port).info("replication").get("master_link_status") == "up")

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
    def flags(self) -> list[str]:
        """Of a gateway."""
        return [f"--redis-sentinel={self.addresses}", f"--redis-master={MASTER}"]

    def client(self, server: EmbeddedRedis) -> Any:
        return redis.Redis(port=server.port, decode_responses=True, socket_timeout=5)

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
