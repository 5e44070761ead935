"""Orders as the hashes of Redis have them, picked and put into rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ibgw_tx.ctl.words import age, figure, moment, safe
from ibgw_tx.model.json_text import loads

Order = dict[str, Any]
HEADINGS = ("i", "client_oid", "market", "pair", "side", "type", "price", "done", "of", "status", "since")
#: Where the screen is narrow: the name that cancels it, what it is, how far it is.
NARROW = ("i", "pair", "side", "order", "done/of", "status", "since")
FILLED = ("i", "client_oid", "market", "pair", "side", "done", "of", "average", "commission", "status", "when")
FILLED_NARROW = ("i", "pair", "side", "done/of", "average", "status", "when")
#: Members that say again what another one says.
TWICE = {"ttl_qty": "s", "executed_qty": "executed", "remained_qty": "remained", "permId": "i", "orderRef": "client_oid"}
IDS = frozenset("i permId apiOrderId clientId client_oid orderRef parentId conId extCode".split())
TIMES = frozenset("t updateTime".split())
SAID = 120  # characters of what TWS has said


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


#: The status here of an order that TWS has not said a word about; the interface has none for it.
ON_ITS_WAY = "no answer yet"


def unanswered(text: str) -> Order | None:
    """A record of `IBGateway:{name}:unanswered` as an order; None when it is none."""
    try:
        kept = loads(text)
        terms = kept["terms"]
        return {
            "i": None, "client_oid": kept.get("client_oid"), "apiOrderId": kept.get("apiOrderId"), "market": kept["market"],
            "pair": kept["pair"], "T": str(terms["action"]).lower(), "s": terms["totalQuantity"], "p": terms.get("lmtPrice"),
            "aux": terms.get("auxPrice"), "orderType": terms.get("orderType"), "tif": terms.get("tif"),
            "account": terms.get("account"), "executed": 0, "status": ON_ITS_WAY, "alive": True, "updateTime": kept.get("t"),
        }  # fmt: skip
    except (ValueError, LookupError, TypeError):
        return None


def with_unanswered(orders: Iterable[Order], kept: Iterable[str]) -> list[Order]:
    """All orders, and those on their way that none of them is (by client_oid or API order id)."""
    listed = list(orders)
    there = {(member, order.get(member)) for order in listed for member in ("client_oid", "apiOrderId")}
    way = [order for text in kept if (order := unanswered(text))]
    return listed + [each for each in way if not {(member, each.get(member)) for member in ("client_oid", "apiOrderId")} & there]


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


def how_words(order: Order) -> str:
    """Type and prices: `LMT 150.25`, `MKT`."""
    price = price_words(order)
    return safe(order.get("orderType")) + ("" if price == "-" else f" {price}")


def row(order: Order, now: int, narrow: bool = False) -> tuple[str, ...]:
    """The cells under HEADINGS, or NARROW."""
    done, of = figure(order.get("executed")), figure(order.get("s"))
    where = (safe(order.get("client_oid") or "-"), safe(order.get("market")))
    return (
        safe(order.get("i") or ((order.get("client_oid") or "-") if narrow else "-")),
        *(() if narrow else where),
        safe(order.get("pair")),
        safe(order.get("T")),
        *((how_words(order), f"{done}/{of}") if narrow else (safe(order.get("orderType")), price_words(order), done, of)),
        safe(order.get("status")),
        age(now, order.get("updateTime")),
    )


def fill_row(order: Order, narrow: bool = False) -> tuple[str, ...]:
    """The cells under FILLED, or FILLED_NARROW: what was executed, at what price on average, for what commission."""
    done, of = figure(order.get("executed")), figure(order.get("s"))
    where = (safe(order.get("client_oid") or "-"), safe(order.get("market")))
    paid = figure(order.get("commission"))
    currency = safe(order.get("commissionCurrency"))
    return (
        safe(order.get("i") or "-"),
        *(() if narrow else where),
        safe(order.get("pair")),
        safe(order.get("T")),
        *((f"{done}/{of}",) if narrow else (done, of)),
        figure(round(order["avg_price"], 6) if isinstance(order.get("avg_price"), float) else order.get("avg_price")),
        *(() if narrow else (f"{paid} {currency}".strip(),)),
        safe(order.get("status")),
        moment(order.get("updateTime"), date=False) if narrow else moment(order.get("updateTime"))[:19],
    )


def details(order: Order) -> list[tuple[str, str]]:
    """Every member with a value, each once, ids as they are and times as people read them."""
    found = []
    for member, value in order.items():
        if value is None or (member in TWICE and order.get(TWICE[member]) == value):
            continue
        told = safe(value) if member in IDS else moment(value) if member in TIMES else figure(value)
        found.append((safe(member), told))
    return found


def sentence(order: Order) -> str:
    """One order in one line: `buy 100 USD-AAPL on NASDAQ, LMT 150.25, DAY: Submitted, 0 done`."""
    what = f"{safe(order.get('T'))} {figure(order.get('s'))} {safe(order.get('pair'))} on {safe(order.get('market'))}"
    how = f"{how_words(order)}, {safe(order.get('tif'))}"
    why = f" ({safe(order.get('extCode'))}: {safe(order.get('extMsg'), SAID)})" if order.get("extMsg") else ""
    return f"{what}, {how}: {safe(order.get('status'))}{why}, {figure(order.get('executed'))} done"
