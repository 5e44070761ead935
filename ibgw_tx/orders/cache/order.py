"""One order: what is known of it, and how each kind of message changes that. Pure; the theory is in `orderlife`."""

from __future__ import annotations

import attrs

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.moment import steady
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.fills import Fills
from ibgw_tx.orders.cache.states import (
    TRANSITIONS,
    UNKNOWN_WORD,
    Sign,
    State,
    Wait,
    is_acknowledged,
    is_cancelling,
    is_step_back,
    sign_of,
)
from ibgw_tx.orders.cache.versions import Versions
from ibgw_tx.orders.codes import CANCELLED, LOCATING, Asked, Proof, kills_new, proof

__all__ = ["Order"]

_CODES = 50  # messages remembered for one order, so that a repetition is known as one
_FRESH_CODE = 10_000  # ms within which Inactive after a refusing code is that refusal


@attrs.define(eq=False)
class Order:
    """One order as far as it is known. Methods that return text return the reason why TWS must be asked, or None."""

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
    hidden: bool = False  # its contract has no possible name in Redis
    sent_by_us: bool = False
    traded: Contract | None = None  # an execution's contract, while no better one is known
    versions: Versions = attrs.Factory(Versions)
    state: State = State.SENT
    status: str = "PendingSubmit"  # IB's own definition: sent, and nobody has confirmed it
    spoken: bool = False  # TWS has said something of it, so bots may hear of it
    acknowledged: bool = False
    fills: Fills = attrs.Factory(Fills)
    code: int | None = None
    text: str | None = None
    heard: int = 0  # the last question during which TWS named it
    asked_in: int = 0  # the question that was the last one when it was placed, modified or cancelled by us
    cancelling: bool = False
    located: bool = False
    withheld: bool = False  # sent with transmit false: it lies in TWS, which lists it to nobody
    full: bool = False  # TWS says Filled, and the quantity is not here yet
    doubt: tuple[str, int] | None = None  # a live word for a dead order, and in which question it came
    waits: dict[Wait, int | None] = attrs.Factory(dict)
    rounds: int = 0
    told: dict[str, object] | None = None
    recovered: bool = False
    fell: bool = False  # TWS has taken back what was executed, and bots have not been told yet
    corrected: bool = False  # what bots were told last told them so
    listed: int = 0  # the question whose list of open orders has named it
    _killed: bool = False
    _fatal_at: int | None = None
    _words: set[str] = attrs.Factory(set)
    _word_filled: float = 0
    _codes: set[tuple[int, str]] = attrs.Factory(set)

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
        if self.state is State.HELD and state is not State.HELD:
            self.located = False
        if sign is Sign.REVIVED:
            self._killed, self._fatal_at = False, None
        self.withheld = self.withheld and sign is Sign.HELD
        self.state, self.status = state, word
        self.spoken, self.doubt = True, None
        if self.final:
            self.versions.pending.clear()
            self.cancelling = self.full = False
        return True

    # Words.

    def hear_word(self, word: str, filled: float | None, why_held: str, window: int, now: int) -> str | None:
        """A status. `filled` None: it came without quantities (openOrder). `window`: the question under way, 0 for none."""
        sign = sign_of(word)
        if sign is None:
            return None
        self.spoken = True
        if sign is Sign.FILLED:
            return self._hear_filled(filled)
        if self.final:
            return self._hear_after_end(word, sign, window)
        if sign is Sign.DEAD:
            self.go(sign, word)
            return None
        newer = self._has_risen(filled) or bool(window)
        if not newer and filled is not None and filled < self._word_filled:
            return None
        if why_held == "locate":
            self.located = True
        reason = None if newer else self._objection(word, sign)
        if reason is None:
            self._take_word(word, sign, window, now)
        return reason or None

    def _has_risen(self, filled: float | None) -> bool:
        """Whether the quantity of this status proves it newer than all words before."""
        if filled is None or filled <= self._word_filled:
            return False
        self._word_filled = filled
        self._words.clear()
        return True

    def _objection(self, word: str, sign: Sign) -> str | None:
        """None: believe the word. "": do not, and nothing is lost by it. A reason: do not, but ask."""
        if word == self.status or self.state in (State.SENT, State.UNKNOWN):
            return None
        working = self.state is State.LIVE and sign is Sign.LIVE
        if word not in self._words and not (working and is_step_back(word, self.status)):
            return None
        if working and not is_cancelling(self.status):
            return ""
        return f"{word} after {self.status}: late, or undone"

    def _take_word(self, word: str, sign: Sign, window: int, now: int) -> None:
        if window and sign is Sign.LIVE:
            self._fatal_at, self.full = None, False
        if window and word != self.status:  # an answer: what was before it is history
            self._words.clear()
            self.full = False
        self._words.add(word)
        self.acknowledged = self.acknowledged or is_acknowledged(word)
        if sign is Sign.HELD and self._fatal_at is not None and steady(now) - self._fatal_at <= _FRESH_CODE:
            self._killed = True
            sign = Sign.DEAD
        self.go(sign, word)

    def _hear_filled(self, filled: float | None) -> str | None:
        """Filled without its quantity would be a final order with nothing executed: it waits for the quantity."""
        total, executed = self.terms.totalQuantity, self.fills.executed
        all_of_it = bool(executed) and (total is None or executed >= total)
        if self.state is State.DEAD and not all_of_it:
            return f"Filled after {self.status}"
        if all_of_it:
            self.go(Sign.FILLED, "Filled")
            return None
        self.full = True
        # A word against a quantity: only both together are an end.
        return "Filled with less than all of it executed" if executed and filled else None

    def _hear_after_end(self, word: str, sign: Sign, window: int) -> str | None:
        if self.state is State.FILLED or sign is Sign.HELD:
            return None
        if sign is Sign.DEAD:
            self.doubt = None
            self.status = word if self.status == "Inactive" else self.status
            return None
        if window:
            self.doubt = (word, window)
            return None
        return f"{word} after {self.status}"

    def cancel_sent(self) -> None:
        """Our cancel is under way, so a new PendingCancel is no late one."""
        self.cancelling = True
        self._words.discard("PendingCancel")

    def ripen(self) -> None:
        """FILLED when all of it is executed, unless a modification under way may have made the order larger."""
        total, executed = self.terms.totalQuantity, self.fills.executed
        all_of_it = bool(executed) and (executed >= total if total is not None else self.full)
        if all_of_it and not self.versions.pending:
            self.go(Sign.FILLED, "Filled")

    # Terms.

    def describe(self, contract: Contract) -> None:
        """What is traded, as an open or completed order says it. The first such contract stays."""
        if self.contract is None:
            self.contract = contract
        self.con_id, self.sec_type = self.con_id or contract.conId, contract.secType
        self.fills.describe(combo=contract.secType == "BAG", account=self.terms.account)

    def hear_terms(self, terms: Terms, window: int) -> str | None:
        """The terms of an openOrder; those of a final order stay as they are."""
        if self.final and self.versions.confirmed:
            return None
        return self.versions.hear(terms, asked=bool(window))

    # Codes.

    @property
    def asked(self) -> Asked:
        """What a code would be the answer to."""
        if self.versions.pending:
            return Asked.MODIFY
        if not self.acknowledged:
            return Asked.NEW_AND_CANCEL if self.cancelling else Asked.NEW
        return Asked.CANCEL if self.cancelling else Asked.NOTHING

    def hear_code(self, code: int, text: str, now: int) -> str | None:
        """An error with this order's id. FILLED orders are past all codes; dead ones take the reason of their death."""
        if self.state is State.FILLED:
            return None
        if self.state is State.DEAD:
            self._annotate_dead(code, text)
            return None
        asked, repeated = self.asked, (code, text) in self._codes
        if repeated and asked in (Asked.NEW, Asked.NEW_AND_CANCEL, Asked.NOTHING):
            return None
        if len(self._codes) >= _CODES:
            self._codes.clear()
        self._codes.add((code, text))
        self.spoken, self.code, self.text = True, code, text
        return self._follow(proof(code, asked), code, now)

    def _follow(self, found: Proof, code: int, now: int) -> str | None:
        held_by_it = self.state is State.HELD and kills_new(code) and not (self.versions.pending or self.cancelling)
        if found is Proof.DEAD or held_by_it:
            self._killed = True
            self.go(Sign.DEAD, "Cancelled" if code == CANCELLED else "Inactive")
            return None
        if found is Proof.REFUSED:
            self._refuse()
        elif found is Proof.FILLED:
            self.versions.pending.clear()
        elif found is Proof.ASK and kills_new(code):
            self._fatal_at = steady(now)
        self.located = self.located or code == LOCATING
        certain = found is Proof.NOTICE or (found is Proof.REFUSED and self.acknowledged)
        return None if certain and self.state is not State.UNKNOWN else f"code {code}"

    def _refuse(self) -> None:
        """What was asked was not done. TWS answers in order, so it is the oldest modification."""
        if self.versions.pending:
            del self.versions.pending[0]
        else:
            self.cancelling = False

    def _annotate_dead(self, code: int, text: str) -> None:
        """Only a code that kills says why; the first one stays."""
        if not self._killed and (code == CANCELLED or kills_new(code)):
            self._killed = True
            self.code, self.text = code, text

    @property
    def refused(self) -> bool:
        """Dead by a code alone: an execution of it is a contradiction."""
        return self.state is State.DEAD and self._killed and self.code != CANCELLED

    # The end of a question.

    def answer(self, window: int) -> None:
        """TWS has been asked for everything, and the answer is complete: whatever was in doubt is settled by it."""
        if self.asked_in != window:
            self.withheld = self.withheld and not self.cancelling  # gone when it was to be cancelled
            self.versions.pending.clear()
            self.cancelling = False
        if self.doubt is not None and self.doubt[1] == window:
            self.go(Sign.REVIVED, self.doubt[0])
        self.doubt = None
        if self.full:
            if not self.fills.executed:
                self.fills.report(self.terms.totalQuantity, None, None)
            self.go(Sign.FILLED, "Filled")
        self.ripen()
        if self.alive and self.heard != window and not self.withheld:
            self._missing()

    def _missing(self) -> None:
        """TWS does not list it any more. Where a code had refused it and no live word came since, that is its end."""
        if self._fatal_at is None:
            self.go(Sign.LOST, UNKNOWN_WORD)
        else:
            self._killed = True
            self.go(Sign.DEAD, "Inactive")
