"""The reactor's way from a socket that has something to read to its transport, without the log context of each event.

Twisted copies two dictionaries and goes through ten calls so that old log lines can say whose event it was. Nothing here has
such lines, and between two books the way is cold: 20 µs of 170. What is read, by whom, in which sequence, and what becomes of an
error or of an end is as in Twisted; all other events (writing, hanging up) go through it.
"""

from __future__ import annotations

import errno
import sys
from select import EPOLLIN
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.python import log

#: What is used here of Twisted's reactor beyond its documented interface; tests look whether a version still has it.
PRIVATE_PARTS = ("_poller", "_selectables", "_doReadOrWrite", "_disconnectSelectable")


def quicken(reactor: Any) -> None:
    """Do so from now on, if it is the reactor that is known here."""
    if type(reactor) is EPollReactor and all(hasattr(reactor, part) for part in PRIVATE_PARTS):
        reactor.doIteration = QuickReads(reactor).wait  # type: ignore[method-assign]


class QuickReads:
    """`wait` is the reactor's doIteration."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def wait(self, timeout: float | None) -> None:
        """Wait for events, `timeout` seconds at most, and have them taken."""
        reactor = self._reactor
        selectables = reactor._selectables
        try:
            found = reactor._poller.poll(-1 if timeout is None else timeout, len(selectables))
        except OSError as error:
            if error.errno == errno.EINTR:
                return
            raise
        for descriptor, event in found:
            selectable = selectables.get(descriptor)
            if selectable is None:
                # An event before it in this round has closed it.
                continue
            if event == EPOLLIN:
                try:
                    why = selectable.doRead()
                except BaseException:
                    why = sys.exc_info()[1]
                    log.err()
                if why:
                    reactor._disconnectSelectable(selectable, why, True)
            else:
                log.callWithLogger(selectable, reactor._doReadOrWrite, selectable, descriptor, event)
