"""PLACE_ORDER of the plain kind, the short way: one turn of the reactor from the command to the bytes, where Redis is quick.

What is checked, kept and told, and in which sequence, is what `place` says; here it is done without a coroutine. The command is
read and held against everything; its record and its client_oid go to Redis, and what can be made ready meanwhile is (the frame,
the record in memory, the limit of time). Then Redis is looked at: once it has answered, be it now or in a later turn, everything
is looked at again, and the bytes leave. Whatever is not plain, is to be refused, or has to wait for TWS's message rate goes the
long way, `place`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry.plain import PlainContract, PlainOrder, read_plain
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.sent import terms_of_members, without_details
from ibgw_tx.orders.shell.attempts import Ack, Attempt, Attempts
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.orders.shell.departure import Departure, Draft, name_is_taken, not_kept
from ibgw_tx.orders.shell.frames import rehearse, rendered, teach
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.reservations import Claim, Reservations
from ibgw_tx.orders.shell.unanswered import Record, Unanswered, record_text
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.session import IBSession

#: How often Redis is looked at before anything else is done: some 50 µs, in which it mostly answers.
LOOKS = 6

#: Takes what a command's acknowledgement carries, or why it is refused; called once.
Finish = Callable[["Ack | Exception"], None]


@attrs.define(eq=False)
class DirectAttempt(Attempt):
    """An attempt whose refusal goes to `refused` at once."""

    refused: Callable[[Exception], None] = attrs.field(kw_only=True)

    def stop(self, error: CommandError) -> bool:
        if self.left or self.refusal is not None:
            return False
        self.refusal = error
        if self._session is not None:
            self._session.withdraw_orders(error, self)
        self.refused(error)
        return True


@attrs.define(eq=False)
class _Order:
    """One order between its write to Redis and its bytes; `finish` is None once its author has been told."""

    order_id: int
    ref: str
    command: Command
    received: int
    plain: PlainOrder
    known: PlainContract
    claim: Claim | None
    session: IBSession
    finish: Finish | None
    frame: bytes | None = None
    draft: Draft | None = None
    attempt: DirectAttempt | None = None

    @property
    def oids(self) -> tuple[str, ...]:
        """The name that its bot has given it."""
        return (self.plain.client_oid,) if self.plain.client_oid else ()

    @property
    def ack(self) -> Ack:
        """What its acknowledgement carries."""
        return {"apiOrderId": self.order_id, "market": self.known.market, "pair": self.known.pair}


class Direct:
    """Takes commands over that it can carry out."""

    log = Logger()

    def __init__(
        self,
        orders: Orders,
        gate: Gate,
        attempts: Attempts,
        facts: ContractFactsFinder,
        reservations: Reservations,
        unanswered: Unanswered,
        counter: IdCounter,
        departure: Departure,
        redis: RedisLink,
        default_account: str,
    ) -> None:
        self._orders = orders
        self._gate = gate
        self._attempts = attempts
        self._facts = facts
        self._reservations = reservations
        self._unanswered = unanswered
        self._counter = counter
        self._departure = departure
        self._redis = redis
        self._default_account = default_account

    def take(self, command: Command, finish: Finish) -> bool:
        """Carry it out, and `finish` it then; False: nothing has been done, it has to go the long way."""
        now = self._gate.now_ms()
        found = self._read(command, now)
        if found is None:
            return False
        plain, known, session = found
        order_id = self._counter.ids.take(1).start
        ref = plain.client_oid or f"gw-{order_id}-{int(now)}"
        writes = [self._unanswered.write(order_id, record_text(order_id, ref, known, plain, now, command.id))]
        claim = self._reservations.claim(plain.client_oid, command, order_id, now) if plain.client_oid else None
        if claim is not None:
            writes.append(claim.words)
        order = _Order(order_id, ref, command, now, plain, known, claim, session, finish)
        if not self._redis.ask_now(writes, partial(self._kept, order)):
            return False
        try:
            order.frame = rendered(session.client, known, plain, order_id, ref)
            for _ in range(LOOKS):
                self._redis.look_now()
                if order.finish is None:
                    break
            else:
                self._make_ready(order)
        except Exception as error:
            # It does not leave; what Redis has of it goes when it has answered.
            self._finish(order, error)
        self._redis.look_now()
        if order.finish is not None and order.attempt is not None:
            # It has to wait, so from now on it can be refused meanwhile.
            self._attempts.begin(order.attempt)
        return True

    def tick(self) -> None:
        """Once a second: what the first order on a contract, or of a kind, would have to wait for is made ready ahead of it."""
        self._facts.make_some_ready(self._gate.now_ms())
        try:
            session = self._gate.session()
        except CommandError:
            return
        rehearse(session.client, self._facts.made_ready, session.accounts, self._default_account)

    def _read(self, command: Command, now: int) -> tuple[PlainOrder, PlainContract, IBSession] | None:
        """The order, held against everything that is known; None for what is not plain, or would be refused."""
        params = command.params
        given, terms = params.get("contract"), params.get("order")
        if len(params) != 2 or type(given) is not dict or type(terms) is not dict:
            return None
        if not self._reservations.owes_nothing or not self._counter.covers(1):
            return None
        try:
            session = self._gate.check_open()
            self._gate.check_age(command, now, now)
            known = self._facts.plain(given, now)
        except CommandError:
            return None
        plain = None if known is None else read_plain(terms, known, session.accounts, self._default_account)
        if known is None or plain is None or not self._gate.lets_through(plain, known, now):
            return None
        return None if self._orders.cache.orders.knows(plain.client_oid) else (plain, known, session)

    def _make_ready(self, order: _Order) -> tuple[DirectAttempt, Draft]:
        """What the order is to all who will hear of it, while Redis works or when the bytes are out."""
        if order.attempt is not None and order.draft is not None:
            return order.attempt, order.draft
        plain, known, command = order.plain, order.known, order.command
        members = plain.members
        sent = members if plain.client_oid else {**members, "orderRef": order.ref}
        place = known.market, known.pair
        draft = order.draft = Draft(order.order_id, sent, known.contract, plain.client_oid, *place)
        wanted = ((OrderRequest(command.params["contract"], members), known.contract),)
        attempt = order.attempt = DirectAttempt(
            command, order.received, order.oids, orders=wanted, refused=partial(self._finish, order)
        )
        terms = terms_of_members(sent)
        self._unanswered.keep(
            Record(order.order_id, order.ref, known.contract, terms, int(order.received), command.id, *place)
        )
        return attempt, draft

    def _finish(self, order: _Order, outcome: Ack | Exception) -> None:
        finish, order.finish = order.finish, None
        if order.attempt is not None:
            self._attempts.end(order.attempt)
        if finish is not None:
            finish(outcome)

    # Redis has answered.

    def _kept(self, order: _Order, replies: list[Any]) -> None:
        claim, reserved = order.claim, replies[-1]
        error = next((reply for reply in replies if isinstance(reply, Exception)), None)
        if error is not None:
            if claim is not None and isinstance(reserved, Exception):
                self._unanswered.take_back((order.order_id,))
                self._reservations.in_doubt(claim)
            else:
                # Its record is not kept; the name, if it was free, is free again.
                self._later(order, self._departure.give_back((order.order_id,), order.oids if reserved is not None else ()))
            self._finish(order, not_kept(error))
        elif claim is not None and reserved is None:
            self._unanswered.take_back((order.order_id,))
            self._later(order, self._refuse_taken(order))
        else:
            if claim is not None:
                self._reservations.holds(claim)
            if order.finish is None:
                self._give_back(order)
            else:
                self._leave(order)

    async def _refuse_taken(self, order: _Order) -> None:
        """Another command has that name."""
        client_oid = order.plain.client_oid
        try:
            kept = await self._reservations.kept_of([client_oid])
        except Exception as error:
            raise not_kept(error) from error
        raise name_is_taken(client_oid, self._orders.cache.orders.by_client_oid(client_oid), kept[client_oid])

    def _give_back(self, order: _Order) -> None:
        self._later(order, self._departure.give_back((order.order_id,), order.oids))

    def _later(self, order: _Order, work: Coroutine[Any, Any, None]) -> None:
        """What has to wait after all; what it raises is the command's answer, if that has none yet."""
        Deferred.fromCoroutine(work).addErrback(self._failed, order)

    def _failed(self, failure: Failure, order: _Order) -> None:
        self._finish(order, cast(Exception, failure.value))

    def _leave(self, order: _Order) -> None:
        """Everything is looked at again, and the bytes go, in this turn if TWS's message rate has room."""
        try:
            now = self._gate.now_ms()
            self._gate.check_age(order.command, order.received, now)
            session = self._gate.check_open()
            self._gate.refuse_known(order.oids)
            if not self._gate.lets_through(order.plain, order.known, now):
                attempt, _ = self._make_ready(order)
                self._gate.check_limits(attempt.orders, new=1)
            frame = order.frame if session is order.session else None
            if frame is None:
                _, draft = self._make_ready(order)
                frame = session.client.encode_order(draft.order_id, without_details(draft.contract), draft.members)
            if not session.takes_order():
                self._later(order, self._wait(order, *self._make_ready(order)))
                return
        except Exception as error:
            self._give_back(order)
            self._finish(order, error)
            return
        try:
            session.send_order(frame)
        except Exception:
            # The bytes are out: from here on it counts as sent.
            self.log.failure("sending orders {ids}", ids=[order.order_id])
        self._sent(order)
        if order.frame is None:
            teach(session.client, order.known, order.plain)

    def _sent(self, order: _Order) -> None:
        """Its bytes are out, in this turn."""
        try:
            attempt, draft = self._make_ready(order)
            attempt.left = True
            self._departure.has_left(attempt, draft)
        except Exception:
            self.log.failure("sending orders {ids}", ids=[order.order_id])
        self._finish(order, order.ack)

    async def _wait(self, order: _Order, attempt: DirectAttempt, draft: Draft) -> None:
        """TWS's message rate has no room now."""
        await self._departure.leave(attempt, (draft,))
        self._finish(order, order.ack)
