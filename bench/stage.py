"""One candidate's appearance: a fresh Redis, a listener, the feeder, books filled; then traffic, measured."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import attrs

from bench import feeder, floor, listener, wire
from bench.arrivals import Report
from bench.candidates import MAKE, SPEAKS, GatewayCandidate, PeerCandidate, await_books
from bench.market import Levels
from bench.process import processor_seconds
from bench.redisserver import RedisServer
from bench.worker import Worker

FILL_LIMIT = 30.0  # seconds for the first rows of all books


@attrs.define
class Traffic:
    """Updates made ahead: their first stamp, each channel's last stamp, the books they end in."""

    count: int
    batch: int
    first_stamp: int
    last_stamps: dict[str, int]
    finals: dict[str, tuple[Levels, Levels]]

    def wrong_books(self, report: Report) -> int:
        """How many of the last published books are not the feeder's."""
        return sum(report.books.get(channel) != book for channel, book in self.finals.items())


@attrs.define
class Stage:
    """What a measurement works with; `source` sends (the feeder, or the floor itself)."""

    source: Worker
    listener: Worker
    server: RedisServer
    candidate: GatewayCandidate | PeerCandidate | None

    def fill(self) -> None:
        """The books' first rows, until they have all arrived."""
        stamps = self.source.call("initial")
        _, complete = self.listener.call("collect", _by_channel(stamps), FILL_LIMIT)
        if not complete:
            raise RuntimeError(f"the first books did not arrive within {FILL_LIMIT:.0f} s\n{self.last_words()}")
        # Keys, acks and heartbeats that follow the first books are not measured.
        time.sleep(0.3)

    def prepare(self, count: int, batch: int) -> Traffic:
        """Have updates made, `batch` to a write."""
        first, stamps, finals = self.source.call("prepare", count, batch)
        self.listener.call("clear")
        return Traffic(count, batch, first, _by_channel(stamps), {wire.channel(s): book for s, book in finals.items()})

    def collect(self, traffic: Traffic, limit: float) -> tuple[Report, bool]:
        """Wait for every book's last state, at most `limit` seconds."""
        report, complete = self.listener.call("collect", traffic.last_stamps, limit, limit=limit + 60)
        return report, complete

    def used(self) -> float:
        """Processor seconds of the candidate so far; none of the floor."""
        return processor_seconds(self.candidate.program.pid) if self.candidate is not None else 0.0

    def last_words(self) -> str:
        """What the candidate wrote last."""
        return self.candidate.program.output() if self.candidate is not None else ""


def used_for(updates: int, seconds: float) -> float:
    """Processor seconds for 100,000 updates."""
    return seconds * 100_000 / updates


def _by_channel(stamps: Mapping[str, int]) -> dict[str, int]:
    return {wire.channel(symbol): stamp for symbol, stamp in stamps.items()}


@contextmanager
def staged(key: str, books: int) -> Iterator[Stage]:
    """A stage for the candidate `key` with `books` filled books."""
    symbols = wire.symbols(books)
    with RedisServer() as server, _worker(listener.main, server.port) as heard:
        heard.call("clear")
        if key == "floor":
            with _worker(floor.main, server.port, symbols) as source:
                stage = Stage(source, heard, server, None)
                stage.fill()
                yield stage
            return
        with _worker(feeder.main) as source:
            source.call("open", symbols, SPEAKS.get(key, wire.SERVER_VERSION))
            candidate = MAKE[key]()
            try:
                candidate.start(source.call("port"), server, symbols)
                await_books(source, candidate, books)
                stage = Stage(source, heard, server, candidate)
                stage.fill()
                yield stage
            finally:
                candidate.stop()


@contextmanager
def _worker(*target: object) -> Iterator[Worker]:
    worker = Worker(*target)  # type: ignore[arg-type]
    try:
        yield worker
    finally:
        worker.stop()
