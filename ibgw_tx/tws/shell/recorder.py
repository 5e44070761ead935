"""`--record FILE`: every frame of the TWS session, both ways, with its time; what a user attaches to a bug report.

One JSON object a line: `{"t":seconds since the start,"d":"in"|"out"|"up"|"down","fields":[…]}`, of a protobuf message
`"id":…,"protobuf":"…"` (base64) instead of `fields`; `up` and `down` are the ends of a
connection and carry its server version, or why it ended. Account numbers are masked, the same number always by the same mask,
unless asked otherwise. Lines go through a buffer to the file; a recording that has reached its limit ends, and says so.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.dialects import PROTOBUF
from ibgw_tx.tws.protobuf import LENGTH, ProtobufError, members, rewrite_texts

#: IB's account numbers: U1234567, DU1234567 (paper), F1234567, DF, I, DI (advisers), with the suffix A for all of an adviser.
_ACCOUNT = re.compile(r"\b(D?[UFI])(\d{5,9})(A?)\b")
_MANAGED_ACCOUNTS = "15"
_MANAGED_ACCOUNTS_PROTOBUF = 215
#: Of the lines; an `up` carries it. 1 had texts alone, and no number.
FORMAT = 2
#: Bytes after which a recording ends.
LIMIT = 1_000_000_000
_BUFFER = 1 << 16


class Masker:
    """Replaces account numbers: `DU1234567` -> `DU0000001`, the next one `DU0000002`; letters and length stay.

    What IB's pattern does not know is known from managedAccounts: `DUM123456` -> `DUM000001`.
    """

    def __init__(self) -> None:
        self._masks: dict[str, str] = {}
        self._named: re.Pattern[str] | None = None
        self._names: set[str] = set()

    def learn(self, accounts: Iterable[str]) -> None:
        """These are accounts, whatever they look like."""
        self._names |= {name for name in accounts if name and not _ACCOUNT.fullmatch(name)}
        if self._names:
            longest_first = sorted(self._names, key=len, reverse=True)
            self._named = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(map(re.escape, longest_first))})(A?)(?![A-Za-z0-9])")

    def __call__(self, text: str) -> str:
        if not text:
            return text
        if self._named is not None:
            text = self._named.sub(self._mask_named, text)
        return _ACCOUNT.sub(self._mask, text)

    def _mask_named(self, found: re.Match[str]) -> str:
        name = found[1]
        letters = re.match(r"[A-Za-z]*", name)
        kind = letters[0] if letters and letters[0] != name else ""
        if name not in self._masks:
            self._masks[name] = f"{len(self._masks) + 1:0{len(name) - len(kind)}d}"
        return kind + self._masks[name] + found[2]

    def _mask(self, found: re.Match[str]) -> str:
        kind, digits, suffix = found.groups()
        number = self._masks.setdefault(kind + digits, f"{len(self._masks) + 1:0{len(digits)}d}")
        return kind + number + suffix


class Recorder:
    """Appends to a file; one for a gateway's life. Raises OSError when the file cannot be opened."""

    log = Logger()

    def __init__(self, path: str, masked: bool, clock: Clock, limit: int = LIMIT) -> None:
        self._file: Any = open_private(path)
        self._mask = Masker() if masked else None
        self._clock = clock
        self._started = clock.seconds()
        self._left = limit
        self.path = path

    def frame(self, direction: str, payload: bytes) -> None:
        """One frame without its length, "in" or "out"."""
        if payload[:1] != b"\0":
            self._write(direction, payload.split(b"\0")[:-1])
            return
        # From server version 201 on four bytes are the message's id.
        kind = int.from_bytes(payload[:4], "big")
        if kind <= PROTOBUF:
            self._write(direction, [b"%d" % kind, *payload[4:].split(b"\0")[:-1]])
        else:
            self._write_protobuf(direction, kind, payload[4:])

    def _write_protobuf(self, direction: str, kind: int, message: bytes) -> None:
        if self._file is None:
            return
        if self._mask is not None:
            try:
                if direction == "in" and kind == _MANAGED_ACCOUNTS_PROTOBUF:
                    self._mask.learn(text.strip() for text in _first_text(message).split(","))
                message = rewrite_texts(message, self._mask)
            except ProtobufError:
                # What cannot be read cannot be masked.
                message = b""
        self._line(direction, {"id": kind, "protobuf": b64encode(message).decode()})

    def event(self, direction: str, *texts: object) -> None:
        """"up" with the server version, or "down" with a reason."""
        self._write(direction, [str(text).encode(errors="backslashreplace") for text in texts])
        self.flush()

    def _write(self, direction: str, fields: list[bytes]) -> None:
        if self._file is None:
            return
        texts = [field.decode("utf-8", "backslashreplace") for field in fields]
        if self._mask is not None:
            if direction == "in" and texts[:1] == [_MANAGED_ACCOUNTS] and len(texts) > 2:
                self._mask.learn(name.strip() for name in texts[2].split(","))
            texts = list(map(self._mask, texts))
        self._line(direction, {"fields": texts, **({"format": FORMAT} if direction == "up" else {})})

    def _line(self, direction: str, what: dict[str, Any]) -> None:
        line = jsontext.dumps({"t": round(self._clock.seconds() - self._started, 6), "d": direction, **what}) + b"\n"
        self._carefully(lambda: self._file.write(line))
        self._left -= len(line)
        if self._left <= 0 and self._file is not None:
            self.log.warn("recording to {path} has reached its limit and ends", path=self.path)
            self.close()

    def flush(self) -> None:
        """Have what is buffered in the file."""
        if self._file is not None:
            self._carefully(self._file.flush)

    def close(self) -> None:
        """End it."""
        if self._file is not None:
            file, self._file = self._file, None
            self._carefully(file.close)

    def _carefully(self, act: Callable[[], object]) -> None:
        """A full disk must cost the recording only: whoever records may be telling the end of a session."""
        try:
            act()
        except OSError as error:
            self.log.error("recording to {path} ends: {error}", path=self.path, error=str(error))
            self._file = None


def _first_text(message: bytes) -> str:
    """The first text of a message; ProtobufError where it is no message."""
    texts = [value for _, wire, value in members(message) if wire == LENGTH and isinstance(value, bytes)]
    return texts[0].decode("utf-8", "replace") if texts else ""


def open_private(path: str) -> Any:
    """Append to a file that nobody but its owner may read. Raises OSError."""
    return open(path, "ab", buffering=_BUFFER, opener=_private)


def _private(path: str, flags: int) -> int:
    opened = os.open(path, flags, 0o600)
    os.fchmod(opened, 0o600)
    return opened
