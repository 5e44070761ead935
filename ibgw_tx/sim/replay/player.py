"""Playing a recorded session to a client, without any I/O: what is sent when, under the ids the client uses now.

A *stream* is a row of frames that keep their order: one for each recorded request id, and one for all else. A stream of an
id waits until the client makes a request of the same kind, and then runs under the client's id. The stream of all else
waits at each recorded request without an id until the client has made it too, but not longer than `PATIENCE`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from attrs import define, field

from ibgw_tx.sim.replay.recording import Sent, Session
from ibgw_tx.sim.replay.reply_ids import id_of, under
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import In, Out
from ibgw_tx.sim.wire.requests import LAYOUTS, Request

PATIENCE = 5.0  # seconds that the stream without ids waits for a request that the client may never make
# Answered by the player itself, whose client keeps its own time.
OWN = frozenset({Out.REQ_CURRENT_TIME})
UNHEARD = frozenset({In.CURRENT_TIME})
# Requests whose first number is an order's id, and what needs no answer: nothing waits for them.
FREE = frozenset({
    Out.PLACE_ORDER, Out.CANCEL_ORDER, Out.REQ_GLOBAL_CANCEL, Out.START_API, Out.SET_SERVER_LOGLEVEL, Out.REQ_MARKET_DATA_TYPE,
    Out.REQ_IDS, Out.REQ_AUTO_OPEN_ORDERS, Out.CANCEL_POSITIONS, *OWN,
})

def has_id(request: Request) -> bool:
    return request.req_id != -1 and request.msg_id not in FREE


def is_cancel(request: Request) -> bool:
    return request.name.startswith("cancel") and has_id(request)


@define
class Stream:
    """Frames still to be sent, oldest first, and under which id; None while nobody has asked."""

    frames: deque[Sent] = field(factory=deque)
    place: int | None = None


class Player:
    """One client's hearing of one session. `due` gives what may be sent now, `hear` takes what the client asks."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._asked: Counter[int] = Counter()  # requests without an id, by message id
        self._wanted = [request for request in session.asked if has_id(request) and not is_cancel(request)]
        self._ids: dict[int, Stream] = {request.req_id: Stream() for request in self._wanted}
        self._by_client: dict[int, int] = {}  # the client's id: the recording's
        self._rest: deque[Sent] = deque()
        self._waits: list[tuple[int, int, int]] = list(self._barriers())  # (requests before it, message id, how many)
        self._held: float | None = None
        self.unmatched: list[Request] = []
        for sent in session.sent:
            if sent.kind not in UNHEARD:
                stream = self._stream_of(sent)
                (self._rest if stream is None else stream.frames).append(sent)

    def _barriers(self) -> Iterator[tuple[int, int, int]]:
        count: Counter[int] = Counter()
        for place, request in enumerate(self.session.asked):
            if request.req_id == -1 and request.msg_id not in FREE:
                count[request.msg_id] += 1
                yield place, request.msg_id, count[request.msg_id]

    def _stream_of(self, sent: Sent) -> Stream | None:
        req_id = id_of(sent, self.session.version)
        return None if req_id is None else self._ids.get(req_id)

    # The client

    def hear(self, request: Request) -> None:
        """A request of the client: what was waiting for one like it may go."""
        if is_cancel(request):
            recorded = self._by_client.pop(request.req_id, None)
            if recorded is not None:
                self._ids[recorded].frames.clear()
        elif not has_id(request):
            self._asked[request.msg_id] += 1
        else:
            found = self._match(request)
            if found is None:
                self.unmatched.append(request)
                return
            self._wanted.remove(found)
            self._ids[found.req_id].place = request.req_id
            self._by_client[request.req_id] = found.req_id

    def _match(self, request: Request) -> Request | None:
        """The recorded request this one repeats: the same but for its id, else about the same contract, else of its name."""
        alike = [one for one in self._wanted if one.name == request.name]
        # A request without a form in text is about no contract.
        about = any(part.name == "con_id" for part in LAYOUTS.get(request.msg_id, ("", ()))[1])
        for one in alike:
            if (one.contract, one.args) == (request.contract, request.args):
                return one
        for one in alike:
            if not about or one.contract == request.contract:
                return one
        return None

    # What is due

    def due(self, position: float, now: float) -> list[Fields]:
        """Frames up to a position in the recording (seconds); `now` is real time, for patience.

        Each as its texts, or in protobuf as its id and its bytes.
        """
        found: list[Sent] = []
        for stream in self._ids.values():
            while stream.place is not None and stream.frames and stream.frames[0].when <= position:
                found.append(under(stream.frames.popleft(), self.session.version, stream.place))
        while self._rest and self._rest[0].when <= position and self._passes(self._rest[0], now):
            found.append(self._rest.popleft())
        told = sorted(found, key=lambda sent: sent.when)
        return [sent.fields if sent.data is None else (sent.kind, sent.data) for sent in told]

    def _passes(self, sent: Sent, now: float) -> bool:
        """Whether the client has made the requests that came before this frame, or was waited for long enough."""
        while self._waits and self._waits[0][0] < sent.after:
            _, msg_id, count = self._waits[0]
            if self._asked[msg_id] < count:
                self._held = now if self._held is None else self._held
                if now < self._held + PATIENCE:
                    return False
            self._held = None
            self._waits.pop(0)
        return True

    @property
    def left(self) -> int:
        """Frames not sent yet, but for answers to what the client has not asked."""
        return len(self._rest) + sum(len(stream.frames) for stream in self._ids.values() if stream.place is not None)
