"""A position as TWS tells it."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import Quantity, quantity_or_none


@attrs.frozen
class Position:
    """One portfolio row. Prices per unit, `avgCost` per contract as TWS counts it (with multiplier and commissions)."""

    contract: Contract
    pos: Quantity | None = attrs.field(converter=quantity_or_none)
    avgCost: float | None
    marketPrice: float | None
    marketValue: float | None
    unrealPnl: float | None
    realPnl: float | None

    def to_json(self) -> dict[str, Any]:
        """The position object of section 4; a size that could not be read is left out, never told as 0."""
        figures = attrs.asdict(self, recurse=False)
        if self.pos is None:
            del figures["pos"]
        return {"type": "position", **figures, "contract": self.contract.to_json()}
