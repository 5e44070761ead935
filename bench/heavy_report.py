"""The rows and goals of heavy days. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bench.goal import Goal
from bench.heavy import LIVING, Heavy

HELD_MS = 20.0
#: Orders that are over: seconds to OMS=1, MB resident.
GOALS = {50_000: (3.0, 120.0), 500_000: (15.0, 200.0)}


def heavy_rows(found: Sequence[Heavy]) -> list[tuple[str, dict[str, str]]]:
    """What was measured."""
    rows: list[tuple[str, dict[str, str]]] = []
    for one in found:
        what = f"{one.dead:,} dead and {LIVING:,} living orders: seconds to OMS=1 at the start, after a lost session"
        rows.append((what, {"gateway": f"{one.start_seconds:.1f}, {one.again_seconds:.1f}"}))
        rows.append(("… processor seconds from the loss to OMS=1", {"gateway": f"{one.again_cpu:.1f}"}))
        held = f"{one.held_ms:.1f}, {one.wall_ms:.1f}"
        rows.append(("… longest hold of the reactor, ms: processor, wall", {"gateway": held}))
        rows.append(("… resident, MB; Redis, MB", {"gateway": f"{one.resident_mb:.0f}; {one.redis_mb:.0f}"}))
    return rows


def heavy_goals(found: Sequence[Heavy]) -> list[Goal]:
    """Which goals are met; for other numbers of orders there is none but the hold."""
    goals = []
    for one in found:
        what = f"{one.dead:,} dead orders"
        goals.append(Goal(f"{what}: no hold over {HELD_MS:.0f} ms", f"{one.held_ms:.1f} ms", one.held_ms <= HELD_MS))
        if one.dead in GOALS:
            seconds, mb = GOALS[one.dead]
            worst = max(one.start_seconds, one.again_seconds)
            goals.append(Goal(f"{what}: trusted within {seconds:.0f} s, each time", f"{worst:.1f} s", worst <= seconds))
            goals.append(Goal(f"{what}: under {mb:.0f} MB", f"{one.resident_mb:.0f} MB", one.resident_mb < mb))
    return goals
