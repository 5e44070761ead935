"""What comes in from TWS: bytes to messages, each to whom it concerns. Hot: depth rows pass here by tens of thousands a second.

A message that cannot be taken is skipped, counted and logged; the others of its read go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ibgw_tx.model import events
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.frames import FrameSplitter, FrameTooLong
from ibgw_tx.tws.shell.recorder import Recorder

#: Messages that are decoded straight from their fields, by message id.
HotMessages: TypeAlias = Mapping[bytes, Callable[[list[bytes]], None]]

#: Bad messages that are logged each; after them only every thousandth, all are counted.
_BAD_LOGGED = 10


class Incoming:
    """One session's ear. `decode` takes the fields of every message that is not hot."""

    log = Logger()

    def __init__(
        self,
        hot: HotMessages,
        decode: Callable[[list[bytes]], None],
        told: Callable[[Any], None],
        recorder: Recorder | None = None,
    ) -> None:
        self.bad_messages = 0
        #: TWS's host:port, for the log.
        self.address = "?"
        self._hot = hot
        self._decode = decode
        self._told = told
        self._recorder = recorder
        self._splitter = FrameSplitter()

    def frames(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes. Raises FrameTooLong, with those before it: the stream cannot be read on."""
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

    def dispatch(self, frames: list[bytes]) -> None:
        """Hand each message to its taker."""
        hot = self._hot
        for payload in frames:
            fields = payload.split(b"\0")
            try:
                taken = hot.get(fields[0])
                if taken is not None:
                    taken(fields)
                else:
                    self._decode(fields[:-1])
            except Exception as error:
                self._skip(payload)
                self._told(events.Unreadable(tuple(fields[:-1]), f"{type(error).__name__}: {error}"))

    def _skip(self, payload: bytes) -> None:
        self.bad_messages += 1
        if self.bad_messages <= _BAD_LOGGED or self.bad_messages % 1000 == 0:
            self.log.failure(
                "message from TWS at {address} skipped (number {count} of this session): {message!r}",
                address=self.address,
                count=self.bad_messages,
                message=payload[:400],
            )
