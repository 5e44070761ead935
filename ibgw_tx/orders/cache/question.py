"""The question put to TWS, "what orders are there?", and how far its answer has come. Pure.

The question has three steps, always in this order, because openOrderEnd carries no request id and two askings could not be told
apart: live orders of all clients, completed orders, today's executions. Each step ends COMPLETE, or TIMED OUT; a step that timed
out is asked again, and nothing is concluded from it: a list that did not come is not an empty list.

The cache as a whole:

    STOPPED  --begin-->  LOADING  --snapshot_done-->  RUNNING
       ^                 |   ^                          |  |
       |   session_lost  |   +----------begin-----------+  |
       +-----------------+------------session_lost---------+

STOPPED and LOADING: messages are taken in, nothing is told; the hashes are written whole by `snapshot_done`. RUNNING: every
change is told as it comes, and smaller questions (`query_begin` ... `query_done`) settle what single orders leave in doubt.
"""

from __future__ import annotations

import enum

import attrs

from ibgw_tx.model.moment import steady
from ibgw_tx.orders.cache.order import Order

__all__ = ["NEXT_STEP", "PHASES", "Phase", "Question", "Questions", "SnapshotIncomplete", "Step", "Turn"]


class Phase(enum.Enum):
    """Whether the cache can be trusted; the OMS flag may stand only in RUNNING."""

    STOPPED = "stopped"
    LOADING = "loading"
    RUNNING = "running"


class Turn(enum.Enum):
    """What moves the cache from one phase to another."""

    BEGIN = "the session is ready, or the link to IB is back"
    DONE = "the snapshot is complete"
    LOST = "the session is gone"


PHASES: dict[Phase, dict[Turn, Phase]] = {
    Phase.STOPPED: {Turn.BEGIN: Phase.LOADING, Turn.LOST: Phase.STOPPED},
    Phase.LOADING: {Turn.BEGIN: Phase.LOADING, Turn.DONE: Phase.RUNNING, Turn.LOST: Phase.STOPPED},
    Phase.RUNNING: {Turn.BEGIN: Phase.LOADING, Turn.LOST: Phase.STOPPED},
}


class Step(enum.Enum):
    """What is being asked; DONE when everything has been answered."""

    OPEN = "reqAllOpenOrders"
    COMPLETED = "reqCompletedOrders"
    EXECUTIONS = "reqExecutions"
    DONE = "done"


#: The step after one that is complete. A step that timed out stays.
NEXT_STEP = {
    Step.OPEN: Step.COMPLETED,
    Step.COMPLETED: Step.EXECUTIONS,
    Step.EXECUTIONS: Step.DONE,
    Step.DONE: Step.DONE,
}


class SnapshotIncomplete(RuntimeError):
    """The answer is not complete, or contracts of it are not resolved; the text says which."""


@attrs.define(eq=False)
class Question:
    """One asking. `number` counts them; `orders` are the ones in doubt, settled when the answer is complete."""

    number: int
    step: Step = Step.OPEN
    orders: dict[Order, str] = attrs.Factory(dict)

    def answered(self, step: Step, complete: bool) -> None:
        """A step has ended. One that is not the current one (an answer that came after its time limit) proves nothing."""
        if complete and step is self.step:
            self.step = NEXT_STEP[step]

    @property
    def complete(self) -> bool:
        """Whether every step has been answered."""
        return self.step is Step.DONE


@attrs.define(eq=False)
class Questions:
    """The phase, the question under way, and the orders that want another one."""

    phase: Phase = Phase.STOPPED
    number: int = 0
    question: Question | None = None
    #: The list of open orders is asked for once more, after the other steps.
    listed_again: bool = False
    _doubts: dict[Order, str] = attrs.Factory(dict)
    _asked_at: int = 0

    def turn(self, turn: Turn) -> None:
        """Follow PHASES. A new session or snapshot covers all that was in doubt, so nothing is left of it."""
        self.phase = PHASES[self.phase][turn]
        if turn is not Turn.DONE:
            self.question = None
            self._doubts = {}

    def concerns(self, order: Order) -> bool:
        """Whether the order is in doubt, or a question about it is under way, or part of its answer has come."""
        question = self.question
        if order in self._doubts:
            return True
        return question is not None and (order in question.orders or order.listed_in == question.number)

    @property
    def current(self) -> int | None:
        """The number of the question whose answer is coming in."""
        return None if self.question is None else self.question.number

    @property
    def listing(self) -> int | None:
        """The question whose list of open orders is coming in: an openOrder is part of its answer then."""
        is_listing = self.question is not None and (self.question.step is Step.OPEN or self.listed_again)
        return self.number if is_listing else None

    def open(self, now: int) -> None:
        """A question begins; it is about everything that is in doubt now."""
        self.number += 1
        self.question = Question(self.number, orders=self._doubts)
        self.listed_again = False
        self._doubts, self._asked_at = {}, steady(now)

    def close(self) -> Question:
        """The question is over. SnapshotIncomplete: nothing has been asked."""
        question, self.question = self.question, None
        self.listed_again = False
        if question is None:
            raise SnapshotIncomplete("nothing has been asked")
        return question

    def keep(self, question: Question) -> None:
        """A question without a complete answer: its orders are as much in doubt as before."""
        self._doubts = question.orders | self._doubts

    def doubt(self, order: Order, reason: str, now: int) -> bool:
        """An order wants to be asked about. True: say so to the shell now; False: it knows, or a snapshot is under way."""
        if order in self._doubts:
            return False
        self._doubts[order] = reason
        self._asked_at = steady(now)
        return self.phase is Phase.RUNNING

    def overdue(self, now: int, patience: int) -> tuple[Order, str] | None:
        """The first order in doubt, when nobody has asked about it for `patience` ms."""
        if not self._doubts or self.question is not None or steady(now) - self._asked_at < patience:
            return None
        self._asked_at = steady(now)
        return next(iter(self._doubts.items()))
