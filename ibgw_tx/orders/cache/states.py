"""One order's life: its states, and what moves it from one to another. A table, pure.

Theory of operation. TWS tells one order's life in several overlapping ways, late, twice, or not at all; no message has a number
or a time. So each kind of fact has its own rule of what makes it newer than what is known:

* **Quantities** rise, but for corrections (fills.py). The order is FILLED once all of it is executed, whatever the words say.
* **Words** (IB's statuses) move the state by the table below. While the order is alive, a word that it had already left behind
  does not come back, nor does it step back from Submitted to PreSubmitted, unless the executed quantity has risen since or
  TWS was asked: an answer to a question is the truth of now, a message without a question may be a late one. Where believing
  or not would matter (a hold, a cancel that was undone) the rule asks instead of guessing.
* **Terms** (price, quantity) follow openOrder in the same way: terms it had before are believed only in an answer, or when a
  modification to them is under way. Terms of a final order stay.
* **Codes** prove what codes.py says; everything else they only annotate.

States: SENT (no word yet: sent by us, or seen only through executions), LIVE, HELD (Inactive without a reason: may come alive,
may be dead; or sent with transmit false: TWS keeps it and tells nobody; alive for the bots), UNKNOWN (TWS was asked and does
not know it, or never answered: not alive, settles itself by any later word), DEAD (cancelled or refused; executions still
count, and all of it executed makes it FILLED), FILLED (for good). A dead order that shows a live word is not believed but
asked about; found open in the answer, it is REVIVED: TWS's list of open orders is newer than the message that killed it.

Every change of state is in TRANSITIONS; a pair that is missing there changes nothing.

Beside its state an order has *marks*: facts that explain it and do not move it. Messages set them; what ends them stands in
ENDED_BY_LEAVING (left with the state that they explain) and ENDED_BY_ENTERING (pointless in the new one), or they stay for good.
"""

from __future__ import annotations

import enum

__all__ = [
    "ENDED_BY_ENTERING",
    "ENDED_BY_LEAVING",
    "TRANSITIONS",
    "UNKNOWN_WORD",
    "Mark",
    "Sign",
    "State",
    "Wait",
    "is_acknowledged",
    "is_cancelling",
    "is_step_back",
    "sign_of",
]


class State(enum.Enum):
    """Where an order is in its life."""

    __hash__ = object.__hash__  # in C: they are keys on the path of every status

    SENT = "sent"
    LIVE = "live"
    HELD = "held"
    UNKNOWN = "unknown"
    DEAD = "dead"
    FILLED = "filled"


class Sign(enum.Enum):
    """What a message, or the want of one, says about an order's life."""

    __hash__ = object.__hash__  # in C: they are keys on the path of every status

    LIVE = "a working status"
    HELD = "the status Inactive"
    DEAD = "a cancelled status, a completed order, or a code that proves death"
    FILLED = "all of it executed"
    LOST = "asked for, and TWS does not know it; or no answer within the limit"
    TRANSMITTED = "an order that was held back in TWS has been let go"
    REVIVED = "found among the open orders when asked for"


_ALIVE = {
    Sign.LIVE: State.LIVE,
    Sign.HELD: State.HELD,
    Sign.DEAD: State.DEAD,
    Sign.FILLED: State.FILLED,
    Sign.LOST: State.UNKNOWN,
}

TRANSITIONS: dict[State, dict[Sign, State]] = {
    State.SENT: _ALIVE,
    State.LIVE: _ALIVE,
    State.HELD: {**_ALIVE, Sign.TRANSMITTED: State.SENT},
    State.UNKNOWN: _ALIVE,
    State.DEAD: {Sign.FILLED: State.FILLED, Sign.REVIVED: State.LIVE},
    State.FILLED: {},
}


class Mark(enum.Enum):
    """A fact beside the state."""

    __hash__ = object.__hash__  # in C: they are keys on the path of every status

    OURS = "sent by this gateway in this run"
    SPOKEN = "TWS has said something of it, so bots may hear of it"
    ACKNOWLEDGED = "IB has it, not only TWS"
    CANCELLING = "a cancel of ours is under way"
    FULL = "TWS says Filled, and the quantity is not here yet"
    LOCATED = "held while shares to sell short are located"
    WITHHELD = "sent with transmit false: it lies in TWS, which lists it to nobody"
    BY_CODE = "a code says why it is dead"


#: What no longer holds once an order has left a state.
ENDED_BY_LEAVING: dict[State, frozenset[Mark]] = {
    State.HELD: frozenset({Mark.LOCATED, Mark.WITHHELD}),
    State.DEAD: frozenset({Mark.BY_CODE}),
}

#: What no longer holds once an order has come into a state.
ENDED_BY_ENTERING: dict[State, frozenset[Mark]] = {
    State.DEAD: frozenset({Mark.CANCELLING, Mark.FULL}),
    State.FILLED: frozenset({Mark.CANCELLING, Mark.FULL}),
}

#: IB's words (tws-facts 4.1), and how far each is on the way of a working order. Any other word changes nothing.
_RANK = {
    "ApiPending": 0,
    "PendingSubmit": 1,
    "PreSubmitted": 2,
    "Submitted": 3,
    "PendingCancel": 4,
    "PreCancelled": 4,
}
_SIGNS = dict.fromkeys(_RANK, Sign.LIVE) | {
    "Inactive": Sign.HELD,
    "ApiCancelled": Sign.DEAD,
    "Cancelled": Sign.DEAD,
    "Filled": Sign.FILLED,
}
_CANCELLING = 4  # rank of the words that say a cancel is under way
_ACKNOWLEDGED = 2  # rank from which IB, not only TWS, has the order

#: The one status that is ours, not IB's (section 7 of the Redis interface).
UNKNOWN_WORD = "Unknown"


def sign_of(word: str) -> Sign | None:
    """What a status says; None for a word nobody knows."""
    return _SIGNS.get(word)


def is_cancelling(word: str) -> bool:
    """Whether a cancel is under way; it can still be undone, or the order filled."""
    return _RANK.get(word) == _CANCELLING


def is_acknowledged(word: str) -> bool:
    """Whether this word shows that IB has the order, not only TWS."""
    return _RANK.get(word, _ACKNOWLEDGED) >= _ACKNOWLEDGED


def is_step_back(word: str, known: str) -> bool:
    """Whether `word` comes before `known` on the way of a working order."""
    return _RANK.get(word, 0) < _RANK.get(known, 0)


class Wait(enum.Enum):
    """What an order waits for; the cache asks TWS when it takes too long (GIVE_UP: ends the waiting)."""

    __hash__ = object.__hash__  # in C: they are keys on the path of every status

    ANSWER = "no answer to the order"
    GIVE_UP = "no answer to the order within the limit"
    HELD = "inactive without a reason"
    CANCEL = "no answer to a cancel"
    MODIFY = "no answer to a modification"
    WORD = "no open order said what it is, or how much of it was filled"
    UNKNOWN = "unknown"
