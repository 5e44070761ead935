"""What a TWS code with an order's id proves about that order. Pure tables; sources: tws-facts 2.2, 2.3 and the lessons under it.

An error code is advice; statuses, open orders and executions are facts. The same code proves different things depending on
what the order waits for, so `proof` asks for both:

* NEW: sent by us, and IB has not acknowledged it (no word, or only ApiPending / PendingSubmit).
* MODIFY: a changed version of a live order is under way. Most refusals leave the live order exactly as it was.
* NEW_AND_CANCEL: both at once: what is said of a request may be about either.
* CANCEL: a cancel is under way.
* NOTHING: a live, acknowledged order that nobody here has touched.

and answers with one of

* DEAD: there is no such order at IB (any more).
* REFUSED: what was asked was not done; the order lives on with the terms it had.
* NOTICE: said about a living order in passing; nothing follows from it, not even an answer to a new order.
* FILLED: the order is filled; its executions say how.
* ASK: proves nothing. Open orders, completed orders and executions must be asked.

A short list of codes that prove death is safer than a list of harmless ones: IB adds notices without telling (10349 cost somebody
fifteen fills). So whatever is not in a table is ASK, and so are the codes whose meaning no source states (463, 2148, 10052,
10058, 10149) or that may be a window waiting for a click in TWS (382, 383, 2137, 10331-10335).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

__all__ = ["CANCELLED", "DUPLICATE_ID", "LOCATING", "REJECTED", "Awaiting", "Proof", "kills_new", "proof", "refuses_change"]

#: 103: the id of a new order was used before. The new one is dead; the older one under that id may live.
DUPLICATE_ID = 103
#: 201: rejected, reason in the text. On a modify the live order may or may not survive.
REJECTED = 201
#: 202: cancelled, by us or by the system. An execution that comes later wins all the same.
CANCELLED = 202
#: 404: held while shares to sell short are located; the order lives.
LOCATING = 404


class Awaiting(enum.Enum):
    """What the order waits for when the code comes."""

    NEW = "new"
    NEW_AND_CANCEL = "new, and a cancel of it"
    MODIFY = "modify"
    CANCEL = "cancel"
    NOTHING = "nothing"


class Proof(enum.Enum):
    """What follows from a code."""

    DEAD = "dead"
    REFUSED = "refused"
    NOTICE = "notice"
    FILLED = "filled"
    ASK = "ask"


def _codes(*parts: int | range) -> frozenset[int]:
    singles: list[Iterable[int]] = [part if isinstance(part, range) else (part,) for part in parts]
    return frozenset(code for part in singles for code in part)


#: The message never left this process: ibapi itself refused it (503 server too old, 504 not connected, 579 text not printable).
_NOT_SENT = _codes(503, 504, 579)

#: Said in passing about a living order. 131 flag ignored; 399 advice, e.g. held until the market opens; 481 size was reduced;
#: 10349 the preset changed the tif; 10311 / 10329 fee of direct routing; 10347 limited liquidity.
_ORDER_GOES_ON = _codes(131, 399, LOCATING, 481, 2109, 2111, 2130, 2174, 2176, 10233, 10311, 10329, 10347, 10349)

#: A refused modify: the order lives with the terms it had (tws-facts 4.5). On a new order these make no sense: ASK.
_MODIFY_ONLY = _codes(105, 329, 422, 440, 444, 2102)

#: Refusals of an order's content: a new order is dead, a live one that was to be modified keeps its old terms.
_BAD_TERMS = _codes(
    109, 110, 111, 113, range(144, 149), range(151, 161), 163, 320, 321, 322, 347, 348, 352, 353, 355, 356,
    range(358, 365), range(387, 391), range(400, 404), 405, 406, range(411, 414), 415, 416,
    range(423, 440), 441, 442, 443, range(445, 451),
    range(10240, 10255), 10286, 10317, 10340, 10341,
)  # fmt: skip

#: Refusals of a new order; what they would mean on a modify no source says, so there it is ASK.
_DEAD_NEW_ONLY = _codes(
    DUPLICATE_ID, 106, 107, range(114, 131), 132, 140, 141, 116, 200, REJECTED, 203, 328, 392, 395, 396, 397, 407, 460, 478,
    range(10000, 10028), 10268, 10269, 10270, 10285, 10287, 10289, 10293, 10314, 10315, 10318, range(10324, 10328), 10330,
)  # fmt: skip

#: Said of whichever request they answer, a cancel too: 320 it cannot be read, 321 it does not pass, 322 it was not processed.
_OF_A_REQUEST = _codes(320, 321, 322) | _NOT_SENT

_KILLS_NEW = _BAD_TERMS | _DEAD_NEW_ONLY | _NOT_SENT


def kills_new(code: int) -> bool:
    """Whether a new order is dead after this code. The same code beside the status Inactive says why it is inactive."""
    return code in _KILLS_NEW


def refuses_change(code: int) -> bool:
    """Whether a change that is under way was not taken. 201 too, though the order itself may not survive it."""
    return code in _KILLS_NEW or code in _MODIFY_ONLY


def proof(code: int, awaiting: Awaiting) -> Proof:
    """What `code` proves about an order that waits for `awaiting`; ASK for every code that is in no table."""
    if code == CANCELLED:
        return Proof.DEAD
    if code in _ORDER_GOES_ON:
        return Proof.NOTICE
    if awaiting is Awaiting.NEW:
        return Proof.DEAD if code in _KILLS_NEW else Proof.ASK
    if awaiting is Awaiting.NEW_AND_CANCEL:
        return Proof.DEAD if code in _KILLS_NEW - _OF_A_REQUEST else Proof.ASK
    if awaiting is Awaiting.MODIFY:
        return _proof_of_modify(code)
    return Proof.REFUSED if awaiting is Awaiting.CANCEL and code in _OF_A_REQUEST else Proof.ASK


def _proof_of_modify(code: int) -> Proof:
    if code == 104:
        return Proof.FILLED
    return Proof.REFUSED if code in _BAD_TERMS or code in _MODIFY_ONLY or code in _NOT_SENT else Proof.ASK
