"""Replies that nobody waits for are read by many at a time, not in a turn of the reactor of their own.

While books go out a turn for ten counted replies costs as much as the books of a quiet market. So the reactor stops watching the
socket while commands keep leaving. A look ten times a second reads what has come, and so does a sending behind which many are
unanswered; behind, because no book has to wait for that. When nothing has left between two looks, or somebody waits for room,
the reactor watches again, and a loss is seen at once as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Seconds between two looks: as late as a loss of the connection may be seen while commands leave.
LOOK = 0.1


class LateReading:
    """Over a TCP transport; does nothing over any other (a TLS layer's must not be read past the layer).

    `call_later` is the reactor's.
    """

    def __init__(self, transport: Any, call_later: Callable[..., Any]) -> None:
        self._transport = transport
        self._call_later = call_later
        self._can = hasattr(transport, "doRead") and hasattr(transport, "stopReading")
        self._look_at: Any = None
        self._sent = False

    def sent(self, many: bool) -> None:
        """Commands have left; `many` say that replies should be read by now."""
        if not self._can:
            return
        self._sent = True
        if self._look_at is not None:
            if many:
                self._read()
        elif self._is_open():
            self._transport.stopReading()
            self._look_at = self._call_later(LOOK, self._look)

    def watch(self) -> None:
        """Somebody waits for a reply: the reactor reads."""
        if self._look_at is not None:
            self._end()
            if self._is_open():
                self._transport.startReading()

    def stop(self) -> None:
        """The connection is gone."""
        self._can = False
        if self._look_at is not None:
            self._end()

    def _end(self) -> None:
        looking, self._look_at = self._look_at, None
        if looking.active():
            looking.cancel()

    def _look(self) -> None:
        sent, self._sent = self._sent, False
        if not sent:
            self.watch()
            return
        self._look_at = self._call_later(LOOK, self._look)
        self._read()

    def _read(self) -> None:
        # What it gives is the connection's end: the reactor finds it out as it always does.
        if not self._is_open() or self._transport.doRead() is not None:
            self.watch()

    def _is_open(self) -> bool:
        return bool(self._transport.connected and not self._transport.disconnecting)
