"""The API session with TWS: one TCP connection from the greeting to its loss. `link` makes another, always.

It puts its parts together and is the connection that ibapi's client wants: `handshake` brings it to READY, `incoming` takes what
TWS says, `outgoing` sends at the rate IB allows, `liveness` watches for signs of life. Nothing of it survives connectionLost.
"""

from __future__ import annotations

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
from ibgw_tx.tws.api.hot import HotProtobuf
from ibgw_tx.tws.api.installed import describe
from ibgw_tx.tws.dialects import RAW_IDS, missing
from ibgw_tx.tws.frames import FrameTooLong
from ibgw_tx.tws.pacing import RATE
from ibgw_tx.tws.reads import SMALL, next_read
from ibgw_tx.tws.shell.flood import FloodReads
from ibgw_tx.tws.shell.handshake import Handshake, Phase, greeting
from ibgw_tx.tws.shell.incoming import HotMessages, Incoming, Shortcuts
from ibgw_tx.tws.shell.liveness import ALIVE_WITHIN, Liveness
from ibgw_tx.tws.shell.outgoing import Maker, Outgoing
from ibgw_tx.tws.shell.recorder import Recorder
from ibgw_tx.tws.traffic import Traffic

#: A look-up in an enumeration is a call.
_GREETING = Phase.GREETING


class SessionListener(Protocol):
    """Who is told what a session does."""

    def sessionReady(self, session: IBSession) -> None: ...

    def sessionLost(self, session: IBSession, reason: str) -> None: ...

    def told(self, event: Any) -> None: ...

    def turnEnded(self) -> None: ...

    def requestSent(self, req_id: int) -> None: ...


class IBSession(TwistedProtocol):
    """One connection to TWS."""

    log = Logger()
    transport: Any
    factory: Any

    def __init__(
        self,
        client_id: int,
        listener: SessionListener,
        hot: HotMessages,
        clock: Clock,
        recorder: Recorder | None = None,
        rate: int = RATE,
        newest: int = MAX_VERSION,
        hot_protobuf: HotProtobuf | None = None,
        traffic: Traffic | None = None,
        shortcuts: Shortcuts | None = None,
    ) -> None:
        """`newest`: the highest server version to offer."""
        self.client_id = client_id
        #: Seconds of the clock at which it got ready.
        self.ready_at = 0.0
        #: Whether what is sent now is the gateway's own need, though bots ask the same.
        self.own = False
        self._listener = listener
        self._recorder = recorder
        self._clock = clock
        self._cause = ""
        self._flood = FloodReads()
        self.client = TWSClient(self, client_id, self._told)
        self._handshake = Handshake(clock, self._start_api, self.abort, newest)
        raw = hot_protobuf, self.client.decode_protobuf
        self._incoming = Incoming(hot, self.client.decode, listener.told, recorder, *raw, traffic, shortcuts)
        self._outgoing = Outgoing(clock, recorder, rate, listener.requestSent, traffic)
        self._liveness = Liveness(clock, self.client, lambda silence: self.abort(f"TWS has been silent for {silence:.0f} s"))

    # Life.

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        self._handshake.address = self._incoming.address = self.factory.address
        self.transport.write(greeting(self._handshake.newest))
        self._outgoing.open(self.transport)
        self._handshake.begin()
        self._read(SMALL)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        was = self._handshake.close()
        self._liveness.stop()
        self._outgoing.close()
        if self._recorder is not None and was is not Phase.GREETING:
            self._recorder.event("down", self._cause or reason.getErrorMessage())
        why = self._cause or f"{reason.getErrorMessage().rstrip('.')} (while {was.value})"
        self.factory.session_ended(why)
        self._listener.sessionLost(self, why)
        # Marks of trust go first, then who waits is told.
        unsent = self.withdraw()
        if unsent:
            self.log.warn(
                "TWS at {address}: {count} messages were not sent when the link was lost",
                address=self.factory.address,
                count=unsent,
            )

    def abort(self, cause: str) -> None:
        """Drop the link at once, because of `cause`; the factory connects anew."""
        self._cause = self._cause or cause
        self.transport.abortConnection()

    def _start_api(self, version: int) -> None:
        if self._recorder is not None:
            self._recorder.event("up", version)
        self.client.connection_time = self._handshake.tws_time
        self._incoming.raw = version >= RAW_IDS
        self.client.greet(version)

    # What comes in.

    def dataReceived(self, data: bytes) -> None:
        incoming, size = self._incoming, len(data)
        slow = incoming.slow
        self._liveness.heard()
        self._flood.reads += 1
        try:
            frames = incoming.frames(data)
        except FrameTooLong as error:
            self._out_of_step(error)
        else:
            self._take(frames, size)
        self._read(next_read(self._read_size, size, incoming.slow - slow))

    def _read(self, size: int) -> None:
        """How much is read at a time: Twisted's own attribute, which it looks at before each read."""
        self._read_size = self.transport.bufferSize = size

    def _out_of_step(self, error: FrameTooLong) -> None:
        # What was whole before it is as true as ever.
        self._take(error.frames)
        self.log.error(
            "TWS at {address}: stream out of step: {error}; dropping the link", address=self.factory.address, error=str(error)
        )
        greeting = self.phase is Phase.GREETING
        self.abort(f"{error}; is TWS_API_PORT the port of its API?" if greeting else str(error))

    def _take(self, frames: list[bytes], size: int = 0) -> None:
        """`size`: bytes of the read that they came in."""
        if self._handshake.phase is _GREETING:
            frames = self._handshake.take_version(frames)
        if self._incoming.dispatch(frames) and size >= self._read_size and self._flood.went_on(self.transport, size):
            return
        self._flood.reads = 0
        try:
            self._listener.turnEnded()
        except Exception:
            # Out of dataReceived it would end the session.
            self.log.failure("what TWS has told was not passed on")

    def _told(self, event: Any) -> None:
        if isinstance(event, events.Notice) and event.code == codes.CLIENT_ID_IN_USE:
            self._cause = f"326: client id {self.client_id} is in use; waiting for it"
        elif isinstance(event, events.CurrentTime):
            self._liveness.told_time()
        self._listener.told(event)
        if self._handshake.heard(event):
            self._become_ready()

    def _become_ready(self) -> None:
        self._liveness.start()
        self.ready_at = self._clock.seconds()
        self.factory.forget_failure()
        self.log.info(
            "TWS at {address} ready: client id {client_id}, server version {version}, next order id {order_id},"
            " accounts {accounts}",
            address=self.factory.address,
            client_id=self.client_id,
            version=self.client.server_version,
            order_id=self.next_valid_id,
            accounts=",".join(self.accounts),
        )
        self.log.info(
            "TWS at {address} speaks server version {version} of the offered {oldest}..{newest}, with {ibapi};"
            " not available: {missing}",
            address=self.factory.address,
            version=self.client.server_version,
            oldest=MIN_VERSION,
            newest=self._handshake.newest,
            ibapi=describe(),
            missing=", ".join(missing(self.client.server_version)) or "nothing",
        )
        self._listener.sessionReady(self)

    # What is known of it.

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self._handshake.phase

    @property
    def accounts(self) -> tuple[str, ...]:
        """The managed accounts; none before TWS has told them."""
        return self._handshake.accounts

    @property
    def next_valid_id(self) -> int | None:
        """TWS's next order id, as last told."""
        return self._handshake.next_valid_id

    @property
    def budget(self) -> dict[str, Any]:
        """How much of the message rate is used, and what waits for it."""
        return self._outgoing.budget()

    def take_busiest(self) -> int:
        """The most messages within a second since this was last asked."""
        return self._outgoing.take_busiest()

    @property
    def is_remote(self) -> bool:
        """Whether TWS is on another host."""
        return bool(self.factory.is_remote)

    @property
    def bad_messages(self) -> int:
        """Messages that could not be taken."""
        return self._incoming.bad_messages

    @property
    def is_alive(self) -> bool:
        """READY, heard from within ALIVE_WITHIN seconds, and what came behind a longer silence has been read."""
        liveness = self._liveness
        return self._handshake.phase is Phase.READY and liveness.silence < ALIVE_WITHIN and not liveness.is_behind

    @property
    def silence(self) -> float:
        """Seconds since the last byte from TWS."""
        return self._liveness.silence

    # What EClient needs of a connection.

    def isConnected(self) -> bool:
        """Whether EClient may encode; messages before READY are ours alone (startApi)."""
        return self.phase in (Phase.STARTING, Phase.READY)

    def sendMsg(self, msg: bytes) -> None:
        """Queue one framed message in its lane and send what may go. Raises PacingFull, with nothing queued."""
        self._outgoing.send(msg, self.own)

    def is_waiting(self, req_id: int) -> bool:
        """Whether the message of a request still waits for TWS's message rate."""
        return self._outgoing.is_waiting(req_id)

    def takes_order(self) -> bool:
        """Whether one order may leave in this turn; `send_order` follows then."""
        return self._outgoing.takes_order()

    def send_order(self, message: bytes) -> None:
        """Send one order now."""
        self._outgoing.send_order(message)

    def withdraw_request(self, req_id: int) -> bool:
        """Nobody wants this request any more; whether it was still here, and now is not sent."""
        return self._outgoing.withdraw_request(req_id)

    def disconnect(self) -> None:
        """EClient's wish to end."""
        self.abort("disconnected by the API client")

    # What commands order.

    def order(self, count: int, make: Maker, about: frozenset[object] = frozenset()) -> Deferred[None]:
        """Send what a command orders when TWS's message rate allows; see Outgoing.order."""
        return self._outgoing.order(count, make, about)

    def withdraw_orders(self, error: Exception, about: object = None) -> int:
        """Refuse orders that still wait, all or those about an order id or name; how many."""
        return self._outgoing.withdraw_orders(error, about)

    def cancel(self, make: Maker) -> Deferred[None]:
        """Send a cancel when TWS's message rate allows, before all else; see Outgoing.cancel."""
        return self._outgoing.cancel(make)

    def withdraw(self) -> int:
        """Everything that still waits for TWS's message rate, taken away; who waits for it is told. How many messages."""
        return self._outgoing.withdraw()
