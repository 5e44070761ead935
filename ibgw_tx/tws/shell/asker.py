"""Questions to TWS that have an end: each is a Deferred with a limit. Needs a clock, no reactor by name.

Request ids have a band of their own, because TWS's errors carry both in one field (tws-facts 2), and are never used twice in a
process, so that a late answer meets nobody. The band lies far above usual order ids; where a program before this one has numbered
its orders higher (by the clock, say), the requests move aside.

A question may wait for TWS's message rate. Its limit runs from when it is sent; one that is given up before is withdrawn and
never sent, and one that has waited for WAIT_LIMIT fails as not sent: nobody is told that TWS did not answer what it was not
asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail

from ibgw_tx.model.errors import AnswerUnreadable, PacingFull, RequestTimeout, SessionLost, TWSError
from ibgw_tx.runtime.clock import Clock

FIRST_REQUEST_ID = 1_000_000_001
#: The band above order ids of 10^9 and more; should these come so far, requests go back to the first, where they have left off.
SECOND_BAND = 2_000_000_001
#: The highest id that is one.
LAST_ID = 2**31 - 2
#: Seconds an answer may take where the caller has no better idea.
ANSWER_LIMIT = 30.0
#: Seconds a question may wait for TWS's message rate. One that would wait for long is refused at once (pacing.PATIENCE); this is
#: for one that others have overtaken since.
WAIT_LIMIT = 10.0


@attrs.define
class Question:
    """One open question: `left` fires when it has been sent, `answers` with what TWS says."""

    req_id: int
    what: str
    seconds: float
    left: Deferred[None]
    answers: Deferred[list[Any]]
    heard: list[Any] = attrs.Factory(list)
    is_waiting: bool = False
    limit: Any = None
    #: Why a part of the answer could not be read: then nothing may be concluded from the rest.
    spoiled: str = ""


class Asker:
    """The open questions of one session, by request id.

    `is_waiting(req_id)` says whether a request still waits for TWS's message rate, `withdraw(req_id)` takes it back.
    """

    def __init__(self, clock: Clock, address: str = "?") -> None:
        #: TWS's host:port, for the log of those who ask.
        self.address = address
        self.is_waiting: Callable[[int], bool] = lambda req_id: False
        self.withdraw: Callable[[int], object] = lambda req_id: None
        self._clock = clock
        self._band = FIRST_REQUEST_ID
        #: The next id of each band.
        self._next = {FIRST_REQUEST_ID: FIRST_REQUEST_ID, SECOND_BAND: SECOND_BAND}
        self._open: dict[int, Question] = {}

    def next_id(self) -> int:
        """A request id nobody has had."""
        req_id = self._next[self._band]
        self._next[self._band] += 1
        return req_id

    def make_room(self, order_id: int) -> tuple[int, int]:
        """The next order id would be `order_id`: requests leave its band. Gives the lowest id from it on, and the highest,
        that no request has or will have.
        """
        if order_id < SECOND_BAND:
            self._band = SECOND_BAND
            return max(order_id, self._next[FIRST_REQUEST_ID]), SECOND_BAND - 1
        self._band = FIRST_REQUEST_ID
        return max(order_id, self._next[SECOND_BAND]), LAST_ID

    def ask(self, what: str, send: Callable[[int], None], limit: float = ANSWER_LIMIT) -> Deferred[list[Any]]:
        """Send a question; fires with the list of answers at its end.

        Fails with TWSError (TWS refuses), RequestTimeout (no end within `limit` seconds of its sending), SessionLost, PacingFull
        (it was not sent), or whatever `send` raises.
        """
        try:
            question = self.put(what, send, limit)
        except Exception:
            return fail()
        question.left.addErrback(question.answers.errback)
        return question.answers

    def put(self, what: str, send: Callable[[int], None], limit: float = ANSWER_LIMIT) -> Question:
        """As `ask`, for who wants to know when the question leaves: one that fails before fails `left`, not `answers`.

        Raises whatever `send` raises (PacingFull).
        """
        req_id = self.next_id()
        question = Question(req_id, what, limit, Deferred(), Deferred(lambda _: self._give_up(req_id)))
        self._open[req_id] = question
        try:
            send(req_id)
        except Exception:
            self._open.pop(req_id, None)
            raise
        if req_id in self._open:
            question.is_waiting = self.is_waiting(req_id)
            if question.is_waiting:
                question.limit = self._clock.callLater(WAIT_LIMIT, self._not_sent, req_id)
            else:
                self._has_left(req_id, question)
        return question

    def sent(self, req_id: int) -> None:
        """A request that waited has left."""
        question = self._open.get(req_id)
        if question is not None and question.is_waiting:
            question.is_waiting = False
            question.limit.cancel()
            self._has_left(req_id, question)

    def _has_left(self, req_id: int, question: Question) -> None:
        question.limit = self._clock.callLater(question.seconds, self._too_late, req_id)
        question.left.callback(None)

    def add(self, req_id: int, answer: Any) -> None:
        """One answer; those to ended questions are left out."""
        question = self._open.get(req_id)
        if question is not None:
            question.heard.append(answer)

    def end(self, req_id: int) -> None:
        """That was all."""
        question = self._take(req_id)
        if question is None:
            return
        if not question.left.called:
            question.left.callback(None)
        if question.spoiled:
            text = f"TWS's answer to {question.what} could not be read: {question.spoiled}"
            question.answers.errback(AnswerUnreadable(text))
        else:
            question.answers.callback(question.heard)

    def spoil(self, fields: Sequence[bytes], error: str) -> None:
        """A message could not be decoded: whichever open question it answers has no whole answer."""
        for field in fields[1:3]:
            question = self._open.get(int(field)) if field.isdigit() and len(field) < 12 else None
            if question is not None:
                question.spoiled = question.spoiled or error
                return

    def refuse(self, req_id: int, code: int, text: str) -> bool:
        """TWS refuses the question; False when it is none of ours."""
        return self._fail(req_id, lambda question: TWSError(code, text))

    def is_open(self, req_id: int) -> bool:
        """Whether an answer is still expected."""
        return req_id in self._open

    def session_began(self, is_waiting: Callable[[int], bool], withdraw: Callable[[int], object]) -> None:
        """Another session: which of its requests have not left yet, and how one is taken back."""
        self.is_waiting, self.withdraw = is_waiting, withdraw

    def session_lost(self) -> None:
        """Every open question fails with its own name."""
        for req_id in list(self._open):
            self._fail(req_id, _session_lost)

    def _too_late(self, req_id: int) -> None:
        self._fail(req_id, lambda one: RequestTimeout(f"TWS did not answer {one.what} within {one.seconds:.0f} s"))

    def _not_sent(self, req_id: int) -> None:
        self.withdraw(req_id)
        text = f"was not sent: TWS's message rate left no room for it within {WAIT_LIMIT:.0f} s"
        self._fail(req_id, lambda one: PacingFull(f"{one.what} {text}"))

    def _give_up(self, req_id: int) -> None:
        self.withdraw(req_id)
        question = self._take(req_id)
        if question is not None and not question.left.called:
            question.left.cancel()

    def _fail(self, req_id: int, error: Callable[[Question], Exception]) -> bool:
        question = self._take(req_id)
        if question is None:
            return False
        (question.answers if question.left.called else question.left).errback(error(question))
        return True

    def _take(self, req_id: int) -> Question | None:
        question = self._open.pop(req_id, None)
        if question is not None and question.limit is not None and question.limit.active():
            question.limit.cancel()
        return question


def _session_lost(question: Question) -> Exception:
    when = "was asked" if question.is_waiting else "answered"
    return SessionLost(f"the session with TWS ended before it {when} {question.what}")
