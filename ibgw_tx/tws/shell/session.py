"""The API session with TWS: one TCP connection from the greeting to its loss. `link` makes another, always.

Phases (tws-facts 1.1): the TCP connection is up and our range of versions is sent (GREETING); TWS has told its version and
startApi is sent (STARTING); nextValidId and managedAccounts have both come, in either order (READY); CLOSED is final. Nothing
but startApi may be sent before READY. Every phase before READY has one common limit, because a TWS that waits for a login or
a click accepts the connection and says nothing. What goes out passes `outgoing`; signs of life are `liveness`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from ibgw_tx.model import events
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws import codes
from ibgw_tx.tws.api.client import MAX_VERSION, MIN_VERSION, TWSClient
from ibgw_tx.tws.frames import FrameSplitter, FrameTooLong, fields_of, frame
from ibgw_tx.tws.shell.liveness import ALIVE_WITHIN, Liveness
from ibgw_tx.tws.shell.outgoing import Maker, Outgoing
from ibgw_tx.tws.shell.recorder import Recorder

READY_LIMIT = 15.0  # seconds from TCP to READY

#: Older servers are refused: ibapi 9.81 cannot send orders to the oldest, and bars came in another layout before 124.
OLDEST_VERSION = 145

#: Bad messages that are logged each; after them only every thousandth, all are counted.
_BAD_LOGGED = 10


class Phase(Enum):
    """Where a session stands."""

    GREETING = "greeting"
    STARTING = "starting"
    READY = "ready"
    CLOSED = "closed"


class SessionListener(Protocol):
    """Who is told what a session does."""

    def sessionReady(self, session: IBSession) -> None: ...

    def sessionLost(self, session: IBSession, reason: str) -> None: ...

    def told(self, event: Any) -> None: ...

    def turnEnded(self) -> None: ...


class IBSession(TwistedProtocol):
    """One connection to TWS. It owns its framing, decoder, pacing and phase; nothing of it survives connectionLost."""

    log = Logger()
    transport: Any
    factory: Any

    def __init__(
        self,
        client_id: int,
        listener: SessionListener,
        hot: Mapping[bytes, Callable[[list[bytes]], None]],
        clock: Clock,
        recorder: Recorder | None = None,
    ) -> None:
        self.phase = Phase.GREETING
        self.client_id = client_id
        self.accounts: tuple[str, ...] = ()
        self.next_valid_id: int | None = None
        self.bad_messages = 0
        #: Messages that still waited for their turn when the link was lost.
        self.unsent: list[bytes] = []
        self._listener = listener
        self._hot = hot
        self._clock = clock
        self._recorder = recorder
        self._splitter = FrameSplitter()
        self._outgoing = Outgoing(clock, lambda: self.client.server_version, recorder)
        self._ready_limit: Any = None
        self._cause = ""
        self.client = TWSClient(self, client_id, self._told)
        self._liveness = Liveness(clock, self.client.ask_current_time, self._silent_too_long)

    # Life.

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        greeting = b"API\0" + frame(b"v%d..%d" % (MIN_VERSION, MAX_VERSION))
        self.transport.write(greeting)
        self._outgoing.open(self.transport)
        self._ready_limit = self._clock.callLater(READY_LIMIT, self._not_ready)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        was, self.phase = self.phase, Phase.CLOSED
        if self._ready_limit is not None and self._ready_limit.active():
            self._ready_limit.cancel()
        self._liveness.stop()
        self.unsent = self._outgoing.close()
        if self.unsent:
            self.log.warn("{count} messages to TWS were not sent when the link was lost", count=len(self.unsent))
        if self._recorder is not None and was is not Phase.GREETING:
            self._recorder.event("down", self._cause or reason.getErrorMessage())
        why = self._cause or f"{reason.getErrorMessage()} (while {was.value})"
        self.factory.say_once(f"TWS session ended: {why}")
        self._listener.sessionLost(self, why)

    def abort(self, cause: str) -> None:
        """Drop the link at once, because of `cause`; the factory connects anew."""
        self._cause = self._cause or cause
        self.transport.abortConnection()

    def _not_ready(self) -> None:
        self.abort(f"no {'answer' if self.phase is Phase.GREETING else 'nextValidId'} within {READY_LIMIT:.0f} s")

    # Bytes in.

    def dataReceived(self, data: bytes) -> None:
        self._liveness.heard()
        try:
            frames = self._splitter.feed(data)
        except FrameTooLong as error:
            self.log.error("TWS stream out of step: {error}; dropping the link", error=str(error))
            self.abort(str(error))
            return
        if self._recorder is not None:
            for payload in frames:
                self._recorder.frame("in", payload)
        if self.phase is Phase.GREETING:
            frames = self._greeted(frames)
        hot = self._hot
        for payload in frames:
            fields = payload.split(b"\0")
            try:
                taken = hot.get(fields[0])
                if taken is not None:
                    taken(fields)
                else:
                    self.client.decode(fields[:-1])
            except Exception:
                self._skip(payload)
        try:
            self._listener.turnEnded()
        except Exception:
            # Out of dataReceived it would end the session.
            self.log.failure("what TWS has told was not passed on")

    def _greeted(self, frames: list[bytes]) -> list[bytes]:
        """Take frames up to the version reply (two fields; IB's client lets others pass before it); give the rest."""
        for index, payload in enumerate(frames):
            fields = fields_of(payload)
            if len(fields) == 2:
                self._start(fields)
                return frames[index + 1 :] if self.phase is Phase.STARTING else []
            self.log.info("before its version TWS said {message!r}", message=payload[:200])
        return []

    def _start(self, fields: list[bytes]) -> None:
        version = int(fields[0]) if fields[0].isdigit() else 0
        if not OLDEST_VERSION <= version <= MAX_VERSION:
            told = fields[0][:40].decode("latin-1")
            self.abort(f"its server version is {told!r}; the gateway speaks {OLDEST_VERSION}..{MAX_VERSION}")
            return
        self.phase = Phase.STARTING
        if self._recorder is not None:
            self._recorder.event("up", version)
        self.client.greet(version)

    def _skip(self, payload: bytes) -> None:
        self.bad_messages += 1
        if self.bad_messages <= _BAD_LOGGED or self.bad_messages % 1000 == 0:
            self.log.failure(
                "message from TWS skipped (number {count} of this session): {message!r}",
                count=self.bad_messages,
                message=payload[:400],
            )

    def _told(self, event: Any) -> None:
        if isinstance(event, events.NextValidId):
            self.next_valid_id = event.order_id
        elif isinstance(event, events.ManagedAccounts):
            self.accounts = event.accounts
        elif isinstance(event, events.Notice) and event.code == codes.CLIENT_ID_IN_USE:
            self._cause = f"326: client id {self.client_id} is in use; waiting for it"
        self._listener.told(event)
        if self.phase is Phase.STARTING and self.next_valid_id is not None and self.accounts:
            self._become_ready()

    def _become_ready(self) -> None:
        self.phase = Phase.READY
        self._ready_limit.cancel()
        self._liveness.start()
        self.factory.forget_failure()
        self.log.info(
            "TWS session ready: client id {client_id}, server version {version}, next order id {order_id}, accounts {accounts}",
            client_id=self.client_id,
            version=self.client.server_version,
            order_id=self.next_valid_id,
            accounts=",".join(self.accounts),
        )
        self._listener.sessionReady(self)

    # Life signs.

    @property
    def is_alive(self) -> bool:
        """READY, and heard from within ALIVE_WITHIN seconds."""
        return self.phase is Phase.READY and self.silence < ALIVE_WITHIN

    @property
    def silence(self) -> float:
        """Seconds since the last byte from TWS."""
        return self._liveness.silence

    def _silent_too_long(self, silence: float) -> None:
        self.abort(f"TWS has been silent for {silence:.0f} s")

    # What EClient needs of a connection.

    def isConnected(self) -> bool:
        """Whether EClient may encode; messages before READY are ours alone (startApi)."""
        return self.phase in (Phase.STARTING, Phase.READY)

    def sendMsg(self, msg: bytes) -> None:
        """Queue one framed message in its lane and send what may go. Raises PacingFull, with nothing queued."""
        self._outgoing.send(msg)

    def send_orders(self, messages: Sequence[bytes]) -> None:
        """Queue framed placeOrder messages, all or none. Raises PacingFull."""
        self._outgoing.send_orders(messages)

    def order(self, count: int, make: Maker, about: frozenset[object] = frozenset()) -> Deferred[None]:
        """Send what a command orders when TWS's message rate allows; see Outgoing.order."""
        return self._outgoing.order(count, make, about)

    def withdraw_orders(self, error: Exception, about: object = None) -> int:
        """Refuse orders that still wait, all or those about an order id or name; how many."""
        return self._outgoing.withdraw_orders(error, about)

    def withdraw(self) -> list[bytes]:
        """Everything that still waits for TWS's message rate, taken away: the session is about to be ended."""
        return self._outgoing.withdraw()

    def disconnect(self) -> None:
        """EClient's wish to end."""
        self.abort("disconnected by the API client")
