"""A gateway in a process that a probe shares with it: how long its reactor was held.

A hold is told in processor time between two of its turns: what else the machine does meanwhile is not the gateway's doing. The
same by the clock on the wall is told beside it.
"""

from __future__ import annotations

import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from bench.candidates import NAME

PROBE = 0.0005  # seconds between two looks
_PATIENCE = 30.0  # seconds


class ProbedGateway:
    """Its process. `clear` begins to measure anew, `holds` gives the longest so far, in seconds: (processor, wall)."""

    def __init__(self, tws_port: int, redis_port: int, **flags: str) -> None:
        """`flags`: further settings."""
        self._pipe, theirs = get_context("spawn").Pipe()
        words = {"name": NAME, "client-id": "1", "tws-port": str(tws_port), "redis-port": str(redis_port), **flags}
        self._process: Any = get_context("spawn").Process(target=_gateway, args=(theirs, words), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._process.pid)

    def clear(self) -> None:
        """What has been measured so far does not count."""
        self._ask("clear")

    def holds(self) -> tuple[float, float]:
        """The longest of each kind."""
        found: tuple[float, float] = self._ask("holds")
        return found

    def _ask(self, what: str) -> Any:
        self._pipe.send(what)
        if not self._pipe.poll(_PATIENCE):
            raise TimeoutError(f"the gateway has not answered within {_PATIENCE:.0f} s")
        return self._pipe.recv()

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join(10)


def _gateway(pipe: Connection, flags: dict[str, str]) -> None:
    from twisted.internet import reactor, task  # noqa: PLC0415 (its own reactor, in its own process)

    from ibgw_tx.config import configure  # noqa: PLC0415
    from ibgw_tx.gateway import Gateway  # noqa: PLC0415
    from ibgw_tx.runtime.garbage import spare_the_lasting  # noqa: PLC0415

    gateway = Gateway(configure(flags, {}), reactor)
    spare_the_lasting()  # as the program does
    gateway.ib.factory.initialDelay = gateway.ib.factory.delay = gateway.ib.factory.maxDelay = 0.2  # type: ignore[assignment]
    last = time.thread_time(), time.perf_counter()
    most = [0.0, 0.0]

    def look() -> None:
        nonlocal last
        now = time.thread_time(), time.perf_counter()
        for at in (0, 1):
            most[at] = max(most[at], now[at] - last[at])
        last = now

    def obey() -> None:
        if pipe.poll():
            if pipe.recv() == "clear":
                most[:] = 0.0, 0.0
            pipe.send(tuple(most))

    gateway.startService()
    for call, every in ((look, PROBE), (obey, 0.1)):
        task.LoopingCall(call).start(every, now=False).addErrback(lambda _: None)
    reactor.run()
