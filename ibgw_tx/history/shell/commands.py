"""The read-only questions of section 8: FIND_CONTRACTS, ACCOUNT_LIST, ACCOUNT_SUMMARY, FIND_HISTORY.

The ack goes out when the question has been taken; what TWS answers follows as a `result`, or as an `error` with the command's
id (code null when it is the gateway that gave up waiting).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands import replies
from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.contracts.asked import MEMBERS, contract_from_json
from ibgw_tx.contracts.choice import describe
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import ContractDesk
from ibgw_tx.history import bars, pacing
from ibgw_tx.history import question as history
from ibgw_tx.model import errors, events, figures
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import CommandError, PacingFull, RedisDown, RequestTimeout, SessionLost, TWSError, bad_params
from ibgw_tx.model.json_text import dumps
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.codes import NO_SECURITY_DEFINITION
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.session import IBSession

#: Spelt here: ibapi's own list has misspelt tags (tws-facts 7).
SUMMARY_TAGS = (
    "AccountType,NetLiquidation,TotalCashValue,SettledCash,AccruedCash,BuyingPower,EquityWithLoanValue,"
    "PreviousDayEquityWithLoanValue,GrossPositionValue,RegTEquity,RegTMargin,SMA,InitMarginReq,MaintMarginReq,AvailableFunds,"
    "ExcessLiquidity,Cushion,FullInitMarginReq,FullMaintMarginReq,FullAvailableFunds,FullExcessLiquidity,LookAheadNextChange,"
    "LookAheadInitMarginReq,LookAheadMaintMarginReq,LookAheadAvailableFunds,LookAheadExcessLiquidity,HighestSeverity,"
    "DayTradesRemaining,Leverage,$LEDGER:ALL"
)
SUMMARY_LIMIT = 20.0  # seconds
HISTORY_LIMIT = 60.0  # seconds

_HISTORY_MEMBERS = ("contract", "endDateTime", "duration", "barSize", "whatToShow", "useRTH")


@attrs.define
class QueryCommands:
    """`session()` gives the ready session with its link up, or raises CommandError (not_connected)."""

    log = Logger()

    name: str
    contracts: ContractDesk
    asker: Asker
    link: RedisLink
    session: Callable[[], IBSession]
    say: Callable[[bytes], None]
    now_ms: Callable[[], int]
    clock: Clock
    pacing: pacing.HistoryPacing = attrs.Factory(pacing.HistoryPacing)
    #: Who waits for the one account summary that is under way.
    _summaries: list[Deferred[list[Any]]] = attrs.Factory(list)
    _histories: dict[Any, list[Command]] = attrs.Factory(dict)

    # What TWS tells.

    def summary_row(self, event: events.SummaryRow) -> None:
        """One tag."""
        self.asker.add(event.req_id, event)

    def summary_end(self, event: events.SummaryEnd) -> None:
        """That was all."""
        self.asker.end(event.req_id)

    def bars(self, fields: list[bytes]) -> None:
        """HISTORICAL_DATA (17), straight from the frame."""
        req_id, rows = bars.parse_bars(fields)
        for bar in rows:
            self.asker.add(req_id, bar)
        self.asker.end(req_id)

    # FIND_CONTRACTS.

    async def find_contracts(self, command: Command) -> dict[str, Any]:
        """Every hit is stored; a `result` with their keys follows, or TWS's error 200."""
        expect_members(command.params, "contract", *sorted(MEMBERS))
        nested = "contract" in command.params
        if nested and len(command.params) > 1:
            raise bad_params("give either contract, or its members")
        contract = contract_from_json(command.params["contract"] if nested else command.params)
        self.session()
        self._later(command, self._found(command, contract))
        return {}

    async def _found(self, command: Command, contract: Any) -> None:
        hits = await self.contracts.details(contract)
        if not hits:
            raise TWSError(NO_SECURITY_DEFINITION, f"No security definition has been found for {describe(contract)}")
        # Found before, perhaps, and removed from Redis since.
        self.contracts.store.put_all(hits)
        # Who hears of the keys finds them.
        written: Deferred[None] = Deferred()
        self.contracts.store.when_written(lambda: written.callback(None))
        await written
        self._say_result(command, keys=self._keys(hits))

    def _keys(self, hits: list[KnownContract]) -> list[str]:
        """One key for each hit; the conId's where two contracts share a name."""
        keys: dict[str, int] = {}
        for hit in hits:
            key = self.contracts.store.keys(hit)[0]
            if keys.setdefault(key, hit.contract.conId) != hit.contract.conId:
                keys[names.contract_id(hit.contract.conId)] = hit.contract.conId
        return list(keys)

    # Accounts.

    async def account_list(self, command: Command) -> dict[str, Any]:
        """The ack carries the accounts."""
        expect_members(command.params)
        return {"accounts": list(self.session().accounts)}

    async def account_summary(self, command: Command) -> dict[str, Any]:
        """Summaries are written, of one account or of all; then a `result` with their keys."""
        expect_members(command.params, "account")
        account = text_param(command.params, "account")
        session = self.session()
        if account and account not in session.accounts:
            raise bad_params(f"account {account!r} is none of {', '.join(session.accounts)}")
        self._later(command, self._summarise(command, account, session))
        return {}

    async def _summarise(self, command: Command, account: str, session: IBSession) -> None:
        rows = await self._summary_rows(session)
        documents: dict[str, dict[str, Any]] = {}
        for row in rows:
            if not account or row.account == account:
                _add_row(documents.setdefault(row.account, {}), row)
        if not documents:
            raise RequestTimeout(f"TWS gave no summary of {account or 'any account'}")
        keys = []
        for name, document in documents.items():
            keys.append(names.summary(self.name, name))
            await self.link.call("SET", keys[-1], dumps({**document, "_timestamp": self.now_ms()}))
        self._say_result(command, keys=keys)

    def _summary_rows(self, session: IBSession) -> Deferred[list[Any]]:
        """One question at a time (TWS takes two); who asks meanwhile gets the same answer."""
        result: Deferred[list[Any]] = Deferred()
        self._summaries.append(result)
        if len(self._summaries) == 1:
            asked_as: list[int] = []

            def send(req_id: int) -> None:
                asked_as.append(req_id)
                session.client.ask_summary(req_id, SUMMARY_TAGS)

            asked = self.asker.ask("account summary", send, SUMMARY_LIMIT)
            asked.addBoth(self._summary_over, session, asked_as)
        return result

    def _summary_over(self, outcome: Any, session: IBSession, asked_as: list[int]) -> None:
        waiting, self._summaries = self._summaries, []
        if asked_as and session.isConnected():
            self._cancel(session.client.cancel_summary, asked_as[0])
        for each in waiting:
            each.callback(outcome) if isinstance(outcome, list) else each.errback(outcome)

    def _cancel(self, cancel: Callable[[int], None], req_id: int) -> None:
        try:
            cancel(req_id)
        except PacingFull:
            # TWS goes on telling what nobody waits for.
            self.log.debug("request {req_id} is not cancelled", req_id=req_id)

    # FIND_HISTORY.

    async def find_history(self, command: Command) -> dict[str, Any]:
        """Bars in the `result`; the ack's `open` counts the questions under way. `unavailable` when IB's pacing forbids."""
        expect_members(command.params, *_HISTORY_MEMBERS)
        if "contract" not in command.params:
            raise bad_params("contract is missing")
        asked = contract_from_json(command.params["contract"])
        question = history.check(command.params)
        session = self.session()
        contract = (await self.contracts.find_one(asked)).contract
        now = self.now_ms() / 1000
        last = self.pacing.last_answer((contract, question), now)
        if last is not None:
            self._later(command, self._answer_again(command, last))
            return {"open": self.pacing.open}
        same = self._histories.get((contract, question))
        if same is not None:
            # The same question is under way: IB takes no second one within 15 s.
            same.append(command)
            return {"open": self.pacing.open}
        self._check_pacing(contract, question[3], now)
        ahead = self.pacing.open
        self.pacing.sent(contract, question[3], now)
        self._histories[contract, question] = [command]
        self._later(command, self._history(session, contract, question))
        return {"open": ahead}

    def _check_pacing(self, contract: Any, what: str, now: float) -> None:
        if self.pacing.open >= pacing.OPEN_LIMIT:
            raise CommandError(errors.UNAVAILABLE, f"{pacing.OPEN_LIMIT} historical questions are under way")
        wait = self.pacing.wait(contract, what, now)
        if wait > 0:
            raise CommandError(errors.UNAVAILABLE, f"IB's pacing of historical data: possible again in {wait:.0f} s")

    async def _answer_again(self, command: Command, bars: list[Any]) -> None:
        self._say_result(command, bars=bars)

    async def _history(self, session: IBSession, contract: Any, question: Any) -> None:
        """Ask, and tell everybody who has asked the same meanwhile."""
        outcome: Exception | None = None
        bars: list[Any] | None = None
        try:
            bars = await self._ask_history(session, contract, question)
        except Exception as error:
            outcome = error
        self.pacing.ended((contract, question), bars, self.now_ms() / 1000)
        for command in self._histories.pop((contract, question)):
            if outcome is None:
                self._say_result(command, bars=bars)
            else:
                self._say_failure(command, outcome)

    async def _ask_history(self, session: IBSession, contract: Any, question: Any) -> list[Any]:
        asked_as = 0

        def send(req_id: int) -> None:
            nonlocal asked_as
            asked_as = req_id
            session.client.ask_history(req_id, contract, *question)

        try:
            return await self.asker.ask(f"history of {describe(contract)}", send, HISTORY_LIMIT)
        except RequestTimeout:
            if session.isConnected():
                self._cancel(session.client.cancel_history, asked_as)
            raise

    # What follows an ack.

    def _later(self, command: Command, work: Coroutine[Any, Any, None]) -> None:
        """Carry on after the ack; whatever goes wrong is told with the command's id."""
        Deferred.fromCoroutine(self._told(command, work)).addErrback(
            lambda failure: self.log.failure("what follows {cmd}", failure, cmd=command.cmd)
        )

    async def _told(self, command: Command, work: Coroutine[Any, Any, None]) -> None:
        # The ack goes out first: this starts in the next turn.
        turn: Deferred[None] = Deferred()
        self.clock.callLater(0, turn.callback, None)
        await turn
        try:
            await work
        except Exception as error:
            self._say_failure(command, error)

    def _say_failure(self, command: Command, error: Exception) -> None:
        if isinstance(error, TWSError):
            self._say_error(command, error.code, error.text)
        elif isinstance(error, CommandError | RequestTimeout | SessionLost | PacingFull | RedisDown):
            self._say_error(command, None, str(error))
        else:
            self.log.failure("{cmd} {id!r} failed", Failure(error), cmd=command.cmd, id=command.id)
            self._say_error(command, None, f"the gateway failed to carry this out: {type(error).__name__}")

    def _say_result(self, command: Command, **more: Any) -> None:
        self.say(replies.result(command.id, command.cmd, self.now_ms(), **more))

    def _say_error(self, command: Command, code: int | None, text: str) -> None:
        self.say(replies.tws_error(command.id, command.cmd, code, text, self.now_ms()))


def _add_row(document: dict[str, Any], row: events.SummaryRow) -> None:
    """`"NetLiquidation":{"value":…,"currency":"USD"}`; ledger rows go under `ledger` by currency."""
    amount = figures.number_or_none(row.value)
    value: Any = row.value if amount is None else amount
    # A tag of both kinds (AccruedCash) comes for the account first, then for each currency of the ledger.
    if row.tag in SUMMARY_TAGS.split(",") and row.tag not in document:
        document[row.tag] = {"value": value, "currency": row.currency or None}
    elif row.currency and row.currency != "BASE":
        document.setdefault("ledger", {}).setdefault(row.currency, {})[row.tag] = value
