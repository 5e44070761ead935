"""What the shells need of a clock: Twisted's reactor and task.Clock both are one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Clock(Protocol):
    """Seconds, and calls later."""

    def seconds(self) -> float:
        """Seconds of a clock that never jumps; where it starts says nothing."""

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call in `delay` seconds; gives an object with active() and cancel()."""
