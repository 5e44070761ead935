"""How many messages went over the wire, by kind, over all sessions of this process. Pure.

Market data is what is left of `messages`: depth rows pass by tens of thousands a second, and are counted by the read.
"""

from __future__ import annotations

from ibgw_tx.tws.pacing import Lane

_BY_KIND = {
    "orders": (3, 5, 11, 53, 55, 59, 100, 101, 102),
    "accounts": (6, 7, 8, 54, 61, 62, 63, 64, 71, 72, 73, 74, 94, 95),
    "contracts": (10, 18, 52, 75, 76, 79, 93),
    "notices": (4,),
    "session": (9, 15, 49),
    "other": (),
}
#: What each message of TWS that is not market data is about, by its id as it stands in the message.
KINDS = {str(number).encode(): kind for kind, numbers in _BY_KIND.items() for number in numbers}


class Traffic:
    """Plain counts. `messages` counts everything that came, `received` by kind what is not market data, `sent` by lane."""

    def __init__(self) -> None:
        self.messages = 0
        self.unreadable = 0
        self.received = dict.fromkeys(_BY_KIND, 0)
        self.sent = dict.fromkeys(Lane, 0)

    def received_by_kind(self) -> dict[str, int]:
        """What came, by kind; depth, quotes, trades and bars are `market_data`."""
        return {"market_data": self.messages - sum(self.received.values()), **self.received}

    def sent_by_kind(self) -> dict[str, int]:
        """What went out, by the lane its kind belongs to."""
        return {lane.name.lower(): count for lane, count in self.sent.items()}
