"""ibsim as a Twisted service: the socket, the clock's loop, and the simulated TWS behind them."""

from __future__ import annotations

import functools
import importlib.resources
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ibgw_tx.sim.desks.tws import SimulatedTWS
from ibgw_tx.sim.market.catalogue import Catalogue, load
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.office import ports
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.journal import Entry, Journal
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.replay.tape import Tape
from ibgw_tx.sim.server import flood
from ibgw_tx.sim.server.line import TWSFactory, TWSLine
from ibgw_tx.sim.trouble.trouble import Trouble
from ibgw_tx.sim.wire.requests import Request

FASTEST, SLOWEST = 0.02, 0.1  # seconds between turns of the market's loop
UNSEEN_STEPS = 5  # at most so many events a turn where no depth is watched: level 1 is sampled anyway
CATCH_UP = 1.0  # seconds of market that are caught up after a stall; older ones are skipped


@functools.cache
def default_catalogue() -> Catalogue:
    """The catalogue inside the package; read once, as nothing changes a catalogue."""
    return load(importlib.resources.files("ibgw_tx.sim").joinpath("catalogue.toml").read_text("utf-8"))


class Simulator(MultiService):
    """The simulated TWS. Add it to a service tree, or in a test: `startService()`, then `port = listen()`.

    `reactor` listens and keeps time (`clock` may keep time instead, e.g. task.Clock); without one the global
    reactor is taken. The market runs while the service runs, unless frozen.
    """

    log = Logger()

    def __init__(
        self,
        settings: Settings | None = None,
        catalogue: Catalogue | None = None,
        reactor: Any = None,
        clock: Any = None,
        port: int | None = None,
        interface: str = "127.0.0.1",
        tape: Tape | None = None,
    ) -> None:
        super().__init__()
        if reactor is None:
            from twisted.internet import reactor  # noqa: PLC0415 - only here, so that importing this installs nothing
        self.reactor: Any = reactor
        self.clock: Any = clock or reactor
        self.settings = settings or Settings()
        self._begun = self.clock.seconds()
        self.tws = SimulatedTWS(catalogue or default_catalogue(), self.settings, self._seconds, self._report)
        self.office = self.tws.office
        self.factory = TWSFactory(self)
        self.lines: list[TWSLine] = []
        self.connections = 0  # made so far, refused ones too
        self.frozen = False
        self.tape = tape
        self.trouble = Trouble(self)
        self._wanted = None if port is None else (port, interface)
        self.ports: list[Any] = []  # IListeningPort
        self._loop: LoopingCall | None = None
        self._moved = 0.0
        self._owed = 0.0
        self._alarm: Any = None  # IDelayedCall of the agenda's next entry
        self.office.agenda.woken = self._set_alarm

    def _seconds(self) -> float:
        """The market's time: the clock's, or faster."""
        real: float = self.clock.seconds()
        speed = self.settings.clock_speed
        return real if speed == 1.0 else self._begun + (real - self._begun) * speed

    # Service

    def startService(self) -> None:
        super().startService()
        if self._wanted is not None:
            self.listen(*self._wanted)
        self._moved = self.clock.seconds()
        period = min(max(1.0 / (self.settings.rate or 1.0), FASTEST), SLOWEST)
        self._loop = LoopingCall(self._turn)
        self._loop.clock = self.clock
        self._loop.start(period, now=False).addErrback(self._loop_ended)

    def stopService(self) -> Deferred[Any]:
        """Close every connection and the port; fires when both are gone."""
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        self._stop_alarm()
        self.drop_all()
        return gatherResults([super().stopService() or succeed(None), self.close_ports()])

    def listen(self, port: int = 0, interface: str = "127.0.0.1") -> int:
        """Take connections; gives the real port, which for 0 is one of the system's choice."""
        listening = ports.listen(self.reactor, port, self.factory, interface)
        self.ports.append(listening)
        real: int = listening.getHost().port
        self.log.info(
            "ibsim takes API clients on {interface}:{port}, server version {version}, accounts {accounts}",
            interface=interface, port=real, version=self.settings.server_version, accounts=list(self.office.accounts),
        )
        return real

    def close_ports(self) -> Deferred[Any]:
        """Take no more connections, as while a TWS restarts; `listen(port)` opens again. Fires when closed."""
        closing = [port.stopListening() or succeed(None) for port in self.ports]
        self.ports.clear()
        return gatherResults(closing)

    # The market's time

    def freeze(self) -> None:
        """Stop the market; requests are still answered. `step` then moves it by hand."""
        self.frozen = True

    def thaw(self) -> None:
        self.frozen = False

    def step(self, times: int = 1, con_id: int | None = None) -> int:
        """Move every watched book (or one) by so many events, and let everything due be sent.

        Gives the number of depth messages sent.
        """
        office, now = self.office, self.office.now()
        if con_id is not None:
            sent = self.tws.depth.step_walk(office.market.walk(office.catalogue.instruments[con_id], now), now, times)
        else:
            sent = self.tws.depth.step(now, times)
            self._step_quoted(now, times)
        self.tws.pulse(now)
        return sent

    def _turn(self) -> None:
        """One turn of the loop. It must not raise: a LoopingCall that raises is over."""
        with self.log.failuresHandled("the market's turn failed"):
            now, real = self.office.now(), self.clock.seconds()
            self._owed = min(self._owed + (real - self._moved) * self.settings.rate, CATCH_UP * self.settings.rate)
            self._moved = real
            if self.tape is not None:
                self.tape.play((real - self._begun) * self.settings.clock_speed, self.tws, now)
            times = int(self._owed)
            self._owed -= times
            if times and not self.frozen and not self.office.faults.silent:
                self.tws.depth.step(now, times)
                self._step_quoted(now, times)
            self.tws.pulse(now)

    def _set_alarm(self) -> None:
        """Have the agenda run when its next entry is due."""
        self._stop_alarm()
        due = self.office.agenda.due
        if due is not None and self.running:
            soonest = SLOWEST if self.office.faults.silent else 0.0
            self._alarm = self.clock.callLater(max(soonest, (due - self._seconds()) / self.settings.clock_speed), self._ring)

    def _stop_alarm(self) -> None:
        if self._alarm is not None and self._alarm.active():
            self._alarm.cancel()
        self._alarm = None

    def _ring(self) -> None:
        with self.log.failuresHandled("something put down for later failed"):
            if not self.office.faults.silent:
                self.office.agenda.run()
        self._set_alarm()

    def _step_quoted(self, now: float, times: int) -> None:
        """Instruments with market data but no depth subscriber, and those the accounts hold, move as well."""
        office = self.office
        moved = {id(walk) for walk in self.tws.depth.walks}
        for walk in (*self.tws.quotes.walks, *self.tws.ticks.walks, *self.tws.orders.walks, *self._held()):
            if id(walk) not in moved and office.faults.flows(walk.instrument.farm):
                moved.add(id(walk))
                for _ in range(min(times, UNSEEN_STEPS)):
                    walk.step(now)

    def _held(self) -> list[Walk]:
        office, now = self.office, self.office.now()
        held = {con_id: p for account in office.accounts.values() for con_id, p in account.positions.items()}
        return [office.market.walk(p.instrument, now) for p in held.values()]

    # What tests and operators ask

    @property
    def journal(self) -> Journal:
        """Every request seen."""
        return self.office.journal

    @property
    def clients(self) -> list[Conversation]:
        """Clients that are past startApi."""
        return list(self.office.clients)

    def seen(self, name: str, count: int = 1) -> Deferred[Entry]:
        """Fires with the `count`-th request of a name in the journal, at once when it is there already."""
        done: Deferred[Entry] = Deferred()

        def look(_: Entry | None) -> None:
            found = self.journal.named(name)
            if len(found) >= count:
                if look in self.journal.listeners:
                    self.journal.listeners.remove(look)
                # In a turn of its own: whoever waits must not run inside the answering of the request.
                self.clock.callLater(0, done.callback, found[count - 1])

        self.journal.listeners.append(look)
        look(None)
        return done

    def drop_all(self) -> int:
        """Cut every connection; the number of them."""
        lines = list(self.lines)
        for line in lines:
            line.abort()
        return len(lines)

    def flood(self, updates: int) -> Deferred[int]:
        """Send at least so many depth messages as fast as the clients take them (flood.py); fires with the number sent."""
        return flood.flood(self, updates)

    def _report(self, client: Conversation, request: Request, error: Exception) -> None:
        self.log.error(
            "{name} of client {client_id} failed: {error!r}", name=request.name, client_id=client.client_id, error=error
        )

    def _loop_ended(self, failure: Any) -> None:
        self.log.failure("the market's loop ended", failure)
