"""The contracts of orders: asked for at TWS a few at a time, and told to the cache, which tells no order without its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred

from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.model.errors import NOT_CONNECTED, CommandError, PacingFull, RequestTimeout, SessionLost
from ibgw_tx.orders.cache.changes import NeedContract
from ibgw_tx.orders.shell.asking import RETRY_PAUSE, OrderQuestions
from ibgw_tx.runtime.log import Logger

#: Contracts that are being asked for at a time: each has its limit from when it is asked, not from when it is wanted.
MAX_RESOLVING = 30
#: How often a contract is asked for before its orders go by what they say themselves.
RESOLVE_TRIES = 3


class Resolver:
    """`known(need, contract)` takes each answer: the contract, or None when an order goes by what it says itself."""

    log = Logger()

    def __init__(
        self,
        contracts: Contracts,
        questions: OrderQuestions,
        known: Callable[[NeedContract, KnownContract | None], None],
    ) -> None:
        self._contracts = contracts
        self._questions = questions
        self._known = known
        self._is_linked = False
        self._unresolved: deque[NeedContract] = deque()
        self._resolving = 0
        self._waiters: list[Deferred[None]] = []

    def link_up(self) -> None:
        """TWS can be asked, and has its link to IB."""
        self._is_linked = True

    def link_down(self) -> None:
        """No refusal and no silence counts as an answer; with the link the cache will want again what it needs."""
        self._is_linked = False
        self._unresolved.clear()

    def answered(self) -> Deferred[None]:
        """Fires when the next contract has been told to the cache."""
        waiter: Deferred[None] = Deferred()
        self._waiters.append(waiter)
        return waiter

    def resolve(self, need: NeedContract) -> None:
        """Ask for one contract, now or when others have been answered."""
        self._unresolved.append(need)
        if self._resolving < MAX_RESOLVING:
            self._resolving += 1
            Deferred.fromCoroutine(self._resolve_all()).addErrback(
                lambda failure: self.log.failure("contracts of orders are not resolved", failure)
            )

    async def _resolve_all(self) -> None:
        try:
            while self._unresolved:
                await self._resolve_one(self._unresolved.popleft())
        finally:
            self._resolving -= 1

    async def _resolve_one(self, need: NeedContract) -> None:
        """By TWS's answer; only when it gives none for too long the order is told with what it says of its contract itself."""
        tries = 0
        while True:
            try:
                known = await self._contracts.by_id(need.conId)
            except (RequestTimeout, PacingFull) as error:
                tries += 1
                if tries >= RESOLVE_TRIES:
                    self._give_up(error, need)
                    return
                await self._questions.pause(RETRY_PAUSE)
                if not self._is_linked:
                    return
            except Exception as error:
                if not _was_not_asked(error):
                    self._give_up(error, need)
                return
            else:
                if known is not None or self._is_linked:
                    self._tell(need, known)
                return

    def _give_up(self, error: Exception, need: NeedContract) -> None:
        if self._is_linked:
            self.log.warn(
                "an order's contract {con_id} goes by what the order says: {error}", con_id=need.conId, error=str(error)
            )
            self._tell(need, None)

    def _tell(self, need: NeedContract, known: KnownContract | None) -> None:
        self._known(need, known)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.callback(None)


def _was_not_asked(error: Exception) -> bool:
    """Whether the session is over. TWS has said nothing of the contract then, and the next snapshot wants it again.

    Words that waited are taken in at the very end of a session, when nobody can be asked any more.
    """
    return isinstance(error, SessionLost) or (isinstance(error, CommandError) and error.code == NOT_CONNECTED)
