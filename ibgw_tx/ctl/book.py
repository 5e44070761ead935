"""An order book `[bids, asks, t]` as a ladder, and trades as lines. Pure."""

from __future__ import annotations

from typing import Any

from ibgw_tx.ctl.words import age, figure, safe
from ibgw_tx.model.json_text import loads

#: A row of the ladder: bid's bar and size, price, ask's size and bar.
Rung = tuple[str, str, str, str, str]
WIDTH = 16


def read(text: str | None) -> list[Any] | None:
    """The message, None when it is none."""
    try:
        book = loads(text) if text else None
    except ValueError:
        return None
    fits = isinstance(book, list) and len(book) == 3 and isinstance(book[0], list) and isinstance(book[1], list)
    return book if fits else None


def ladder(book: list[Any]) -> list[Rung]:
    """Asks from the highest down to the best, then bids from the best down; bars in proportion to the largest size."""
    bids, asks, _ = book
    largest = max((level["s"] for level in [*bids, *asks]), default=0) or 1

    def bar(size: float) -> str:
        return "█" * max(1, round(WIDTH * size / largest))

    rungs = [("", "", figure(level["p"]), figure(level["s"]), bar(level["s"])) for level in reversed(asks)]
    rungs += [(bar(level["s"]), figure(level["s"]), figure(level["p"]), "", "") for level in bids]
    return rungs


def title(exchange: str, pair: str, book: list[Any], now: int) -> str:
    """Name, spread and age. An empty book says that it is not to be trusted."""
    bids, asks, t = book
    name = f"{exchange} {pair}"
    if not bids and not asks:
        return f"{name}: empty, no data to trust"
    spread = f"spread {figure(round(asks[0]['p'] - bids[0]['p'], 10))}, " if bids and asks else "one side only, "
    return f"{name}: {spread}{age(now, t)} old"


def trades(message: str, now: int) -> list[str]:
    """A line for each trade of a message `[[{T,p,s,t},…],t]`; none when it is no such message."""
    try:
        found = loads(message)[0]
        return [f"{safe(it['T']):<4} {figure(it['s']):>10} at {figure(it['p'])}, {age(now, it['t'])} ago" for it in found]
    except (ValueError, LookupError, TypeError):
        return []
