"""One stage of the campaign: a Redis, an ibsim, a gateway between cables, a bot that has a busy day, and an observer."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from tests.faults import checks
from tests.faults.bot import Bot
from tests.faults.cable import Cable
from tests.faults.checks import Gap
from tests.faults.gateway import Gateway
from tests.faults.nursery import Nursery
from tests.faults.view import TRADED, View
from tests.faults.watch import Watch
from tests.kit.replicated import Replicated
from tests.kit.sim_process import SimProcess

START = 240.0  # seconds until a gateway is whole at its start: patience with a busy machine, no promise
SHARES = 159  # the server version from which on US stocks are told in shares
ODD_ROWS = 500  # shares at one price that may be rows of less than a lot each
#: A bot that says a thing twice has two answers: its client must not do so by itself.
ONCE = Retry(NoBackoff(), 0)
GRACE = 15.0  # seconds before a fault in which a word may already have been on its way


class Violation(Exception):
    """An invariant does not hold; the text says all there is to say."""


class Stage:
    """A context manager: everything it started ends with it. `version` is what ibsim speaks at most.

    `cables`: the gateway reaches TWS and Redis over proxies, `tws_cable` and `redis_cable`. `replicated`: Redis is two servers
    that three sentinels keep; the gateway, the bot and the observer ask these.
    """

    def __init__(self, seed: int, version: int = 226, cables: bool = True, name: str = "day", redis_options: tuple[str, ...] = (),
                 sim_options: tuple[str, ...] = (), nursery: Nursery | None = None,
                 replicated: bool = False) -> None:  # fmt: skip
        self.seed, self.version, self.name = seed, version, name
        self.folder = Path(tempfile.mkdtemp(prefix="ibgw-fault-"))
        self._ends: list[Callable[[], None]] = [lambda: shutil.rmtree(self.folder, ignore_errors=True)]
        self.replicated = Replicated() if replicated else None
        self.server = self.replicated.servers[0] if self.replicated else EmbeddedRedis(*redis_options)
        self.gaps: list[Gap] = []
        self.positions: dict[int, float] = {}
        self._wants_cables, self._sim_options, self._nursery = cables, sim_options, nursery
        self.noted: list[str] = []
        self.forgot = False  # Redis has lost what it was given: fills may be told again, and the stream is not whole

    def __enter__(self) -> Stage:
        try:
            self._build()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def _build(self) -> None:
        servers = self.replicated or self.server
        servers.__enter__()
        self._ends.append(lambda: servers.__exit__(None, None, None))
        alone = redis.Redis(port=self.server.port, decode_responses=True, socket_timeout=10, retry=ONCE)
        self.client: Any = alone if self.replicated is None else self.replicated.following()
        self._ends.append(self.client.close)
        options = (f"--server-version={self.version}", f"--seed={self.seed % 2**31}", "--order-limit=0", "--rate=6")
        self.sim = SimProcess(*options, *self._sim_options)
        self._ends.append(self.sim.stop)
        tws_port, redis_port = self.sim.port, self.server.port
        if self._wants_cables:
            self.tws_cable, self.redis_cable = Cable(tws_port), Cable(redis_port)
            self._ends += [self.tws_cable.close, self.redis_cable.close]
            tws_port, redis_port = self.tws_cable.port, self.redis_cable.port
        self.env = {"TWS_API_PORT": str(tws_port), "REDIS_PORT": str(redis_port), "TWS_GATEWAY_NAME": self.name,
                    "IBGW_EXCHANGES": "NASDAQ,SEHK"}  # fmt: skip
        if self.replicated is not None:
            self.env |= self.replicated.env
        self.gateway = self.another()

    def another(self, *flags: str) -> Gateway:
        """A gateway of this stage, not started yet."""
        made = Gateway(self.name, self.folder, dict(self.env), flags, nursery=self._nursery)
        self._ends.append(made.kill)
        return made

    def end(self) -> None:
        for each in reversed(self._ends):
            each()
        self._ends = []

    # A day

    def begin(self, trade: bool = True) -> None:
        """A whole gateway, two books, a bot at work, an observer."""
        since = self.watch.ledger.last if hasattr(self, "watch") else 0
        self.watch = Watch(self.client, self.name, self.sim.control)
        self.watch.ledger.last = since
        self._ends.append(self.watch.end)
        self.gateway.start()
        self.watch.start()
        self.until(lambda: self.view is not None and self.view.whole, START, "a whole gateway at the start")
        self.positions = self.held()
        self.bot = Bot(self.client, self.name, self.seed, lambda: self.watch.view)
        self._ends.append(self.bot.end)
        self.bot.subscribe()
        self.until(lambda: all(self.watch.view.books.get(each.con_id) for each in TRADED), START, "two books")
        if trade:
            self.bot.start()
            self.until(lambda: self.watch.ledger.fills, START, "a fill")

    def next_day(self, seed: int) -> None:
        """Over with this one: nothing of it is left at TWS or in Redis. `begin` comes next."""
        self.bot.end()
        self.watch.end()
        self.gateway.kill()
        self.sim.ask("midnight")
        self.sim.ask("thaw")
        self.watch.take()
        self.client.flushall()
        self.seed, self.gaps, self.noted, self.forgot = seed, [], [], False
        self.gateway = self.another()

    @property
    def view(self) -> View | None:
        return self.watch.view

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
        self.fail_on(self.watch.wrong)

    def until(self, what: Callable[[], Any], limit: float, say: str) -> float:
        """Wait for something; seconds that it took. Raises Violation with `say` when it does not come."""
        begun = time.monotonic()
        while not what():
            if time.monotonic() - begun > limit:
                raise Violation(f"not within {limit:g} s: {say}\n" + "\n".join(self.gateway.lines()[-12:]))
            time.sleep(0.05)
        return time.monotonic() - begun

    def gap(self, begun: float, acks: bool = False, bytes: bool = False, grace: float = GRACE) -> None:
        """From `grace` before `begun` till now a word may have been lost, by the nature of the fault."""
        self.gaps.append(Gap(begun - grace, time.time() + 0.5, acks, bytes))

    def say(self, text: str) -> None:
        """What was seen, for the table."""
        self.noted.append(text)

    def held(self) -> dict[int, float]:
        """Positions of the day's contracts, by the balance."""
        balance = self.client.get(f"IBGateway:{self.name}:balance")
        found = json.loads(balance or "{}").values()
        return {each["contract"]["conId"]: each["pos"] for each in found if each["type"] == "position"}

    def dump(self, folder: Path) -> Path:
        """Everything there is about this day, in files: both ledgers, what was sent and told, the gateway's log."""
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted({order.ref for order in self.watch.ledger.orders.values()} | set(self.bot.orders))
        redis_says = {each.hash(self.name): self.client.hgetall(each.hash(self.name)) for each in TRADED}
        texts = {
            "tws-ledger.txt": "\n".join(f"{name}\n{self.watch.ledger.told(name)}" for name in names),
            "redis.json": json.dumps(redis_says, indent=1),
            "commands.txt": "\n".join(f"{c.at:.3f} {c.via} heard={c.heard} {json.dumps(c.json)}" for c in self.bot.commands),
            "acks.txt": "\n".join(map(json.dumps, self.watch.acks)),
            "fills.txt": "\n".join(map(json.dumps, self.watch.fills)),
            "samples.txt": "\n".join(self.watch.wrong),
        }
        for name, text in texts.items():
            (folder / name).write_text(text)
        for log in self.folder.glob("gateway*.log"):
            shutil.copy(log, folder)
        return folder

    # The end of a day

    def whole(self, limit: float = 60.0) -> float:
        """The bot rests, the market stands still; seconds until Redis is trusted and agrees with the ledger in all."""
        self.bot.idle.set()
        self.sim.ask("freeze")
        begun = time.monotonic()
        wrong = ["not looked at"]
        while wrong:
            if time.monotonic() - begun > limit:
                self.fail_on(wrong)
            time.sleep(0.1)
            try:
                wrong = self.disagreements()
            except redis.RedisError as error:
                wrong = [f"Redis cannot be read: {error}"]
        return time.monotonic() - begun

    def disagreements(self) -> list[str]:
        """All that is not as it should be when nothing happens any more; empty when all is well."""
        with self.watch._lock:
            view = self.watch.read(whole=True)
            self.watch.take()
            self.watch.listen()
            ledger = self.watch.ledger
            # Who was cut off from Redis reads on in the stream, as a bot would.
            acks = self.watch.stream("ack") if self.watch.deaf else self.watch.acks
            if not view.whole:
                return [f"orders are not trusted: status {view.status}, flags {view.flags}, marks {view.marked}"]
            wrong = checks.orders(ledger, view) + checks.lost(self.bot.commands, acks, ledger, view)
            if not self.forgot:
                wrong += checks.fills(ledger, self.watch.stream("execution"), "the stream")
            if not self.watch.deaf:
                wrong += checks.fills(ledger, self.watch.fills, "fills", again=self.forgot)
            if not (self.forgot and self.watch.deaf):
                gaps = [*self.gaps, *self.watch.stood]
                wrong += checks.acknowledged(self.bot.commands, acks, ledger, gaps)
            return wrong + checks.doubled(ledger) + checks.resent(ledger) + self._positions() + self._books(view)

    def _positions(self) -> list[str]:
        held, ledger = self.held(), self.watch.ledger
        wrong = []
        for each in TRADED:
            traded = sum(fill.sign * fill.quantity for fill in ledger.fills.values() if fill.con_id == each.con_id)
            expected = self.positions.get(each.con_id, 0.0) + traded
            if abs(held.get(each.con_id, 0.0) - expected) > 1e-6:
                wrong.append(f"the balance has {held.get(each.con_id)} of {each.pair}, and it is {expected}")
        return wrong

    def _books(self, view: View) -> list[str]:
        """The market stands still: best prices as they are."""
        wrong = []
        for each, symbol in zip(TRADED, ("AAPL", "700"), strict=True):
            told, real = view.books.get(each.con_id), self.watch.book(symbol)
            for side, name in ((0, "bids"), (1, "asks")):
                prices = [level["p"] for level in told[side][:3]] if told else []
                # In lots of 100 a row of fewer shares is none; several such rows may stand at one price.
                least = ODD_ROWS if self.version < SHARES and each.lot == 1 else 1
                if prices != [price for price, size in real[name] if size >= least or price in prices][:3]:
                    wrong.append(f"the book {each.pair} has {name} {prices}, and they are {real[name][:5]}")
        return wrong

    def fail_on(self, wrong: list[str]) -> None:
        """Raise with everything that helps to understand it."""
        if wrong:
            log = ["the end of the gateway's log:", *self.gateway.lines()[-25:]]
            raise Violation("\n".join([*wrong[:20], *self._details(wrong), *log]))

    def _details(self, wrong: list[str]) -> list[str]:
        """Both ledgers of the orders that are named."""
        named = [name for name in self.bot.orders if any(f"{name} " in text or f"{name})" in text for text in wrong[:5])][:3]
        lines = []
        for name in named:
            told = self.watch.view.order(self.bot.orders[name].con_id, name) if self.watch.view else None
            ids = {command.id for command in self.bot.commands if command.name == name}
            lines += [f"TWS on {name}:", self.watch.ledger.told(name), f"Redis on {name}: {told}", "acknowledgements:"]
            lines += [f"    {ack}" for ack in self.watch.acks if ack["id"] in ids]
            lines += [f"    {command.at:.3f} {command.via} heard={command.heard} {command.json}" for command in self.bot.commands
                      if command.name == name]  # fmt: skip
        return lines
