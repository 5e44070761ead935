"""The end of the main account's data that nobody here has asked for.

TWS serves one account at a time: another program that asks for another account ends ours (2100), or keeps us from it (2101;
tws-facts 7). It is asked for again at once; when that does not last TAKEN_AWAY seconds, nothing of it is vouched for, and it is
asked for again only after such a time.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.accounts.shell.download import Download
from ibgw_tx.model import events
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: Seconds within which a second end means that the data is taken away.
TAKEN_AWAY = 60.0


class DataEnded:
    """`ask_again(download)` begins it anew, `give_up(download)` is told that it is not vouched for any more."""

    log = Logger()

    def __init__(
        self, clock: Clock, ask_again: Callable[[Download], None], give_up: Callable[[Download], None], address: str
    ) -> None:
        """`address`: TWS's host:port, for the log."""
        self._address = address
        self._clock = clock
        self._ask_again = ask_again
        self._give_up = give_up
        self._at: float | None = None

    def session_lost(self) -> None:
        """Another session begins without a history."""
        self._at = None

    def noticed(self, notice: events.Notice, download: Download) -> None:
        """TWS says that the data has ended."""
        now = self._clock.seconds()
        repeated = self._at is not None and now - self._at < TAKEN_AWAY
        self._at = now
        if not repeated:
            self.log.warn(
                "account {account}: TWS at {address} has ended its data ({code} {text}); asking again",
                account=download.account,
                address=self._address,
                code=notice.code,
                text=notice.text,
            )
            self._ask_again(download)
            return
        self.log.warn(
            "account {account}: TWS at {address} keeps ending its data ({code}): another program asks for another account;"
            " status false",
            account=download.account,
            address=self._address,
            code=notice.code,
        )
        self._give_up(download)
        self._clock.callLater(TAKEN_AWAY, self._ask_again, download)
