"""The gateway's log: twisted.logger, with debug lines only when asked for.

twistd writes every level; the operator's screen shall hold what an operator can act on.
"""

from __future__ import annotations

from typing import Any

import twisted.logger


class Logger(twisted.logger.Logger):
    """A Logger whose debug lines are written only after `show_debug(True)`."""

    def debug(self, format: str | None = None, **kwargs: Any) -> None:
        """Write a debug line, if they are wanted."""
        if _Debug.shown:
            super().debug(format, **kwargs)


class _Debug:
    shown = False


def show_debug(shown: bool) -> None:
    """Whether debug lines are written (--debug)."""
    _Debug.shown = shown
