"""`ibsim --replay FILE`: the socket and the clock of a replay; replay.py says what is sent.

Each client that connects hears the next session of the recording; after the last the first comes again. A session that
broke off in the recording breaks off here; the last one stays open when it is over.
"""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ibgw_tx.sim.office import ports
from ibgw_tx.sim.replay.player import OWN, PATIENCE, Player
from ibgw_tx.sim.replay.recording import Session
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.replies.protobuf import dialect
from ibgw_tx.sim.wire import frames as wire
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import TEXT, Out
from ibgw_tx.sim.wire.reading import read
from ibgw_tx.sim.wire.requests import BadRequest

TURN = 0.02  # seconds between looks at what is due


class Replayer(Service):
    """A TWS that only repeats. `speed`: seconds of the recording to a second; 0 sends all as soon as it may go."""

    log = Logger()

    def __init__(
        self, sessions: list[Session], reactor: Any, port: int | None = None, interface: str = "127.0.0.1", speed: float = 1.0
    ) -> None:
        self.sessions, self.reactor, self.speed = sessions, reactor, speed
        self._wanted = None if port is None else (port, interface)
        self._ports: list[Any] = []
        self._heard = 0
        self.lines: list[ReplayLine] = []

    def startService(self) -> None:
        super().startService()
        if self._wanted is not None:
            self.listen(*self._wanted)

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        for line in list(self.lines):
            line.abort()
        ports, self._ports = self._ports, []
        return (ports[0].stopListening() or succeed(None)) if ports else succeed(None)

    def listen(self, port: int = 0, interface: str = "127.0.0.1") -> int:
        """Take clients; gives the real port."""
        listening = ports.listen(self.reactor, port, _Lines(self), interface)
        self._ports.append(listening)
        real: int = listening.getHost().port
        self.log.info("ibsim replays {count} sessions on {interface}:{port}", count=len(self.sessions), interface=interface,
                      port=real)
        return real

    def next_session(self) -> tuple[Session, bool]:
        """The session the next client hears, and whether it is the recording's last."""
        place = self._heard % len(self.sessions)
        self._heard += 1
        return self.sessions[place], place == len(self.sessions) - 1


class ReplayLine(Protocol):
    """One client of a replay."""

    log = Logger()

    def __init__(self, replayer: Replayer) -> None:
        self._replayer, self._inbox = replayer, wire.Inbox()
        self.player: Player | None = None
        self._begun = 0.0
        self._last = False
        self._loop: LoopingCall | None = None
        self._pipe: Any = None

    def connectionMade(self) -> None:
        self._pipe = self.transport
        self._replayer.lines.append(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._replayer.lines.remove(self)
        if self._loop is not None and self._loop.running:
            self._loop.stop()

    def abort(self) -> None:
        self._pipe.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        try:
            for payload in self._inbox.feed(data):
                if self.player is None:
                    self._greet(payload)
                else:
                    self._ask(self.player, payload)
        except wire.WireError:
            self.abort()

    def _greet(self, payload: bytes) -> None:
        low, high, _ = wire.parse_range(payload)
        session, self._last = self._replayer.next_session()
        if not low <= session.version <= high:
            self.log.error("the recording is of server version {version}, the client speaks {low} to {high}",
                           version=session.version, low=low, high=high)
            raise wire.WireError("versions")
        self.player = Player(session)
        reply = (session.version, times.connection_time(self._replayer.reactor.seconds()))
        self._pipe.write(wire.frame(reply, min(session.version, TEXT)))  # without an id at every version

    def _ask(self, player: Player, payload: bytes) -> None:
        try:
            request = read(payload, player.session.version)
        except BadRequest:
            return
        count = len(player.unmatched)
        player.hear(request)
        if len(player.unmatched) > count:
            self.log.info("the recording has no {name} like the client's: it gets no answer", name=request.name)
        if request.msg_id in OWN:
            told = replies.current_time(self._replayer.reactor.seconds())
            self._send(dialect(told, player.session.version))
        if request.msg_id == Out.START_API and self._loop is None:
            self._begun = self._replayer.reactor.seconds()
            self._loop = LoopingCall(self._turn, player)
            self._loop.clock = self._replayer.reactor
            self._loop.start(TURN).addErrback(lambda failure: self.log.failure("a replay ended", failure))

    def _turn(self, player: Player) -> None:
        now, speed = self._replayer.reactor.seconds(), self._replayer.speed
        position = (now - self._begun) * speed if speed else float("inf")
        for fields in player.due(position, now):
            self._send(fields)
        over = position > player.session.length and (speed or not player.left or now > self._begun + PATIENCE)
        if over and player.session.broken and not self._last:
            self._pipe.loseConnection()

    def _send(self, fields: Fields) -> None:
        version = self.player.session.version if self.player is not None else wire.ASCII7
        if version > TEXT:
            fields = (int(fields[0]), *fields[1:])  # it is four bytes there
        self._pipe.write(wire.frame(fields, version))


class _Lines(Factory):
    noisy = False

    def __init__(self, replayer: Replayer) -> None:
        self._replayer = replayer

    def buildProtocol(self, addr: IAddress | None) -> ReplayLine:
        line = ReplayLine(self._replayer)
        line.factory = self
        return line
