"""The OMS cache: every order of the login as a pure state machine. Messages of TWS in, changes for Redis out.

Theory of operation. The shell gives `OrderCache.apply` whatever TWS says, in any order, late, twice or never, and performs what
comes back: write-and-publish, resolve a contract, ask TWS, log. The cache owns no clock and no socket; `now` is ms.

* *Which order?* index.py: permId for good; API ids within a session; orderRef until the permId is known.
* *What does it mean?* intake.py takes it to its order (order.py); states.py has the tables of an order's life and their prose;
  words.py, versions.py, fills.py, reasons.py and ../codes.py have the rules of each kind of fact.
* *Where does it stand?* places.py. *How does it read?* order_json.py, hashes.py. *When is TWS asked?* waits.py, question.py.
* *What follows from it?* consequences.py. What the gateway itself sends is noted in own.py; lookup.py is read by whoever asks.

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

from collections.abc import Callable, Generator, Iterable
from typing import Any

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.moment import steady
from ibgw_tx.model.order_events import OrderEvent
from ibgw_tx.orders.cache.census import Census
from ibgw_tx.orders.cache.changes import Change, NeedContract, NeedQuery, Note, OrderChanged, Place, Snapshot
from ibgw_tx.orders.cache.consequences import Consequences
from ibgw_tx.orders.cache.departures import Departures
from ibgw_tx.orders.cache.executions import Executions
from ibgw_tx.orders.cache.hashes import Hashes
from ibgw_tx.orders.cache.index import OrderIndex
from ibgw_tx.orders.cache.intake import Intake
from ibgw_tx.orders.cache.lookup import OrderLookups
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.own import OwnOrders
from ibgw_tx.orders.cache.places import Places
from ibgw_tx.orders.cache.question import Phase, Questions, SnapshotIncomplete, Step, Turn
from ibgw_tx.orders.cache.reading import Reading
from ibgw_tx.orders.cache.restore import Seeding
from ibgw_tx.orders.cache.states import UNKNOWN_WORD, Mark, Sign, State, Wait
from ibgw_tx.orders.cache.waits import Patience, Waits

__all__ = ["SLICE", "OrderCache", "Patience", "Phase", "SnapshotIncomplete", "Step"]

_DAY = 86_400_000  # ms
#: Orders that are worked on in one turn of the reactor, where there may be many: a few ms.
SLICE = 50


class OrderCache:
    """All orders of the login; dead ones are kept for `history_days`. `client_id` is this gateway's API client id.

    `orders` looks them up; `own` is told what this gateway sends; `executions` knows what is to be told of fills; `departures`
    lets orders leave memory that are over, and takes them in again.
    """

    def __init__(self, client_id: int = 0, history_days: float = 7, patience: Patience | None = None) -> None:
        self.client_id = client_id
        self._history = history_days * _DAY
        self._patience = patience or Patience()
        self._index = OrderIndex(client_id)
        self._questions = Questions()
        self.executions = Executions(history_days)
        self._intake = Intake(client_id, self._index, self._questions, self.executions)
        self._places = Places()
        self._hashes = Hashes(self._index)
        self._waits = Waits(self._patience)
        self._census = Census()
        self.departures = Departures(
            client_id, self._index, self._hashes, self._questions, self._intake, self.executions, self._history
        )
        self._consequences = Consequences(
            self._index, self._questions, self._places, self._hashes, self._waits, self._census, self.departures
        )
        self.orders = OrderLookups(client_id, self._index, self._census, self.departures.archive)
        self.own = OwnOrders(client_id, self._index, self._questions, self._places, self._consequences, self._intake.ignored)

    @property
    def phase(self) -> Phase:
        """Only in RUNNING can the cache be trusted."""
        return self._questions.phase

    @property
    def exchanges(self) -> frozenset[str]:
        """Every {exchange} on which an order stands."""
        return frozenset(exchange for exchange, _ in self._hashes.places)

    # What TWS says.

    def apply(self, event: OrderEvent, now: int) -> tuple[Change, ...]:
        """Take one message of TWS in. The changes are to be performed in their order."""
        heard = self._intake.hear(event, now)
        if heard.order is None:
            return heard.notes
        return heard.notes + self._consequences.finish(heard.order, heard.reason, now)

    def contract_known(self, con_id: int, contract: Contract | None, now: int) -> tuple[Change, ...]:
        """The answer to NeedContract; None when TWS does not know the contract: its orders are then told with what they have."""
        found: list[Change] = []
        for order in self._places.learn(con_id, contract):
            found += self._consequences.finish(order, None, now)
        return tuple(found)

    def want_contracts_anew(self) -> None:
        """The link to IB has come: `begin` wants what has not been answered, for nobody may have gone on asking without it."""
        self._places.want_anew()

    # Time.

    def due(self, now: int) -> tuple[Change, ...]:
        """What has waited too long; call it about once a second."""
        if self.phase is not Phase.RUNNING:
            return ()
        found: list[Change] = []
        for order, wait in self._waits.passed(now):
            if wait is Wait.GIVE_UP:
                order.go(Sign.LOST, UNKNOWN_WORD)
                found += self._consequences.finish(order, None, now)
                continue
            if wait is Wait.UNKNOWN:
                self._waits.again(order, now)
            found += self._consequences.ask(order, wait.value, now)
        overdue = self._questions.overdue(now, self._patience.ask_again)
        if overdue is not None:
            found.append(NeedQuery(overdue[1], order_json(overdue[0])))
        return tuple(found)

    # The snapshot, and smaller questions.

    def seed(self, texts: Iterable[Any]) -> int:
        """What the hashes in Redis hold, before each snapshot; returns how many values are no order_json.

        RuntimeError: too late, bots have been told already.
        """
        seeding = self.begin_seed()
        seeding.read(texts)
        while self.take_seed(seeding):
            pass
        return seeding.junk

    def begin_seed(self) -> Seeding:
        """The same piece by piece: all is to be `read` first, then `take_seed` until it gives False. Raises RuntimeError."""
        if self.phase is Phase.RUNNING:
            raise RuntimeError("seed before snapshot_done")
        seeding = Seeding(self.client_id, self._index, self._hashes.places)
        seeding.begin()
        return seeding

    def take_seed(self, seeding: Seeding) -> bool:
        """SLICE orders of what was read."""
        added = seeding.take(SLICE)
        for order in added or ():
            self._census.count(order)
        return added is not None

    def reading(self, saw: Callable[[int], None], now: int) -> Reading:
        """Sorts what Redis has before it is taken in. `saw` is told the API id of every order."""
        return Reading(self._index, self.departures.archive, saw, int(now) - self._history)

    def begin(self, now: int) -> tuple[Change, ...]:
        """The session is ready (or 1101 / 1102 came): from here to `snapshot_done` nothing is told."""
        self._questions.turn(Turn.BEGIN)
        self._questions.open(now)
        needs = [self._places.find(order) for order in self._index if order.place is None]
        return tuple(need for need in needs if need is not None)

    @property
    def step(self) -> Step | None:
        """What is to be asked now: None when no question is open."""
        question = self._questions.question
        return None if question is None else question.step

    def answered(self, step: Step, complete: bool) -> None:
        """A step of the question has ended; `complete` False: it timed out, and `step` stays what is to be asked."""
        if self._questions.question is not None:
            self._questions.question.answered(step, complete)

    def list_again(self) -> None:
        """TWS is being asked for its open orders once more, before the living ones that it has not named are called lost."""
        self._questions.listed_again = True

    @property
    def unheard(self) -> int:
        """How many living orders that the question is about TWS has not named in its answer so far."""
        question = self._questions.question
        if question is None:
            return 0
        orders = self._index if self.phase is Phase.LOADING else question.orders
        return sum(1 for order in orders if order.alive and order.named_in != question.number)

    @property
    def snapshot_ready(self) -> bool:
        """Whether `snapshot_done` may be called."""
        return self.phase is Phase.LOADING and self.step is Step.DONE and not self._places.missing

    def snapshot_done(self, now: int) -> Snapshot:
        """Settle every order, and give what stands in the hashes. SnapshotIncomplete: a step or a contract is missing."""
        settling = self.settle(now)
        while True:
            try:
                next(settling)
            except StopIteration as end:
                found: Snapshot = end.value
                return found

    def settle(self, now: int) -> Generator[None, None, Snapshot]:
        """The same in slices; between them no message may be taken in."""
        if not self.snapshot_ready:
            missing = [need.conId for need in self._places.missing]
            raise SnapshotIncomplete(f"{self.phase.value}, step {self.step}, contracts {missing}")
        self._questions.close()
        self._questions.turn(Turn.DONE)
        removed = self._remove_old(now)
        changed: list[OrderChanged] = []
        needs: list[NeedContract | Note] = []
        for count, order in enumerate(self._index, 1):
            needs += self._settle(order, now)
            changed += self._hashes.tell(order, now, recovered=True)
            self._consequences.watch(order, now)
            if not count % SLICE:
                yield
        hashes: dict[Place, dict[str, dict[str, Any]]] = {place: {} for place in self._hashes.places}
        for count, (place, fields) in enumerate(self._hashes.whole(self._index), 1):
            hashes.setdefault(place, {}).update(fields)
            if not count % SLICE:
                yield
        return Snapshot(hashes, tuple(changed), removed, tuple(needs))

    def _remove_old(self, now: int) -> tuple[dict[str, Any], ...]:
        """Dead orders of which nobody has heard for so long, TWS included."""
        named = self._questions.number
        old = [o for o in self._index if not o.alive and now - o.touched > self._history and o.named_in != named]
        for order in old:
            self._consequences.drop(order)
            self._intake.forget_executions(order)
        return tuple(order_json(order) for order in old)

    def query_begin(self, now: int) -> None:
        """The shell asks TWS, step by step as for a snapshot. Messages go on being told as they come."""
        if self.phase is Phase.RUNNING and self._questions.question is None:
            self._questions.open(now)

    def query_done(self, now: int) -> tuple[Change, ...]:
        """The asking is over. Complete: every order in doubt is settled. Else nothing is concluded, and `due` asks again."""
        if self.phase is not Phase.RUNNING or self._questions.question is None:
            return ()
        question = self._questions.close()
        if not question.complete:
            self._questions.keep(question)
            return ()
        found: list[Change] = []
        for order in question.orders:
            if order in self._index:
                found += self._settle(order, now)
                found += self._consequences.finish(order, None, now)
        return tuple(found)

    def query_failed(self) -> None:
        """The answer is not to be relied on after all: nothing is concluded, and `due` asks again."""
        if self.phase is Phase.RUNNING and self._questions.question is not None:
            self._questions.keep(self._questions.close())

    def _settle(self, order: Order, now: int) -> list[NeedContract | Note]:
        """A complete answer has come: it decides, but for an order sent so short ago that TWS may not list it yet."""
        age = steady(now) - steady(order.born)
        too_fresh = Mark.OURS in order.marks and order.state is State.SENT and age < self._patience.fresh
        if not too_fresh:
            order.answer(self._questions.number)
        if order.contract is None and order.traded is not None:
            order.describe(order.traded)
        need = self._places.find(order)
        return [] if need is None else [need]

    def session_lost(self) -> None:
        """The socket is gone: API ids and open questions end with it, permIds and what is known of the orders stay."""
        self._questions.turn(Turn.LOST)
        self._intake.ignored.clear()
        self.own.session_lost()
        self._index.session_lost()
        self.departures.archive.session_lost()
        self._places.session_lost()
