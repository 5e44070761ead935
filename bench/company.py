"""Ten gateways on one Redis, each with a TWS that sends 1,000 updates a second: what each adds, and how fast it is."""

from __future__ import annotations

from array import array
from contextlib import ExitStack

import attrs

from bench import feeder, listener, wire
from bench.candidates import GatewayCandidate, await_books
from bench.latency import WARM_UP, latencies, percentile
from bench.process import share
from bench.redisserver import RedisServer
from bench.stage import Traffic
from bench.worker import Worker

GATEWAYS, BOOKS = 10, 5
RATE, INTERVAL = 1_000, 5_000_000  # updates a second of each; ns between two writes
EXTRA = 30.0  # seconds that the last states may take


@attrs.frozen
class Company:
    """`more_mb`: resident memory that each gateway after the first adds, what is shared counted once."""

    alone_ms: float
    slowest_ms: float
    more_mb: float

    @property
    def slower(self) -> float:
        """How many times."""
        return self.slowest_ms / self.alone_ms


def run(seconds: float) -> Company:
    """One alone, then all of them."""
    ((alone, first_mb),) = _measure(1, seconds)
    together = _measure(GATEWAYS, seconds)
    more = (sum(mb for _, mb in together) - first_mb) / (GATEWAYS - 1)
    return Company(alone, max(p50 for p50, _ in together), more)


def _measure(count: int, seconds: float) -> list[tuple[float, float]]:
    """(p50 in ms, resident MB) of each of so many gateways."""
    with ExitStack() as stack:
        server = stack.enter_context(RedisServer())
        members = [_Member(number, server, stack) for number in range(count)]
        for member in members:
            member.fill()
        for member in members:
            member.begin(seconds)
        return [member.end(seconds) for member in members]


class _Member:
    def __init__(self, number: int, server: RedisServer, stack: ExitStack) -> None:
        self._symbols = wire.symbols(BOOKS * GATEWAYS)[BOOKS * number : BOOKS * (number + 1)]
        self._source = self._worker(stack, feeder.main)
        self._source.call("open", self._symbols, wire.SERVER_VERSION)
        self._ear = self._worker(stack, listener.main, server.port, f"S0{number // 2}[{'0-4' if number % 2 == 0 else '5-9'}]")
        self._ear.call("clear")
        self._gateway = GatewayCandidate()
        self._gateway.name = f"bench{number}"
        self._gateway.start(self._source.call("port"), server, self._symbols)
        stack.callback(self._gateway.stop)
        await_books(self._source, self._gateway, BOOKS)

    @staticmethod
    def _worker(stack: ExitStack, *target: object) -> Worker:
        worker = Worker(*target)  # type: ignore[arg-type]
        stack.callback(worker.stop)
        return worker

    def fill(self) -> None:
        stamps = self._source.call("initial")
        self._ear.call("collect", {wire.channel(symbol): stamp for symbol, stamp in stamps.items()}, EXTRA)

    def begin(self, seconds: float) -> None:
        batch = RATE * INTERVAL // 1_000_000_000
        count = round(RATE * (WARM_UP + seconds))
        first, stamps, _ = self._source.call("prepare", count, batch)
        self._ear.call("clear")
        self._traffic = Traffic(count, batch, first, {wire.channel(symbol): stamp for symbol, stamp in stamps.items()}, {})
        self._source.ask("pace", INTERVAL)
        self._ear.ask("collect", self._traffic.last_stamps, WARM_UP + seconds + EXTRA)

    def end(self, seconds: float) -> tuple[float, float]:
        report, complete = self._ear.answer(limit=WARM_UP + seconds + EXTRA + 60)
        written = array("q", self._source.answer())
        if not complete:
            raise RuntimeError(f"the last books did not arrive\n{self._gateway.program.output()}")
        delays = sorted(latencies(self._traffic, written, report, written[0] + round(WARM_UP * 1e9)))
        return percentile(delays, 50) / 1e6, share(self._gateway.program.pid)
