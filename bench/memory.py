"""The memory: resident size after much traffic, and its growth while Redis reads nothing. MB are 10^6 bytes."""

from __future__ import annotations

import time

import attrs

from bench.candidates import wait_until
from bench.process import processor_seconds, resident
from bench.stage import Stage, Traffic, staged

BOOKS = 100
BATCH = 1000  # updates to a write
LIMIT = 60.0  # seconds


@attrs.frozen
class Memory:
    """The gateway's resident size, MB: after the traffic, and the most it grew by with Redis stopped."""

    after: float
    growth: float
    stopped_seconds: float
    wrong: int
    wrong_after_stop: int


def run(updates: int, stopped_seconds: float) -> Memory:
    """The gateway's memory with traffic, then with traffic and a stopped Redis."""
    with staged("gateway", BOOKS) as stage:
        assert stage.candidate is not None
        pid = stage.candidate.program.pid
        traffic = stage.prepare(updates, BATCH)
        stage.source.call("flood")
        report, _ = stage.collect(traffic, LIMIT)
        after, wrong = resident(pid), traffic.wrong_books(report)
        traffic = stage.prepare(updates, BATCH)
        stage.server.freeze()
        most = _flood_while_stopped(stage, traffic, pid, stopped_seconds)
        stage.server.go_on()
        report, _ = stage.collect(traffic, LIMIT)
        return Memory(after, most - after, stopped_seconds, wrong, traffic.wrong_books(report))


def _flood_while_stopped(stage: Stage, traffic: Traffic, pid: int, seconds: float) -> float:
    """The most that was resident until all updates were taken in, and for at least `seconds`."""
    until = time.monotonic() + seconds
    most = resident(pid)
    stage.source.ask("flood")
    watch = IdleWatch(pid)

    def taken_in() -> bool:
        nonlocal most
        most = max(most, resident(pid))
        return watch.is_idle() and time.monotonic() > until

    wait_until(taken_in, "the gateway is still busy", LIMIT)
    stage.source.answer()
    return most


class IdleWatch:
    """Says when a process has used less than a tenth of a core over half a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._since, self._used = time.monotonic(), processor_seconds(pid)

    def is_idle(self) -> bool:
        """Ask often."""
        now = time.monotonic()
        if now - self._since < 0.5:
            return False
        used = processor_seconds(self._pid)
        share = (used - self._used) / (now - self._since)
        self._since, self._used = now, used
        return share < 0.1
