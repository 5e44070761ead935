"""A fence between two questions whose answers carry no id: what TWS said before it belongs to the older one.

TWS answers in order. So behind an unsubscription its time is asked for, which has an answer; what comes after that answer belongs
to the next subscription. Signs of life ask for the time too: as many answers as questions have to have come.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from ibgw_tx.tws.api.client import TWSClient


class Fence:
    """One session's. `answered` is called with each time that TWS tells."""

    def __init__(self) -> None:
        self._answered = 0
        self._waiting: list[tuple[int, Deferred[None]]] = []

    def passed(self, client: TWSClient) -> Deferred[None]:
        """Fires when TWS has answered all that was sent before; it may never: the caller has a limit. Raises PacingFull."""
        client.ask_current_time()
        done: Deferred[None] = Deferred()
        self._waiting.append((client.times_asked, done))
        return done

    def answered(self) -> None:
        """TWS has told its time."""
        self._answered += 1
        passed = [done for asked, done in self._waiting if asked <= self._answered]
        self._waiting = [(asked, done) for asked, done in self._waiting if asked > self._answered]
        for done in passed:
            done.callback(None)

    def session_lost(self) -> None:
        """Nothing is answered any more; whoever waits is forgotten."""
        self._answered = 0
        self._waiting.clear()
