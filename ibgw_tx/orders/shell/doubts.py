"""Single orders in doubt: TWS is asked about them all at once, and not too often."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.model.errors import SessionLost
from ibgw_tx.orders.cache.cache import OrderCache, Phase, Step
from ibgw_tx.orders.cache.changes import Change, NeedQuery
from ibgw_tx.orders.shell.asking import QUERY_PAUSE, OrderQuestions
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient


class Doubts:
    """`client()` is TWS while its link to IB is up, else None; `perform` does what the cache wants done."""

    log = Logger()

    def __init__(
        self,
        cache: OrderCache,
        questions: OrderQuestions,
        client: Callable[[], TWSClient | None],
        perform: Callable[[Iterable[Change]], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._cache = cache
        self._questions = questions
        self._client = client
        self._perform = perform
        self._now_ms = now_ms
        self._asking = False
        self._wanted = ""
        self._given_up = 0

    def ask(self, need: NeedQuery) -> None:
        """An order is in doubt: a question will be put, or is already on its way and followed by another one."""
        self.log.info(
            "asking TWS about order {order_id} (permId {perm_id}): {reason}",
            order_id=need.order["apiOrderId"],
            perm_id=need.order["i"],
            reason=need.reason,
        )
        self._wanted = need.reason
        if not self._asking:
            self._asking = True
            Deferred.fromCoroutine(self._ask_again()).addErrback(self._not_asked)

    def give_up(self) -> None:
        """The question under way concludes nothing: all is being taken anew."""
        self._given_up += 1

    async def _ask_again(self) -> None:
        try:
            while self._wanted and self._cache.phase is Phase.RUNNING:
                client = self._client()
                if client is None:
                    return
                self._wanted = ""
                await self._ask_all(client, self._given_up)
                await self._questions.pause(QUERY_PAUSE)
        finally:
            self._asking = False

    async def _ask_all(self, client: TWSClient, given_up: int) -> None:
        self._cache.query_begin(self._now_ms())
        for step in (Step.OPEN, Step.COMPLETED, Step.EXECUTIONS):
            complete = await self._questions.ask(client, step)
            if given_up != self._given_up:
                return
            self._cache.answered(step, complete)
            if not complete:
                break
        if self._cache.step is Step.DONE and self._cache.unheard:
            self._cache.list_again()
            complete = await self._questions.ask_open_again(client, self._cache.unheard)
            if given_up != self._given_up:
                return
            if not complete:
                # Nothing may be concluded: the cache keeps the question's orders in doubt.
                self._cache.query_failed()
                return
        self._perform(self._cache.query_done(self._now_ms()))

    def _not_asked(self, failure: Failure) -> None:
        if not failure.check(SessionLost):
            self.log.failure("the question about orders failed", failure)
