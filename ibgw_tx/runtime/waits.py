"""A limit to a wait, whose failure can be read: Twisted's own says `(5, 'Deferred')`, and log lines end with it."""

from __future__ import annotations

from typing import Any, NoReturn

from twisted.internet.defer import Deferred


class Late(Exception):
    """It took longer than it may; the text says how long that is."""


def within(seconds: float, waited: Deferred[Any], clock: Any) -> Deferred[Any]:
    """Cancelled after so many seconds; fails with Late then."""
    return waited.addTimeout(seconds, clock, _late)


def _late(result: Any, seconds: float) -> NoReturn:
    raise Late(f"no answer within {seconds:g} s")
