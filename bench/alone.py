"""Figures of the gateway that have no peer: how soon it is there, and how it is in company."""

from __future__ import annotations

import attrs


@attrs.define
class Alone:
    """None: not measured. Seconds, unless a name says MB or times."""

    trusted: float | None = None
    first_status: float | None = None
    first_book: float | None = None
    more_mb: float | None = None
    slower: float | None = None
