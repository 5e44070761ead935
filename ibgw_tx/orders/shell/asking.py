"""The question "what orders are there?" put to TWS: live orders, completed orders, executions, each with its limit.

openOrderEnd and completedOrdersEnd carry no request id, so there is one question at a time (tws-facts 4.7). A step whose end does
not come within STEP_LIMIT is not answered; what that means is the cache's to say (orders/cache/question.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from ibgw_tx.model import events
from ibgw_tx.model.errors import PacingFull, RequestTimeout, TWSError
from ibgw_tx.orders.cache.question import Step
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker

STEP_LIMIT = 30.0  # seconds
#: Seconds between a step that was not answered and its next try.
RETRY_PAUSE = 2.0
#: Seconds between two questions because of single orders: an order in doubt may wait so long, TWS's patience is spared.
QUERY_PAUSE = 3.0
#: Seconds between two looks whether an answer that has come is taken in.
LOOK_PAUSE = 0.1
#: The first server version that has completed orders, and the first that tells executions of more than today.
COMPLETED_SINCE, DAYS_SINCE = 150, 200


class OrderQuestions:
    """Asks one step at a time; a new question abandons the old one.

    The end of an abandoned list can still come: it must not be taken for the end of the next one, so ends are counted.
    """

    log = Logger()

    def __init__(self, asker: Asker, clock: Clock, execution_days: int = 1) -> None:
        """`execution_days`: of how many days executions are asked for, where the server version knows that."""
        self._execution_days = execution_days
        self._asker = asker
        self._clock = clock
        self._req_id = 0
        self._step: Step | None = None
        self._open: Deferred[list[Any]] | None = None
        self._expected = {Step.OPEN: 0, Step.COMPLETED: 0}
        self._has_ended = False
        #: Whether all that TWS has said of orders so far has been taken in.
        self.is_clear: Callable[[], bool] = lambda: True

    def abandon(self) -> None:
        """Nobody waits for the open question any more; `ask` gives False."""
        self._step = None
        if self._open is not None:
            self._open.cancel()

    def session_lost(self) -> None:
        """No end of that session will come."""
        self._expected = dict.fromkeys(self._expected, 0)

    async def ask(self, client: TWSClient, step: Step) -> bool:
        """Put one step; whether its end has come. Raises SessionLost."""
        if step is Step.COMPLETED and client.server_version < COMPLETED_SINCE:
            text = "TWS at {address} tells no completed orders: its server version is {version}"
            self.log.warn(text, address=self._asker.address, version=client.server_version)
            return True
        self.abandon()
        self._step, self._has_ended = step, False
        mine = self._open = self._asker.ask(step.value, self._sender(client, step), STEP_LIMIT)
        try:
            await mine
            return True
        except CancelledError:
            return False
        except (RequestTimeout, TWSError, PacingFull) as error:
            if isinstance(error, RequestTimeout) and await self._came(mine):
                return True
            self.log.warn("orders: {error}; asking TWS at {address} again", error=str(error), address=self._asker.address)
            if step in self._expected:
                self._expected[step] = 0
            return False
        finally:
            if self._open is mine:
                self._open = self._step = None

    async def _came(self, mine: Deferred[list[Any]]) -> bool:
        """A long answer that has come is still being taken in, its end behind it: whether it is there then."""
        while not self.is_clear() and self._open is mine and not self._has_ended:
            await self.pause(LOOK_PAUSE)
        return self._open is mine and self._has_ended

    async def ask_open_again(self, client: TWSClient, unheard: int) -> bool:
        """Before a living order is called lost: openOrderEnd has no request id, so it may have ended another list than ours."""
        text = "TWS at {address} has not named {count} living orders; asking for them once more"
        self.log.info(text, address=self._asker.address, count=unheard)
        return await self.ask(client, Step.OPEN)

    def _sender(self, client: TWSClient, step: Step) -> Callable[[int], None]:
        send: dict[Step, Callable[[int], None]] = {
            Step.OPEN: lambda req_id: client.ask_open_orders(),
            Step.COMPLETED: lambda req_id: client.ask_completed_orders(),
            Step.EXECUTIONS: lambda req_id: client.ask_executions(req_id, self._days(client)),
        }

        def sender(req_id: int) -> None:
            self._req_id = req_id
            send[step](req_id)
            if step in self._expected:
                self._expected[step] += 1

        return sender

    def _days(self, client: TWSClient) -> int:
        if client.server_version >= DAYS_SINCE or self._execution_days == 1:
            return self._execution_days
        self.log.warn(
            "TWS at {address} tells today's executions only, not those of {days} days (--execution-days): its server version is"
            " {version}, {since} is needed",
            address=self._asker.address,
            days=self._execution_days,
            version=client.server_version,
            since=DAYS_SINCE,
        )
        return 1

    # Ends.

    def open_end(self, event: events.OpenOrderEnd) -> None:
        """The list of live orders is complete."""
        self._ended(Step.OPEN)

    def completed_end(self, event: events.CompletedOrdersEnd) -> None:
        """The list of completed orders is complete."""
        self._ended(Step.COMPLETED)

    def executions_end(self, event: events.ExecutionsEnd) -> None:
        """The list of executions is complete."""
        if self._step is Step.EXECUTIONS and event.req_id == self._req_id:
            self._has_ended = True
        self._asker.end(event.req_id)

    def _ended(self, step: Step) -> None:
        self._expected[step] = max(0, self._expected[step] - 1)
        if self._step is step and not self._expected[step]:
            self._has_ended = True
            self._asker.end(self._req_id)

    def pause(self, seconds: float) -> Deferred[None]:
        """Wait."""
        waited: Deferred[None] = Deferred()
        self._clock.callLater(seconds, waited.callback, None)
        return waited
