"""The socket side of a conversation: Twisted's protocol and its factory. No knowledge of any message."""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ibgw_tx.sim.desks.running import Running
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.server.outbox import OutBox


@implementer(IPushProducer)
class TWSLine(Protocol):
    """One connection. A client that does not read is dropped when too much waits for it."""

    log = Logger()

    def __init__(self, simulator: Running) -> None:
        self._simulator = simulator
        self._trickle = bytearray()
        self._trickling = False
        self._pipe: Any = None
        self._late: deque[tuple[float, bytes]] = deque()

    def connectionMade(self) -> None:
        self._pipe = self.transport
        self._simulator.connections += 1
        office = self._simulator.tws.office
        self._outbox = OutBox(self._out, office.settings.output_limit)
        self.conversation = Conversation(office, self._simulator.tws, self)
        self._pipe.registerProducer(self, True)
        if office.faults.refuse_connections:
            self.conversation.close()
            return
        self._simulator.lines.append(self)

    def dataReceived(self, data: bytes) -> None:
        self.conversation.feed(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self in self._simulator.lines:
            self._simulator.lines.remove(self)
        self._late.clear()
        self.conversation.lost()

    # conversation.Line

    def write(self, data: bytes) -> None:
        lag = self._simulator.tws.office.faults.lag
        if not lag and not self._late:
            self._put(data)
            return
        clock = self._simulator.clock
        due = max(clock.seconds() + lag, self._late[-1][0] if self._late else 0.0)
        self._late.append((due, data))
        clock.callLater(due - clock.seconds(), self._put_late)

    def _put_late(self) -> None:
        """What is due of the late data: each piece has its own call, so at least one is."""
        if self._late:
            self._put(self._late.popleft()[1])

    def _put(self, data: bytes) -> None:
        if not self._outbox.put(data):
            self.log.warn(
                "client {client_id} does not read: dropped with {waiting} bytes waiting",
                client_id=self.conversation.client_id, waiting=self._outbox.waiting,
            )
            self.abort()

    def close(self) -> None:
        """After what was already written."""
        if self._trickle:
            self._drain_trickle()
        self._pipe.unregisterProducer()
        self._pipe.loseConnection()

    def abort(self) -> None:
        """At once, as when a cable is cut."""
        self.conversation.lost()
        self._pipe.abortConnection()

    # IPushProducer, asked by the transport

    def pauseProducing(self) -> None:
        self._outbox.pause()

    def resumeProducing(self) -> None:
        self._outbox.resume()

    def stopProducing(self) -> None:
        self._outbox.pause()

    @property
    def waiting(self) -> bool:
        """Whether the transport has asked for a rest."""
        return self._outbox.paused

    # Writing, whole or byte by byte

    def _out(self, data: bytes) -> None:
        if not self._simulator.tws.office.faults.split_bytes and not self._trickle:
            self._pipe.write(data)
            return
        self._trickle += data
        if not self._trickling:
            self._trickling = True
            if hasattr(self._pipe, "setTcpNoDelay"):
                self._pipe.setTcpNoDelay(True)
            self._drop()

    def _drop(self) -> None:
        """One byte a turn of the reactor; the rest at once when the trouble is over."""
        if not self._trickle or self._pipe.disconnecting:
            self._trickling = False
            return
        if not self._simulator.tws.office.faults.split_bytes:
            self._drain_trickle()
            return
        self._pipe.write(bytes(self._trickle[:1]))
        del self._trickle[:1]
        self._simulator.clock.callLater(0, self._drop)

    def _drain_trickle(self) -> None:
        self._pipe.write(bytes(self._trickle))
        self._trickle.clear()
        self._trickling = False


class TWSFactory(Factory):
    """Makes a line for each connection."""

    noisy = False

    def __init__(self, simulator: Running) -> None:
        self._simulator = simulator

    def buildProtocol(self, addr: IAddress | None) -> TWSLine:
        line = TWSLine(self._simulator)
        line.factory = self
        return line
