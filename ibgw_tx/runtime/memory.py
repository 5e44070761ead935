"""How much memory this process holds."""

from __future__ import annotations

import os
from pathlib import Path


def resident(statm: Path = Path("/proc/self/statm")) -> int | None:
    """Bytes in memory (the second figure of Linux' statm, in pages); None where there is no such file."""
    try:
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
