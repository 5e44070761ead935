"""What a listener's bytes mean: first sights of stamps, newest books, messages that are no book. Pure; times in ns."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import pairwise

import attrs
import hiredis
import orjson

from bench.market import Levels


@attrs.define
class Report:
    """What arrived. `stamps` and `seen_at` go together; `done_at` is when a channel's awaited stamp came first."""

    messages: int = 0
    broken: int = 0
    stamps: array[int] = attrs.field(factory=lambda: array("q"))
    seen_at: array[int] = attrs.field(factory=lambda: array("q"))
    done_at: dict[str, int] = attrs.field(factory=dict)
    books: dict[str, tuple[Levels, Levels]] = attrs.field(factory=dict)


class Arrivals:
    """Reads the subscriber connection's stream, piece by piece."""

    def __init__(self) -> None:
        self.report = Report()
        self._reader = hiredis.Reader()
        self._newest: dict[bytes, float] = {}
        self._payloads: dict[bytes, bytes] = {}
        self._awaited: dict[str, int] = {}

    def begin(self) -> None:
        """Forget what was counted; a stamp seen before is still not new."""
        self.report = Report()
        self._awaited = {}

    def await_stamps(self, stamps: Mapping[str, int]) -> None:
        """Which stamp of each channel ends the wait."""
        self._awaited = dict(stamps)

    @property
    def complete(self) -> bool:
        """Whether every awaited stamp has come."""
        return all(self._newest.get(channel.encode(), 0) >= stamp for channel, stamp in self._awaited.items())

    def feed(self, at: int, data: bytes) -> None:
        """Bytes that were received at `at`."""
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            if reply[0] == b"pmessage":
                self._message(at, reply[2], reply[3])

    def finish(self) -> Report:
        """The report, with the newest book of each channel."""
        self.report.books = {channel.decode(): _levels(payload) for channel, payload in self._payloads.items()}
        return self.report

    def _message(self, at: int, channel: bytes, payload: bytes) -> None:
        report = self.report
        report.messages += 1
        self._payloads[channel] = payload
        bids, asks, *_ = orjson.loads(payload)
        if not is_book([level["p"] for level in bids], [level["p"] for level in asks]):
            report.broken += 1
        newest = self._newest.get(channel, 0)
        fresh = sorted(level["s"] for side in (bids, asks) for level in side if level["s"] > newest)
        if not fresh:
            return
        report.stamps.extend(map(int, fresh))
        report.seen_at.extend([at] * len(fresh))
        self._newest[channel] = fresh[-1]
        awaited = self._awaited.get(channel.decode())
        if awaited is not None and newest < awaited <= fresh[-1]:
            report.done_at[channel.decode()] = at


def is_book(bids: list[float], asks: list[float]) -> bool:
    """Whether prices are sorted, best first, and not crossed."""
    falling = all(above > below for above, below in pairwise(bids))
    rising = all(above < below for above, below in pairwise(asks))
    return falling and rising and not (bids and asks and bids[0] >= asks[0])


def _levels(payload: bytes) -> tuple[Levels, Levels]:
    bids, asks = ([(level["p"], level["s"]) for level in side] for side in orjson.loads(payload)[:2])
    return bids, asks
