"""An order as it goes out: the terms that it asks for, and the contract that goes with it. Pure; `held` keeps what went out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.order_events import Terms


def terms_of_members(members: Mapping[str, Any]) -> Terms:
    """The Terms of an order that is being sent."""
    names = ("totalQuantity", "lmtPrice", "auxPrice", "trailingPercent")
    figures: dict[str, Any] = {name: members.get(name) for name in names}
    words = {name: str(members.get(name) or "") for name in ("action", "orderType", "tif", "account")}
    return Terms(**figures, **words)


def without_details(contract: Contract) -> Contract:
    """What an order is sent with: a conId and an exchange are enough, and cannot disagree with each other (478)."""
    if not contract.conId or contract.comboLegs:
        return contract
    return Contract(
        conId=contract.conId,
        symbol=contract.symbol,
        secType=contract.secType,
        exchange=contract.exchange or "SMART",
        currency=contract.currency,
    )
