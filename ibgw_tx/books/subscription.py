"""One wanted book: what TWS has been asked, what it has refused, when it is asked anew; and what Redis keeps of it. Pure.

A book is wanted from SUB_… to UNSUB_…, through reconnects and restarts. `now` is ms of a steady clock. It is in one of these
states:

* idle: no request (no session, no link to IB, or no room in the lane); `again_at` may say when to try;
* asked: TWS has a request (`req_id`), rows may come. Without any it is asked for anew, with doubling pauses;
* refused: TWS said a code (`refused`) that ends the request. Asked for anew at `again_at` (316, 10197), by SUB_…, by the next
  session, by a place given back (309), or, when a market-data farm was broken as it was asked or refused (`in_outage`), once
  that is over;
* doubtful: refused, and yet the request stays open, because TWS may send all the same (10089 to 10091 on level 1). Rows clear it.

Kept in the hash `IBGateway:{name}:subscriptions`, so that a restart restores it: field `{kind} {name}` (`odbk
URANUS:SEHK:HKD-1137:full_odbk_channel`; of one that is routed elsewhere than its channel says, the exchange follows), value
`{"kind":"odbk"|"top"|"ticks"|"oddlots","contract":{…},"lots":mdSizeMultiplier or null}`.
"""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.books.channel import Feed
from ibgw_tx.commands.message import Command
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.errors import CommandError

DEPTH, TOP, TICKS, ODD_LOTS = "odbk", "top", "ticks", "oddlots"

#: ms without any row after which a request is made anew, doubled each time up to the maximum.
NO_ROWS_LIMIT = 60_000
NO_ROWS_LIMIT_MAX = 600_000
#: ms after a farm's OK in which rows have to come; asked too early there may be no answer at all (tws-facts 1.2).
FARM_GRACE = 5_000


@attrs.define(eq=False)
class Subscription:
    """One wanted book. `lots` is its mdSizeMultiplier; `owner` is told what TWS says about it.

    `sent`: TWS has been asked for it once; until then a refused command takes it back. `unasked`: why it could not be asked for.
    """

    feed: Feed[Any]
    contract: Contract
    lots: float | None = None
    owner: Command | None = None
    req_id: int | None = None
    refused: int = 0
    in_outage: bool = False
    again_at: int | None = None
    patience: int = NO_ROWS_LIMIT
    sent: bool = False
    unasked: Exception | None = None

    @property
    def name(self) -> str:
        """What sets it apart from others of its kind: one channel can be fed by SMART and by the exchange itself."""
        channel = self.feed.channel
        routed = self.contract.exchange.upper()
        return channel.name if routed in ("", channel.exchange) else f"{channel.name} {routed}"

    def asked(self, req_id: int, now: int, outage: bool) -> None:
        """TWS is asked now."""
        self.req_id = req_id
        self.refused = 0
        self.in_outage = outage
        self.again_at = now + self.patience

    def refuse(self, code: int, again_at: int | None, now: int, outage: bool) -> None:
        """TWS has refused. What it says in an outage is not final."""
        self.refused = code
        self.again_at = again_at
        if self.in_outage and not outage and again_at is None:
            # Asked while a farm was broken, answered when it was back.
            self.again_at = now + FARM_GRACE
        self.in_outage = self.in_outage or outage

    def farm_back(self, now: int) -> None:
        """A farm works (again): what got no row, or a refusal while one was broken, is looked at soon."""
        waits = self.refused and self.in_outage
        if waits or (not self.refused and self.req_id is not None and not self.feed.rows):
            soon = now + FARM_GRACE
            self.again_at = soon if self.again_at is None else min(self.again_at, soon)

    def is_due(self, now: int) -> bool:
        """Whether it is asked for anew now; notes rows that have come."""
        if self.feed.rows:
            self.patience, self.again_at, self.refused = NO_ROWS_LIMIT, None, 0
        elif self.again_at is None:
            if not self.refused:
                self.again_at = now + self.patience
        elif now >= self.again_at:
            if not self.refused:
                self.patience = min(self.patience * 2, NO_ROWS_LIMIT_MAX)
            return True
        return False


def field(kind: str, subscription: Subscription) -> str:
    """The field of one subscription."""
    return f"{kind} {subscription.name}"


def entry(kind: str, subscription: Subscription) -> bytes:
    """The value kept for one subscription."""
    return jsontext.dumps({"kind": kind, "contract": subscription.contract.to_json(), "lots": subscription.lots})


def read_entry(value: bytes) -> tuple[str, Contract, float | None]:
    """(kind, contract, lots) of a kept value. Raises ValueError for one that nobody of ours wrote."""
    try:
        kept: Any = jsontext.loads(value)
        contract = contract_from_json({key: item for key, item in kept["contract"].items() if item != ""})
        exchange_of(contract), pair_of(contract)
        return str(kept["kind"]), contract, _lots(kept, contract)
    except (TypeError, KeyError, AttributeError, CommandError, BadName) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def _lots(kept: dict[str, Any], contract: Contract) -> float | None:
    """Earlier versions kept the whole factor: lots times the contract's multiplier."""
    lots = kept["lots"] if "lots" in kept else kept["factor"]
    if lots is None and "lots" in kept:
        return None
    if not isinstance(lots, int | float) or isinstance(lots, bool) or lots <= 0:
        raise ValueError("lots")
    multiplier = figures.number_or_none(contract.multiplier) if "lots" not in kept else None
    return figures.whole(round(lots / multiplier, 9)) if multiplier is not None and multiplier > 0 else lots
