"""Profit and loss of one account and of its positions, as TWS tells it (section 4). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ibgw_tx.model import events

_NOTHING = {"daily": None, "unrealized": None, "realized": None}


class Pnl:
    """`changed` says that `document()` differs from what was last taken."""

    def __init__(self) -> None:
        self.changed = False
        self._whole: dict[str, Any] | None = None
        self._single: dict[int, dict[str, Any]] = {}

    def told(self, event: events.Pnl) -> None:
        """The figures of the account."""
        figures = {"daily": event.daily, "unrealized": event.unrealized, "realized": event.realized}
        self.changed = self.changed or figures != self._whole
        self._whole = figures

    def told_single(self, con_id: int, event: events.PnlSingle) -> None:
        """The figures of one position."""
        figures = {
            "conId": con_id,
            "pos": event.pos,
            "daily": event.daily,
            "unrealized": event.unrealized,
            "realized": event.realized,
            "value": event.value,
        }
        self.changed = self.changed or figures != self._single.get(con_id)
        self._single[con_id] = figures

    def keep_only(self, held: Iterable[int]) -> None:
        """Positions come and go: the others are closed."""
        gone = set(self._single) - set(held)
        for con_id in gone:
            del self._single[con_id]
        self.changed = self.changed or bool(gone)

    def document(self, names: Mapping[int, str], now: int) -> dict[str, Any]:
        """The object of section 4; `names` says what each position is called. Clears `changed`."""
        self.changed = False
        positions = {names[con_id]: figures for con_id, figures in self._single.items() if con_id in names}
        return {**(self._whole or _NOTHING), "positions": positions, "t": int(now)}
