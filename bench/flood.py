"""The flood: as many updates as the socket takes, until every book's last state has arrived."""

from __future__ import annotations

import attrs

from bench.stage import staged, used_for

BOOKS = 10
BATCH = 1000  # updates to a write
LIMIT = 120.0  # seconds

#: Share of the flood that a candidate gets; its figure is a rate, and the official client's is no worse for a shorter flood
#: (tried up to the whole). The floor's messages are made ahead.
SHARE = {"gateway": 1.0, "protobuf": 1.0, "async": 1.0, "official": 1 / 5, "floor": 1 / 3}


@attrs.frozen
class Flood:
    """One candidate's flood; `seconds` from the first write to the last state's arrival, `cpu` seconds for 100,000 updates."""

    updates: int
    seconds: float
    messages: int
    broken: int
    wrong: int
    complete: bool
    cpu: float

    @property
    def rate(self) -> float:
        """Updates a second; 0 for a flood that did not arrive."""
        return self.updates / self.seconds if self.complete else 0.0


def run(key: str, updates: int) -> Flood:
    """The flood for one candidate."""
    count = max(BOOKS * 10, round(updates * SHARE[key]))
    with staged(key, BOOKS) as stage:
        traffic = stage.prepare(count, BATCH)
        before = stage.used()
        stage.source.ask("flood")
        report, complete = stage.collect(traffic, LIMIT)
        told = report.messages, report.broken, traffic.wrong_books(report), complete, used_for(count, stage.used() - before)
        if not complete:
            return Flood(count, LIMIT, *told)
        began, _ = stage.source.answer()
        return Flood(count, (max(report.done_at.values()) - began) / 1e9, *told)
