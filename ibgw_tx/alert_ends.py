"""When an alert is over that nobody else says is over: one of a former life, and that of a farm that TWS speaks of no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ibgw_tx.books.shell.subscriptions import Subscriptions
from ibgw_tx.commands.shell.alerts import Alerts
from ibgw_tx.tws.api.client import TWSClient

#: Seconds of a session after which a farm that TWS has not called broken in it is not.
FARM_SILENCE = 60.0


class AlertEnds:
    """Looks once a second.

    `is_broken(farm)` speaks of this session. `books_read` and `bars_read` say whether Redis has told what was subscribed in a
    former life; `bars` are the channels of bars.
    """

    def __init__(
        self,
        alerts: Alerts,
        is_broken: Callable[[str], bool],
        books: Iterable[Subscriptions],
        books_read: Callable[[], bool],
        bars: Mapping[str, object],
        bars_read: Callable[[], bool],
        seconds: Callable[[], float],
    ) -> None:
        self._alerts = alerts
        self._is_broken = is_broken
        self._books = {each.kind: each for each in books}
        self._books_read, self._bars_read = books_read, bars_read
        self._bars = bars
        self._seconds = seconds
        #: When the session, or its link to IB, was there.
        self._since: float | None = None

    def link_up(self, client: TWSClient) -> None:
        """TWS tells its farms with a session, and with its link."""
        self._since = self._seconds()

    def link_down(self, session_lost: bool) -> None:
        """Nothing is known of farms."""
        self._since = None

    def redis_up(self) -> None:
        """What was said while it was away is told, and what stands is read."""
        self._alerts.redis_up()

    def look(self) -> None:
        """End what is over."""
        if self._since is not None and self._seconds() - self._since >= FARM_SILENCE:
            for farm in self._alerts.standing("farm"):
                if not self._is_broken(farm):
                    self._alerts.changed("farm", farm, False, "TWS does not say any more that it is broken")
        for kind, what in tuple(self._alerts.former):
            ending = self._feed_over(what) if kind == "feed" else "the lease is held" if kind == "lease" else ""
            if ending:
                self._alerts.changed(kind, what, False, ending)

    def _feed_over(self, what: str) -> str:
        """Why a feed's alert of a former life is over; "" while it is not."""
        kind, _, name = what.partition(" ")
        if kind not in self._books:
            # Whether bars come again is said by themselves.
            return "it is not subscribed any more" if self._bars_read() and name not in self._bars else ""
        subscription = self._books[kind].wanted.get(name)
        if subscription is None:
            return "it is not subscribed any more" if self._books_read() else ""
        return "it has rows again" if subscription.feed.rows else ""
