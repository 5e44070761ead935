"""What a line of the log looks like: for people, for systemd's journal, or as JSON. No text of others goes through as it came.

An event may have more than one line: a traceback, or what a library prints. The first one begins as every line does; those that
belong to it are indented, so that nothing that TWS, Redis or a bot says can begin a line of its own. Each is escaped and cut, and
a traceback of a thousand lines keeps its ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson
from twisted.logger import LogEvent, LogLevel, formatEvent, formatTime

from ibgw_tx.runtime.log import shown

#: Gives an event's lines, with their ends; None when it says nothing.
Form: TypeAlias = Callable[[LogEvent], str | None]

#: Characters of one line; its fields are shorter, each for itself.
LINE_LIMIT = 4000
#: Lines kept of the beginning and of the end of what has more than both.
FIRST_LINES, LAST_LINES = 20, 60
#: syslog's numbers (sd-daemon(3)); what has no level is told as info.
PRIORITIES = {LogLevel.debug: 7, LogLevel.info: 6, LogLevel.warn: 4, LogLevel.error: 3, LogLevel.critical: 2}
#: Members of an event that are Twisted's own, beside those that begin with `log_`.
_TWISTED = frozenset("format isError message time system printed failure why".split())


def for_people(event: LogEvent) -> str | None:
    """`2026-01-31T09:00:00+0000 [where#level] text`, as twistd does it, and a tab before each line that belongs to it."""
    lines = lines_of(event)
    return f"{formatTime(event.get('log_time'))} [{_where(event)}] " + "\n\t".join(lines) + "\n" if lines else None


def for_journal(event: LogEvent) -> str | None:
    """`<4>text`: the priority, which journald takes off; time and program are its own. Each line has its priority."""
    lines, mark = lines_of(event), _priority(event)
    return mark + f"\n{mark}    ".join(lines) + "\n" if lines else None


def as_json(name: str) -> Form:
    """One object a line: time, level, name (the gateway's), namespace, message; `fields` and `traceback` where there are any."""

    def form(event: LogEvent) -> str | None:
        message = _lines(formatEvent(event))
        trace = _traceback(event)
        if not (message or trace):
            return None
        content: dict[str, Any] = {
            "time": _iso(event.get("log_time")),
            "level": _level(event).name,
            "name": name,
            "namespace": shown(str(event.get("log_namespace") or "")),
            "message": "\n".join(message),
        }
        fields = {key: _plain(value) for key, value in event.items() if not key.startswith("log_") and key not in _TWISTED}
        content |= ({"fields": fields} if fields else {}) | ({"traceback": trace} if trace else {})
        return orjson.dumps(content, default=str).decode() + "\n"

    return form


def json_for_journal(name: str) -> Form:
    """As `as_json`, with the priority before it, which journald takes off."""
    form = as_json(name)

    def marked(event: LogEvent) -> str | None:
        text = form(event)
        return text and _priority(event) + text

    return marked


def lines_of(event: LogEvent) -> list[str]:
    """Message and traceback, line by line, each escaped and cut; none when the event says nothing."""
    return _lines(formatEvent(event)) + _traceback(event)


def _lines(text: str) -> list[str]:
    lines = text.rstrip("\n").split("\n") if text else []
    gone = len(lines) - FIRST_LINES - LAST_LINES
    if gone > 0:
        lines[FIRST_LINES:-LAST_LINES] = [f"… ({gone} lines)"]
    # A tab is a library's indentation; as a character of others it is escaped like any other.
    return [shown(line.replace("\t", "    "), LINE_LIMIT) for line in lines]


def _traceback(event: LogEvent) -> list[str]:
    failure = event.get("log_failure")
    if failure is None:
        return []
    try:
        return _lines(failure.getTraceback())
    except Exception as error:
        return [f"(no traceback: {type(error).__name__})"]


def _level(event: LogEvent) -> Any:
    level = event.get("log_level")
    return level if level in PRIORITIES else LogLevel.info


def _priority(event: LogEvent) -> str:
    return f"<{PRIORITIES[_level(event)]}>"


def _where(event: LogEvent) -> str:
    return shown(str(event.get("log_system") or f"{event.get('log_namespace') or '-'}#{_level(event).name}"))


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else shown(str(value))
