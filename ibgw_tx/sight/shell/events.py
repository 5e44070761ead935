"""Server-sent events: the page's document, once a second, the same bytes to every page that is open.

Nothing is made while no page is open. A reader that does not take what it was sent gets nothing more meanwhile, and is cut off
after PATIENCE: what waits for it is at most the transport's buffer and one document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: Pages open at once.
READERS = 16
#: Seconds between two documents, and until a reader that takes nothing is cut off.
INTERVAL, PATIENCE = 1.0, 10.0


@implementer(IPushProducer)
class _Reader:
    def __init__(self, request: Any, clock: Clock) -> None:
        self.request = request
        self.blocked_since: float | None = None
        self._clock = clock

    def pauseProducing(self) -> None:
        self.blocked_since = self._clock.seconds()

    def resumeProducing(self) -> None:
        self.blocked_since = None

    def stopProducing(self) -> None:
        """The connection is gone; notifyFinish tells."""


class Events:
    """The open pages. `document()` gives what they are shown."""

    log = Logger()

    def __init__(self, document: Callable[[], dict[str, Any] | None], clock: Clock) -> None:
        #: Readers cut off because they were too slow.
        self.cut_off = 0
        self._document = document
        self._clock = clock
        self._readers: list[_Reader] = []

    @property
    def has_room(self) -> bool:
        """Whether one more page may be open."""
        return len(self._readers) < READERS

    @property
    def count(self) -> int:
        """Pages open."""
        return len(self._readers)

    def join(self, request: Any) -> None:
        """A page is open: it gets the document at once, and then with the others."""
        reader = _Reader(request, self._clock)
        self._readers.append(reader)
        request.notifyFinish().addBoth(lambda _: self._leave(reader)).addErrback(
            lambda failure: self.log.failure("a status page was not closed", failure)
        )
        request.registerProducer(reader, True)
        request.write(b"retry: 2000\n\n" + self._event())

    def tick(self) -> None:
        """Once a second."""
        if not self._readers:
            return
        event, now = self._event(), self._clock.seconds()
        for reader in tuple(self._readers):
            if reader.blocked_since is None:
                reader.request.write(event)
            elif now - reader.blocked_since >= PATIENCE:
                self.cut_off += 1
                self._leave(reader)
                reader.request.transport.abortConnection()

    def close(self) -> None:
        """Every page is closed; a browser asks again by itself."""
        for reader in tuple(self._readers):
            self._leave(reader)
            reader.request.transport.abortConnection()

    def _event(self) -> bytes:
        document = self._document()
        # None, where no gateway works, is `null`: the page says so.
        return b"data: %b\n\n" % jsontext.dumps(document)

    def _leave(self, reader: _Reader) -> None:
        if reader in self._readers:
            self._readers.remove(reader)
