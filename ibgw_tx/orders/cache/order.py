"""One order: what is known of it, and how each kind of message changes that. Pure; the theory and its tables are in states.py."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import Quantity
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.fills import Fills
from ibgw_tx.orders.cache.reasons import Reasons
from ibgw_tx.orders.cache.rows import RowKey
from ibgw_tx.orders.cache.states import (
    ENDED_BY_ENTERING,
    ENDED_BY_LEAVING,
    TRANSITIONS,
    UNKNOWN_WORD,
    Mark,
    Sign,
    State,
    Wait,
    is_acknowledged,
    sign_of,
)
from ibgw_tx.orders.cache.versions import Versions
from ibgw_tx.orders.cache.words import Words
from ibgw_tx.orders.codes import CANCELLED, LOCATING, Awaiting, Proof, kills_new, proof

__all__ = ["Order"]


_NO_MARKS: frozenset[Mark] = frozenset()


@attrs.define(eq=False)
class Told:
    """What bots have been told of an order last: the body of its order_json, None for nothing, and the marks it went out with."""

    body: dict[str, object] | None = None
    recovered: bool = False
    corrected: bool = False


@attrs.define(eq=False)
class Order:
    """One order as far as it is known. Methods that return text return the reason why TWS must be asked, or None.

    `answers` is the number of the question that a message is part of the answer to, None for one that came unasked.
    """

    born: int
    touched: int
    clientId: int = 0
    orderId: int = 0
    permId: int = 0
    ref: str = ""
    con_id: int = 0
    sec_type: str = ""
    contract: Contract | None = None
    place: tuple[str, str] | None = None
    deactivated: bool = False  # in TWS, by whoever may: it lists the order as Inactive
    hidden: bool = False  # its contract has no possible name in Redis
    traded: Contract | None = None  # an execution's contract, while no better one is known
    versions: Versions = attrs.Factory(Versions)
    state: State = State.SENT
    status: str = "PendingSubmit"  # IB's own definition: sent, and nobody has confirmed it
    marks: set[Mark] = attrs.Factory(set)
    fills: Fills = attrs.Factory(Fills)
    executions: dict[str, RowKey] = attrs.Factory(dict)  # the row of each execId
    reasons: Reasons = attrs.Factory(Reasons)
    named_in: int | None = None  # the last question in whose answer TWS named it
    listed_in: int | None = None  # the last question whose list of open orders named it
    sent_after: int | None = None  # the question that was the last one when it was placed, modified or cancelled by us
    doubt: tuple[str, int] | None = None  # a live word for a dead order, and in which question it came
    waits: dict[Wait, int | None] = attrs.Factory(dict)
    rounds: int = 0
    told: Told = attrs.Factory(Told)
    _words: Words = attrs.Factory(Words)

    @property
    def terms(self) -> Terms:
        """What it asks for, as far as TWS has confirmed it."""
        return self.versions.terms

    @property
    def alive(self) -> bool:
        """Whether it may still be executed, as far as is known."""
        return self.state in (State.SENT, State.LIVE, State.HELD)

    @property
    def final(self) -> bool:
        """Whether nothing but executions can change it."""
        return self.state in (State.DEAD, State.FILLED)

    def go(self, sign: Sign, word: str) -> bool:
        """Follow the table; False when it has no such line. The only place that sets `state`."""
        state = TRANSITIONS[self.state].get(sign)
        if state is None:
            return False
        if state is not self.state:
            self.marks -= ENDED_BY_LEAVING.get(self.state, _NO_MARKS) | ENDED_BY_ENTERING.get(state, _NO_MARKS)
        if sign is Sign.REVIVED:
            self._begin_anew()
        self.state, self.status, self.doubt = state, word, None
        self.marks.add(Mark.SPOKEN)
        if self.final:
            self.versions.pending.clear()
        return True

    def _begin_anew(self) -> None:
        """Found among the open orders: what it was before its end, and what was said of it, is history."""
        self.marks = {Mark.SPOKEN, Mark.ACKNOWLEDGED}
        self.reasons.begin_anew()
        self.versions.begin_anew()
        self._words = Words(filled=self.fills.executed)
        self.rounds = 0

    # Words.

    def hear_word(self, word: str, filled: Quantity | None, why_held: str, answers: int | None, now: int) -> str | None:
        """A status. `filled` None: it came without quantities (openOrder)."""
        sign = sign_of(word)
        if sign is None:
            return None
        self.marks.add(Mark.SPOKEN)
        if sign is Sign.FILLED:
            return self._hear_filled(filled)
        if self.final:
            return self._hear_after_end(word, sign, answers)
        if sign is Sign.DEAD:
            self.go(sign, word)
            return None
        newer = self._words.risen(filled) or answers is not None
        if not newer and self._words.is_late(filled):
            return None
        if why_held == "locate":
            self.marks.add(Mark.LOCATED)
        reason = None if newer else self._words.objection(word, sign, self.status, self.state)
        if reason is None:
            self._take_word(word, sign, now, is_answer=answers is not None)
        return reason or None

    def _take_word(self, word: str, sign: Sign, now: int, *, is_answer: bool) -> None:
        if is_answer and sign is Sign.LIVE:
            self.reasons.fatal_at = None
            self.marks.discard(Mark.FULL)
        if is_answer and word != self.status:  # what was before it is history
            self._words.clear()
            self.marks.discard(Mark.FULL)
        self._words.add(word)
        if is_acknowledged(word):
            self.marks.add(Mark.ACKNOWLEDGED)
        by_code = sign is Sign.HELD and self.reasons.is_fresh(now)
        self.go(Sign.DEAD if by_code else sign, word)
        if by_code:
            self.marks.add(Mark.BY_CODE)

    def _hear_filled(self, filled: Quantity | None) -> str | None:
        """Filled without its quantity would be a final order with nothing executed: it waits for the quantity."""
        total, executed = self.terms.totalQuantity, self.fills.executed
        all_of_it = bool(executed) and (total is None or executed >= total)
        if self.state is State.DEAD and not all_of_it:
            return f"Filled after {self.status}"
        if all_of_it:
            self.go(Sign.FILLED, "Filled")
            return None
        self.marks.add(Mark.FULL)
        # A word against a quantity: only both together are an end.
        return "Filled with less than all of it executed" if executed and filled else None

    def _hear_after_end(self, word: str, sign: Sign, answers: int | None) -> str | None:
        if self.state is State.FILLED or sign is Sign.HELD:
            return None
        if sign is Sign.DEAD:
            self.doubt = None
            self.status = word if self.status == "Inactive" else self.status
            return None
        if answers is not None:
            self.doubt = (word, answers)
            return None
        return f"{word} after {self.status}"

    def cancel_sent(self) -> None:
        """Our cancel is under way, so a new PendingCancel is no late one."""
        self.marks.add(Mark.CANCELLING)
        self._words.expect("PendingCancel")

    def ripen(self) -> None:
        """FILLED when all of it is executed, unless a modification under way may have made the order larger."""
        total, executed = self.terms.totalQuantity, self.fills.executed
        all_of_it = bool(executed) and (executed >= total if total is not None else Mark.FULL in self.marks)
        if all_of_it and not self.versions.pending:
            self.go(Sign.FILLED, "Filled")

    # Terms.

    def describe(self, contract: Contract) -> None:
        """What is traded, as an open or completed order says it. The first such contract stays."""
        if self.contract is None:
            self.contract = contract
        self.con_id, self.sec_type = self.con_id or contract.conId, contract.secType
        self.fills.describe(combo=contract.secType == "BAG", account=self.terms.account)

    def hear_terms(self, terms: Terms, answers: int | None) -> str | None:
        """The terms of an openOrder; those of a final order stay as they are."""
        if self.final and self.versions.confirmed:
            return None
        return self.versions.hear(terms, asked=answers is not None)

    # Codes.

    @property
    def awaiting(self) -> Awaiting:
        """What a code would be the answer to."""
        if self.versions.pending:
            return Awaiting.MODIFY
        cancelling = Mark.CANCELLING in self.marks
        if Mark.ACKNOWLEDGED not in self.marks:
            return Awaiting.NEW_AND_CANCEL if cancelling else Awaiting.NEW
        return Awaiting.CANCEL if cancelling else Awaiting.NOTHING

    def hear_code(self, code: int, text: str, now: int, reject: Any = None) -> str | None:
        """An error with this order's id. FILLED orders are past all codes; dead ones take the reason of their death."""
        if self.state is State.FILLED:
            return None
        if self.state is State.DEAD:
            self._annotate_dead(code, text, reject)
            return None
        awaiting = self.awaiting
        answers_us = awaiting in (Awaiting.MODIFY, Awaiting.CANCEL)
        if self.reasons.has_had(code, text) and not answers_us:
            return None
        self.reasons.take(code, text, reject)
        self.marks.add(Mark.SPOKEN)
        return self._follow(proof(code, awaiting), code, now)

    def _follow(self, found: Proof, code: int, now: int) -> str | None:
        untouched = not self.versions.pending and Mark.CANCELLING not in self.marks
        if found is Proof.DEAD or (self.state is State.HELD and kills_new(code) and untouched):
            self.go(Sign.DEAD, "Cancelled" if code == CANCELLED else "Inactive")
            self.marks.add(Mark.BY_CODE)
            return None
        if found is Proof.REFUSED:
            self._refuse()
        elif found is Proof.FILLED:
            self.versions.pending.clear()
        elif found is Proof.ASK and kills_new(code):
            self.reasons.refused_at(now)
        if code == LOCATING:
            self.marks.add(Mark.LOCATED)
        certain = found is Proof.NOTICE or (found is Proof.REFUSED and Mark.ACKNOWLEDGED in self.marks)
        return None if certain and self.state is not State.UNKNOWN else f"code {code}"

    def _refuse(self) -> None:
        """What was asked was not done. TWS answers in order, so it is the oldest modification."""
        if self.versions.pending:
            del self.versions.pending[0]
        else:
            self.marks.discard(Mark.CANCELLING)

    def _annotate_dead(self, code: int, text: str, reject: Any) -> None:
        """Only a code that kills says why; the first one stays."""
        if Mark.BY_CODE not in self.marks and (code == CANCELLED or kills_new(code)):
            self.marks.add(Mark.BY_CODE)
            self.reasons.show(code, text, reject)

    @property
    def refused(self) -> bool:
        """Dead by a code alone: an execution of it is a contradiction."""
        return self.state is State.DEAD and Mark.BY_CODE in self.marks and self.reasons.code != CANCELLED

    # The end of a question.

    def answer(self, number: int) -> None:
        """TWS has been asked for everything, and the answer to that question is complete: what was in doubt is settled by it."""
        if self.sent_after != number:
            if Mark.CANCELLING in self.marks:
                self.marks.discard(Mark.WITHHELD)  # gone when it was to be cancelled
            self.versions.pending.clear()
            self.marks.discard(Mark.CANCELLING)
        if self.doubt is not None and self.doubt[1] == number:
            self.go(Sign.REVIVED, self.doubt[0])
        self.doubt = None
        if Mark.FULL in self.marks:
            if not self.fills.executed:
                self.fills.report(self.terms.totalQuantity, None, None)
            self.go(Sign.FILLED, "Filled")
        self.ripen()
        if self.alive and self.named_in != number and Mark.WITHHELD not in self.marks:
            self._missing()

    def _missing(self) -> None:
        """TWS does not list it any more. Where a code had refused it and no live word came since, that is its end."""
        if self.reasons.fatal_at is None:
            self.go(Sign.LOST, UNKNOWN_WORD)
        else:
            self.go(Sign.DEAD, "Inactive")
            self.marks.add(Mark.BY_CODE)
