"""What is subscribed, kept in Redis so that a restart of the gateway restores it: the hash `IBGateway:{name}:subscriptions`.

Field: the kind and the book's channel (`odbk URANUS:SEHK:HKD-1137:full_odbk_channel`); value:
`{"kind":"odbk"|"top","contract":{…},"factor":…}`. Pure texts; the hash is read once at start, when
memory knows nothing yet, and written whole whenever Redis comes back.
"""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.books.live_book import LiveBook
from ibgw_tx.commands.message import Command
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.errors import CommandError

DEPTH, TOP = "odbk", "top"


def field(kind: str, channel: str) -> str:
    """The field of one subscription."""
    return f"{kind} {channel}"


def entry(kind: str, contract: Contract, factor: float) -> bytes:
    """The value kept for one subscription."""
    return jsontext.dumps({"kind": kind, "contract": contract.to_json(), "factor": factor})


def read_entry(value: bytes) -> tuple[str, Contract, float]:
    """(kind, contract, factor) of a kept value. Raises ValueError for one that nobody of ours wrote."""
    try:
        kept: Any = jsontext.loads(value)
        contract = contract_from_json({key: item for key, item in kept["contract"].items() if item != ""})
        exchange_of(contract), pair_of(contract)
        factor = kept["factor"]
        if not isinstance(factor, int | float) or isinstance(factor, bool) or factor <= 0:
            raise ValueError("factor")
        return str(kept["kind"]), contract, factor
    except (TypeError, KeyError, AttributeError, CommandError, BadName) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None

#: ms without any row after which a request is made anew, doubled each time up to the maximum.
NO_ROWS_LIMIT = 60_000


@attrs.define(eq=False)
class Subscription:
    """One wanted book. `again_at` (ms) is when it is asked for anew unless rows come first; `owner` is told what TWS says."""

    book: LiveBook
    contract: Contract
    owner: Command | None = None
    req_id: int | None = None
    refused: int = 0
    again_at: int = 0
    patience: int = NO_ROWS_LIMIT

    @property
    def smart(self) -> bool:
        """Whether depth is gathered over exchanges (isSmartDepth)."""
        return self.contract.exchange.upper() == "SMART"
