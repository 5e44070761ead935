"""Questions to TWS that have an end: each is a Deferred with a limit. Needs a clock, no reactor by name.

Request ids start far above any order id, because TWS's errors carry both in one field (tws-facts 2), and are never used
twice in a process, so that a late answer meets nobody.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail

from ibgw_tx.model.errors import RequestTimeout, SessionLost, TWSError
from ibgw_tx.runtime.clock import Clock

FIRST_REQUEST_ID = 1_000_000_001
#: Seconds an answer may take where the caller has no better idea.
ANSWER_LIMIT = 30.0


@attrs.define
class _Question:
    what: str
    deferred: Deferred[list[Any]]
    answers: list[Any]
    limit: Any


class Asker:
    """The open questions of one session, by request id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = itertools.count(FIRST_REQUEST_ID)
        self._open: dict[int, _Question] = {}

    def next_id(self) -> int:
        """A request id nobody has had."""
        return next(self._ids)

    def ask(self, what: str, send: Callable[[int], None], limit: float = ANSWER_LIMIT) -> Deferred[list[Any]]:
        """Send a question; fires with the list of answers at its end.

        Fails with TWSError (TWS refuses), RequestTimeout (no end within `limit` seconds), SessionLost, or whatever `send`
        raises (PacingFull).
        """
        req_id = self.next_id()
        question = _Question(what, Deferred(lambda _: self._forget(req_id)), [], None)
        self._open[req_id] = question
        try:
            send(req_id)
        except Exception:
            self._open.pop(req_id, None)
            return fail()
        if req_id in self._open:
            question.limit = self._clock.callLater(limit, self._too_late, req_id, limit)
        return question.deferred

    def add(self, req_id: int, answer: Any) -> None:
        """One answer; those to ended questions are left out."""
        question = self._open.get(req_id)
        if question is not None:
            question.answers.append(answer)

    def end(self, req_id: int) -> None:
        """That was all."""
        question = self._take(req_id)
        if question is not None:
            question.deferred.callback(question.answers)

    def refuse(self, req_id: int, code: int, text: str) -> bool:
        """TWS refuses the question; False when it is none of ours."""
        question = self._take(req_id)
        if question is None:
            return False
        question.deferred.errback(TWSError(code, text))
        return True

    def is_open(self, req_id: int) -> bool:
        """Whether an answer is still expected."""
        return req_id in self._open

    def session_lost(self) -> None:
        """Every open question fails with its own name."""
        for req_id in list(self._open):
            question = self._take(req_id)
            if question is not None:
                question.deferred.errback(SessionLost(f"the session with TWS ended before it answered {question.what}"))

    def _too_late(self, req_id: int, limit: float) -> None:
        question = self._take(req_id)
        if question is not None:
            question.deferred.errback(RequestTimeout(f"TWS did not answer {question.what} within {limit:.0f} s"))

    def _forget(self, req_id: int) -> None:
        self._take(req_id)

    def _take(self, req_id: int) -> _Question | None:
        question = self._open.pop(req_id, None)
        if question is not None and question.limit is not None and question.limit.active():
            question.limit.cancel()
        return question
