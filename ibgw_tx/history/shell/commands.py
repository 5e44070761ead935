"""FIND_HISTORY (section 8). The ack goes out when the question has left; the bars follow as a `result`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.choice import describe
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.history.bars import bars_of, parse_bars
from ibgw_tx.history.pacing import OPEN_LIMIT, HistoryPacing
from ibgw_tx.history.question import Question, question_of
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, RequestTimeout, bad_params
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.asker import Question as Asked
from ibgw_tx.tws.shell.session import IBSession

HISTORY_LIMIT = 60.0  # seconds

_MEMBERS = ("contract", "endDateTime", "duration", "barSize", "whatToShow", "useRTH")


@attrs.define
class _UnderWay:
    """A question under way: who is told its answer, and who has asked the same before it left."""

    commands: list[Command]
    #: None once it has left: then whoever joins is acknowledged at once.
    joining: list[Deferred[None]] | None = attrs.Factory(list)

    def joined(self) -> Deferred[None]:
        """Fires when the question has left; fails as it does when it never leaves."""
        if self.joining is None:
            return succeed(None)
        left: Deferred[None] = Deferred()
        self.joining.append(left)
        return left

    def left(self, error: Exception | None = None) -> None:
        """It has left, or never will."""
        joining, self.joining = self.joining or [], None
        for each in joining:
            each.callback(None) if error is None else each.errback(error)


@attrs.define
class HistoryCommands:
    """`session()` gives the ready session with its link up, or raises CommandError (not_connected)."""

    contracts: Contracts
    asker: Asker
    followups: Followups
    session: Callable[[], IBSession]
    #: Seconds of a steady clock.
    seconds: Callable[[], float]
    pacing: HistoryPacing = attrs.Factory(HistoryPacing)
    _waiting: dict[tuple[Contract, Question], _UnderWay] = attrs.Factory(dict)

    def bars(self, fields: list[bytes]) -> None:
        """HISTORICAL_DATA (17), straight from the frame."""
        self._told(*parse_bars(fields))

    def bars_message(self, message: Any) -> None:
        """HistoricalData, in protobuf."""
        self._told(*bars_of(message))

    def _told(self, req_id: int, rows: list[list[Any]]) -> None:
        for bar in rows:
            self.asker.add(req_id, bar)
        self.asker.end(req_id)

    async def find_history(self, command: Command) -> dict[str, Any]:
        """Bars in the `result`; the ack's `open` counts the questions under way. `unavailable` when IB's pacing forbids."""
        expect_members(command.params, *_MEMBERS)
        if "contract" not in command.params:
            raise bad_params("contract is missing")
        asked = contract_from_json(command.params["contract"])
        question = question_of(command.params)
        session = self.session()
        contract = (await self.contracts.find_one(asked)).contract
        now = self.seconds()
        last = self.pacing.last_answer((contract, question), now)
        if last is not None:
            self.followups.later(command, self._answer_again(command, last))
            return {"open": self.pacing.open}
        same = self._waiting.get((contract, question))
        if same is not None:
            # The same question is under way: IB takes no second one within 15 s.
            await same.joined()
            same.commands.append(command)
            return {"open": self.pacing.open}
        self._check_pacing(contract, question.what, now)
        ahead = self.pacing.open
        bars = self._put(session, contract, question)
        self.pacing.sent(contract, question.what, now)
        under_way = self._waiting[contract, question] = _UnderWay([command])
        try:
            await bars.left
        except Exception as error:
            self._ended(contract, question, None)
            under_way.left(error)
            raise
        under_way.left()
        self.followups.later(command, self._history(contract, question, bars.answers))
        return {"open": ahead}

    def _put(self, session: IBSession, contract: Contract, question: Question) -> Asked:
        asked = self.asker.put(
            f"history of {describe(contract)}",
            lambda req_id: session.client.ask_history(req_id, contract, *attrs.astuple(question)),
            HISTORY_LIMIT,
        )
        asked.answers.addErrback(self._too_late, session, asked.req_id)
        return asked

    def _too_late(self, failure: Failure, session: IBSession, req_id: int) -> Failure:
        if failure.check(RequestTimeout) and session.isConnected():
            session.client.cancel_history(req_id)
        return failure

    def _ended(self, contract: Contract, question: Question, bars: list[Any] | None) -> list[Command]:
        """The question is over; gives those who wait for it."""
        self.pacing.ended((contract, question), bars, self.seconds())
        return self._waiting.pop((contract, question)).commands

    def _check_pacing(self, contract: Contract, what: str, now: float) -> None:
        if self.pacing.open >= OPEN_LIMIT:
            raise CommandError(errors.UNAVAILABLE, f"{OPEN_LIMIT} historical questions are under way")
        wait = self.pacing.wait(contract, what, now)
        if wait > 0:
            raise CommandError(errors.UNAVAILABLE, f"IB's pacing of historical data: possible again in {wait:.0f} s")

    async def _answer_again(self, command: Command, bars: list[Any]) -> None:
        self.followups.result(command, bars=bars)

    async def _history(self, contract: Contract, question: Question, answers: Deferred[list[Any]]) -> None:
        """Wait for the bars, and tell everybody who has asked the same meanwhile."""
        outcome: Exception | None = None
        bars: list[Any] | None = None
        try:
            bars = [bar[:6] for bar in await answers]
        except Exception as error:
            outcome = error
        for command in self._ended(contract, question, bars):
            if outcome is None:
                self.followups.result(command, bars=bars)
            else:
                self.followups.failed(command, outcome)
