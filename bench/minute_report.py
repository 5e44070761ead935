"""The row and goals of a busy minute. Pure."""

from __future__ import annotations

from bench.goal import Goal
from bench.minute import Minute

HELD_MS = 20.0


def minute_rows(found: Minute | None) -> list[tuple[str, dict[str, str]]]:
    """What was measured, and how busy it was."""
    if found is None:
        return []
    hits = ", ".join(map(str, found.found))
    busy = (
        f"{found.updates:,} updates, {found.placed:,} orders ({found.filled} filled, {found.cancelled} cancelled),"
        f" options found: {hits}, chains: {found.chains}, snapshots: {found.snapshots}"
    )
    held = f"{_held(found)}, {found.wall_ms:.1f}"
    return [
        (f"{found.seconds:.0f} busy s: longest hold of the reactor, ms: processor, wall", _own(held)),
        ("… in which TWS told and was told", _own(busy)),
    ]


def minute_goals(found: Minute | None) -> list[Goal]:
    """The hold, by processor time; and that there was enough to do."""
    if found is None:
        return []
    what = f"a busy minute: no hold over {HELD_MS:.0f} ms"
    return [
        Goal("a busy minute: it was busy", "yes" if found.was_busy else "no", found.was_busy),
        Goal(what, f"{_held(found)} ms", found.held_ms <= HELD_MS),
    ]


def _held(found: Minute) -> str:
    return f"{found.held_ms:.1f}"


def _own(figure: str) -> dict[str, str]:
    return {"gateway": figure}
