"""The best bid and ask of less than a round lot, as TWS tells them beside level 1 (generic tick 787). Pure.

From server version 225 on, for US stocks, whose quotes know round lots only: ticks 105 and 106 are prices, 107 and 108 their
sizes in shares, 109 and 110 the letters of their exchanges. A feed that never has a level: it stands under the channel of a book,
and never speaks there; its figures have a key of their own.
"""

from __future__ import annotations

from typing import Any

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.figures import Quantity

#: The first server version that knows them, and what is asked for.
SINCE, GENERIC_TICK = 225, "787"
#: tick type -> (side, member)
PRICES = {105: "bid", 106: "ask"}
SIZES = {107: "bid", 108: "ask"}
EXCHANGES = {109: "bid", 110: "ask"}
_NO_LEVELS = (b"[]", b"[]")


def check_odd_lots(contract: Contract, version: int) -> None:
    """Raises CommandError (bad_params) where there are none."""
    if contract.secType != "STK" or contract.currency != "USD":
        raise bad_params(f"oddLots is for US stocks, not for {contract.secType} in {contract.currency}")
    if version < SINCE:
        raise bad_params(f"oddLots needs TWS's server version {SINCE} or later, and this session speaks {version}")


class OddLotRows:
    """A feed's rows to a channel, without any row. `changed`: `document` differs from what was last written."""

    __slots__ = ("_told", "changed", "gaps", "on")

    def __init__(self) -> None:
        self.gaps = 0
        self.on = self.changed = False
        self._told: dict[str, dict[str, Any]] = {}

    def start(self) -> None:
        """A request is asked."""
        self.on = True

    def price(self, side: str, price: float | None) -> None:
        """A best price; -1 is none."""
        self._take(side, "p", None if price == -1 else price)

    def size(self, side: str, size: Quantity | None) -> None:
        """Its size."""
        self._take(side, "s", size)

    def exchange(self, side: str, letters: str) -> None:
        """Where it is, as the quotes' letters."""
        self._take(side, "x", letters)

    def _take(self, side: str, member: str, value: Any) -> None:
        told = self._told.setdefault(side, {"p": None, "s": None, "x": None})
        if told[member] != value:
            told[member] = value
            self.changed = True

    def document(self, t: int) -> dict[str, Any] | None:
        """What is known, `null` for a side without a price; None before anything is. Clears `changed`."""
        self.changed = False
        if not self._told:
            return None
        sides = {side: self._told.get(side) for side in ("bid", "ask")}
        return {**{side: told if told and told["p"] is not None else None for side, told in sides.items()}, "t": t}

    def texts(self, factor: Quantity) -> tuple[bytes, bytes] | None:
        """No side has a level."""
        return _NO_LEVELS

    def best(self) -> tuple[float | None, float | None] | None:
        """No best price."""
        return None

    def clear(self) -> None:
        """The request is over."""
        self.gaps = 0
        self.on = self.changed = False
        self._told = {}

    def __bool__(self) -> bool:
        """Whether TWS has a request: a stock without odd lots is no reason to ask again."""
        return self.on
