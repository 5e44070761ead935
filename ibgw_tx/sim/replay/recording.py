"""A recording of a session with TWS (the gateway's `--record`): its lines read into sessions. No I/O.

A line is `{"t": seconds, "d": "in"|"out"|"up"|"down", "fields": [texts]}`: what TWS sent, what the client sent, and the
ends of a connection; `up` carries the server version. A message in protobuf has `"id"` (200 and its own) and `"protobuf"`
(base64) instead of fields. An `up` names the format of the lines: 2, or none in recordings that had texts alone.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from ibgw_tx.sim.wire import protobuf_requests
from ibgw_tx.sim.wire.ids import HIGHEST, LOWEST, PROTOBUF_IDS
from ibgw_tx.sim.wire.requests import BadRequest, Request, parse

#: Of the lines: what is newer may be of a kind that is not known here.
NEWEST_FORMAT = 2


class RecordingError(Exception):
    """The file is no recording that can be played; the text is one line for a person."""


@frozen
class Sent:
    """A frame of TWS: `when` is seconds after the session's start, `after` so many requests had been made.

    `fields` begin with the message's id; of one in protobuf, whose bytes are `data`, there is no other.
    """

    when: float
    after: int
    fields: tuple[str, ...]
    data: bytes | None = None

    @property
    def kind(self) -> int:
        """The message's id as in text, 0 for what has none."""
        return int(self.fields[0]) if self.fields and self.fields[0].isdecimal() else 0


@frozen
class Session:
    """One connection. `length`: seconds from its start to its end; `broken`: the recording saw its end."""

    version: int
    sent: list[Sent] = field(factory=list)
    asked: list[Request] = field(factory=list)
    length: float = 0.0
    broken: bool = False


@frozen
class _Entry:
    """A line: `fields` of a text, or the id that a message in protobuf has as a text, and its bytes."""

    when: float
    direction: str
    fields: tuple[str, ...]
    data: bytes | None = None


def read(lines: Iterable[str]) -> list[Session]:
    """The sessions of a recording, oldest first; raises RecordingError."""
    sessions: list[Session] = []
    current: list[_Entry] = []
    up: tuple[float, int] | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        entry = _entry(line, number)
        if entry.direction == "up":
            up = entry.when, _version(entry.fields, number)
            current = _after_greeting(current)
        elif entry.direction == "down":
            if up is not None:
                sessions.append(_session(*up, current, entry.when, broken=True))
            up, current = None, []
        else:
            current.append(entry)
    if up is not None:
        sessions.append(_session(*up, current, current[-1].when if current else up[0], broken=False))
    if not sessions:
        raise RecordingError("it holds no session with TWS")
    return sessions


def _entry(line: str, number: int) -> _Entry:
    try:
        entry: Any = json.loads(line)
        when, direction = float(entry["t"]), entry["d"]
        known = direction in ("in", "out", "up", "down") and entry.get("format", 0) <= NEWEST_FORMAT
        if "protobuf" in entry:
            data = b64decode(entry["protobuf"], validate=True)
            if not known or entry["id"] <= PROTOBUF_IDS:
                raise ValueError(line)
            return _Entry(when, direction, (str(entry["id"] - PROTOBUF_IDS),), data)
        fields = entry["fields"]
        if not known or not isinstance(fields, list) or not all(isinstance(text, str) for text in fields):
            raise ValueError(line)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RecordingError(f"line {number} is not a line of a recording") from None
    return _Entry(when, direction, tuple(fields))


def _version(fields: tuple[str, ...], number: int) -> int:
    version = int(fields[0]) if fields and fields[0].isdecimal() else 0
    if not LOWEST <= version <= HIGHEST:
        raise RecordingError(f"line {number}: server version {version or list(fields)} is not one of {LOWEST} to {HIGHEST}")
    return version


def _after_greeting(entries: list[_Entry]) -> list[_Entry]:
    """What came behind the version reply (two fields) in the same piece of data; the reply is made anew."""
    replies = [place for place, entry in enumerate(entries) if len(entry.fields) == 2]
    return entries[replies[0] + 1 :] if replies else []


def _session(start: float, version: int, entries: list[_Entry], end: float, broken: bool) -> Session:
    made = Session(version, length=max(0.0, end - start), broken=broken)
    for entry in entries:
        if entry.direction == "in" and entry.fields:
            made.sent.append(Sent(max(0.0, entry.when - start), len(made.asked), entry.fields, entry.data))
        elif entry.direction == "out":
            try:
                made.asked.append(_request(entry, version))
            except BadRequest:
                continue
    return made


def _request(entry: _Entry, version: int) -> Request:
    if entry.data is None:
        return parse(list(entry.fields), version)
    return protobuf_requests.parse(int(entry.fields[0]), entry.data, version)
