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
from ibgw_tx.runtime.write_now import write_now
from ibgw_tx.tws.messages import LANES, order_id_of
from ibgw_tx.tws.pacing import Lane, Pacer, Parcel, Waiting
from ibgw_tx.tws.shell.recorder import Recorder

#: What makes the messages of a parcel when they may leave. It raises what the command is refused with; then nothing is sent.
Maker = Callable[[], Sequence[bytes]]


class Outgoing:
    """One session's queues and its pen. `version` gives the server's. Nothing is written before `open` or after `close`."""

    log = Logger()

    def __init__(self, clock: Clock, version: Callable[[], int], recorder: Recorder | None = None) -> None:
        self._clock = clock
        self._version = version
        self._recorder = recorder
        self._pacer = Pacer()
        self._orders: dict[Parcel, tuple[Maker, Deferred[None]]] = {}
        self._transport: Any = None
        self._next: Any = None

    def open(self, transport: Any) -> None:
        """Write to this transport from now on."""
        self._transport = transport

    def close(self) -> list[bytes]:
        """Write no more; the messages that still waited for their turn. Parcels fail with SessionLost."""
        self._transport = None
        if self._next is not None and self._next.active():
            self._next.cancel()
        return self.withdraw()

    def withdraw(self) -> list[bytes]:
        """Everything that still waits for TWS's message rate, taken away. Parcels fail with SessionLost."""
        left = self._pacer.drain()
        for each in left:
            if isinstance(each, Parcel):
                self._fail(each, SessionLost("the session with TWS ended before the order left; nothing was sent"))
        return [each for each in left if isinstance(each, bytes)]

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
        parcel, left = Parcel(count, about), Deferred[None]()
        self._pacer.offer_parcel(parcel)
        self._orders[parcel] = make, left
        self._pump()
        return left

    def _fail(self, parcel: Parcel, error: Exception) -> None:
        _, left = self._orders.pop(parcel)
        left.errback(error)

    def send(self, message: bytes) -> None:
        """Queue one framed message in its lane and send what may go. Raises PacingFull, with nothing queued."""
        lane = LANES.get(message[4:].partition(b"\0")[0], Lane.DATA)
        ordered = self._pacer.waiting_in(Lane.ORDER) if lane is Lane.CANCEL else ()
        waiting = [each for each in ordered if isinstance(each, bytes)]
        if waiting:
            self._offer_cancel(message, waiting)
        else:
            self._pacer.offer(lane, message)
        self._pump()

    def send_orders(self, messages: Sequence[bytes]) -> None:
        """Queue framed placeOrder messages, all or none. Raises PacingFull."""
        self._pacer.offer(Lane.ORDER, *messages)
        self._pump()

    def _offer_cancel(self, message: bytes, waiting: Sequence[bytes]) -> None:
        """A cancel must not overtake the order it is meant for, which would live then: it goes behind it.

        A global cancel goes out at once, and once more behind the orders that wait.
        """
        version = self._version()
        order_id = order_id_of(message, version)
        if order_id is None:
            self._pacer.offer(Lane.CANCEL, message)
        if order_id is None or any(order_id_of(each, version) == order_id for each in waiting):
            self._pacer.offer_behind(Lane.ORDER, message)
        else:
            self._pacer.offer(Lane.CANCEL, message)

    def _pump(self) -> None:
        if self._transport is None:
            return
        now = self._clock.seconds()
        while self._pacer.waiting() and self._write(self._pacer.release(now)):
            # Something was refused when its turn came: its room is another's.
            continue
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
            for message in messages:
                self._transport.write(message)
                if self._recorder is not None:
                    self._recorder.frame("out", message[4:])
        if released:
            write_now(self._transport)
        # Who hears of it may send more: only now.
        for tell in told:
            tell()
        return refused > 0

    def _made(self, parcel: Parcel, told: list[Callable[[], None]]) -> Sequence[bytes]:
        make, left = self._orders.pop(parcel)
        try:
            messages = make()
        except Exception as error:
            self._pacer.give_back(parcel.count)
            told.append(partial(left.errback, error))
            return ()
        told.append(partial(left.callback, None))
        return messages
