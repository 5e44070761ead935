"""What TWS tells, as frozen records: the seam (tws.py) makes them, the desks take them. Orders have their own: orderevents.py."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.account import Position
from ibgw_tx.contract import Contract


@attrs.frozen
class NextValidId:
    """The next order id of this client; can go backwards (tws-facts 4.3)."""

    order_id: int


@attrs.frozen
class ManagedAccounts:
    """The accounts of this login, the first one first."""

    accounts: tuple[str, ...]


@attrs.frozen
class Notice:
    """Message 4: `id` is a request's, an order's, or -1 for the session (older builds' 2147483647 is told as -1)."""

    id: int
    code: int
    text: str


@attrs.frozen
class ContractHit:
    """One contract that matches a question; `details` are all other fields of IB's ContractDetails that have a value."""

    req_id: int
    contract: Contract
    details: dict[str, Any]


@attrs.frozen
class ContractEnd:
    """No more hits for this question."""

    req_id: int


@attrs.frozen
class MarketRule:
    """A price ladder: (low edge, increment) from the lowest edge up."""

    rule_id: int
    ladder: tuple[tuple[float, float], ...]


@attrs.frozen
class AccountValue:
    """One account value as text; `currency` may be empty or BASE."""

    key: str
    value: str
    currency: str
    account: str


@attrs.frozen
class PortfolioRow:
    """One position of one account."""

    account: str
    position: Position


@attrs.frozen
class AccountDownloadEnd:
    """The download of this account's values and positions has ended."""

    account: str
