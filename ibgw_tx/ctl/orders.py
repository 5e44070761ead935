"""Orders as the hashes of Redis have them, picked and put into rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ibgw_tx.ctl.words import age, figure, safe
from ibgw_tx.model.json_text import loads

Order = dict[str, Any]
HEADINGS = ("i", "client_oid", "market", "pair", "side", "type", "price", "done", "of", "status", "since")


def of_hash(fields: Mapping[str, str]) -> list[Order]:
    """The orders of one hash. Each stands under its `i` and again under its client_oid, and comes out once; values that are no
    orders (the field `t`, what bots wrote) are left out."""
    found: dict[Any, Order] = {}
    for field, text in fields.items():
        try:
            order = loads(text)
        except ValueError:
            continue
        if isinstance(order, dict) and "status" in order:
            # An order without permId stands under its client_oid alone.
            found[order.get("i") or field] = order
    return list(found.values())


def newest_first(orders: Iterable[Order]) -> list[Order]:
    """By the time of the last change."""

    def changed(order: Order) -> float:
        moment = order.get("updateTime")
        return moment if isinstance(moment, int | float) else 0

    return sorted(orders, key=changed, reverse=True)


def named(orders: Iterable[Order], name: str) -> Order | None:
    """The order with this permId, client_oid or (alive only: it names nothing for good) API order id."""
    listed = newest_first(orders)
    for fits in (
        lambda order: order.get("i") == name,
        lambda order: order.get("client_oid") == name,
        lambda order: order.get("alive") and str(order.get("apiOrderId")) == name,
    ):
        for order in listed:
            if fits(order):
                return order
    return None


def executed(orders: Iterable[Order]) -> list[Order]:
    """Those of which something was executed, newest first."""
    return newest_first(order for order in orders if isinstance(order.get("executed"), int | float) and order["executed"] > 0)


def price_words(order: Order) -> str:
    """The limit, the stop, or both."""
    words = [figure(order["p"])] if order.get("p") is not None else []
    if order.get("aux") is not None:
        words.append(f"stop {figure(order['aux'])}")
    return " ".join(words) or "-"


def row(order: Order, now: int) -> tuple[str, ...]:
    """The cells under HEADINGS."""
    return (
        safe(order.get("i") or "-"),
        safe(order.get("client_oid") or "-"),
        safe(order.get("market")),
        safe(order.get("pair")),
        safe(order.get("T")),
        safe(order.get("orderType")),
        price_words(order),
        figure(order.get("executed")),
        figure(order.get("s")),
        safe(order.get("status")),
        age(now, order.get("updateTime")),
    )


def sentence(order: Order) -> str:
    """One order in one line: `buy 100 USD-AAPL on NASDAQ, LMT 150.25, DAY: Submitted, 0 done`."""
    what = f"{safe(order.get('T'))} {figure(order.get('s'))} {safe(order.get('pair'))} on {safe(order.get('market'))}"
    how = f"{safe(order.get('orderType'))} {price_words(order)}, {safe(order.get('tif'))}"
    return f"{what}, {how}: {safe(order.get('status'))}, {figure(order.get('executed'))} done"
