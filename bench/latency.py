"""The latency: a steady rate, from the feeder's write to the listener's read. Times in ns unless a name says ms."""

from __future__ import annotations

from array import array

import attrs

from bench.arrivals import Report
from bench.stage import Traffic, staged

BOOKS = 50
RATE = 10_000  # updates a second
INTERVAL = 1_000_000  # ns between two writes
WARM_UP = 1.0  # seconds that are sent but not counted
EXTRA = 30.0  # seconds that the last states may take


@attrs.frozen
class Latency:
    """One candidate's steady run. `rate` is what the feeder could write, updates/s; `late` is its worst delay."""

    rate: float
    arrived: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    seen: int
    broken: int
    wrong: int
    complete: bool

    @property
    def keeps_up(self) -> bool:
        """Whether the wanted rate was carried from end to end."""
        return self.complete and min(self.rate, self.arrived) >= 0.98 * RATE


def run(key: str, seconds: float) -> Latency:
    """The steady run of one candidate."""
    batch = RATE * INTERVAL // 1_000_000_000
    count = round(RATE * (WARM_UP + seconds))
    with staged(key, BOOKS) as stage:
        traffic = stage.prepare(count, batch)
        stage.source.ask("pace", INTERVAL)
        report, complete = stage.collect(traffic, WARM_UP + seconds + EXTRA)
        written = array("q", stage.source.answer())
    return _figures(traffic, written, report, complete)


def _figures(traffic: Traffic, written: array[int], report: Report, complete: bool) -> Latency:
    delays = sorted(latencies(traffic, written, report, written[0] + round(WARM_UP * 1e9)))
    done = max(report.done_at.values(), default=report.seen_at[-1])
    return Latency(
        rate=traffic.batch * (len(written) - 1) / (written[-1] - written[0]) * 1e9,
        arrived=traffic.count / (done - written[0]) * 1e9,
        p50_ms=percentile(delays, 50) / 1e6,
        p99_ms=percentile(delays, 99) / 1e6,
        worst_ms=delays[-1] / 1e6,
        seen=len(delays),
        broken=report.broken,
        wrong=traffic.wrong_books(report),
        complete=complete,
    )


def latencies(traffic: Traffic, written: array[int], report: Report, since: int) -> list[int]:
    """Arrival minus writing of each stamp that became visible and was written at or after `since`."""
    first, batch = traffic.first_stamp, traffic.batch
    pairs = ((written[(stamp - first) // batch], at) for stamp, at in zip(report.stamps, report.seen_at, strict=True))
    return [at - sent for sent, at in pairs if sent >= since]


def percentile(ordered: list[int], percent: float) -> int:
    """The smallest value that at least `percent` of them do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
