"""Which statuses one order has had, and which of them may be late. Pure.

IB's statuses carry no time. While an order is alive, a word that it had already left behind does not come back, nor does it step
back from Submitted to PreSubmitted, unless the executed quantity has risen since or TWS was asked.
"""

from __future__ import annotations

import attrs

from ibgw_tx.model.figures import Quantity
from ibgw_tx.orders.cache.states import Sign, State, is_cancelling, is_step_back

__all__ = ["Words"]


@attrs.define(eq=False)
class Words:
    """The statuses since the executed quantity rose last, and that quantity as statuses stated it."""

    _had: set[str] = attrs.Factory(set)
    _filled: Quantity = 0

    def risen(self, filled: Quantity | None) -> bool:
        """Whether the quantity of a status proves it newer than all words before."""
        if filled is None or filled <= self._filled:
            return False
        self._filled = filled
        self._had.clear()
        return True

    def is_late(self, filled: Quantity | None) -> bool:
        """Whether the quantity of a status proves it older than one that came before."""
        return filled is not None and filled < self._filled

    def objection(self, word: str, sign: Sign, status: str, state: State) -> str | None:
        """None: believe the word. "": do not, and nothing is lost by it. A reason: do not, but ask."""
        if word == status or state in (State.SENT, State.UNKNOWN):
            return None
        working = state is State.LIVE and sign is Sign.LIVE
        if word not in self._had and not (working and is_step_back(word, status)):
            return None
        if working and not is_cancelling(status):
            return ""
        return f"{word} after {status}: late, or undone"

    def add(self, word: str) -> None:
        """The order has had this word."""
        self._had.add(word)

    def expect(self, word: str) -> None:
        """The next such word is the answer to something we do, and no late one."""
        self._had.discard(word)

    def clear(self) -> None:
        """What was before is history."""
        self._had.clear()
