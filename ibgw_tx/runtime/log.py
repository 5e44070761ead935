"""The gateway's log: twisted.logger, with debug lines only when asked for, and no text of others in it as it came.

twistd writes every level; the operator's screen shall hold what an operator can act on. What TWS, Redis and bots say is text
of others: an escape sequence would paint the screen, a carriage return would forge a line, and 200 KB would hide the rest. So
whatever a line is given passes `shown` here, once for all of them.
"""

from __future__ import annotations

from typing import Any

import twisted.logger
from twisted.python.failure import Failure

#: Characters of one text in a line; what is longer is cut.
LIMIT = 500


def shown(text: str, limit: int = LIMIT) -> str:
    """A text as a log may have it: whatever is not printable is escaped, and a long one is cut and says how long it was."""
    clean = text[:limit]
    if not clean.isprintable():
        clean = "".join(each if each.isprintable() else _escaped(each) for each in clean)
    if len(text) <= limit and len(clean) <= limit:
        return clean
    return f"{clean[:limit]}… ({len(text)} characters)"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _field(value: Any) -> Any:
    """One field of a line: numbers as they are, texts as `shown`, anything else by its text unless that is harmless."""
    if value is None or isinstance(value, bool | int | float | Failure):
        return value
    text = str(value)
    return value if len(text) <= LIMIT and text.isprintable() else _Shown(shown(text))


class _Shown(str):
    """A text that has been escaped already: its repr does it no second time."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{self}'"


class Logger(twisted.logger.Logger):
    """A Logger whose fields are `shown`, and whose debug lines are written only after `show_debug(True)`."""

    def emit(self, level: Any, format: str | None = None, **kwargs: Any) -> None:
        """Write a line."""
        super().emit(level, format, **{name: _field(value) for name, value in kwargs.items()})

    def debug(self, format: str | None = None, **kwargs: Any) -> None:
        """Write a debug line, if they are wanted."""
        if _Debug.shown:
            super().debug(format, **kwargs)


class _Debug:
    shown = False


def show_debug(shown: bool) -> None:
    """Whether debug lines are written (--debug)."""
    _Debug.shown = shown
