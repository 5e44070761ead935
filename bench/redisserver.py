"""The bench's Redis: the embedded one, asked questions, stopped and sent on."""

from __future__ import annotations

import os
import signal
from types import TracebackType

import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis


class RedisServer(EmbeddedRedis):
    """Puts no limit on a subscriber that reads slowly: the listener only stores, but floods come faster than it reads."""

    def start(self) -> None:
        """Start it and lift the limit."""
        super().start()
        self.client().config_set("client-output-buffer-limit", "pubsub 0 0 0")

    def client(self) -> redis.Redis:
        """A client for the bench's own questions."""
        return redis.Redis(port=self.port, socket_timeout=10)

    def freeze(self) -> None:
        """SIGSTOP: connections stay, nothing is read."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # A stopped process would not hear SIGTERM.
        self.go_on()
        super().__exit__(kind, error, trace)
