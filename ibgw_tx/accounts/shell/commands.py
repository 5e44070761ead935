"""ACCOUNT_LIST and ACCOUNT_SUMMARY (section 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.accounts.summary import SUMMARY_TAGS, documents
from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.model import events, keys
from ibgw_tx.model.errors import RequestTimeout, bad_params
from ibgw_tx.model.json_text import dumps
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.session import IBSession

SUMMARY_LIMIT = 20.0  # seconds


@attrs.define(eq=False)
class _Waiter:
    """A command that has asked: `left` fires when the question has been sent, `rows` with the answer."""

    left: Deferred[None] = attrs.Factory(Deferred)
    rows: Deferred[list[Any]] = attrs.Factory(Deferred)


@attrs.define
class AccountCommands:
    """`session()` gives the ready session with its link up, or raises CommandError (not_connected)."""

    name: str
    asker: Asker
    redis: RedisLink
    followups: Followups
    session: Callable[[], IBSession]
    now_ms: Callable[[], int]
    #: Who waits for the one account summary that is under way, and whether its question has left.
    _waiting: list[_Waiter] = attrs.Factory(list)
    _has_left: bool = False

    # What TWS tells.

    def summary_row(self, event: events.SummaryRow) -> None:
        """One tag."""
        self.asker.add(event.req_id, event)

    def summary_end(self, event: events.SummaryEnd) -> None:
        """That was all."""
        self.asker.end(event.req_id)

    # Commands.

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
        asked = self._ask(session)
        await asked.left
        self.followups.later(command, self._summarise(command, account, asked.rows))
        return {}

    async def _summarise(self, command: Command, account: str, rows: Deferred[list[Any]]) -> None:
        found = documents(await rows, account)
        if not found:
            raise RequestTimeout(f"TWS gave no summary of {account or 'any account'}")
        written = []
        for name, document in found.items():
            written.append(keys.summary(self.name, name))
            await self.redis.call("SET", written[-1], dumps({**document, "_timestamp": self.now_ms()}))
        self.followups.result(command, keys=written)

    def _ask(self, session: IBSession) -> _Waiter:
        """One question at a time (TWS takes two); who asks meanwhile gets the same answer. Raises PacingFull."""
        waiter = _Waiter()
        if self._waiting:
            self._waiting.append(waiter)
            if self._has_left:
                waiter.left.callback(None)
            return waiter
        question = self.asker.put(
            "account summary", lambda req_id: session.client.ask_summary(req_id, SUMMARY_TAGS), SUMMARY_LIMIT
        )
        self._waiting, self._has_left = [waiter], False
        question.left.addCallbacks(self._leaves, self._not_sent)
        question.answers.addBoth(self._answered, session, question.req_id)
        return waiter

    def _leaves(self, _: None) -> None:
        self._has_left = True
        for each in self._waiting:
            each.left.callback(None)

    def _not_sent(self, failure: Failure) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.left.errback(failure)

    def _answered(self, outcome: Any, session: IBSession, req_id: int) -> None:
        waiting, self._waiting = self._waiting, []
        if session.isConnected():
            session.client.cancel_summary(req_id)
        for each in waiting:
            each.rows.callback(outcome) if isinstance(outcome, list) else each.rows.errback(outcome)
