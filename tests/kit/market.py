"""A gateway and ibsim in memory, without a socket or a clock of their own: time and bytes move when a test says so."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.testing import MemoryReactorClock

from ibgw_tx.config import configure
from ibgw_tx.gateway import Gateway
from ibgw_tx.model import keys
from ibgw_tx.sim.exchange.order import Order
from ibgw_tx.sim.trouble import words
from tests.kit.redis import FakeLink
from tests.kit.tws import Wire
from tests.sim.kit.bench import Bench, Pipe

NAME = "demo"
STEP = 0.25  # seconds that pass at a time


class Life:
    """One life of a gateway: its clock and its far ends die with it."""

    def __init__(self, now: float, memory: tuple[dict[str, Any], dict[str, Any]], flags: dict[str, str]) -> None:
        self.reactor = MemoryReactorClock()
        self.reactor.advance(now)
        self.gateway = Gateway(configure({"name": NAME, **flags}, {}), self.reactor, make_redis=FakeLink)
        self.redis: Any = self.gateway.redis
        self.redis.keys, self.redis.hashes = memory
        self.gateway.startService()
        self.factory = self.reactor.tcpClients[0][2]
        self.wire: Wire | None = None
        self.line: Any = None
        self.pipe: Any = None

    @property
    def is_connected(self) -> bool:
        return self.wire is not None and self.wire.protocol is not None

    def connect(self, bench: Bench) -> None:
        """A new session with the simulator."""
        self.line = bench.simulator.factory.buildProtocol(None)
        self.pipe = Pipe()
        self.line.makeConnection(self.pipe)
        session = self.factory.buildProtocol(None)
        self.wire = Wire()
        self.wire.protocol = session
        session.makeConnection(self.wire)

    def cut(self) -> None:
        """The connection is gone, on both sides."""
        if self.wire is not None:
            self.wire.end()
        if self.line is not None:
            self.line.connectionLost()
        self.wire = self.line = self.pipe = None

    def pump(self) -> None:
        """Move bytes until nobody says anything more."""
        while self.is_connected and self.pipe is not None:
            assert self.wire is not None
            out = self.wire.value()
            self.wire.clear()
            if out:
                self.line.dataReceived(out)
            back = self.pipe.value()
            self.pipe.clear()
            if back:
                self.wire.protocol.dataReceived(back)
            if (self.pipe is not None and self.pipe.disconnecting) or not self.is_connected:
                self.cut()
                return
            if not out and not back:
                return


class Market:
    """The gateway of this life, ibsim, and what Redis keeps over all lives."""

    def __init__(self, **flags: str) -> None:
        self.bench = Bench(order_limit=0, seed=7)
        self.simulator = self.bench.simulator
        self.simulator.frozen = True
        self.memory: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        self._flags = {"max-command-age": "0", **flags}
        self._ids = 0
        self.acks: dict[int, list[Any]] = {}
        self.said: list[tuple[str, Any]] = []
        self.life = self._born()

    def _born(self) -> Life:
        life = Life(self.bench.clock.seconds(), self.memory, self._flags)
        life.redis.bring_up()
        return life

    def stop(self) -> None:
        self.kill()
        self.simulator.stopService()

    # What the world does.

    def kill(self) -> None:
        """kill -9: nothing more is thought or said, and the connection goes."""
        life = self.life
        self._listen()
        if life.line is not None:
            life.line.connectionLost()
        # Its timers die with its clock, which nobody moves any more.
        life.wire = life.line = life.pipe = None

    def restart(self) -> None:
        self.kill()
        self.life = self._born()
        self.connect()

    def connect(self) -> None:
        if not self.life.is_connected:
            self.life.connect(self.bench)
        self.settle()

    def settle(self) -> None:
        """Everything that follows at once."""
        for _ in range(20):
            before = self.life.redis.calls.__len__(), len(self.simulator.office.journal.entries)
            self.life.pump()
            self.life.reactor.advance(0)
            self.life.pump()
            if before == (len(self.life.redis.calls), len(self.simulator.office.journal.entries)):
                break
        self._listen()

    def passes(self, seconds: float) -> None:
        """Time goes by for everybody."""
        for _ in range(round(seconds / STEP)):
            self.bench.clock.advance(STEP)
            self.life.pump()
            self.life.reactor.advance(STEP)
            self.settle()

    # What a bot does.

    def send(self, cmd: str, **params: Any) -> int:
        """A command; its id."""
        self._ids += 1
        body = {"id": self._ids, "cmd": cmd, "params": params}
        self.acks.setdefault(self._ids, [])
        if self.life.redis.up:
            self.life.redis.on_message(json.dumps(body).encode())
        else:
            del self.acks[self._ids]  # nobody has got it
        return self._ids

    def _listen(self) -> None:
        published, self.life.redis.published = self.life.redis.published, []
        for channel, message in published:
            content = json.loads(message)
            self.said.append((channel, content))
            if channel == keys.acks(NAME) and content["type"] == "ack":
                self.acks.setdefault(content["id"], []).append(content)

    def hash(self, exchange: str = "NASDAQ", pair: str = "USD-AAPL") -> dict[str, Any]:
        """The order hash as a bot reads it, without its time."""
        found = self.memory[1].get(keys.order_hash(exchange, NAME, pair), {})
        return {field.decode(): json.loads(value) for field, value in found.items() if field != b"t"}

    @property
    def status(self) -> bool:
        return bool(json.loads(self.memory[0][keys.status(NAME)])[0])

    @property
    def is_trusted(self) -> bool:
        return keys.oms_flag("NASDAQ", NAME) in self.memory[0]

    # What TWS knows.

    @property
    def ledger(self) -> dict[int, Order]:
        """TWS's own orders, by permId."""
        store = self.simulator.tws.orders.engine.store
        return {**store.done, **store.live}

    def trouble(self, line: str) -> None:
        """What `ibsimctl` does with a line."""
        answer = words.run(line, self.simulator.trouble, self.simulator.office.catalogue)
        assert answer[-1].startswith("ok"), answer

    def ids_read(self) -> set[int]:
        """The order ids of every placeOrder that TWS has read."""
        return {int(entry.fields[1]) for entry in self.simulator.office.journal.named("placeOrder")}

    def orders_sent(self) -> int:
        """How many placeOrder messages TWS has read."""
        return len(self.simulator.office.journal.named("placeOrder"))
