"""The fuzz targets by name: what checks an input, and where its inputs begin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fuzz import commands, frames, replies, seeds

TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]]]] = {
    "frames": (frames.check, seeds.of_frames),
    "commands": (commands.check, seeds.of_commands),
    "replies": (replies.check, seeds.of_replies),
}
#: Found cases, a folder for each target.
CASES = Path(__file__).parent / "cases"
