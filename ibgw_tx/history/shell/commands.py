"""FIND_HISTORY (section 8). The ack goes out when the question has been taken; the bars follow as a `result`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.choice import describe
from ibgw_tx.contracts.shell.contracts import ContractDesk
from ibgw_tx.history.bars import parse_bars
from ibgw_tx.history.pacing import OPEN_LIMIT, HistoryPacing
from ibgw_tx.history.question import Question, question_of
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, PacingFull, RequestTimeout, bad_params
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.session import IBSession

HISTORY_LIMIT = 60.0  # seconds

_MEMBERS = ("contract", "endDateTime", "duration", "barSize", "whatToShow", "useRTH")


@attrs.define
class HistoryCommands:
    """`session()` gives the ready session with its link up, or raises CommandError (not_connected)."""

    log = Logger()

    contracts: ContractDesk
    asker: Asker
    followups: Followups
    session: Callable[[], IBSession]
    #: Seconds of a steady clock.
    seconds: Callable[[], float]
    pacing: HistoryPacing = attrs.Factory(HistoryPacing)
    #: Who waits for each question that is under way.
    _waiting: dict[tuple[Contract, Question], list[Command]] = attrs.Factory(dict)

    def bars(self, fields: list[bytes]) -> None:
        """HISTORICAL_DATA (17), straight from the frame."""
        req_id, rows = parse_bars(fields)
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
            same.append(command)
            return {"open": self.pacing.open}
        self._check_pacing(contract, question.what, now)
        ahead = self.pacing.open
        self.pacing.sent(contract, question.what, now)
        self._waiting[contract, question] = [command]
        self.followups.later(command, self._history(session, contract, question))
        return {"open": ahead}

    def _check_pacing(self, contract: Contract, what: str, now: float) -> None:
        if self.pacing.open >= OPEN_LIMIT:
            raise CommandError(errors.UNAVAILABLE, f"{OPEN_LIMIT} historical questions are under way")
        wait = self.pacing.wait(contract, what, now)
        if wait > 0:
            raise CommandError(errors.UNAVAILABLE, f"IB's pacing of historical data: possible again in {wait:.0f} s")

    async def _answer_again(self, command: Command, bars: list[Any]) -> None:
        self.followups.result(command, bars=bars)

    async def _history(self, session: IBSession, contract: Contract, question: Question) -> None:
        """Ask, and tell everybody who has asked the same meanwhile."""
        outcome: Exception | None = None
        bars: list[Any] | None = None
        try:
            bars = await self._ask_history(session, contract, question)
        except Exception as error:
            outcome = error
        self.pacing.ended((contract, question), bars, self.seconds())
        for command in self._waiting.pop((contract, question)):
            if outcome is None:
                self.followups.result(command, bars=bars)
            else:
                self.followups.failed(command, outcome)

    async def _ask_history(self, session: IBSession, contract: Contract, question: Question) -> list[Any]:
        asked_as = 0

        def send(req_id: int) -> None:
            nonlocal asked_as
            asked_as = req_id
            session.client.ask_history(req_id, contract, *attrs.astuple(question))

        try:
            return await self.asker.ask(f"history of {describe(contract)}", send, HISTORY_LIMIT)
        except RequestTimeout:
            if session.isConnected():
                self._cancel(session, asked_as)
            raise

    def _cancel(self, session: IBSession, req_id: int) -> None:
        try:
            session.client.cancel_history(req_id)
        except PacingFull:
            # TWS goes on telling what nobody waits for.
            self.log.debug("request {req_id} is not cancelled", req_id=req_id)
