"""The control port of ibsim: lines of words (words.py) over a loopback socket, for ibsimctl and for scripts."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver

from ibgw_tx.sim.office import ports
from ibgw_tx.sim.server.simulator import Simulator
from ibgw_tx.sim.trouble import words

LOOPBACK = "127.0.0.1"
LONGEST_LINE = 1024  # bytes


class ControlLine(LineOnlyReceiver):
    """One connection: a line in, an answer out. An error ends it, so that a browser led here cannot try on."""

    log = Logger()
    delimiter = b"\n"
    MAX_LENGTH = LONGEST_LINE

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def lineReceived(self, line: bytes) -> None:
        pipe: Any = self.transport
        if pipe.disconnecting:
            return
        text = line.decode("utf-8", "replace").strip()
        answer = words.run(text, self._simulator.trouble, self._simulator.office.catalogue)
        if not words.only_asks(text):
            self.log.info("control: {word}: {answer}", word=text, answer=answer[-1])
        for one in answer:
            self.sendLine(one.encode())
        if answer[-1].startswith("error"):
            pipe.loseConnection()


class ControlPort(Service):
    """The port, while the service runs; `port` is the real one."""

    def __init__(self, simulator: Simulator, port: int) -> None:
        self._simulator, self._wanted = simulator, port
        self._listening: Any = None  # IListeningPort
        self.port = 0

    def startService(self) -> None:
        super().startService()
        factory = _Lines(self._simulator)
        self._listening = ports.listen(self._simulator.reactor, self._wanted, factory, LOOPBACK)
        self.port = self._listening.getHost().port

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        listening, self._listening = self._listening, None
        return succeed(None) if listening is None else (listening.stopListening() or succeed(None))


class _Lines(Factory):
    noisy = False

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def buildProtocol(self, addr: IAddress | None) -> ControlLine:
        line = ControlLine(self._simulator)
        line.factory = self
        return line
