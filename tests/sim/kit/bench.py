"""What the simulator's tests share: a client end without a socket, and ibapi's own decoder as a strict judge."""

import struct
from collections.abc import Iterator
from typing import Any

from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.server.simulator import Simulator
from tests.kit.ibapi_names import MODERN, old_name

NOON = 1_795_003_200.0  # Wednesday 2026-11-18 12:00:00 UTC
AAPL, BRR5, BRR01, TENCENT, EURUSD, ES, SPX, BTC, BOND = (
    265598, 790001, 790002, 150968210, 12087792, 780001, 416904, 479624278, 760001,
)


def frame(*fields: object) -> bytes:
    """Fields as the official client frames them, made here so that wire.frame is not its own judge."""
    payload = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(payload)) + payload


def greeting(versions: str = "v100..157") -> bytes:
    return b"API\0" + struct.pack(">I", len(versions)) + versions.encode()


def unframe(data: bytes) -> list[list[str]]:
    """Bytes of whole frames as lists of fields."""
    found = []
    while data:
        (size,) = struct.unpack(">I", data[:4])
        payload, data = data[4 : 4 + size], data[4 + size :]
        assert len(payload) == size, "a frame was cut short"
        assert payload.endswith(b"\0")
        found.append(payload.decode().split("\0")[:-1])
    return found


class Pipe(StringTransport):
    """A transport in memory that can be cut and that notes whether it was."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.disconnecting = True


class Tracked(list):
    """A list of fields that remembers its iterator, so that fields nobody read are found."""

    def __iter__(self) -> Iterator[bytes]:
        self.last = super().__iter__()
        return self.last


def in_old_words(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A callback as ibapi 9.81 makes it: an error without its time and JSON text, a commission without fees."""
    if name == "error" and not isinstance(args[2], str):
        args = (args[0], *args[2:4])
    return (old_name(name), *args)


class Judge(EWrapper):
    """Decodes frames with ibapi's Decoder; fails when a field is left over or nothing was called back."""

    def __init__(self, version: int) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._decoder = Decoder(self, version)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name in vars(EWrapper) and not name.startswith("_"):
            calls = super().__getattribute__("calls")
            return lambda *args: calls.append(in_old_words(name, args))
        return found

    def decode(self, fields: list[str]) -> list[tuple[Any, ...]]:
        # Today's decoder wants the id apart.
        tracked = Tracked(field.encode() for field in fields[1 if MODERN else 0 :])
        before = len(self.calls)
        self._decoder.interpret(tracked, *([int(fields[0])] if MODERN else []))
        if hasattr(tracked, "last"):
            rest = list(tracked.last)
            assert not rest, f"fields left over in {fields}: {rest}"
        made = self.calls[before:]
        assert made, f"ibapi dropped {fields}"
        return made


class Peer:
    """A client of a simulator over a transport in memory."""

    def __init__(self, bench: "Bench") -> None:
        self.bench = bench
        self.line = bench.simulator.factory.buildProtocol(None)
        self.pipe = Pipe()
        self.line.makeConnection(self.pipe)

    def feed(self, data: bytes) -> list[list[str]]:
        self.line.dataReceived(data)
        return self.heard()

    def heard(self) -> list[list[str]]:
        data = self.pipe.value()
        self.pipe.clear()
        return unframe(data)

    def ask(self, *fields: object) -> list[list[str]]:
        """Send one request and give everything that came at once."""
        return self.feed(frame(*fields))

    def start(self, client_id: int = 0, versions: str = "v100..157") -> list[list[str]]:
        """Greeting and startApi; gives what came after the version reply."""
        (reply,) = self.feed(greeting(versions))
        self.version = int(reply[0])
        return self.ask(71, 2, client_id, "")

    def lose(self) -> None:
        self.line.connectionLost()


class Bench:
    """A simulator on a clock that only tests move."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.clock.advance(NOON)
        self.simulator = Simulator(Settings(**{"message_rate": 0, **settings}), reactor=self.clock)
        self.simulator.startService()

    def peer(self, client_id: int = 0, versions: str = "v100..157") -> Peer:
        """A client past startApi, its welcome already read."""
        peer = Peer(self)
        peer.start(client_id, versions)
        return peer

    def advance(self, seconds: float, step: float = 0.1) -> None:
        for _ in range(round(seconds / step)):
            self.clock.advance(step)


def contract(con_id: int = 0, symbol: str = "", sec_type: str = "", expiry: str = "", strike: float = 0.0,
             right: str = "", multiplier: str = "", exchange: str = "", primary: str = "", currency: str = "",
             local: str = "", trading_class: str = "") -> tuple[object, ...]:
    """The twelve fields of a contract in a request."""
    return (con_id, symbol, sec_type, expiry, strike, right, multiplier, exchange, primary, currency, local,
            trading_class)


def details(req_id: int, *about: object, expired: int = 0) -> tuple[object, ...]:
    return (9, 8, req_id, *about, expired, "", "")


def depth(req_id: int, *about: object, rows: int = 10, smart: int = 0) -> tuple[object, ...]:
    return (10, 5, req_id, *about, rows, smart, "")


def mkt_data(req_id: int, *about: object, generic: str = "", snapshot: int = 0) -> tuple[object, ...]:
    return (1, 11, req_id, *about, 0, generic, snapshot, 0, "")


def codes(messages: list[list[str]]) -> list[int]:
    """Error codes among messages."""
    return [int(m[3]) for m in messages if m[0] == "4"]


def of(messages: list[list[str]], msg_id: int) -> list[list[str]]:
    return [m for m in messages if m[0] == str(msg_id)]
