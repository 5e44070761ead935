"""What goes out to TWS: each message in its lane, at the rate IB allows, cancels first.

What a command orders is a parcel: it is looked at again, its ids taken and its bytes made in the very turn in which they are
handed to the socket, and only then does its Deferred fire. Whatever ends the wait before fails it, and nothing was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from ibgw_tx.model.errors import SessionLost
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.write_now import write_now, write_through
from ibgw_tx.tws.messages import is_end, lane_of, request_id_of
from ibgw_tx.tws.pacing import RATE, Lane, Pacer, Parcel, Waiting
from ibgw_tx.tws.shell.recorder import Recorder
from ibgw_tx.tws.traffic import Traffic

#: What makes the messages of a parcel when they may leave. It raises what the command is refused with; then nothing is sent.
Maker = Callable[[], Sequence[bytes]]


class Outgoing:
    """One session's queues and its pen. Nothing is written before `open` or after `close`.

    `rate` is in messages a second, `sent` is told the id of each request that has left.
    """

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder | None = None,
        rate: int = RATE,
        sent: Callable[[int], None] = lambda req_id: None,
        traffic: Traffic | None = None,
    ) -> None:
        self._traffic = traffic or Traffic()
        self._clock = clock
        self._recorder = recorder
        self._sent = sent
        self._pacer = Pacer(rate)
        #: Messages of requests that wait, by request id.
        self._requests: dict[int, bytes] = {}
        #: Messages that end one, by its id.
        self._ends: dict[int, bytes] = {}
        self._parcels: dict[Parcel, tuple[Maker, Deferred[None]]] = {}
        self._transport: Any = None
        self._next: Any = None
        self._busiest = 0

    def open(self, transport: Any) -> None:
        """Write to this transport from now on."""
        self._transport = transport

    def close(self) -> None:
        """Write no more."""
        self._transport = None
        if self._next is not None and self._next.active():
            self._next.cancel()

    def withdraw(self) -> int:
        """Everything that still waits for TWS's message rate, taken away. Parcels fail with SessionLost; how many messages."""
        count = self._pacer.waiting()
        self._requests.clear()
        self._ends.clear()
        for each in self._pacer.drain():
            if isinstance(each, Parcel):
                self._fail(each, SessionLost("the session with TWS ended before this left; nothing was sent"))
        return count

    def withdraw_orders(self, error: Exception, about: object = None) -> int:
        """Refuse with `error` every parcel that waits, or those about an order id or name; how many."""
        taken = self._pacer.withdraw(lambda parcel: about is None or about in parcel.about)
        for parcel in taken:
            self._fail(parcel, error)
        return len(taken)

    def order(self, count: int, make: Maker, about: frozenset[object] = frozenset()) -> Deferred[None]:
        """Send `count` messages together when TWS's message rate has room for them; `make` makes them in that very turn.

        Fires when they have been handed to the socket. Fails with what `make` raises, with what `withdraw_orders` was given, or
        with SessionLost; then nothing was sent. Raises PacingFull when more would wait than leaves within a second.
        """
        return self._send_parcel(Lane.ORDER, Parcel(count, about), make)

    def takes_order(self) -> bool:
        """Whether TWS's message rate has room for one order now, and nothing of its kind waits; `send_order` follows then."""
        return self._transport is not None and self._pacer.take(Lane.ORDER, self._clock.seconds())

    def send_order(self, message: bytes) -> None:
        """Send what `takes_order` has made room for."""
        write_through(self._transport, message)
        self._traffic.sent[Lane.ORDER] += 1
        self._busiest = max(self._busiest, self._pacer.sent_lately())
        if self._recorder is not None:
            self._recorder.frame("out", message[4:])

    def cancel(self, make: Maker) -> Deferred[None]:
        """Send one cancel, before all that waits; `make` and the Deferred as for `order`."""
        return self._send_parcel(Lane.CANCEL, Parcel(1), make)

    def _send_parcel(self, lane: Lane, parcel: Parcel, make: Maker) -> Deferred[None]:
        left = Deferred[None]()
        self._pacer.offer_parcel(lane, parcel)
        self._parcels[parcel] = make, left
        self._pump()
        return left

    def _fail(self, parcel: Parcel, error: Exception) -> None:
        _, left = self._parcels.pop(parcel)
        left.errback(error)

    def send(self, message: bytes, own: bool = False) -> None:
        """Queue one framed message in its lane and send what may go; `own`: the gateway's need, though bots ask the same.

        Raises PacingFull, with nothing queued.
        """
        lane = lane_of(message)
        if is_end(message):
            self._offer_end(message)
        else:
            self._pacer.offer(Lane.OWN if own and lane is Lane.QUESTION else lane, message)
            req_id = request_id_of(message)
            if req_id is not None:
                self._requests[req_id] = message
        self._pump()

    def budget(self) -> dict[str, Any]:
        """Messages that count against the rate now, and what waits in each lane (parcels as one)."""
        self._pacer.wait(self._clock.seconds())
        waiting = {lane.name.lower(): len(self._pacer.waiting_in(lane)) for lane in Lane}
        return {"sent": self._pacer.sent_lately(), "waiting": waiting}

    def take_busiest(self) -> int:
        """The most messages that counted against the rate at a time since this was last asked."""
        most, self._busiest = self._busiest, 0
        return most

    def is_waiting(self, req_id: int) -> bool:
        """Whether the message of a request, or the one that ends it, still waits for TWS's message rate."""
        return req_id in self._requests or req_id in self._ends

    def withdraw_request(self, req_id: int) -> bool:
        """Nobody wants this request any more; whether it was still here, and now is not sent."""
        message = self._requests.pop(req_id, None)
        return message is not None and self._pacer.withdraw_message(message)

    def _offer_end(self, message: bytes) -> None:
        """The end of what was never begun is nothing."""
        req_id = request_id_of(message)
        if req_id is None or not self.withdraw_request(req_id):
            self._pacer.offer_end(message)
            if req_id is not None:
                self._ends[req_id] = message

    def _pump(self) -> None:
        if self._transport is None:
            return
        now = self._clock.seconds()
        while self._pacer.waiting() and self._write(self._pacer.release(now)):
            # Something was refused when its turn came: its room is another's.
            continue
        self._busiest = max(self._busiest, self._pacer.sent_lately())
        wait = self._pacer.wait(now)
        if self._next is not None and self._next.active():
            # It may have been set for a lower lane, later than what waits now may go.
            self._next.cancel()
        if wait is not None and self._transport is not None:
            self._next = self._clock.callLater(max(wait, 0.001), self._pump)

    def _write(self, released: Sequence[Waiting]) -> bool:
        """Write what may leave; whether room was given back."""
        told: list[Callable[[], None]] = []
        refused = 0
        for each in released:
            messages = (each,) if isinstance(each, bytes) else self._made(each, told)
            refused += 0 if messages else 1
            if isinstance(each, bytes):
                self._note_request(each, told)
            for message in messages:
                self._transport.write(message)
                self._traffic.sent[lane_of(message)] += 1
                if self._recorder is not None:
                    self._recorder.frame("out", message[4:])
        if released:
            write_now(self._transport)
        # Who hears of it may send more: only now.
        for tell in told:
            tell()
        return refused > 0

    def _note_request(self, message: bytes, told: list[Callable[[], None]]) -> None:
        req_id = request_id_of(message)
        for kind in (self._requests, self._ends):
            if req_id is not None and kind.get(req_id) is message:
                del kind[req_id]
                told.append(partial(self._sent, req_id))

    def _made(self, parcel: Parcel, told: list[Callable[[], None]]) -> Sequence[bytes]:
        make, left = self._parcels.pop(parcel)
        try:
            messages = make()
        except Exception as error:
            self._pacer.give_back(parcel.count)
            told.append(partial(left.errback, error))
            return ()
        told.append(partial(left.callback, None))
        return messages
