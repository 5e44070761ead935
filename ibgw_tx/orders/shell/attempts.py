"""Order commands that are under way: from when they came until their bytes have left, or they were refused.

On its way a command waits for the details of its contract, for Redis, and for TWS's message rate. Whatever ends the wait (HALT,
CANCEL_ALL, CANCEL_ORDERS, a cancel of it, the link lost) refuses it in the same turn, and what it waits for finds that it is not
wanted any more. So nothing that was commanded before leaves after the acknowledgement of HALT or CANCEL_ALL. What it was checked
against at first is looked at again in the turn in which its bytes are made.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, PacingFull, RedisDown, RequestTimeout, SessionLost
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.session import IBSession

#: Whether an order on a resolved contract, of these members, is meant.
Meant = Callable[[Contract, Mapping[str, Any]], bool]
Ack = dict[str, Any]
#: What the work of a refused command may end with.
_EXPECTED = (CommandError, SessionLost, RequestTimeout, RedisDown, PacingFull)


@attrs.define(eq=False)
class Attempt:
    """One command. `client_oids`: the names of its new orders; `order_id`: the live order that it changes, 0 for none.

    `orders` are what it wants on which contract, as far as the contracts are known.
    """

    command: Command
    received: int
    client_oids: tuple[str, ...] = ()
    order_id: int = 0
    orders: Sequence[tuple[OrderRequest, Contract]] = ()
    refusal: CommandError | None = None
    left: bool = False
    _bars: list[tuple[Meant, CommandError]] = attrs.Factory(list)
    _session: IBSession | None = None
    _told: Deferred[Ack] = attrs.Factory(Deferred)

    def check(self) -> None:
        """Raise what has refused it since."""
        if self.refusal is not None:
            raise self.refusal

    def resolved(self, orders: Sequence[tuple[OrderRequest, Contract]]) -> None:
        """Its contracts are known now; a bar may be about them. Raises CommandError."""
        self.orders = orders
        for meant, error in self._bars:
            self._bar(meant, error)
        self.check()

    def bar(self, meant: Meant, error: CommandError) -> None:
        """Refuse it if it wants an order that is meant; now, or when its contracts are known."""
        self._bars.append((meant, error))
        self._bar(meant, error)

    def _bar(self, meant: Meant, error: CommandError) -> None:
        if any(meant(contract, terms.members) for terms, contract in self.orders):
            self.stop(error)

    def stop(self, error: CommandError) -> bool:
        """Refuse it, at once; False: it has left, or is refused already."""
        if self.left or self.refusal is not None:
            return False
        self.refusal = error
        self._told.errback(error)
        if self._session is not None:
            self._session.withdraw_orders(error, self)
        return True

    async def leave(self, session: IBSession, count: int, make: Callable[[], Sequence[bytes]]) -> None:
        """Wait for TWS's message rate; `make` makes the messages in the turn in which they leave. Raises what it raises."""

        def made() -> Sequence[bytes]:
            self.check()
            messages = make()
            self.left = True
            return messages

        self.check()
        self._session = session
        try:
            await session.order(count, made, frozenset({self}))
        finally:
            self._session = None

    async def told(self) -> Ack:
        """What its acknowledgement carries. Raises CommandError and what its work has raised."""
        return await self._told

    def done(self, ack: Ack) -> None:
        """Its work is done."""
        if not self._told.called:
            self._told.callback(ack)

    def failed(self, failure: Failure) -> Failure | None:
        """Its work has failed: that is its answer, or, when it had been refused before, expected."""
        if self._told.called:
            return None if failure.check(*_EXPECTED) else failure
        self._told.errback(failure)
        return None


class Attempts:
    """All that are under way, in the order in which they came."""

    log = Logger()

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._gate = gate
        self._clock = clock
        #: With what ends the wait of each.
        self._open: dict[Attempt, Any] = {}

    async def carry_out(self, attempt: Attempt, work: Coroutine[Any, Any, Ack]) -> Ack:
        """Let it work, until it is done or refused; what its acknowledgement carries. Raises CommandError."""
        self.begin(attempt)
        working = Deferred.fromCoroutine(work)
        working.addCallbacks(attempt.done, attempt.failed)
        working.addErrback(lambda failure: self.log.failure("command {id!r} after its refusal", failure, id=attempt.command.id))
        try:
            return await attempt.told()
        finally:
            self.end(attempt)

    def begin(self, attempt: Attempt) -> None:
        """It is under way."""
        self._open[attempt] = self._clock.callLater(self._gate.seconds_left(attempt.command), self._too_late, attempt)

    def end(self, attempt: Attempt) -> None:
        """It is under way no more."""
        limit = self._open.pop(attempt, None)
        if limit is not None and limit.active():
            limit.cancel()

    def _too_late(self, attempt: Attempt) -> None:
        """What it waits for has not come in time: its author is told now, not when it comes."""
        try:
            self._gate.check_age(attempt.command, attempt.received)
        except CommandError as error:
            attempt.stop(error)

    async def leave(self, attempt: Attempt, count: int, make: Callable[[IBSession], Sequence[bytes]]) -> None:
        """`attempt.leave`, with what every order is held against looked at again when its turn has come."""
        session = self._gate.session()

        def made() -> Sequence[bytes]:
            self._gate.check_age(attempt.command, attempt.received)
            self._gate.check_open()
            return make(session)

        await attempt.leave(session, count, made)

    def stop_all(self, error: CommandError) -> int:
        """Refuse everything that is under way; how many commands that were."""
        return sum(attempt.stop(error) for attempt in tuple(self._open))

    def stop_named(self, client_oid: str, order_id: int, error: CommandError) -> int:
        """Refuse what is under way under this client_oid, and changes of the order with this id; how many commands."""
        found = [
            attempt
            for attempt in self._open
            if (client_oid and client_oid in attempt.client_oids) or (order_id and order_id == attempt.order_id)
        ]
        return sum(attempt.stop(error) for attempt in found)

    def bar(self, meant: Meant, error: CommandError) -> None:
        """Refuse what is under way and is meant; what is not known yet is refused when it turns out to be meant."""
        for attempt in tuple(self._open):
            attempt.bar(meant, error)
