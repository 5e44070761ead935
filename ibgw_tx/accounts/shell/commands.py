"""ACCOUNT_LIST and ACCOUNT_SUMMARY (section 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from ibgw_tx.accounts.summary import SUMMARY_TAGS, documents
from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.model import events, keys
from ibgw_tx.model.errors import PacingFull, RequestTimeout, bad_params
from ibgw_tx.model.json_text import dumps
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.session import IBSession

SUMMARY_LIMIT = 20.0  # seconds


@attrs.define
class AccountCommands:
    """`session()` gives the ready session with its link up, or raises CommandError (not_connected)."""

    log = Logger()

    name: str
    asker: Asker
    redis: RedisLink
    followups: Followups
    session: Callable[[], IBSession]
    now_ms: Callable[[], int]
    #: Who waits for the one account summary that is under way.
    _waiting: list[Deferred[list[Any]]] = attrs.Factory(list)

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
        self.followups.later(command, self._summarise(command, account, session))
        return {}

    async def _summarise(self, command: Command, account: str, session: IBSession) -> None:
        found = documents(await self._rows(session), account)
        if not found:
            raise RequestTimeout(f"TWS gave no summary of {account or 'any account'}")
        written = []
        for name, document in found.items():
            written.append(keys.summary(self.name, name))
            await self.redis.call("SET", written[-1], dumps({**document, "_timestamp": self.now_ms()}))
        self.followups.result(command, keys=written)

    def _rows(self, session: IBSession) -> Deferred[list[Any]]:
        """One question at a time (TWS takes two); who asks meanwhile gets the same answer."""
        result: Deferred[list[Any]] = Deferred()
        self._waiting.append(result)
        if len(self._waiting) == 1:
            asked_as: list[int] = []

            def send(req_id: int) -> None:
                asked_as.append(req_id)
                session.client.ask_summary(req_id, SUMMARY_TAGS)

            asked = self.asker.ask("account summary", send, SUMMARY_LIMIT)
            asked.addBoth(self._answered, session, asked_as)
        return result

    def _answered(self, outcome: Any, session: IBSession, asked_as: list[int]) -> None:
        waiting, self._waiting = self._waiting, []
        if asked_as and session.isConnected():
            self._cancel(session, asked_as[0])
        for each in waiting:
            each.callback(outcome) if isinstance(outcome, list) else each.errback(outcome)

    def _cancel(self, session: IBSession, req_id: int) -> None:
        try:
            session.client.cancel_summary(req_id)
        except PacingFull:
            # TWS goes on telling what nobody waits for.
            self.log.debug("request {req_id} is not cancelled", req_id=req_id)
