"""order_json (section 7 of the Redis interface): an order as bots read it, and back from Redis after a restart. Pure.

Members that are not known are null. `i` is null until TWS has given the order its permId. `apiOrderId` is the id of the session
in which TWS last named the order; for a live order it is valid now, for a dead one it is history. For readers of the later Java
gateway the same figures stand again as `ttl_qty`, `executed_qty`, `remained_qty`, `permId` and `orderRef`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.model.order_events import Terms, number, order_id, tidy
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.states import UNKNOWN_WORD, Sign, State, sign_of
from ibgw_tx.orders.cache.versions import Versions

__all__ = ["body_of", "order_json", "read_order", "same_facts"]

_LARGEST = 2**53
_SIDES = {"BUY": "buy", "BOT": "buy", "SELL": "sell", "SLD": "sell", "SSHORT": "sell"}
_ACTIONS = {"buy": "BUY", "sell": "SELL"}

#: Members that say when and how a text was made rather than how the order stands.
_CIRCUMSTANCES = frozenset({"updateTime", "recovered"})


def body_of(order: Order) -> dict[str, Any]:
    """How the order stands: order_json without `updateTime` and `recovered`. Equal bodies need not be told twice."""
    terms, fills = order.terms, order.fills
    total, executed = terms.totalQuantity, fills.executed
    if total is None and order.state is State.FILLED:
        total = executed
    remained = None if total is None else tidy(max(total - executed, 0))
    commission, currency = fills.commission
    exchange, pair = order.place or (None, None)
    perm_id, ref = str(order.permId) if order.permId else None, order.ref or None
    return {
        "i": perm_id,
        "client_oid": ref,
        "apiOrderId": order.orderId or None,
        "clientId": order.clientId,
        "account": terms.account or None,
        "market": exchange,
        "pair": pair,
        "secType": order.sec_type or None,
        "conId": order.con_id or None,
        "T": _SIDES.get(terms.action),
        "s": total,
        "p": terms.lmtPrice,
        "aux": terms.auxPrice,
        "orderType": terms.orderType or None,
        "tif": terms.tif or None,
        "executed": executed,
        "remained": remained,
        "avg_price": fills.average,
        "last_price": fills.last_price,
        "status": order.status,
        "alive": order.alive,
        "commission": commission,
        "commissionCurrency": currency,
        "t": order.born,
        "extCode": order.code,
        "extMsg": order.text,
        "ttl_qty": total,
        "executed_qty": executed,
        "remained_qty": remained,
        "permId": perm_id,
        "orderRef": ref,
    }


def order_json(order: Order) -> dict[str, Any]:
    """order_json as it stands: the body with the ms of its last change, and the mark of a recovered difference."""
    found = body_of(order)
    found["updateTime"] = order.touched
    if order.recovered:
        found["recovered"] = True
    return found


def same_facts(text: Mapping[str, Any]) -> dict[str, object]:
    """The body of an order_json that somebody wrote."""
    return {key: value for key, value in text.items() if key not in _CIRCUMSTANCES}


def read_order(text: Any) -> Order | None:
    """The order of an order_json found in Redis; None for anything that cannot be one: bots write into these hashes too."""
    if not isinstance(text, dict) or not _named(text):
        return None
    terms = Terms(
        action=_ACTIONS.get(_text(text, "T"), ""),
        totalQuantity=_plain(text, "s"),
        orderType=_text(text, "orderType"),
        lmtPrice=_plain(text, "p"),
        auxPrice=_plain(text, "aux"),
        tif=_text(text, "tif"),
        account=_text(text, "account"),
    )
    born = _whole(text, "t")
    order = Order(born=born, touched=_whole(text, "updateTime") or born, spoken=True)
    order.versions = Versions(terms=terms, confirmed=True)
    order.permId, order.ref = int(text["i"] or 0), _text(text, "client_oid")
    order.clientId, order.orderId = _whole(text, "clientId"), order_id(_whole(text, "apiOrderId"))
    order.con_id, order.sec_type = _whole(text, "conId"), _text(text, "secType")
    order.place = (text["market"], text["pair"])
    order.code, order.text = _code(text), _text(text, "extMsg") or None
    order.told, order.recovered = same_facts(text), text.get("recovered") is True
    _read_fills(order, text)
    _read_state(order, text)
    return order


def _named(text: dict[Any, Any]) -> bool:
    """Whether it says which order it is and where it stands."""
    perm_id, ref = text.get("i"), text.get("client_oid")
    by_id = isinstance(perm_id, str) and perm_id.isascii() and perm_id.isdecimal() and 0 < int(perm_id[:20]) < 2**63
    by_ref = perm_id is None and isinstance(ref, str) and bool(ref)
    place = (text.get("market"), text.get("pair"))
    return (by_id or by_ref) and all(isinstance(part, str) and part and ":" not in part for part in place)


def _read_fills(order: Order, text: dict[Any, Any]) -> None:
    if order.sec_type:
        order.fills.describe(combo=order.sec_type == "BAG", account=order.terms.account)
    order.fills.report(_plain(text, "executed"), _plain(text, "avg_price"), _plain(text, "last_price"))
    order.fills.state_commission(_plain(text, "commission"), _text(text, "commissionCurrency"))


def _read_state(order: Order, text: dict[Any, Any]) -> None:
    word = _text(text, "status") or UNKNOWN_WORD
    sign, alive = sign_of(word), text.get("alive") is True
    order.status, order.acknowledged = word, bool(order.permId)
    if sign is Sign.FILLED:
        order.state = State.FILLED
    elif word == UNKNOWN_WORD:
        order.state = State.UNKNOWN
    elif not alive or sign is Sign.DEAD:
        order.state = State.DEAD
    else:
        order.state = State.HELD if sign is Sign.HELD else State.LIVE


def _text(text: dict[Any, Any], member: str) -> str:
    found = text.get(member)
    return found if isinstance(found, str) else ""


def _plain(text: dict[Any, Any], member: str) -> float | None:
    found = text.get(member)
    return number(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _whole(text: dict[Any, Any], member: str) -> int:
    """A whole number, 0 for none; one that is beyond any that we write is none (JSON could not carry it back)."""
    found = _plain(text, member) or 0
    return int(found) if abs(found) < _LARGEST else 0


def _code(text: dict[Any, Any]) -> int | None:
    return None if _plain(text, "extCode") is None else _whole(text, "extCode")
