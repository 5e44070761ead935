"""A busy day's bot: places, changes and cancels orders near the market, by the channel and by the stream, and repeats itself."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

import redis

from tests.faults.checks import Command
from tests.faults.view import TRADED, Traded, View

FALLBACK = {265598: 206.0, 150968210: 415.0}  # a price without a book
PRICES = 4000  # ticks around the market that a change may choose from


class Bot(threading.Thread):
    """Acts until `end`; everything it sends is in `commands`. `view` gives what Redis said last."""

    def __init__(self, client: Any, name: str, seed: int, view: Any, pace: tuple[float, float] = (0.04, 0.25)) -> None:
        super().__init__(daemon=True)
        self.client, self.name, self.pace, self._view = client, name, pace, view
        self.random = random.Random(seed)
        self.tag = f"s{seed}"
        self.commands: list[Command] = []
        self.orders: dict[str, Traded] = {}  # every name that was ever used
        self._prices: dict[str, set[float]] = {}
        self._totals: dict[str, int] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.idle = threading.Event()  # set: it sends nothing by itself

    def run(self) -> None:
        while not self._ended.wait(self.random.uniform(*self.pace)):
            if not self.idle.is_set():
                self.act()

    def end(self) -> None:
        self._ended.set()
        if self.is_alive():
            self.join(10)

    def act(self) -> None:
        """One thing that a bot does."""
        with self._lock:
            alive = self._alive()
            dice = self.random.random()
            if dice < 0.5 or not alive:
                self._place()
            elif dice < 0.72:
                self._change(self.random.choice(alive))
            elif dice < 0.94:
                self._cancel(self.random.choice(alive))
            else:
                self._repeat()

    def burst(self, count: int) -> None:
        for _ in range(count):
            self.act()

    def _alive(self) -> list[str]:
        view: View | None = self._view()
        if view is None:
            return []
        return [
            each["client_oid"] for hash in view.hashes.values() for name, each in hash.items()
            if each["alive"] and name == each["client_oid"] and name in self.orders
        ]

    def _price(self, traded: Traded, ticks: int) -> float:
        view: View | None = self._view()
        book = view.books.get(traded.con_id) if view is not None else None
        middle = FALLBACK[traded.con_id]
        if book and book[0] and book[1]:
            middle = (book[0][0]["p"] + book[1][0]["p"]) / 2
        return round((round(middle / traded.tick) + ticks) * traded.tick, 2)

    def _place(self) -> None:
        traded, roll = self.random.choice(TRADED), self.random
        name = f"{self.tag}-{len(self.orders) + 1}"
        side = roll.choice(("buy", "sell"))
        toward = 1 if side == "buy" else -1
        # Some take what is there and rest with what is left, some stand near, some far away.
        ticks = roll.choice((toward * roll.randint(0, 5), -toward * roll.randint(1, 6), -toward * roll.randint(20, 60)))
        price, size = self._price(traded, ticks), roll.randint(1, 12) * (traded.lot if traded.lot > 1 else roll.randint(1, 100))
        order: dict[str, Any] = {"T": side, "s": size, "p": price, "client_oid": name}
        if roll.random() < 0.08:
            order = {"T": side, "s": size, "orderType": "MKT", "client_oid": name}
        self.knows(name, traded, price, size)
        self.send("new", name, {"cmd": "PLACE_ORDER", "params": {"contract": traded.contract, "order": order}})

    def knows(self, name: str, traded: Traded, price: float, size: int) -> None:
        """An order of this name may be changed and cancelled from now on."""
        self.orders[name], self._prices[name], self._totals[name] = traded, {price}, size

    def _change(self, name: str) -> None:
        traded = self.orders[name]
        price = self._price(traded, self.random.randint(-8, 8))
        while price in self._prices[name]:
            price = self._price(traded, self.random.randint(-PRICES // 100, PRICES // 100))
        self._prices[name].add(price)
        order: dict[str, Any] = {"client_oid": name, "p": price}
        if self.random.random() < 0.3:
            order["s"] = self._totals[name] = self._totals[name] + traded.lot * self.random.randint(1, 50)
        self.send("change", name, {"cmd": "PLACE_ORDER", "params": {"order": order}}, price)

    def _cancel(self, name: str) -> None:
        self.send("cancel", name, {"cmd": "CANCEL_ORDER", "params": {"client_oid": name}})

    def _repeat(self) -> None:
        """The same order once more, as one that does not know whether its first command arrived."""
        new = [command for command in self.commands if command.what == "new"]
        if new:
            again = self.random.choice(new[-10:])
            self.send("new", again.name, {key: again.json[key] for key in ("cmd", "params")})

    def send(self, what: str, name: str, said: dict[str, Any], price: float | None = None, via: str = "") -> Command:
        via = via or self.random.choice(("CMD", "CMD", "CMDS"))
        content = {"id": f"{self.tag}:{len(self.commands) + 1}", **said}
        command = Command(content["id"], what, name, via, time.time(), None, price, content)
        self.commands.append(command)
        try:
            if via == "CMD":
                command.heard = self.client.publish(f"IBGateway:{self.name}:CMD", json.dumps(content)) == 1
            else:
                self.client.xadd(f"IBGateway:{self.name}:CMDS", {"json": json.dumps(content)})
                command.heard = True
        except redis.RedisError:
            pass  # nobody knows whether it arrived
        return command

    def subscribe(self) -> None:
        """The day's books."""
        for traded in TRADED:
            self.send("other", "", {"cmd": "SUB_ODBK", "params": {"contract": traded.contract}}, via="CMD")
