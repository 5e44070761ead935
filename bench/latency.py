"""The latency: a steady rate, from the feeder's write to the listener's read. Times in ns unless a name says ms."""

from __future__ import annotations

from array import array

import attrs

from bench.arrivals import Report
from bench.stage import Traffic, staged, used_for

WARM_UP = 1.0  # seconds that are sent but not counted
EXTRA = 30.0  # seconds that the last states may take


@attrs.frozen
class Pace:
    """`rate` updates a second over `books`, written each `interval` ns."""

    rate: int
    books: int
    interval: int


#: A busy desk, and a quiet one: each update comes alone.
BUSY, QUIET = Pace(10_000, 50, 1_000_000), Pace(200, 10, 5_000_000)


@attrs.frozen
class Latency:
    """One candidate's steady run. `rate` is what the feeder could write, updates/s; `cpu` is for 100,000 updates, s."""

    wanted: int
    rate: float
    arrived: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    seen: int
    broken: int
    wrong: int
    complete: bool
    cpu: float

    @property
    def keeps_up(self) -> bool:
        """Whether the wanted rate was carried from end to end."""
        return self.complete and min(self.rate, self.arrived) >= 0.98 * self.wanted


def run(key: str, seconds: float, pace: Pace = BUSY) -> Latency:
    """The steady run of one candidate."""
    batch = pace.rate * pace.interval // 1_000_000_000
    count = round(pace.rate * (WARM_UP + seconds))
    with staged(key, pace.books) as stage:
        traffic = stage.prepare(count, batch)
        before = stage.used()
        stage.source.ask("pace", pace.interval)
        report, complete = stage.collect(traffic, WARM_UP + seconds + EXTRA)
        cpu = used_for(count, stage.used() - before)
        written = array("q", stage.source.answer())
    return _figures(pace, traffic, written, report, complete, cpu)


def _figures(pace: Pace, traffic: Traffic, written: array[int], report: Report, complete: bool, cpu: float) -> Latency:
    delays = sorted(latencies(traffic, written, report, written[0] + round(WARM_UP * 1e9)))
    done = max(report.done_at.values(), default=report.seen_at[-1])
    return Latency(
        wanted=pace.rate,
        rate=traffic.batch * (len(written) - 1) / (written[-1] - written[0]) * 1e9,
        arrived=traffic.count / (done - written[0]) * 1e9,
        p50_ms=percentile(delays, 50) / 1e6,
        p99_ms=percentile(delays, 99) / 1e6,
        worst_ms=delays[-1] / 1e6,
        seen=len(delays),
        broken=report.broken,
        wrong=traffic.wrong_books(report),
        complete=complete,
        cpu=cpu,
    )


def latencies(traffic: Traffic, written: array[int], report: Report, since: int) -> list[int]:
    """Arrival minus writing of each stamp that became visible and was written at or after `since`."""
    first, batch = traffic.first_stamp, traffic.batch
    pairs = ((written[(stamp - first) // batch], at) for stamp, at in zip(report.stamps, report.seen_at, strict=True))
    return [at - sent for sent, at in pairs if sent >= since]


def percentile(ordered: list[int], percent: float) -> int:
    """The smallest value that at least `percent` of them do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
