"""`twistd -n ibsim`, or `ibsim`: options and assembly."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.python import usage

from ibgw_tx.sim.market.catalogue import Catalogue, CatalogueError, load
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.office.version import version
from ibgw_tx.sim.replay.recording import RecordingError, Session, read
from ibgw_tx.sim.replay.service import Replayer
from ibgw_tx.sim.replay.tape import Tape
from ibgw_tx.sim.server.control import ControlPort
from ibgw_tx.sim.server.simulator import Simulator, default_catalogue
from ibgw_tx.sim.wire.ids import HIGHEST, LOWEST


def _number(flag: str, low: float, high: float, whole: bool = True) -> Any:
    """A coercion for usage: the number, or a complaint that names flag and value."""

    def coerce(raw: str) -> float:
        try:
            value = int(raw) if whole else float(raw)
        except ValueError:
            raise usage.UsageError(f"--{flag} {raw}: not a number") from None
        if not low <= value <= high:
            raise usage.UsageError(f"--{flag} {raw}: must be from {low:g} to {high:g}")
        return value

    return coerce


class Options(usage.Options):
    """A simulated TWS: the socket API of Interactive Brokers' TWS, with a market of its own."""

    synopsis = "[options]"
    longdesc = "A simulated TWS on the real wire, for trying bots and gateways without an IB account."
    optParameters = [
        ["port", "p", "4002", "Port for API clients"],
        ["interface", "i", "127.0.0.1", "Address to listen on"],
        ["server-version", None, str(HIGHEST), f"Highest server version offered, {LOWEST} to {HIGHEST}"],
        ["seed", None, "1", "Seed of the market: the same seed, the same prices"],
        ["catalogue", None, None, "TOML file of instruments (default: one inside the package)"],
        ["accounts", None, "DU1000001", "Account names, separated by commas"],
        ["rate", None, "10", "Depth updates a second for each subscribed book; 0 stops the market"],
        ["depth-limit", None, "3", "Depth books at a time over all clients, 0: no limit (TWS: 3)"],
        ["message-rate", None, "50", "Messages a second a client may send, 0: no limit (TWS: 50)"],
        ["order-limit", None, "20", "Active orders per contract, side and account, 0: no limit (TWS: 20)"],
        ["size-limit", None, "0", "Largest order taken (error 383), 0: no limit"],
        ["price-percent", None, "0", "Farthest limit price from the market in percent (error 109), 0: no limit"],
        ["tick-limit", None, "0", "Farthest limit price from the market in ticks (error 382), 0: no limit"],
        ["master-client", None, None, "Client id that sees the orders of all clients"],
        ["replay", None, None, "Play a recording (ibgateway --record) to the clients instead of a market"],
        ["market", None, None, "Recording whose books are the market of their instruments, instead of the random walk"],
        ["clock-speed", None, "1", "Seconds of the market's clock to a second"],
        ["speed", None, "1", "Seconds of the recording to a second; 0: as fast as it may go"],
        ["control-port", None, None, "Port on 127.0.0.1 for ibsimctl (default: none; ibsimctl looks at 4003)"],
    ]
    optFlags = [
        ["read-only", None, "Refuse orders (error 321), as TWS set to read-only"],
        ["hours", None, "Exchanges close: orders wait for the opening (notice 399) and end with the session"],
        ["tif-notice", None, "Notice 10349 for an order without a time in force"],
        ["download-open-orders", None, "Send open orders to a client that connects"],
    ]

    def getSynopsis(self) -> str:
        """As it was called: by its own name, or through twistd."""
        return f"Usage: ibsim {self.synopsis}" if Path(sys.argv[0]).name == "ibsim" else super().getSynopsis()

    def opt_version(self) -> None:
        """Show the version of ibsim, not Twisted's, and exit"""
        print(f"ibsim {version()}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """One line for what is wrong and exit status 1; twistd itself would print its whole help above it."""
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"ibsim: {error}") from None

    def postOptions(self) -> None:
        self["port"] = int(self._checked("port", 0, 65535))
        self["server-version"] = int(self._checked("server-version", LOWEST, HIGHEST))
        self["seed"] = int(self._checked("seed", 0, 2**31))
        self["depth-limit"] = int(self._checked("depth-limit", 0, 10_000))
        self["message-rate"] = int(self._checked("message-rate", 0, 1_000_000))
        self["order-limit"] = int(self._checked("order-limit", 0, 1_000_000))
        self["size-limit"] = int(self._checked("size-limit", 0, 2**31))
        self["price-percent"] = self._checked("price-percent", 0, 1000, whole=False)
        self["tick-limit"] = int(self._checked("tick-limit", 0, 2**31))
        if self["control-port"] is not None:
            self["control-port"] = int(self._checked("control-port", 1, 65535))
        if self["master-client"] is not None:
            self["master-client"] = int(self._checked("master-client", 0, 2**31 - 1))
        self["rate"] = self._checked("rate", 0, 100_000, whole=False)
        self["speed"] = self._checked("speed", 0, 1_000_000, whole=False)
        self["clock-speed"] = self._checked("clock-speed", 0.001, 100_000, whole=False)
        self["replay"], self["market"] = self._recording("replay"), self._recording("market")
        self["accounts"] = self._accounts()
        self["catalogue"] = self._catalogue()

    def _checked(self, flag: str, low: float, high: float, whole: bool = True) -> float:
        value: float = _number(flag, low, high, whole)(self[flag])
        return value

    def _accounts(self) -> tuple[str, ...]:
        raw = self["accounts"]
        names = tuple(name.strip() for name in raw.split(",") if name.strip())
        if not names or any(not re.fullmatch(r"[A-Za-z0-9]{1,32}", name) for name in names):
            raise usage.UsageError(f"--accounts {raw}: names of letters and digits, separated by commas")
        if len(set(names)) < len(names):
            raise usage.UsageError(f"--accounts {raw}: a name is there twice")
        return names

    def _recording(self, flag: str) -> list[Session] | None:
        path = self[flag]
        if path is None:
            return None
        try:
            with Path(path).open(encoding="utf-8") as lines:
                return read(lines)
        except (OSError, UnicodeDecodeError, RecordingError) as e:
            raise usage.UsageError(f"--{flag} {path}: {e}") from None

    def _catalogue(self) -> Catalogue:
        path = self["catalogue"]
        if path is None:
            return default_catalogue()
        try:
            return load(Path(path).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, CatalogueError) as e:
            raise usage.UsageError(f"--catalogue {path}: {e}") from None


def makeService(options: Options, reactor: Any = None) -> Simulator | Replayer:
    """The simulator, or the replay of a recording, as a service that listens when it starts."""
    if options["replay"] is not None:
        if reactor is None:
            from twisted.internet import reactor  # noqa: PLC0415 - only here, so that importing this installs nothing
        return Replayer(options["replay"], reactor, options["port"], options["interface"], options["speed"])
    settings = Settings(
        server_version=options["server-version"],
        seed=options["seed"],
        accounts=options["accounts"],
        rate=options["rate"],
        depth_limit=options["depth-limit"],
        message_rate=options["message-rate"],
        order_limit=options["order-limit"],
        size_limit=options["size-limit"],
        price_percent=options["price-percent"],
        tick_limit=options["tick-limit"],
        master_client=options["master-client"],
        read_only=bool(options["read-only"]),
        keep_hours=bool(options["hours"]),
        tif_notice=bool(options["tif-notice"]),
        download_open_orders=bool(options["download-open-orders"]),
        clock_speed=options["clock-speed"],
    )
    tape = None if options["market"] is None else Tape(options["market"])
    simulator = Simulator(
        settings, options["catalogue"], reactor=reactor, port=options["port"], interface=options["interface"], tape=tape
    )
    if options["control-port"] is not None:
        ControlPort(simulator, options["control-port"]).setServiceParent(simulator)
    return simulator


def main() -> None:
    """The command `ibsim`: what `twistd -n --pidfile= ibsim` is, with the same flags."""
    from twisted.scripts.twistd import run  # noqa: PLC0415 - nobody else needs it

    sys.argv[1:] = ["--nodaemon", "--pidfile=", "ibsim", *sys.argv[1:]]
    run()
