"""What Redis says at one moment, as a bot would read it. No I/O."""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field, frozen

FRESH = 3.0  # seconds: an older status says nothing (redis-interface.md, section 3)


@frozen
class Traded:
    """A contract that the day trades in: where it is kept, its tick and what its sizes are multiples of."""

    con_id: int
    exchange: str
    pair: str
    contract: dict[str, Any]
    tick: float
    lot: int

    def hash(self, name: str) -> str:
        return f"URANUS:{self.exchange}:{name}:O:{self.pair}"

    def flag(self, name: str) -> str:
        return f"URANUS:{self.exchange}:{name}:OMS"

    @property
    def book(self) -> str:
        return f"URANUS:{self.exchange}:{self.pair}:orderbook"


AAPL = Traded(265598, "NASDAQ", "USD-AAPL", {"conId": 265598, "exchange": "SMART"}, 0.01, 1)
TENCENT = Traded(150968210, "SEHK", "HKD-700", {"conId": 150968210, "exchange": "SEHK"}, 0.2, 100)
TRADED = (AAPL, TENCENT)


@define
class View:
    """`at`, `until`: just before and after it was read (epoch seconds). `hashes`, `flags`, `books` by conId; a hash without its
    field `t` is not marked."""

    at: float
    until: float
    status: tuple[bool, float]  # what it says, and its own time in seconds
    flags: dict[int, bool] = field(factory=dict)
    hashes: dict[int, dict[str, Any]] = field(factory=dict)
    marked: dict[int, bool] = field(factory=dict)
    books: dict[int, list[Any] | None] = field(factory=dict)

    @property
    def fresh(self) -> bool:
        """Whether the status is true and young enough to count."""
        return self.status[0] and self.at - self.status[1] < FRESH

    def trusts(self, con_id: int) -> bool:
        """Whether a bot would believe the orders of a contract."""
        return self.fresh and self.flags.get(con_id, False) and self.marked.get(con_id, False)

    @property
    def whole(self) -> bool:
        return all(self.trusts(each.con_id) for each in TRADED)

    def order(self, con_id: int, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.hashes.get(con_id, {}).get(name)
        return found


def status_of(text: str | None) -> tuple[bool, float]:
    said, t = json.loads(text or "[false,0]")
    return bool(said), t / 1000


def orders_of(fields: dict[str, str]) -> dict[str, Any]:
    """The orders of a hash; a value that is none (a bot wrote it) is left out."""
    found = {name: json.loads(text) for name, text in fields.items() if name != "t" and text.startswith("{")}
    return {name: value for name, value in found.items() if "status" in value}
