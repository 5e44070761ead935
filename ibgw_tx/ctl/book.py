"""An order book `[bids, asks, t]` as a ladder, and trades as lines. Pure."""

from __future__ import annotations

from typing import Any

from ibgw_tx.ctl.words import age, aligned, figure, moment, safe
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
    rows = [*reversed(asks), *bids]
    largest = max((level["s"] for level in rows), default=0) or 1
    prices = aligned(level["p"] for level in rows)

    def rung(at: int) -> Rung:
        size, bar = figure(rows[at]["s"]), "█" * max(1, round(WIDTH * rows[at]["s"] / largest))
        return ("", "", prices[at], size, bar) if at < len(asks) else (bar, size, prices[at], "", "")

    return [rung(at) for at in range(len(rows))]


def best(book: list[Any] | None) -> tuple[str, str, str, str, str]:
    """Bid's size, bid, ask, ask's size and spread in words; `-` for what is not there."""
    bids, asks = (book[0], book[1]) if book else ([], [])
    prices = aligned(side[0]["p"] for side in (bids, asks) if side)
    bid = prices[0] if bids else "-"
    ask = prices[-1] if asks else "-"
    sizes = [figure(side[0]["s"]) if side else "-" for side in (bids, asks)]
    apart = figure(round(asks[0]["p"] - bids[0]["p"], 10)) if bids and asks else "-"
    return sizes[0], bid, ask, sizes[1], apart


def title(exchange: str, pair: str, book: list[Any], now: int) -> str:
    """Name, spread and age. An empty book says that it is not to be trusted."""
    bids, asks, t = book
    name = f"{exchange} {pair}"
    if not bids and not asks:
        return f"{name}: empty, no data to trust"
    spread = f"spread {figure(round(asks[0]['p'] - bids[0]['p'], 10))}, " if bids and asks else "one side only, "
    return f"{name}: {spread}{age(now, t)} old"


def trades(message: str) -> list[str]:
    """A line for each trade of a message `[[{T,p,s,t},…],t]`; none when it is no such message."""
    try:
        return [_trade(each) for each in loads(message)[0]]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def _trade(each: dict[str, Any]) -> str:
    told = "".join(f"  {safe(each[member])}" for member in ("x", "c") if each.get(member))
    return f"{moment(each['t'], date=False)}  {safe(each['T']):<4} {figure(each['s']):>12} at {figure(each['p'])}{told}"
