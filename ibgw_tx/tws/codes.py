"""TWS's codes, by what they mean for a request that is no order. Pure sets; sources: tws-facts 2.1 and 2.2."""

from __future__ import annotations

#: Notices that leave a request as it is: warnings, advice about data kinds and missing parts.
_REQUEST_GOES_ON = frozenset({165, 399, 10090, 10167, 10311, 10329})

#: The answer that there is no such contract, or that it is not one alone.
NO_SECURITY_DEFINITION = 200

#: Client id in use: TWS closes the socket after it.
CLIENT_ID_IN_USE = 326

#: More messages a second than IB allows.
TOO_FAST = 100

#: Market depth: reset (clear, rows follow), halted (dead, ask again), all places taken, another session has the data.
DEPTH_RESET = 317
DEPTH_HALTED = 316
DEPTH_LIMIT = 309
COMPETING_SESSION = 10197

#: Echoes of a cancel that came late; they mean nothing to anybody.
LATE_CANCEL_ECHOES = frozenset({300, 310})

#: Codes after which a depth or market-data request is known to be dead. Any other code proves nothing about it.
SUBSCRIPTION_REFUSED = frozenset(
    {101, 102, 200, 203, 309, 320, 321, 322, 354, 407, 478, 579, 10089, 10091, 10092, 10168, 10186, 10189, 10190, 10285}
)

#: Of these, codes after which level 1 may tick all the same: delayed data, or a part of what was asked for (tws-facts 2.2).
DOUBTFUL_TOP = frozenset({10089, 10091})

#: Answers of ibapi itself: the message was not sent.
NOT_SENT = frozenset({503, 504, 579})


def fails_request(code: int) -> bool:
    """Whether an error with a request's id ends that request: all but warnings (2100-2199) and notices."""
    return not (2100 <= code <= 2199 or code in _REQUEST_GOES_ON)

#: The main account's data has ended without our asking: 2100 another account was asked for, 2101 another program holds it.
ACCOUNT_DATA_ENDED = frozenset({2100, 2101})
