"""Greeks of subscribed options: what TWS computes, by key, and what of it has not been written yet. Pure."""

from __future__ import annotations

from typing import Any

from ibgw_tx.model import json_text as jsontext

#: tick type -> whose figures; the second row is delayed.
_WHOSE = {10: "bid", 11: "ask", 12: "last", 13: "model", 80: "bid", 81: "ask", 82: "last", 83: "model"}


class Greeks:
    """The newest figures under each key."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()
        self._gone: set[str] = set()

    def take(self, key: str, tick_type: int, figures: dict[str, float | None]) -> None:
        """One set of figures (message 21)."""
        whose = _WHOSE.get(tick_type)
        if whose is None:
            return
        known = self._known.setdefault(key, {})
        if known.get(whose) != figures:
            known[whose] = figures
            self._changed.add(key)
            self._gone.discard(key)

    def forget(self, key: str) -> None:
        """They cannot be trusted any more."""
        if self._known.pop(key, None) is not None:
            self._changed.discard(key)
            self._gone.add(key)

    def rewrite(self) -> None:
        """Redis is back, perhaps empty."""
        self._changed.update(self._known)

    def changes(self, t: int) -> tuple[list[tuple[str, bytes]], list[str]]:
        """(keys and values to write, keys to delete) since the last time; `t`: epoch ms."""
        writes = [(key, jsontext.dumps({**self._known[key], "t": t})) for key in self._changed if key in self._known]
        gone = list(self._gone)
        self._changed.clear()
        self._gone.clear()
        return writes, gone
