"""What TWS tells, as frozen records: the seam (tws.py) makes them, the desks take them. Orders have their own: orderevents.py."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model import json_text
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import Quantity, quantity_or_none
from ibgw_tx.model.position import Position


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
    """Message 4: `id` is a request's, an order's, or -1 for the session (older builds' 2147483647 is told as -1).

    `reject` is the JSON text in which TWS says why it has rejected an order ("" for none, or before server version 166), `time`
    epoch ms of TWS's clock (0: not told, before 194).
    """

    id: int
    code: int
    text: str
    reject: str = ""
    time: int = 0

    @property
    def more(self) -> dict[str, Any]:
        """What bots are told of it beside code and text; a time that is no epoch ms of our days is none."""
        rejected = {"reject": json_text.embedded(self.reject)} if self.reject else {}
        return rejected | ({"errorTime": self.time} if 10**12 <= self.time < 10**13 else {})


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
class Chain:
    """The options of one underlying on one exchange, of one trading class: every expiration and strike there is."""

    req_id: int
    exchange: str
    tradingClass: str
    multiplier: str
    expirations: list[str]
    strikes: list[float]


@attrs.frozen
class ChainEnd:
    """No more chains for this question."""

    req_id: int


@attrs.frozen
class LiveBar:
    """A bar that TWS tells by itself: time as TWS writes it; -1 where it has no volume, average or count.

    `closed`: a real-time bar, which is over; else one under way.
    """

    req_id: int
    time: str
    prices: tuple[float, float, float, float]
    volume: Any
    average: Any
    count: Any
    closed: bool


@attrs.frozen
class Bulletin:
    """IB's word to everybody. `kind` 1: news, 2: an exchange is not available, 3: it is again."""

    number: int
    kind: int
    text: str
    exchange: str


@attrs.frozen
class MarketRule:
    """A price ladder: (low edge, increment) from the lowest edge up."""

    rule_id: int
    ladder: tuple[tuple[float, float], ...]


def _account_key(key: str) -> str:
    """TWS may write `$LEDGER-CashBalance` for a value of one currency (a setting of 10.47, on for new users)."""
    return key.removeprefix("$LEDGER-")


@attrs.frozen
class AccountValue:
    """One account value as text; `currency` may be empty or BASE."""

    key: str = attrs.field(converter=_account_key)
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


@attrs.frozen
class MultiValue:
    """One account value of an account that is not the main one."""

    req_id: int
    account: str
    key: str = attrs.field(converter=_account_key)
    value: str
    currency: str


@attrs.frozen
class MultiPosition:
    """One position of such an account, without market values."""

    req_id: int
    account: str
    position: Position


@attrs.frozen
class MultiEnd:
    """`part` ("values" or "positions") of such an account's download has ended."""

    req_id: int
    part: str


@attrs.frozen
class Pnl:
    """Profit and loss of one account; None for what IB does not give."""

    req_id: int
    daily: float | None
    unrealized: float | None
    realized: float | None


@attrs.frozen
class PnlSingle:
    """Profit and loss of one position, and what it is worth."""

    req_id: int
    pos: Quantity | None
    daily: float | None
    unrealized: float | None
    realized: float | None
    value: float | None


@attrs.frozen
class SummaryRow:
    """One tag of an account summary."""

    req_id: int
    account: str
    tag: str
    value: str
    currency: str


@attrs.frozen
class SummaryEnd:
    """The account summary is complete."""

    req_id: int


@attrs.frozen
class OptionTick:
    """Message 21: `tick_type` 10 bid, 11 ask, 12 last, 13 model (80..83 delayed); unknown figures are None."""

    req_id: int
    tick_type: int
    figures: dict[str, float | None]


@attrs.frozen
class DataType:
    """What kind of market data a request gets: 1 live, 2 frozen, 3 delayed, 4 delayed-frozen."""

    req_id: int
    kind: int


@attrs.frozen
class OpenOrderEnd:
    """The list of open orders is complete; carries no request id (tws-facts 4.7)."""


@attrs.frozen
class CompletedOrdersEnd:
    """The list of today's completed orders is complete."""


@attrs.frozen
class ExecutionsEnd:
    """The list of executions is complete."""

    req_id: int


@attrs.frozen
class WhatIf:
    """The answer to a preview: margin and commission figures by IB's names."""

    order_id: int
    figures: dict[str, Any]


def _exact(members: dict[str, Any]) -> dict[str, Any]:
    quantity = members.get("totalQuantity")
    return members if quantity is None else {**members, "totalQuantity": quantity_or_none(quantity)}


@attrs.frozen
class OrderEcho:
    """An order of `client_id` as TWS shows it, told beside OpenOrder: its members by ibapi's names.

    `lost` are members that it has and that cannot be read here: a change built from the others would take them away.
    """

    order_id: int
    client_id: int
    contract: Contract
    members: dict[str, Any] = attrs.field(converter=_exact)
    lost: tuple[str, ...] = ()


@attrs.frozen
class OwnSettings:
    """TWS's own settings, as its message has them: nested objects, without what it does not tell."""

    req_id: int
    settings: dict[str, Any]


@attrs.frozen
class CurrentTime:
    """TWS's time (epoch s): the answer to a sign of life, or to a fence. It has no request id; answers come in order."""

    seconds: int


@attrs.frozen
class Unreadable:
    """A message that could not be decoded: its fields, as far as they are fields. What it answered is not answered."""

    fields: tuple[bytes, ...]
    error: str
