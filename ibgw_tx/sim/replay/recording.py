"""A recording of a session with TWS (the gateway's `--record`): its lines read into sessions. No I/O.

A line is `{"t": seconds, "d": "in"|"out"|"up"|"down", "fields": [texts]}`: what TWS sent, what the client sent, and the
ends of a connection; `up` carries the server version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from ibgw_tx.sim.wire.ids import LOWEST, TEXT
from ibgw_tx.sim.wire.requests import BadRequest, Request, parse


class RecordingError(Exception):
    """The file is no recording that can be played; the text is one line for a person."""


@frozen
class Sent:
    """A frame of TWS: `when` is seconds after the session's start, `after` so many requests had been made."""

    when: float
    after: int
    fields: tuple[str, ...]


@frozen
class Session:
    """One connection. `length`: seconds from its start to its end; `broken`: the recording saw its end."""

    version: int
    sent: list[Sent] = field(factory=list)
    asked: list[Request] = field(factory=list)
    length: float = 0.0
    broken: bool = False


def read(lines: Iterable[str]) -> list[Session]:
    """The sessions of a recording, oldest first; raises RecordingError."""
    sessions: list[Session] = []
    current: list[tuple[float, str, list[str]]] = []
    up: tuple[float, int] | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        when, direction, fields = _entry(line, number)
        if direction == "up":
            up = when, _version(fields, number)
            current = _after_greeting(current)
        elif direction == "down":
            if up is not None:
                sessions.append(_session(*up, current, when, broken=True))
            up, current = None, []
        else:
            current.append((when, direction, fields))
    if up is not None:
        sessions.append(_session(*up, current, current[-1][0] if current else up[0], broken=False))
    if not sessions:
        raise RecordingError("it holds no session with TWS")
    return sessions


def _entry(line: str, number: int) -> tuple[float, str, list[str]]:
    try:
        entry: Any = json.loads(line)
        when, direction, fields = float(entry["t"]), entry["d"], entry["fields"]
    except (ValueError, KeyError, TypeError):
        raise RecordingError(f"line {number} is not a line of a recording") from None
    known = direction in ("in", "out", "up", "down") and isinstance(fields, list)
    if not known or not all(isinstance(text, str) for text in fields):
        raise RecordingError(f"line {number} is not a line of a recording")
    return when, direction, fields


def _version(fields: list[str], number: int) -> int:
    version = int(fields[0]) if fields and fields[0].isdecimal() else 0
    if not LOWEST <= version <= TEXT:
        raise RecordingError(f"line {number}: server version {version or fields} is not one of {LOWEST} to {TEXT}")
    return version


def _after_greeting(entries: list[tuple[float, str, list[str]]]) -> list[tuple[float, str, list[str]]]:
    """What came behind the version reply (two fields) in the same piece of data; the reply is made anew."""
    replies = [place for place, entry in enumerate(entries) if len(entry[2]) == 2]
    return entries[replies[0] + 1 :] if replies else []


def _session(
    start: float, version: int, entries: list[tuple[float, str, list[str]]], end: float, broken: bool
) -> Session:
    made = Session(version, length=max(0.0, end - start), broken=broken)
    for when, direction, fields in entries:
        if direction == "in" and fields:
            made.sent.append(Sent(max(0.0, when - start), len(made.asked), tuple(fields)))
        elif direction == "out":
            try:
                made.asked.append(parse(fields, version))
            except BadRequest:
                continue
    return made
