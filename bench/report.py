"""The tables: what was measured, and which goals are met. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from bench import memory, order_report
from bench.alone import Alone
from bench.candidates import LABELS
from bench.chain import Chain
from bench.flood import Flood
from bench.goal import Goal
from bench.heavy import Heavy
from bench.heavy_report import heavy_goals, heavy_rows
from bench.latency import BUSY, QUIET, Latency, Pace
from bench.memory import Memory
from bench.minute import Minute
from bench.minute_report import minute_goals, minute_rows
from bench.orders import OrderFigures


@attrs.define
class Results:
    """What has been measured; a part that was not run is empty."""

    floods: dict[str, Flood] = attrs.field(factory=dict)
    latencies: dict[str, Latency] = attrs.field(factory=dict)
    quiet: dict[str, Latency] = attrs.field(factory=dict)
    memory: Memory | None = None
    orders: dict[str, OrderFigures] = attrs.field(factory=dict)
    alone: Alone = attrs.field(factory=Alone)
    chain: Chain | None = None
    minute: Minute | None = None
    heavy: list[Heavy] = attrs.field(factory=list)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figures(results: Results) -> str:
    """The measured figures, a column for each candidate."""
    measured = results.floods.keys() | results.latencies.keys() | results.quiet.keys() | results.orders.keys()
    keys = [key for key in LABELS if key in measured] or ["gateway"]
    rows = [*_flood_rows(results.floods, keys), *_latency_rows(BUSY, results.latencies, keys)]
    rows += [*_latency_rows(QUIET, results.quiet, keys), *_memory_rows(results.memory, keys)]
    others = [*order_report.order_rows(results.orders), *order_report.own_rows(results.alone, results.chain)]
    others += [*minute_rows(results.minute), *heavy_rows(results.heavy)]
    rows += [[what, *(said.get(key, "") for key in keys)] for what, said in others]
    return table(["", *(LABELS[key] for key in keys)], rows)


def _row(what: str, found: dict[str, Any], keys: list[str], text: Callable[[Any], str]) -> list[str]:
    return [what, *(text(found[key]) if key in found else "" for key in keys)]


def _flood_rows(floods: dict[str, Flood], keys: list[str]) -> list[list[str]]:
    if not floods:
        return []
    return [
        _row("flood, 10 books: updates/s until every last state has arrived", floods, keys, _rate),
        _row("… updates sent", floods, keys, lambda flood: f"{flood.updates:,}"),
        _row("… processor seconds for 100,000 updates", floods, keys, _cpu),
        _row("… messages published", floods, keys, lambda flood: f"{flood.messages:,}"),
        _row("… of these out of order or crossed", floods, keys, lambda flood: f"{flood.broken:,}"),
        _row("… last books wrong (of 10)", floods, keys, lambda flood: f"{flood.wrong}"),
    ]


def _rate(flood: Flood) -> str:
    return f"{flood.rate:,.0f}" if flood.complete else f"not complete after {flood.seconds:.0f} s"


def _cpu(found: Flood | Latency) -> str:
    return f"{found.cpu:.2f}" if found.cpu else ""


def _latency_rows(pace: Pace, found: dict[str, Latency], keys: list[str]) -> list[list[str]]:
    if not found:
        return []
    return [
        _row(f"{pace.rate:,} updates/s, {pace.books} books: p50, ms", found, keys, lambda one: f"{one.p50_ms:.2f}"),
        _row("… p99, ms", found, keys, lambda one: f"{one.p99_ms:.2f}"),
        _row("… rate carried, updates/s", found, keys, lambda one: f"{min(one.rate, one.arrived):,.0f}"),
        _row("… processor seconds for 100,000 updates", found, keys, _cpu),
        _row("… out of order or crossed", found, keys, lambda one: f"{one.broken:,}"),
        _row(f"… last books wrong (of {pace.books})", found, keys, lambda one: f"{one.wrong}"),
    ]


def _memory_rows(found: Memory | None, keys: list[str]) -> list[list[str]]:
    if found is None:
        return []
    rows = [
        (f"{memory.BOOKS} books: resident after the traffic, MB", f"{found.after:.0f}"),
        (f"… growth with Redis stopped for {found.stopped_seconds:.0f} s, MB", f"{found.growth:.1f}"),
        (f"… last books wrong (of {memory.BOOKS}), before and after the stop", f"{found.wrong}, {found.wrong_after_stop}"),
    ]
    return [[what, *(figure if key == "gateway" else "" for key in keys)] for what, figure in rows]


def goals(results: Results) -> list[Goal]:
    """Every goal whose figures were measured."""
    books = [*_flood_goals(results.floods), *_latency_goals(BUSY, results.latencies), *_latency_goals(QUIET, results.quiet)]
    books += _memory_goals(results.memory)
    alone = order_report.own_goals(results.alone, results.chain)
    alone += [*minute_goals(results.minute), *heavy_goals(results.heavy)]
    return [*books, *order_report.order_goals(results.orders), *alone]


#: Whose flood, beside whose, at least how many times as fast.
_FLOODS = (("gateway", "async", 10), ("protobuf", "async", 8), ("gateway", "official", 100))
#: At most how many times a peer's figure each of the gateway's may be.
_DELAYS = {
    BUSY: (("floor", "p50_ms", 3.0), ("async", "p50_ms", 0.5), ("async", "p99_ms", 0.1), ("async", "cpu", 1 / 3)),
    QUIET: (("floor", "p50_ms", 1.5), ("async", "cpu", 1 / 3)),
}
_FIGURES = {"p50_ms": "p50", "p99_ms": "p99", "cpu": "processor seconds"}
_DIALECTS = ("gateway", "protobuf")


def _flood_goals(floods: dict[str, Flood]) -> list[Goal]:
    found = []
    for ours, theirs, least in _FLOODS:
        if {ours, theirs} <= floods.keys():
            peer = floods[theirs].rate
            ratio = floods[ours].rate / peer if peer else 0.0
            figure = f"{ratio:.1f} times" if peer else "not measured: its last states did not arrive"
            found.append(Goal(f"flood: {LABELS[ours]} at least {least} times {LABELS[theirs]}", figure, ratio >= least))
    if set(_DIALECTS) <= floods.keys():
        ratio = floods["protobuf"].cpu / floods["gateway"].cpu
        found.append(Goal("flood: protobuf costs at most 1.5 times what text does", f"{ratio:.2f} times", ratio <= 1.5))
    return found + [goal for key in _DIALECTS for goal in _right_books("flood", key, floods.get(key))]


def _latency_goals(pace: Pace, found: dict[str, Latency]) -> list[Goal]:
    goals = []
    for ours in (key for key in _DIALECTS if key in found):
        gateway, where = found[ours], f"{pace.rate:,}/s: {LABELS[ours]}"
        rate = min(gateway.rate, gateway.arrived)
        goals.append(Goal(f"{where} carries it", f"{rate:,.0f}", gateway.keeps_up))
        for theirs, member, most in _DELAYS[pace]:
            if theirs in found:
                ratio = getattr(gateway, member) / getattr(found[theirs], member)
                what = f"{where}, {_FIGURES[member]} at most {most:.2g} times {LABELS[theirs]}"
                goals.append(Goal(what, f"{ratio:.2f} times", ratio <= most))
        goals += _right_books(f"{pace.rate:,}/s", ours, gateway)
    return goals


def _right_books(part: str, key: str, found: Flood | Latency | None) -> list[Goal]:
    if found is None:
        return []
    met = found.complete and not found.wrong and not found.broken
    return [Goal(f"{part}: the books of {LABELS[key]} are right", f"{found.wrong} wrong, {found.broken} out of order", met)]


def _memory_goals(found: Memory | None) -> list[Goal]:
    if found is None:
        return []
    wrong = found.wrong + found.wrong_after_stop
    return [
        Goal("memory: under 90 MB", f"{found.after:.0f} MB", found.after < 90),
        Goal("memory: growth with Redis stopped under 30 MB", f"{found.growth:.1f} MB", found.growth < 30),
        Goal("memory: the gateway's books are right, also after the stop", f"{wrong} wrong", not wrong),
    ]


def goals_table(found: list[Goal]) -> str:
    """The goals as a Markdown table."""
    return table(["goal", "reached", "met"], ([goal.what, goal.figure, "yes" if goal.met else "NO"] for goal in found))
