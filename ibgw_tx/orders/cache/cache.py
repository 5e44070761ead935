"""The OMS cache: every order of the login as a pure state machine. Messages of TWS in, changes for Redis out.

Theory of operation. The shell gives `OrderCache.apply` whatever TWS says, in any order, late, twice or never, and performs what
comes back: write-and-publish, resolve a contract, ask TWS, log. The cache owns no clock and no socket; `now` is ms.

* *Which order?* `orderindex`: permId for good; API ids within a session; orderRef until the permId is known.
* *What does it mean?* `orderlife` (the table of states and its prose), `orderstate`, `orderversions`, `orderfills`, `ordercodes`.
* *Where does it stand?* `orderplaces`. *How does it read?* `orderjson`. *When is TWS asked?* `orderwaits`, `ordersnapshot`.

What bots see, beyond section 7 of the Redis interface:

* An order sent by us is told from TWS's first word about it, not before: until then there is nothing to know but what the bot
  said itself. An order whose answer does not come is asked about, then told as `Unknown`, `alive` false, and settles itself by
  any later word. It is never sent again.
* While an order has no permId, `i` is null, and its only field in the hash is its client_oid. One that TWS refuses before it has
  a permId keeps that: with a client_oid it stands in the hash under it, without one it is only published.
* An order refused by a code (201, 110, 200 ...) has the status `Inactive`, which is TWS's own word for it, `alive` false, and the
  reason in `extCode` and `extMsg`. `Inactive` with `alive` true is an order that IB holds back.
* The field {client_oid} belongs to the newest living order with that orderRef in the hash; an orderRef `t` or all digits (other
  clients may have such) gets none.

An unchanged order gives no change. Every change of an order is one OrderChanged with the whole order_json.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.moment import Moment, steady
from ibgw_tx.model.order_events import OrderEvent, Terms
from ibgw_tx.orders.cache.changes import Change, NeedContract, NeedQuery, Note, OrderChanged, Snapshot
from ibgw_tx.orders.cache.hashes import Hashes
from ibgw_tx.orders.cache.index import Names
from ibgw_tx.orders.cache.intake import Hearing
from ibgw_tx.orders.cache.lookup import OrderLookups
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.places import Places
from ibgw_tx.orders.cache.question import Asking, Phase, SnapshotIncomplete, Step, Turn
from ibgw_tx.orders.cache.restore import seed
from ibgw_tx.orders.cache.states import UNKNOWN_WORD, Sign, State, Wait
from ibgw_tx.orders.cache.waits import Patience, Waits

__all__ = ["OrderCache", "Patience", "Phase", "SnapshotIncomplete", "Step"]

_DAY = 86_400_000  # ms


class OrderCache(OrderLookups):
    """All orders of the login; dead ones are kept for `history_days`."""

    def __init__(self, client_id: int = 0, history_days: float = 7, patience: Patience | None = None) -> None:
        super().__init__(client_id)
        self._asking = Asking()
        self._history = history_days * _DAY
        self._patience = patience or Patience()
        self._hearing = Hearing(client_id, self._index, self._asking)
        self._places = Places()
        self._hashes = Hashes(self._index)
        self._waits = Waits(self._patience)

    @property
    def phase(self) -> Phase:
        """Only in RUNNING can the cache be trusted."""
        return self._asking.phase

    @property
    def exchanges(self) -> frozenset[str]:
        """Every {exchange} on which an order stands."""
        return frozenset(exchange for exchange, _ in self._hashes.places)

    # What TWS says.

    def apply(self, event: OrderEvent, now: int) -> tuple[Change, ...]:
        """Take one message of TWS in. The changes are to be performed in their order."""
        heard = self._hearing.hear(event, now)
        if heard.order is None:
            return heard.notes
        return heard.notes + self._finish(heard.order, heard.reason, now)

    def contract_known(self, con_id: int, contract: Contract | None, now: int) -> tuple[Change, ...]:
        """The answer to NeedContract; None when TWS does not know the contract: its orders are then told with what they have."""
        found: list[Change] = []
        for order in self._places.learn(con_id, contract):
            found += self._finish(order, None, now)
        return tuple(found)

    # What we do.

    def placed(self, api_id: int, terms: Terms, client_oid: str, contract: Contract, now: int) -> tuple[Change, ...]:
        """An order is being sent: call it before the bytes leave. ValueError: the id belongs to an order that is not over."""
        older = self._own(api_id)
        if older is not None and not older.final:
            raise ValueError(f"apiOrderId {api_id} is in use")
        order = Order(born=now, touched=now, clientId=self.client_id, orderId=api_id, ref=client_oid, sent_by_us=True)
        order.versions.terms, order.asked_in = terms, self._asking.number
        order.describe(contract)
        self._places.teach(contract)
        self._index.add(order, Names(clientId=self.client_id, orderId=api_id, ref=client_oid))
        return self._finish(order, None, now)

    def sent_before(self, api_id: int, terms: Terms, client_oid: str, contract: Contract, born: int, now: int) -> None:
        """An order that was sent in a former life of the gateway, at `born`, and had no answer; before a snapshot.

        Nothing when it is known: then TWS's word of it stands in its hash.
        """
        known = self._own(api_id) or self._index.of_ref(client_oid)
        if known is None or known.clientId not in (0, self.client_id):
            moment = Moment(born, steady(now) - max(int(now) - born, 0))
            order = Order(born=moment, touched=born, clientId=self.client_id, orderId=api_id, ref=client_oid, sent_by_us=True)
            order.versions.terms = terms
            order.describe(contract)
            self._places.teach(contract)
            self._index.add(order, Names(clientId=self.client_id, orderId=api_id, ref=client_oid))
            self._finish(order, None, now)

    def modifying(self, api_id: int, terms: Terms, now: int) -> None:
        """A modification is being sent, with all terms as they shall be; bots see them when TWS shows them.

        KeyError: no such order of this client and session; also for `cancelling`.
        """
        order = self._live(api_id)
        order.versions.pending.append(terms)
        order.asked_in = self._asking.number
        self._waits.watch(order, now)

    def withheld(self, api_id: int, terms: Terms, transmit: bool, now: int) -> tuple[Change, ...]:
        """An order with transmit false has been sent, or changed, or (`transmit`) let go. TWS says nothing of it meanwhile."""
        order = self._live(api_id)
        order.versions.terms, order.asked_in = terms, self._asking.number
        order.go(Sign.TRANSMITTED if transmit else Sign.HELD, "PendingSubmit" if transmit else "Inactive")
        order.withheld = not transmit
        return self._finish(order, None, now)

    def cancelling(self, api_id: int, now: int) -> None:
        """A cancel is being sent."""
        self._cancel(self._live(api_id), now)

    def cancelling_all(self, now: int) -> None:
        """A global cancel is being sent: it concerns every living order, those of others too."""
        for order in tuple(self._alive):
            self._cancel(order, now)

    def _cancel(self, order: Order, now: int) -> None:
        order.cancel_sent()
        order.asked_in = self._asking.number
        self._waits.watch(order, now)

    def forget(self, api_id: int) -> None:
        """The order could not be sent after all; nothing has been told about it."""
        order = self._own(api_id)
        if order is not None and not order.spoken:
            self._drop(order)
            order.waits.clear()

    def ignore(self, api_id: int) -> None:
        """What TWS says under this id in this session is no order: a what-if question."""
        self._hearing.ignored.add(api_id)

    # Time.

    def due(self, now: int) -> tuple[Change, ...]:
        """What has waited too long; call it about once a second."""
        if self.phase is not Phase.RUNNING:
            return ()
        found: list[Change] = []
        for order, wait in self._waits.passed(now):
            if wait is Wait.GIVE_UP:
                order.go(Sign.LOST, UNKNOWN_WORD)
                found += self._finish(order, None, now)
                continue
            if wait is Wait.UNKNOWN:
                self._waits.again(order, now)
            found += self._ask(order, wait.value, now)
        overdue = self._asking.overdue(now, self._patience.ask_again)
        if overdue is not None:
            found.append(NeedQuery(overdue[1], order_json(overdue[0])))
        return tuple(found)

    # The snapshot, and smaller questions.

    def seed(self, texts: Iterable[Any]) -> int:
        """What the hashes in Redis hold, before each snapshot; returns how many values are no order_json.

        RuntimeError: too late, bots have been told already.
        """
        if self.phase is Phase.RUNNING:
            raise RuntimeError("seed before snapshot_done")
        junk, added = seed(self.client_id, self._index, self._hashes.places, texts)
        for order in added:
            self._count(order)
        return junk

    def begin(self, now: int) -> tuple[Change, ...]:
        """The session is ready (or 1101 / 1102 came): from here to `snapshot_done` nothing is told."""
        self._asking.turn(Turn.BEGIN)
        self._asking.open(now)
        needs = [self._places.find(order) for order in self._index if order.place is None]
        return tuple(need for need in needs if need is not None)

    @property
    def step(self) -> Step | None:
        """What is to be asked now: None when no question is open."""
        question = self._asking.question
        return None if question is None else question.step

    def answered(self, step: Step, complete: bool) -> None:
        """A step of the question has ended; `complete` False: it timed out, and `step` stays what is to be asked."""
        if self._asking.question is not None:
            self._asking.question.answered(step, complete)

    def list_again(self) -> None:
        """TWS is being asked for its open orders once more, before the living ones that it has not named are called lost."""
        self._asking.listed_again = True

    @property
    def unheard(self) -> int:
        """How many living orders that the question is about TWS has not named in its answer so far."""
        question = self._asking.question
        if question is None:
            return 0
        orders = self._index if self.phase is Phase.LOADING else question.orders
        return sum(1 for order in orders if order.alive and order.heard != question.number)

    @property
    def missing_contracts(self) -> tuple[NeedContract, ...]:
        """Contracts that are being resolved; the snapshot waits for them."""
        return self._places.missing

    @property
    def snapshot_ready(self) -> bool:
        """Whether `snapshot_done` may be called."""
        return self.phase is Phase.LOADING and self.step is Step.DONE and not self._places.missing

    def snapshot_done(self, now: int) -> Snapshot:
        """Settle every order, and give the hashes as a whole. SnapshotIncomplete: a step or a contract is missing."""
        if not self.snapshot_ready:
            missing = [need.conId for need in self._places.missing]
            raise SnapshotIncomplete(f"{self.phase.value}, step {self.step}, contracts {missing}")
        self._asking.close()
        self._asking.turn(Turn.DONE)
        removed = self._remove_old(now)
        changed: list[OrderChanged] = []
        needs: list[NeedContract | Note] = []
        for order in self._index:
            needs += self._settle(order, now)
            changed += self._hashes.tell(order, now, recovered=True)
            self._watch(order, now)
        return Snapshot(self._hashes.hashes(self._index), tuple(changed), removed, tuple(needs))

    def _remove_old(self, now: int) -> tuple[dict[str, Any], ...]:
        """Dead orders of which nobody has heard for so long, TWS included."""
        named = self._asking.number
        old = [o for o in self._index if not o.alive and now - o.touched > self._history and o.heard != named]
        for order in old:
            self._drop(order)
        self._hearing.forget_executions(set(old))
        return tuple(order_json(order) for order in old)

    def query_begin(self, now: int) -> None:
        """The shell asks TWS, step by step as for a snapshot. Messages go on being told as they come."""
        if self.phase is Phase.RUNNING and self._asking.question is None:
            self._asking.open(now)

    def query_done(self, now: int) -> tuple[Change, ...]:
        """The asking is over. Complete: every order in doubt is settled. Else nothing is concluded, and `due` asks again."""
        if self.phase is not Phase.RUNNING or self._asking.question is None:
            return ()
        question = self._asking.close()
        if not question.complete:
            self._asking.keep(question)
            return ()
        found: list[Change] = []
        for order in question.orders:
            if order in self._index:
                found += self._settle(order, now)
                found += self._finish(order, None, now)
        return tuple(found)

    def query_failed(self) -> None:
        """The answer is not to be relied on after all: nothing is concluded, and `due` asks again."""
        if self.phase is Phase.RUNNING and self._asking.question is not None:
            self._asking.keep(self._asking.close())

    def _settle(self, order: Order, now: int) -> list[NeedContract | Note]:
        """A complete answer has come: it decides, but for an order sent so short ago that TWS may not list it yet."""
        too_fresh = order.sent_by_us and order.state is State.SENT and steady(now) - steady(order.born) < self._patience.fresh
        if not too_fresh:
            order.answer(self._asking.number)
        if order.contract is None and order.traded is not None:
            order.describe(order.traded)
        need = self._places.find(order)
        return [] if need is None else [need]

    def session_lost(self) -> None:
        """The socket is gone: API ids and open questions end with it, permIds and what is known of the orders stay."""
        self._asking.turn(Turn.LOST)
        self._hearing.ignored.clear()
        for order in self._alive:
            order.withheld = False  # TWS loses it when it ends, and lists it when it does not
        self._index.session_lost()
        self._places.session_lost()

    # After each message.

    def _finish(self, order: Order, reason: str | None, now: int) -> tuple[Change, ...]:
        order.ripen()
        self._forget_absorbed()
        self._watch(order, now)
        found: list[Change] = []
        if order.doubt is not None and self._asking.question is not None:
            self._asking.question.orders.setdefault(order, "a dead order speaks")
        need = self._places.find(order)
        if need is not None:
            found.append(need)
        if self.phase is Phase.RUNNING:
            found += self._hashes.tell(order, now)
        if reason is not None:
            found += self._ask(order, reason, now)
        return tuple(found)

    def _forget_absorbed(self) -> None:
        absorbed = self._index.absorbed
        while absorbed:
            order = absorbed.pop()
            order.waits.clear()
            self._drop(order)
            self._hashes.forget(order)

    def _watch(self, order: Order, now: int) -> None:
        self._waits.watch(order, now)
        self._count(order)

    def _ask(self, order: Order, reason: str, now: int) -> list[Change]:
        return [NeedQuery(reason, order_json(order))] if self._asking.doubt(order, reason, now) else []
