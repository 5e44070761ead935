"""What comes in from TWS: bytes to messages, each to whom it concerns. Hot: depth rows pass here by tens of thousands a second.

A message that cannot be taken is skipped, counted and logged; the others of its read go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from ibgw_tx.model import events
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.hot import HotProtobuf
from ibgw_tx.tws.dialects import PROTOBUF
from ibgw_tx.tws.frames import FrameSplitter, FrameTooLong
from ibgw_tx.tws.protobuf import ProtobufError, first_number
from ibgw_tx.tws.shell.recorder import Recorder
from ibgw_tx.tws.traffic import KINDS, Traffic

#: Messages that are decoded straight from their fields, by message id in digits.
HotMessages: TypeAlias = Mapping[bytes, Callable[[list[bytes]], None]]

#: What carries out the first messages as far as it knows them, and gives the one that it leaves: one for text, one for raw ids.
Shortcuts: TypeAlias = tuple[Callable[[Iterator[bytes]], bytes | None], Callable[[Iterator[bytes]], bytes | None]]

#: One message in so many may be read in full where "nearly all" took a shortcut.
_ALL = 32
#: Bad messages that are logged each; after them only every thousandth, all are counted.
_BAD_LOGGED = 10


class Incoming:
    """One session's ear. `decode` takes the fields of every message that is not hot, `decode_protobuf` the id and the bytes."""

    log = Logger()

    def __init__(
        self,
        hot: HotMessages,
        decode: Callable[[list[bytes]], None],
        told: Callable[[Any], None],
        recorder: Recorder | None = None,
        hot_protobuf: HotProtobuf | None = None,
        decode_protobuf: Callable[[int, bytes], None] | None = None,
        traffic: Traffic | None = None,
        shortcuts: Shortcuts | None = None,
    ) -> None:
        self._short_text, self._short_raw = shortcuts or (_next, _next)
        self._traffic = traffic or Traffic()
        self.bad_messages = 0
        #: Messages that were decoded in full, which takes long.
        self.slow = 0
        #: Whether messages begin with four bytes that are their id (server version 201 and later).
        self.raw = False
        #: TWS's host:port, for the log.
        self.address = "?"
        self._hot = hot
        self._hot_protobuf = hot_protobuf or {}
        self._decode_protobuf = decode_protobuf
        self._decode = decode
        self._told = told
        self._recorder = recorder
        self._splitter = FrameSplitter()

    def frames(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes. Raises FrameTooLong, with those before it: the stream cannot be read on."""
        if self._recorder is None:
            return self._splitter.feed(data)
        try:
            return self._recorded(self._splitter.feed(data))
        except FrameTooLong as error:
            self._recorded(error.frames)
            raise

    def _recorded(self, frames: list[bytes]) -> list[bytes]:
        if self._recorder is not None:
            for payload in frames:
                self._recorder.frame("in", payload)
        return frames

    def dispatch(self, frames: list[bytes]) -> bool:
        """Hand each message to its taker; says whether nearly all of them took a shortcut, and so next to no time."""
        # Once for all of them: what is hot is not counted one by one.
        self._traffic.messages += len(frames)
        left = iter(frames)
        first = self._short_raw(left) if self.raw else self._short_text(left)
        if first is None:
            return True
        in_full = self._take_rest_raw(first, left) if self.raw else self._take_rest_text(first, left)
        return in_full * _ALL <= len(frames)

    def _take_rest_text(self, first: bytes, left: Iterator[bytes]) -> int:
        """Take the first that no shortcut takes, and what is left behind it; how many had to be read in full."""
        in_full = 0
        hot, received, shortcut = self._hot, self._traffic.received, self._short_text
        payload: bytes | None = first
        while payload is not None:
            in_full += 1
            fields = payload.split(b"\0")
            try:
                taken = hot.get(fields[0])
                if taken is not None:
                    taken(fields)
                else:
                    self.slow += 1
                    received[KINDS.get(fields[0], "other")] += 1
                    self._decode(fields[:-1])
            except Exception as error:
                self._skip(payload)
                self._told(events.Unreadable(tuple(fields[:-1]), f"{type(error).__name__}: {error}"))
            payload = shortcut(left)
        return in_full

    def _take_rest_raw(self, first: bytes, left: Iterator[bytes]) -> int:
        """What kind a message is, its id alone says: a server may answer in either, whatever it was asked in."""
        in_full = 0
        hot, shortcut = self._hot_protobuf, self._short_raw
        payload: bytes | None = first
        while payload is not None:
            in_full += 1
            try:
                taken = hot.get(payload[:4])
                if taken is not None:
                    parse, message, take = taken
                    parse(payload[4:])
                    take(message)
                else:
                    self._take_raw(payload)
            except Exception as error:
                self._skip(payload)
                self._told(events.Unreadable(_told_fields(payload), f"{type(error).__name__}: {error}"))
            payload = shortcut(left)
        return in_full

    def _take_raw(self, payload: bytes) -> None:
        self.slow += 1
        if len(payload) < 4:
            raise ValueError("a message without an id")
        kind = int.from_bytes(payload[:4], "big")
        if kind > PROTOBUF:
            assert self._decode_protobuf is not None
            self._traffic.received[KINDS.get(b"%d" % (kind - PROTOBUF), "other")] += 1
            self._decode_protobuf(kind, payload[4:])
            return
        fields = [b"%d" % kind, *payload[4:].split(b"\0")]
        taken = self._hot.get(fields[0])
        if taken is not None:
            taken(fields)
        else:
            self._traffic.received[KINDS.get(fields[0], "other")] += 1
            self._decode(fields[:-1])

    def _skip(self, payload: bytes) -> None:
        self.bad_messages += 1
        self._traffic.unreadable += 1
        if self.bad_messages <= _BAD_LOGGED or self.bad_messages % 1000 == 0:
            self.log.failure(
                "message from TWS at {address} skipped (number {count} of this session): {message!r}",
                address=self.address,
                count=self.bad_messages,
                message=payload[:400],
            )


def _next(frames: Iterator[bytes]) -> bytes | None:
    """No shortcut."""
    return next(frames, None)


def _told_fields(payload: bytes) -> tuple[bytes, ...]:
    """A raw message as far as it can be read: its id and, of protobuf, its first number, which is a request's."""
    kind = int.from_bytes(payload[:4], "big")
    if kind <= PROTOBUF:
        return (b"%d" % kind, *payload[4:].split(b"\0")[:-1])
    try:
        number = first_number(payload[4:])
    except ProtobufError:
        number = None
    return (b"%d" % kind, *([b"%d" % number] if number is not None else []))
