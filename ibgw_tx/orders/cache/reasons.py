"""The codes that TWS has sent with one order's id. Pure."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.moment import steady

__all__ = ["Reasons"]

_REMEMBERED = 50  # messages of one order, so that a repetition is known as one
_FRESH = 10_000  # ms within which Inactive after a refusing code is that refusal


@attrs.define(eq=False)
class Reasons:
    """The code, text and reject JSON that bots are shown; `fatal_at`: when a code came that would kill a new order, steady ms."""

    code: int | None = None
    text: str | None = None
    reject: Any = None
    fatal_at: int | None = None
    _had: set[tuple[int, str]] = attrs.Factory(set)

    def has_had(self, code: int, text: str) -> bool:
        """Whether the order has had this very message."""
        return (code, text) in self._had

    def take(self, code: int, text: str, reject: Any = None) -> None:
        """The code that bots are shown from now on."""
        if len(self._had) >= _REMEMBERED:
            self._had.clear()
        self._had.add((code, text))
        self.show(code, text, reject)

    def show(self, code: int | None, text: str | None, reject: Any = None) -> None:
        """What bots are shown from now on."""
        self.code, self.text, self.reject = code, text, reject

    def begin_anew(self) -> None:
        """What was said is history; bots go on being shown it."""
        self.fatal_at = None
        self._had.clear()

    def refused_at(self, now: int) -> None:
        """A code has come that would kill a new order, and proves nothing about this one."""
        self.fatal_at = steady(now)

    def is_fresh(self, now: int) -> bool:
        """Whether such a code came so short a time ago that Inactive is its consequence."""
        return self.fatal_at is not None and steady(now) - self.fatal_at <= _FRESH
