"""A contract that TWS has told, its document in Redis, and whether it answers a question."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.contracts.sessions import with_sessions
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import JSON_MEMBERS, BadName, Contract

#: secTypes that are one contract by exchange, currency and symbol alone.
_NAMED_BY_EXCHANGE = frozenset({"STK", "CASH", "IND", "CRYPTO"})


@attrs.frozen
class KnownContract:
    """A contract with its details, as TWS gave them at `timestamp` (ms)."""

    contract: Contract
    details: dict[str, Any]
    timestamp: int

    @property
    def home(self) -> Contract:
        """The contract as orders and positions name it, whichever of its rows this is: one conId, one exchange, for good.

        SMART where IB routes it, else the exchange that lists it, else the first venue that TWS names: never the row that came
        first or last.
        """
        return attrs.evolve(self.contract, exchange=self.home_exchange)

    @property
    def home_exchange(self) -> str:
        """The exchange of `home`."""
        venues = [venue for venue in str(self.details.get("validExchanges") or "").split(",") if venue]
        if self.contract.exchange == "SMART" or "SMART" in venues:
            return "SMART"
        return self.contract.primaryExchange or next(iter(venues), self.contract.exchange)

    def document(self) -> bytes:
        """The value stored in Redis."""
        head = {"contract": self.contract.to_json()}
        return jsontext.dumps({**head, **with_sessions(self.details), "_timestamp": self.timestamp})


def read_document(value: bytes) -> KnownContract:
    """A stored value as it was. Raises ValueError for one that nobody of ours wrote."""
    try:
        details = dict(jsontext.loads(value))
        contract = Contract(**{member: details["contract"][member] for member in JSON_MEMBERS})
        if not isinstance(contract.conId, int) or not isinstance(details["_timestamp"], int):
            raise ValueError("conId or _timestamp")
        del details["contract"]
        return KnownContract(contract, details, details.pop("_timestamp"))
    except (TypeError, KeyError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def stored_under(asked: Contract) -> str | None:
    if asked.conId:
        return names.contract_id(asked.conId)
    if asked.secType in _NAMED_BY_EXCHANGE and asked.symbol and asked.currency and asked.exchange not in ("", "SMART"):
        try:
            return names.contract_keys(asked)[0]
        except BadName:
            return None
    return None


def answers(asked: Contract, known: Contract) -> bool:
    """Whether a stored contract has every member that was asked for."""
    members = [member for member in JSON_MEMBERS if getattr(asked, member)]
    extra = asked.includeExpired or asked.secId or asked.comboLegs
    return not extra and all(getattr(asked, member) == getattr(known, member) for member in members)
