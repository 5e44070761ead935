"""`python -m bench`: measure, print the tables, and exit with 1 when a goal is missed."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from statistics import median_low
from typing import TypeVar

import attrs

from bench import chain, company, flood, heavy, latency, memory, minute, orders, starts
from bench.candidates import LABELS
from bench.report import Results, figures, goals, goals_table

PARTS = ("flood", "latency", "quiet", "memory", "orders", "chain", "starts", "company", "minute", "heavy")
MANY_ORDERS = 5_000

T = TypeVar("T")


def options(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; default all")
    parser.add_argument("--only", default=",".join(LABELS), help="candidates, of %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="floods of each candidate, the median counts (%(default)s)")
    parser.add_argument("--steady-rounds", type=int, default=2, help="the same for the steady runs (%(default)s)")
    parser.add_argument("--updates", type=int, default=300_000, help="updates of a flood (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the steady run (%(default)s)")
    parser.add_argument("--memory-updates", type=int, default=200_000, help="updates of the memory part (%(default)s)")
    parser.add_argument("--stopped", type=float, default=3.0, help="seconds Redis is stopped at least (%(default)s)")
    parser.add_argument("--dead", type=int, nargs="*", default=[50_000], help="orders that are over (%(default)s; 500000 too)")
    parser.add_argument("--minute", type=float, default=60.0, help="seconds of the busy minute (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a look whether everything runs; the figures mean little")
    parser.add_argument("--no-goals", action="store_true", help="exit with 0 even if a goal is missed")
    chosen = parser.parse_args(words)
    chosen.parts = chosen.parts or list(PARTS)
    chosen.only = chosen.only.split(",")
    for names, known in ((chosen.parts, PARTS), (chosen.only, LABELS)):
        if unknown := [name for name in names if name not in known]:
            parser.error(f"unknown: {', '.join(unknown)}")
    if chosen.quick:
        chosen.rounds = chosen.steady_rounds = 1
        chosen.updates, chosen.seconds, chosen.memory_updates, chosen.stopped = 20_000, 1.0, 20_000, 1.0
        chosen.minute = 15.0
    return chosen


def measure(chosen: argparse.Namespace) -> Results:
    """Run the parts; candidates take turns, so that what else the machine does meets all of them."""
    results = Results()
    if "flood" in chosen.parts:
        floods: dict[str, list[flood.Flood]] = {key: [] for key in chosen.only}
        for key in chosen.only * chosen.rounds:
            floods[key].append(_told(f"flood {key}", lambda key=key: flood.run(key, chosen.updates)))
        results.floods = {key: _middle(found) for key, found in floods.items()}
    if "latency" in chosen.parts:
        results.latencies = _measure_steady(chosen, latency.BUSY)
    if "quiet" in chosen.parts:
        results.quiet = _measure_steady(chosen, latency.QUIET)
    if "memory" in chosen.parts and "gateway" in chosen.only:
        results.memory = _told("memory", lambda: memory.run(chosen.memory_updates, chosen.stopped))
    if "orders" in chosen.parts:
        _measure_orders(chosen, results)
    if "chain" in chosen.parts and "gateway" in chosen.only:
        results.chain = _told("chain", chain.run)
    if "starts" in chosen.parts and "gateway" in chosen.only:
        alone = results.alone
        alone.first_status, alone.first_book = _told("starts", lambda: starts.run(chosen.rounds))
    if "company" in chosen.parts and "gateway" in chosen.only:
        found = _told("company", lambda: company.run(chosen.seconds))
        results.alone.more_mb, results.alone.slower = found.more_mb, found.slower
    if "minute" in chosen.parts and "gateway" in chosen.only:
        results.minute = _told("minute", lambda: minute.run(chosen.minute))
    if "heavy" in chosen.parts and "gateway" in chosen.only:
        results.heavy = [_told(f"{dead} dead", lambda dead=dead: heavy.run(dead)) for dead in chosen.dead]
    return results


def _measure_steady(chosen: argparse.Namespace, pace: latency.Pace) -> dict[str, latency.Latency]:
    steady = [key for key in chosen.only if key != "official"]
    runs: dict[str, list[latency.Latency]] = {key: [] for key in steady}
    for key in steady * chosen.steady_rounds:
        runs[key].append(_told(f"{pace.rate}/s {key}", lambda key=key: latency.run(key, chosen.seconds, pace)))
    return {key: _typical(found) for key, found in runs.items()}


def _measure_orders(chosen: argparse.Namespace, results: Results) -> None:
    keys = [key for key in chosen.only if key in ("gateway", "async")]
    results.orders = _told("orders", lambda: orders.run(keys, chosen.seconds)) if keys else {}
    if "gateway" in chosen.only:
        results.alone.trusted = median_low([_told("start", lambda: orders.start_with(MANY_ORDERS)) for _ in range(chosen.rounds)])


def _middle(floods: list[flood.Flood]) -> flood.Flood:
    """The flood of the median rate, with the worst of everything that must not be."""
    rate = median_low([one.rate for one in floods])
    found = next(one for one in floods if one.rate == rate)
    worst = {member: max(getattr(one, member) for one in floods) for member in ("broken", "wrong")}
    return attrs.evolve(found, complete=all(one.complete for one in floods), **worst)


def _typical(runs: list[latency.Latency]) -> latency.Latency:
    """The medians of the delays (of two the lower, for every candidate), with the worst of everything else."""
    delays = {member: median_low([getattr(one, member) for one in runs]) for member in ("wanted", "p50_ms", "p99_ms", "cpu")}
    worst = {member: max(getattr(one, member) for one in runs) for member in ("worst_ms", "broken", "wrong")}
    least = {member: min(getattr(one, member) for one in runs) for member in ("rate", "arrived", "seen", "complete")}
    return latency.Latency(**delays, **worst, **least)


def _told(what: str, run: Callable[[], T]) -> T:
    """Run one measurement and say so, on stderr."""
    began = time.monotonic()
    print(f"{what} …", end=" ", flush=True, file=sys.stderr)
    found = run()
    print(f"{found} ({time.monotonic() - began:.1f} s)", file=sys.stderr)
    return found


def main(words: list[str]) -> int:
    """The command."""
    chosen = options(words)
    results = measure(chosen)
    reached = goals(results)
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    print(f"Measured {time.strftime('%Y-%m-%d')}: {machine}.", figures(results), goals_table(reached), sep="\n\n")
    return 0 if chosen.no_goals or all(goal.met for goal in reached) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
