"""What every order and every change has to pass before its bytes leave, asked again whenever something had to be waited for.

HALT, the session and its liveness, what Redis keeps, the snapshot of orders; the command's age; our own limits; names used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ibgw_tx.commands.message import Command
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.model.moment import steady
from ibgw_tx.orders.entry import limits
from ibgw_tx.orders.entry.checks import ContractFacts
from ibgw_tx.orders.entry.dialect import fit
from ibgw_tx.orders.entry.limits import Limits, RateWindow, Refusal
from ibgw_tx.orders.entry.plain import PlainContract, PlainOrder
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.orders.shell.halt import HaltSwitch
from ibgw_tx.orders.shell.kept import Kept
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.tws.shell.session import IBSession

#: ms in which an order has to be ready to be sent: its author may have given it up after that, and the market has moved.
READY_WITHIN = 10_000


class Gate:
    """`session()` gives the linked session or raises CommandError. Every check returns, or raises CommandError."""

    def __init__(
        self,
        orders: Orders,
        kept: Kept,
        halt: HaltSwitch,
        facts: ContractFactsFinder,
        session: Callable[[], IBSession],
        limits: Limits,
        now_ms: Callable[[], int],
    ) -> None:
        self.session = session
        self.now_ms = now_ms
        self.limits = limits
        self._orders = orders
        self._kept = kept
        self._halt = halt
        self._facts = facts
        self._rate = RateWindow(limits.max_orders_per_second)

    def check_open(self) -> IBSession:
        """Orders may leave at all; the session that they may leave by."""
        if self._halt.reason is not None:
            halted = limits.halted(self._halt.reason)
            assert halted is not None
            raise halted.error()
        session = self.session()
        if not session.is_alive:
            # A half-open line swallows orders, or brings them all at once much later.
            silent = f"TWS has been silent for {session.silence:.0f} s"
            behind = "TWS has been silent, and what it has said meanwhile has not been read yet"
            raise CommandError(errors.NOT_CONNECTED, silent if session.silence >= 1 else behind)
        self._kept.check()
        if not self._orders.is_running:
            text = "the snapshot of orders is being taken: the order cache is not to be trusted yet"
            raise CommandError(errors.UNAVAILABLE, text)
        return session

    def fit(self, request: OrderRequest, facts: ContractFacts) -> OrderRequest:
        """The request as the TWS of this session understands it. Raises CommandError for what it would drop or refuse."""
        client = self.session().client
        return fit(request, facts.secType, facts.exchange, client.server_version, client.unsent)

    def check_age(self, command: Command, received: int, now: int | None = None) -> None:
        """Nothing is kept for later: what could not be made ready in time is not sent. `now`: the moment, if it is known."""
        now = self.now_ms() if now is None else now
        if command.expires is not None and now > command.expires:
            text = f"the command expired {int(now - command.expires)} ms ago, before it could leave; nothing was sent"
            raise CommandError(errors.EXPIRED, text)
        if steady(now) - steady(received) > READY_WITHIN:
            raise CommandError(errors.UNAVAILABLE, f"the order was not ready within {READY_WITHIN} ms; nothing was sent")

    def seconds_left(self, command: Command) -> float:
        """Until `check_age` will refuse a command that has just come."""
        ready = READY_WITHIN + 1
        left = ready if command.expires is None else min(ready, command.expires + 1 - self.now_ms())
        return max(left, 0) / 1000

    def check_limits(self, pairs: Sequence[tuple[OrderRequest, Contract]], new: int) -> None:
        """Our own limits; `new` of the orders join those that are open. A preview (whatIf) places none, and is not limited."""
        if all(terms.is_what_if for terms, _ in pairs):
            return
        refusals = [
            self.limits.order(self._facts.exposure(terms.members, contract), *self._facts.touch(contract))
            for terms, contract in pairs
        ]
        self._refuse(*refusals, *self._counted(new, len(pairs)))

    def check_exercise(self, members: Mapping[str, Any], contract: Contract) -> None:
        """Our own limits on an exercise, told as an order's members."""
        self._refuse(self.limits.exercise(self._facts.exposure(members, contract)), *self._counted(1, 1))

    def _counted(self, new: int, messages: int) -> tuple[Refusal | None, ...]:
        open_orders = self.limits.open_orders(self._orders.cache.orders.places_taken, new)
        return open_orders, self._rate.refusal(steady(self.now_ms()) / 1000, messages)

    def _refuse(self, *refusals: Refusal | None) -> None:
        for refusal in refusals:
            if refusal is not None:
                raise refusal.error()

    def lets_through(self, plain: PlainOrder, known: PlainContract, now: int) -> bool:
        """Whether `check_limits` refuses a new plain order not at all at the moment `now`."""
        limits, rate = self.limits, self._rate
        if limits.max_open_orders is not None and self._orders.cache.orders.places_taken >= limits.max_open_orders:
            return False
        if rate.most is not None and rate.refusal(steady(now) / 1000) is not None:
            return False
        if not limits.look_at_orders:
            return True
        bid, ask = self._facts.touch_of(known.book)
        buys = plain.action == "BUY"
        return limits.lets_through(buys, plain.quantity, plain.price, known.names, known.per_point, bid, ask)

    def note(self, count: int = 1) -> None:
        """Orders have been handed to TWS."""
        self._rate.note(steady(self.now_ms()) / 1000, count)

    def refuse_known(self, client_oids: Sequence[str]) -> None:
        """No name is used twice."""
        for client_oid in client_oids:
            known = self._orders.cache.orders.by_client_oid(client_oid) if client_oid else None
            if known is not None:
                raise CommandError(errors.DUPLICATE, f"client_oid {client_oid!r} has been used already", order=known)
