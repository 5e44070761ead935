"""The observer: from outside, every 50 ms, what Redis says against what ibsim's ledger says. It keeps all that was told."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import redis

from ibgw_tx.sim import ctl
from tests.faults import checks
from tests.faults.ledger import Ledger
from tests.faults.view import TRADED, Traded, View, orders_of, status_of

PACE = 0.05  # seconds between two looks
MEMORY = 15.0  # seconds for which it is remembered how late this machine was
STOOD_STILL = 5.0  # seconds: connections may be given up for it, and what was under way on them is lost
LEFT = 40.0  # seconds between the last word of a gateway that has gone silent and the first of who takes over
MOST_LATE = 10.0  # seconds: more is no excuse
STATUS_PACE = 1.0  # seconds between two statuses
KEPT = 20  # sentences about what is wrong: the first ones matter


class Watch(threading.Thread):
    """`wrong`: what the samples have shown. `acks`, `fills`, `answers`: everything heard on the channels, in order.

    `allow`: seconds by which TWS itself may be late (a fault of its). `ahead`: seconds by which the gateway's clock is before
    ours; its times are taken as if it were right. `judging`: cleared, samples are taken and not judged.
    """

    def __init__(self, client: Any, name: str, control: int, wall: Callable[[], float] = time.time) -> None:
        super().__init__(daemon=True)
        self.client, self.name, self.control, self._wall = client, name, control, wall
        self.ledger = Ledger()
        self.view: View | None = None
        self.allow = 0.0
        self.ahead = 0.0
        self.judging = threading.Event()
        self.judging.set()
        self.wrong: list[str] = []
        self.acks: list[dict[str, Any]] = []
        self.fills: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.deaf = False  # its own subscription broke: what was told meanwhile it cannot know
        self.looks = 0
        self._late: deque[tuple[float, float]] = deque()  # when, and by how much
        self._said = 0.0  # the newest status' own time
        self._life, self._began = None, 0.0  # the number of the lease, and when it was seen first
        self.one_life = False  # nobody is killed: a new holder of the lease means that the one before had gone silent
        self.stood: list[checks.Gap] = []  # when this machine stood still for too long
        self._hashes: dict[int, tuple[str | None, dict[str, Any]]] = {}
        self.turns: list[tuple[float, bool]] = []  # when bots began, or ceased, to trust
        self._ear: Any = None
        self._socket: Any = None
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def run(self) -> None:
        while not self._ended.is_set():
            begun = time.monotonic()
            try:
                self.look()
                self._was_late(time.monotonic() - begun - PACE)
            except (redis.RedisError, OSError):
                pass  # Redis is away or hangs: nothing is told, and nothing can be read
            except Exception as error:
                self._note([f"the observer failed: {error!r}"])
            self._ended.wait(max(0.0, PACE - (time.monotonic() - begun)))

    def end(self) -> None:
        self._ended.set()
        if self.is_alive():
            self.join(20)

    def look(self) -> View:
        """One sample, judged."""
        with self._lock:
            self.listen()
            view = self.read()
            begun = time.monotonic()
            self.take()
            self._was_late(time.monotonic() - begun)  # ibsim answers when its turn comes
            self._beats(view)
            self.view = view
            self.looks += 1
            if not self.turns or self.turns[-1][1] != view.whole:
                self.turns.append((view.at, view.whole))
            if self.judging.is_set():
                self._note(checks.sample(self.ledger, view, self.allow + self.late))
                self._note(checks.books(view, self.late))
            return view

    @property
    def late(self) -> float:
        """Seconds by which a word may be later than on an idle machine: twice the two worst delays, within `MEMORY`, of ibsim's
        answers, the gateway's beat and this observer's own looks; delays under 0.2 s are none."""
        return min(2 * sum(sorted((seconds for _, seconds in self._late), reverse=True)[:2]), MOST_LATE)

    def _beats(self, view: View) -> None:
        """How late the gateway's own beat is, from one status of a life to the next of the same."""
        number = self.client.get(f"IBGateway:{self.name}:lease:number")
        if number != self._life:
            if self._life is not None and self.one_life:
                self.stood.append(checks.Gap(view.at - LEFT, view.at + MEMORY, acks=True, bytes=True))
            self._life, self._began = number, view.at
        elif self._said > self._began:
            self._was_late(view.status[1] - self._said - STATUS_PACE)
        self._said = view.status[1]

    def _was_late(self, seconds: float) -> None:
        now = time.monotonic()
        if seconds > 4 * PACE:
            self._late.append((now, seconds))
        if seconds > STOOD_STILL:
            at = self._wall()
            self.stood.append(checks.Gap(at - seconds - MEMORY, at + MEMORY, acks=True, bytes=True))
        while self._late and now - self._late[0][0] > MEMORY:
            self._late.popleft()

    def _note(self, wrong: list[str]) -> None:
        self.wrong += [f"{time.time():.3f} {each}" for each in wrong if len(self.wrong) < KEPT]

    def take(self) -> None:
        """The ledger, up to now."""
        while entries := ctl.ask(self.control, f"ledger {self.ledger.last}")[:-1]:
            self.ledger.take(json.loads(line) for line in entries)
            if len(entries) < 1000:
                return

    def listen(self) -> None:
        """What was told on the channels since the last look. Raises RedisError when the connection is lost; the next look makes
        one anew."""
        try:
            self._listen()
        except (redis.RedisError, OSError):
            self._ear, self.deaf = None, True
            raise

    def _listen(self) -> None:
        if self._ear is None:
            self._ear = self.client.pubsub(ignore_subscribe_messages=True)
            self._ear.subscribe(f"IBGateway:{self.name}:ACK", f"IBGateway:{self.name}:fills")
            self._socket = self._ear.connection._sock
        while True:
            message = self._ear.get_message()
            # The client makes a lost connection anew without a word.
            self.deaf = self.deaf or self._ear.connection._sock is not self._socket
            if message is None:
                if not self._ear.connection.can_read(timeout=0):
                    return
                continue
            content = json.loads(message["data"])
            if message["channel"].endswith(":fills"):
                self.fills.append(content)
            elif content["type"] == "ack":
                self.acks.append(content)
            elif content["type"] in ("result", "error"):
                self.answers.append(content)

    def read(self, whole: bool = False) -> View:
        """What Redis says now; hashes that have not changed since are not read again, unless `whole`."""
        marks = self._marks()
        changed = [each for each, mark in zip(TRADED, marks, strict=True) if whole or mark is None or self._known(each) != mark]
        pipe = self.client.pipeline(transaction=True)
        at = self._wall()
        pipe.get(f"IBGateway:{self.name}:status")
        for each in TRADED:
            pipe.get(each.flag(self.name))
            pipe.get(each.book)
            pipe.hget(each.hash(self.name), "t")
        for each in changed:
            pipe.hgetall(each.hash(self.name))
        found = pipe.execute()
        unmarked: list[int] = []
        said, t = status_of(found[0])
        view = View(at, self._wall(), (said, t - self.ahead))
        for number, each in enumerate(TRADED):
            flag, book, mark = found[1 + 3 * number : 4 + 3 * number]
            view.flags[each.con_id] = flag == "1"
            view.books[each.con_id] = self._aged(json.loads(book)) if book else None
            view.marked[each.con_id] = mark is not None
            if mark is None:
                unmarked.append(each.con_id)
        for each, fields in zip(changed, found[1 + 3 * len(TRADED) :], strict=True):
            mark = fields.get("t")
            # Two writes of one millisecond look alike: a young one is read again.
            settled = mark is not None and abs(at + self.ahead - int(mark) / 1000) > PACE
            self._hashes[each.con_id] = (mark if settled else None, orders_of(fields))
        # A hash that is not there has no order to be wrong about.
        view.marked |= {con_id: not self._hashes[con_id][1] for con_id in unmarked}
        view.hashes = {con_id: orders for con_id, (_, orders) in self._hashes.items()}
        return view

    def _aged(self, book: list[Any]) -> list[Any]:
        return [*book[:2], book[2] - self.ahead * 1000, *book[3:]]

    def _known(self, traded: Traded) -> str | None:
        return self._hashes.get(traded.con_id, (None, {}))[0]

    def _marks(self) -> list[str | None]:
        pipe = self.client.pipeline(transaction=False)
        for each in TRADED:
            pipe.hget(each.hash(self.name), "t")
        found: list[str | None] = pipe.execute()
        return found

    def stream(self, kind: str) -> list[dict[str, Any]]:
        """What the stream of events has of a kind: execution, ack, order, …"""
        entries = self.client.xrange(f"IBGateway:{self.name}:events")
        return [json.loads(fields["json"]) for _, fields in entries if fields["type"] == kind]

    def ceased(self, since: float) -> float | None:
        """Seconds from `since` until bots no longer trusted; None when they always did."""
        return next((t - since for t, whole in self.turns if t >= since and not whole), None)

    def book(self, symbol: str) -> dict[str, Any]:
        """The market's own book."""
        found: dict[str, Any] = json.loads(ctl.ask(self.control, f"book {symbol}")[-1].removeprefix("ok: "))
        return found
