"""One client's conversation with the simulated TWS, without any I/O: bytes in, bytes out through a small interface."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from ibgw_tx.sim.office.journal import Entry
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.replies.protobuf import dialect
from ibgw_tx.sim.wire import frames as wire
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import TEXT, Out
from ibgw_tx.sim.wire.reading import read
from ibgw_tx.sim.wire.requests import BadRequest, Request


class Line(Protocol):
    """What a conversation needs of a connection."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Rules(Protocol):
    """What holds for every client alike (state.OfficeState)."""

    def now(self) -> float: ...

    def version_for(self, low: int, high: int) -> int | None: ...

    def hears(self, entry: Entry) -> bool: ...

    def stalls(self) -> bool: ...

    def copies(self, msg_id: int) -> int: ...

    def delay(self, msg_id: int) -> float: ...

    def later(self, delay: float, call: Callable[[], None]) -> None: ...

    def turns_away(self, client: Conversation) -> tuple[int, str] | None: ...

    @property
    def message_rate(self) -> int: ...


class Answerer(Protocol):
    """Who answers a client's requests (desks/tws.py)."""

    def welcome(self, client: Conversation) -> None: ...

    def answer(self, client: Conversation, request: Request) -> None: ...

    def dropped(self, client: Conversation, request: Request) -> None: ...

    def troubled(self, client: Conversation, request: Request, error: Exception) -> None: ...

    def leave(self, client: Conversation) -> None: ...


class State(Enum):
    GREETING = "greeting"  # the version range is awaited
    STARTING = "starting"  # startApi is awaited; anything else is dropped, as TWS may (tws-facts 1.2)
    READY = "ready"
    CLOSED = "closed"


BREACHES = 3  # of the message rate, then the session ends (tws-facts 3.1)


class Conversation:
    """`feed` it what the client sent; it never raises for what a client did."""

    def __init__(self, rules: Rules, tws: Answerer, line: Line) -> None:
        self._rules, self._tws, self._line = rules, tws, line
        self.state = State.GREETING
        self.server_version = 0
        self.client_id = -1
        self.options = ""
        self.deaf = False  # what is sent gets lost on the way, as when the connection breaks just then
        self._inbox = wire.Inbox()
        self._times: deque[float] = deque()
        self._breaches = 0

    @property
    def ready(self) -> bool:
        return self.state is State.READY

    def feed(self, data: bytes) -> None:
        if self.state is State.CLOSED:
            return
        try:
            for payload in self._inbox.feed(data):
                if self.state is State.CLOSED:
                    return
                self._payload(payload)
        except wire.WireError:
            self.close()

    def send(self, fields: Fields) -> None:
        self.send_frame(fields[0], wire.frame(dialect(fields, self.server_version), self.server_version))

    def send_frame(self, msg_id: int, data: bytes) -> None:
        """One ready-made frame of a message id, subject to the trouble asked for."""
        if not self.ready:
            self.write(data)
            return
        data = data * self._rules.copies(msg_id)
        delay = self._rules.delay(msg_id)
        if delay:
            self._rules.later(delay, lambda: self.write(data))
        else:
            self.write(data)

    def write(self, data: bytes) -> None:
        """Ready-made frames: the path of depth rows."""
        if data and not self.deaf and self.state is not State.CLOSED:
            self._line.write(data)

    def error(self, req_id: int, code: int, text: str = "", reject: str = "") -> None:
        """`reject`: JSON for clients that take advanced order rejects."""
        told, now = text or say(code, id=req_id), self._rules.now()
        self.send(replies.error(req_id, code, told, self.server_version, now, reject))

    def close(self) -> None:
        """End the conversation from this side."""
        self.lost()
        self._line.close()

    def abort(self) -> None:
        """End it at once, as when a cable is cut."""
        self.lost()
        self._line.abort()

    def lost(self) -> None:
        """The connection is gone; what it held is given back. Called more than once without harm."""
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._tws.leave(self)

    # The three phases

    def _payload(self, payload: bytes) -> None:
        if self.state is State.GREETING:
            self._greet(payload)
            return
        try:
            request = read(payload, self.server_version)
        except BadRequest as bad:
            fields = tuple(wire.split(payload))
            if self._rules.hears(Entry(self._rules.now(), self.client_id, f"bad {bad.name}", fields)):
                self.error(bad.req_id, 320, say(320, name=bad.name, cause=bad.cause))
            return
        if not self._rules.hears(Entry(self._rules.now(), self.client_id, request.name, request.fields, request.args)):
            return
        if self.state is State.STARTING:
            self._start(request)
        elif self._paced():
            self._answer(request)
        else:
            self._tws.dropped(self, request)

    def _greet(self, payload: bytes) -> None:
        low, high, self.options = wire.parse_range(payload)
        now = self._rules.now()
        if self._rules.stalls():
            return
        version = self._rules.version_for(low, high)
        if version is None:
            self.close()
            return
        self.server_version, self.state = version, State.STARTING
        self.write(wire.frame((version, times.connection_time(now)), min(version, TEXT)))  # without an id at every version

    def _start(self, request: Request) -> None:
        if request.msg_id != Out.START_API:
            return
        self.client_id = request.args["client_id"]
        refusal = self._rules.turns_away(self)
        if refusal is not None:
            self.error(-1, *refusal)
            self.close()
            return
        self.state = State.READY
        self._tws.welcome(self)

    def _answer(self, request: Request) -> None:
        try:
            self._tws.answer(self, request)
        except Refused as no:
            self.error(request.req_id, no.code, no.text)
        except Exception as e:
            # One request must not end the session, whatever is wrong with it or with us.
            self._tws.troubled(self, request, e)
            self.error(request.req_id, 322, say(322, name=request.name, cause="internal error of the simulator"))

    def _paced(self) -> bool:
        """Count a message against the rate of any one second; False when it is over and thus not taken."""
        limit = self._rules.message_rate
        if not limit or "+PACEAPI" in self.options:  # with this connect option TWS paces instead of refusing
            return True
        now = self._rules.now()
        window = self._times
        while window and window[0] <= now - 1.0:
            window.popleft()
        window.append(now)
        if len(window) <= limit:
            return True
        self._breaches += 1
        self.error(-1, 100, say(100, limit=limit, count=len(window), breach=self._breaches))
        window.clear()
        if self._breaches >= BREACHES:
            self.close()
        return False
