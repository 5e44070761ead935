"""The table, as markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.lanes import Tally
    from tests.faults.scenario import Row

DOCUMENT = Path("docs/faults.md")
BEGIN, END = "<!-- make faults WRITE=1: from here", "<!-- to here -->"
HEAD = "| fault | promise | server version | seen | whole again after | |\n|---|---|---|---|---|---|"


def markdown(rows: Sequence[Row]) -> str:
    lines = [HEAD]
    for row in rows:
        took = "–" if row.seconds is None else f"{row.seconds:.1f} s"
        verdict = "held" if not row.wrong else "**" + row.wrong.splitlines()[0].replace("|", "/") + "**"
        lines.append(f"| {row.scenario.name} | {row.scenario.promise} | {row.version} | {row.seen} | {took} | {verdict} |")
    return "\n".join(lines)


def write(rows: Sequence[Row], document: Path = DOCUMENT) -> None:
    """Into its place in the document."""
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    note, _, after = rest.partition("-->")
    _, after = after.split(END)
    document.write_text(f"{before}{BEGIN}{note}-->\n\n{markdown(rows)}\n\n{END}{after}", encoding="utf-8")


def of_strokes(tally: Tally, name: str, seed: int, versions: Sequence[int]) -> str:
    """What kills, or partitions, have shown: one line, and one for each kind."""
    if tally.wrong:
        return f"violation after {tally.strokes} {name}"
    spoken = " and ".join(map(str, versions))
    first = (f"{tally.strokes} {name} in {tally.days} days from seed {seed} on, at server versions {spoken}: "
             f"{tally.orders} orders, {tally.fills} fills, {tally.commands} commands, {tally.looks} looks; "
             f"trusted again after {_times(tally.seconds)}; "
             f"{tally.stood} times this machine stood still for more than 5 s; no violation")  # fmt: skip
    return "\n".join([first, *(f"{kind}: {len(found)}, {_times(found)}" for kind, found in sorted(tally.seen.items()))])


def _times(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2]:.1f} s (median), {ordered[-1]:.1f} s at most"
