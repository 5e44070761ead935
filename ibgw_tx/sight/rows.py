"""Books and orders as the page shows them: a few levels, a few members, a few of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.model import json_text as jsontext

#: How many books and orders are shown, and levels of each side of a book; the counts beside them are of all.
BOOKS, ORDERS, LEVELS = 60, 50, 5

_ORDER = ("i", "client_oid", "market", "pair", "T", "s", "p", "aux", "orderType", "tif", "executed", "status", "account")


def book_row(exchange: str, pair: str, state: str, age: float, told: bytes) -> dict[str, Any]:
    """`told` is the channel's last message, so that people see what bots were told; `age` in seconds."""
    bids, asks, t = jsontext.loads(told)
    found = {"exchange": exchange, "pair": pair, "state": state, "age": round(age, 1), "t": t}
    return {**found, "bids": bids[:LEVELS], "asks": asks[:LEVELS]}


def order_row(order: Mapping[str, Any]) -> dict[str, Any]:
    """Of an order_json what one line has room for."""
    return {member: order[member] for member in _ORDER} | {"t": order["updateTime"], "text": order["extMsg"]}
