"""From the TCP connection to READY: who says what, and how long it may take.

Phases (tws-facts 1.1): the TCP connection is up and our range of versions is sent (GREETING); TWS has told its version and
startApi is sent (STARTING); nextValidId and managedAccounts have both come, in either order (READY); CLOSED is final. Nothing
but startApi may be sent before READY. Every phase before READY has one common limit, because a TWS that waits for a login or
a click accepts the connection and says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from ibgw_tx.model import events
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import MAX_VERSION, MIN_VERSION
from ibgw_tx.tws.frames import fields_of, frame

READY_LIMIT = 15.0  # seconds from TCP to READY

#: Older servers are refused: ibapi 9.81 cannot send orders to the oldest, and bars came in another layout before 124.
OLDEST_VERSION = 145

def greeting(newest: int) -> bytes:
    """What is said first: the word API and the range of versions we ask for."""
    return b"API\0" + frame(b"v%d..%d" % (MIN_VERSION, newest))


class Phase(Enum):
    """Where a session stands."""

    GREETING = "greeting"
    STARTING = "starting"
    READY = "ready"
    CLOSED = "closed"


class Handshake:
    """The phase of one session. `start_api(version)` sends startApi, `failed(cause)` is told why it cannot get ready.

    `newest` is the highest server version that is offered.
    """

    log = Logger()

    def __init__(
        self, clock: Clock, start_api: Callable[[int], None], failed: Callable[[str], None], newest: int = MAX_VERSION
    ) -> None:
        self.phase = Phase.GREETING
        self.newest = newest
        #: TWS's host:port, for the log.
        self.address = "?"
        #: The time in TWS's greeting, in the zone of its login.
        self.tws_time = ""
        self.accounts: tuple[str, ...] = ()
        self.next_valid_id: int | None = None
        self._clock = clock
        self._start_api = start_api
        self._failed = failed
        self._limit: Any = None

    def begin(self) -> None:
        """The greeting has been sent: the limit runs."""
        self._limit = self._clock.callLater(READY_LIMIT, self._too_late)

    def close(self) -> Phase:
        """The connection is gone; gives the phase it ended in."""
        was, self.phase = self.phase, Phase.CLOSED
        self._end_limit()
        return was

    def take_version(self, frames: list[bytes]) -> list[bytes]:
        """Take frames up to the version reply (two fields; IB's client lets others pass before it); give the rest."""
        for index, payload in enumerate(frames):
            fields = fields_of(payload)
            if len(fields) == 2:
                self.tws_time = fields[1].decode("latin-1")
                self._start(fields[0])
                return frames[index + 1 :] if self.phase is Phase.STARTING else []
            self.log.info("before its version TWS at {address} said {message!r}", address=self.address, message=payload[:200])
        return []

    def heard(self, event: Any) -> bool:
        """Note what belongs to the handshake; True when `event` has made the session READY."""
        if isinstance(event, events.NextValidId):
            self.next_valid_id = event.order_id
        elif isinstance(event, events.ManagedAccounts):
            self.accounts = event.accounts
        if self.phase is not Phase.STARTING or self.next_valid_id is None or not self.accounts:
            return False
        self.phase = Phase.READY
        self._end_limit()
        return True

    def _start(self, text: bytes) -> None:
        version = int(text) if text.isdigit() else 0
        if not OLDEST_VERSION <= version <= self.newest:
            told = text[:40].decode("latin-1")
            self._failed(f"its server version is {told!r}; the gateway speaks {OLDEST_VERSION}..{self.newest}")
            return
        self.phase = Phase.STARTING
        self._start_api(version)

    def _too_late(self) -> None:
        if self.phase is Phase.GREETING:
            self._failed(
                f"no answer within {READY_LIMIT:.0f} s;"
                " does TWS wait for a login or a click, is TWS_API_PORT its API's port?"
            )
        else:
            self._failed(f"no nextValidId within {READY_LIMIT:.0f} s; TWS has greeted, and is not logged in yet")

    def _end_limit(self) -> None:
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
