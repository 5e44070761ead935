"""A world over real sockets: a redis-server, a simulated TWS, a gateway in this process, a bot that knows only Redis."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import txredisapi
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater

from ibgw_tx.config import Config, configure
from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from ibgw_tx.gateway import Gateway
from ibgw_tx.model import keys as names
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.server.simulator import Simulator
from tests.kit.asyncapi import complaint

NAME = "test"
# The whole suite at another server version: IBSIM_SERVER_VERSION=151 pytest tests/integration
SERVER = {"server_version": int(os.environ["IBSIM_SERVER_VERSION"])} if "IBSIM_SERVER_VERSION" in os.environ else {}
LIMIT = 10.0  # seconds a test waits for anything; a loaded machine may need some of them


async def until(what: Callable[[], Any], limit: float = LIMIT, say: str = "") -> Any:
    """Give the first true value of `what()`; fails after `limit` seconds."""
    deadline = reactor.seconds() + limit
    while True:
        value = what()
        if value:
            return value
        assert reactor.seconds() < deadline, f"not within {limit} s: {say or what}"
        await deferLater(reactor, 0.01)


class _Ear(txredisapi.SubscriberProtocol):
    def connectionMade(self) -> Any:
        # Subscriptions end with their connection.
        heard = ["IBGateway:*:ACK", "IBGateway:*:fills", "IBGateway:Bars:*", "URANUS:*"]
        self.whenConnected().addCallback(lambda _: self.psubscribe(heard)).addCallback(
            self.factory.listening
        )
        return super().connectionMade()

    def messageReceived(self, pattern: Any, channel: bytes, message: bytes) -> None:
        self.factory.heard(channel.decode(), json.loads(message))


class Bot:
    """Everything a bot can do: read and write keys, publish commands, hear messages (all kept in `heard`)."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, Any]] = []
        #: What docs/asyncapi.yaml says of messages that it does not describe.
        self.complaints: list[str] = []
        self._port = port
        self._ids = 0
        self._factories: list[Any] = []
        self.redis: Any = None

    async def connect(self) -> None:
        kind = {"isLazy": True, "charset": None, "convertNumbers": False}
        commands = txredisapi.RedisFactory(None, None, 1, **kind)
        ear = txredisapi.RedisFactory(None, None, 1, **kind)
        ear.protocol = _Ear
        listening: Deferred[Any] = Deferred()
        ear.listening = lambda reply: None if listening.called else listening.callback(None)
        ear.heard = self._hear
        self._factories = [commands, ear]
        for factory in self._factories:
            factory.initialDelay = 0.05
            factory.startConnecting(TCP4ClientEndpoint(reactor, "127.0.0.1", self._port))
        self.redis = commands.handler
        await listening

    def _hear(self, channel: str, content: Any) -> None:
        self.heard.append((channel, content))
        found = complaint(channel, content)
        if found is not None:
            self.complaints.append(found)

    async def disconnect(self) -> None:
        for factory in self._factories:
            await factory.disconnect()

    async def call(self, *words: Any) -> Any:
        """Any Redis command."""
        return await self.redis.execute_command(*words)

    async def get(self, key: str) -> Any:
        """A key's JSON, None when it is not there."""
        value = await self.call("GET", key)
        return None if value is None else json.loads(value)

    async def send(self, cmd: str, **params: Any) -> Any:
        """A command; gives its acknowledgement."""
        self._ids += 1
        return await self.send_raw(json.dumps({"id": self._ids, "cmd": cmd, "params": params}), self._ids)

    async def send_raw(self, text: str, id: Any) -> Any:
        """Any text on CMD; gives the first acknowledgement with `id` after it."""
        start = len(self.heard)
        assert await self.call("PUBLISH", names.commands(NAME), text) == 1, "nobody listens to CMD"
        return await self.hear(lambda m: m.get("type") == "ack" and m["id"] == id, start)

    async def hear(self, match: Callable[[Any], Any], start: int = 0, limit: float = LIMIT) -> Any:
        """The first message on ACK from `start` on that matches."""
        return await until(lambda: next((m for m in self.on_ack(start) if match(m)), None), limit, "message on ACK")

    def on_ack(self, start: int = 0) -> list[Any]:
        """What came on ACK."""
        return [content for channel, content in self.heard[start:] if channel == names.acks(NAME)]

    def on(self, channel: str, start: int = 0) -> list[Any]:
        """What came on a channel."""
        return [content for heard, content in self.heard[start:] if heard == channel]


class World:
    """Redis, ibsim, gateway and bot; everything is ended by `stop`."""

    def __init__(self, redis: EmbeddedRedis, password: str | None = None) -> None:
        self.redis = redis
        self.password = password
        self.sim = self._simulator(Settings(**SERVER))
        self.tws_port = 0
        self.bot = Bot(redis.port)
        self.gateway: Gateway | None = None
        #: Seconds by which the gateway's wall clock is ahead of the true one.
        self.clock_ahead = 0.0

    def _simulator(self, settings: Settings) -> Simulator:
        return Simulator(settings, reactor=reactor)

    def replace_simulator(self, **settings: Any) -> None:
        """Another simulator, before `start`."""
        self.sim = self._simulator(Settings(**{**SERVER, **settings}))

    def config(self, **flags: str) -> Config:
        texts = {"name": NAME, "redis-port": str(self.redis.port), "tws-port": str(self.tws_port)}
        return configure({**texts, **{flag.replace("_", "-"): text for flag, text in flags.items()}}, {})

    async def start(self, **flags: str) -> None:
        """Everything up, status true."""
        await self.bot.connect()
        self.start_simulator()
        self.start_gateway(**flags)
        await self.ready()

    def start_simulator(self, port: int = 0) -> None:
        self.sim.startService()
        self.tws_port = self.sim.listen(port)

    def start_gateway(self, **flags: str) -> Gateway:
        self.gateway = Gateway(self.config(**flags), reactor, lambda: time.time() + self.clock_ahead)
        # 20 s is for real life; that it is 20 s is tested with a clock of ours.
        factory = self.gateway.ib.factory
        factory.initialDelay = factory.delay = factory.maxDelay = 0.2
        self.gateway.startService()
        return self.gateway

    async def stop_gateway(self) -> None:
        gateway, self.gateway = self.gateway, None
        if gateway is not None:
            await gateway.stopService()

    async def ready(self, limit: float = LIMIT) -> None:
        """Wait until the status is true, as told by a heartbeat from now on."""
        start = len(self.bot.heard)
        await self.bot.hear(lambda m: m.get("type") == "heartbeat" and m["status"], start, limit)

    async def not_ready(self, start: int = 0) -> None:
        """Wait for a heartbeat that says false, among the messages from `start` on."""
        await self.bot.hear(lambda m: m.get("type") == "heartbeat" and not m["status"], start)

    async def stop(self) -> None:
        await self.stop_gateway()
        await self.bot.disconnect()
        await self.sim.stopService()
        assert not self.bot.complaints, self.bot.complaints[:3]

    def requests(self, *names: str) -> list[tuple[str, ...]]:
        """What TWS has been asked, as raw texts."""
        return [entry.fields for entry in self.sim.office.journal.named(*names)]

    def request_ids(self, name: str) -> list[str]:
        """The id of each request of a name: behind a version in text, the first member in protobuf."""
        return [fields[1] if any("=" in text for text in fields[2:]) else fields[2] for fields in self.requests(name)]


def sleep(seconds: float) -> Deferred[None]:
    """For a test that has to see that nothing happens."""
    return deferLater(reactor, seconds)
