"""PLACE_ORDER's params, from a bot's JSON to OrderRequest in ibapi's words. Without I/O.

Two vocabularies: the bots' own (URANUS: `T s p aux client_oid`, with `account tif orderType` shared) and TWS's, which is every
member of ibapi's Order by its own name. A new order gets here what it must say for itself: LMT, DAY, outsideRth, transmit, and
eTradeOnly and firmQuoteOnly false, because TWS refuses what ibapi 9.81 would send otherwise (10268, 10269; tws-facts 9.5) and
changes a missing tif by its presets (10349). A modify gets no default: what it does not name stays as it is.

What can be judged without knowing the contract or the account is refused here for shape and kind; `checks` does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.nearest import did_you_mean
from ibgw_tx.model.order_members import ATTACHED, FIELDS, GATEWAY_OWNED, NEVER_SENT
from ibgw_tx.orders.entry.prices import normal_type
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.values import READERS, shown, text

__all__ = ["DEFAULTS", "MAX_GROUP", "VOCABULARY", "PlaceOrder", "parse_place_order"]

#: The bots' word -> ibapi's.
VOCABULARY: Mapping[str, str] = {
    "T": "action",
    "s": "totalQuantity",
    "p": "lmtPrice",
    "aux": "auxPrice",
    "client_oid": "orderRef",
}

_SPOKEN = {name: f"{word} ({name})" for word, name in VOCABULARY.items()}
_REFUSED = NEVER_SENT | GATEWAY_OWNED | ATTACHED
_NAMES = {*FIELDS.keys() - _REFUSED, *VOCABULARY, "i", "apiOrderId", "parent"}
#: What other systems call a member -> what it is called here.
_SYNONYMS = {
    **dict.fromkeys(("side", "direction", "buysell"), _SPOKEN["action"]),
    **dict.fromkeys(("qty", "quantity", "size", "amount", "shares", "total", "orderqty"), _SPOKEN["totalQuantity"]),
    **dict.fromkeys(("price", "limit", "limitprice", "lmt", "px"), _SPOKEN["lmtPrice"]),
    **dict.fromkeys(("stop", "stopprice", "stp", "stoppx", "auxprc"), _SPOKEN["auxPrice"]),
    **dict.fromkeys(("oid", "clientoid", "clientorderid", "clordid", "cloid", "ref"), _SPOKEN["orderRef"]),
    **dict.fromkeys(("type", "ordtype", "kind"), "orderType"),
    **dict.fromkeys(("timeinforce", "duration"), "tif"),
    **dict.fromkeys(("oca", "group"), "ocaGroup"),
    **dict.fromkeys(("permid",), "i"),
    **dict.fromkeys(("orderid", "id"), "apiOrderId"),
    **dict.fromkeys(("gtd", "goodtill", "expiretime"), "goodTillDate"),
    **dict.fromkeys(("rth", "extendedhours"), "outsideRth"),
    **dict.fromkeys(("conditionlist", "condition"), "conditions"),
}

#: What a new order says unless the bot says otherwise.
DEFAULTS: Mapping[str, Any] = {
    "orderType": "LMT",
    "tif": "DAY",
    "outsideRth": False,
    "eTradeOnly": False,
    "firmQuoteOnly": False,
    "transmit": True,
}

#: The ocaType of an order that names only its ocaGroup: the others are cancelled, and none can be overfilled meanwhile.
OCA_CANCEL_WITH_BLOCK = 1

#: Orders of the stream that have no client_oid are named by their entry; a bot's own name must not be taken for one.
ENTRY_PREFIX = "cmds-"

MAX_GROUP = 20  # TWS takes 20 active orders per contract, side and account (tws-facts 3.2)

#: What names the contract, and the order.
_ONE_ORDER = {"contract", "exchange", "showName", "shownName", "order"}

_DIGITS = re.compile(r"-?\d{1,19}", re.ASCII)


@attrs.frozen
class PlaceOrder:
    """The command: one order, or the orders of one group (`grouped`) in the bot's sequence."""

    orders: tuple[OrderRequest, ...]
    grouped: bool


def parse_place_order(params: object) -> PlaceOrder:
    """`{contract, order}` or `{orders: [{contract, order}, ...]}`; null members count as absent. `exchange` and `showName` may
    stand for the contract; an order that names none, but the client_oid of a live order, is a change of that.

    `i` and `apiOrderId` may stand in `order` or beside it. Raises CommandError `bad_params`, and nothing else, for anything
    that is not an order.
    """
    members = _object("params", params, {*_ONE_ORDER, "orders", "i", "apiOrderId"})
    if members.get("orders") is None:
        return PlaceOrder((_parse_order("", members),), grouped=False)
    if len(members) != 1:
        raise bad_params("params has both orders and single order's members: give orders alone")
    return PlaceOrder(_parse_group(members["orders"]), grouped=True)


def _parse_group(items: object) -> tuple[OrderRequest, ...]:
    if not isinstance(items, list):
        raise bad_params(f"orders must be a list, not {shown(items)}")
    if not 1 <= len(items) <= MAX_GROUP:
        raise bad_params(f"orders must have 1 to {MAX_GROUP} entries, not {len(items)}")
    return tuple(
        _parse_order(f"orders[{place}].", _object(f"orders[{place}]", item, _ONE_ORDER)) for place, item in enumerate(items)
    )


def _parse_order(where: str, params: Mapping[str, Any]) -> OrderRequest:
    given = params.get("order")
    if given is None:
        raise bad_params(f"{where}order is missing")
    order = _object(f"{where}order", given, None)
    _merge_targets(order, params)
    perm_id, order_id = _perm_id(order.pop("i", None)), _order_id(order.pop("apiOrderId", None))
    parent = _parent(order.pop("parent", None))
    if where and (perm_id or order_id):
        raise bad_params(f"{where}order names a live order: modify it with a command of its own")
    if not where and parent is not None:
        raise bad_params("parent names an order of the same command and is for orders:[...]; name a live order with parentId")
    contract, members = _contract(where, params), _members(where, order)
    if contract is None and not where and not (perm_id or order_id) and members.get("orderRef"):
        live_oid = members.pop("orderRef")
        return OrderRequest(None, members, live_oid=live_oid)
    if perm_id or order_id:
        return OrderRequest(contract, members, perm_id, order_id)
    if contract is None:
        raise bad_params(f"{where}contract must be an object, not null; or name it with exchange and showName")
    if str(members.get("orderRef", "")).startswith(ENTRY_PREFIX):
        raise bad_params(f"client_oid may not begin with {ENTRY_PREFIX}: so are orders of the stream of commands named")
    return OrderRequest(contract, _with_defaults(members), parent=parent)


def _with_defaults(members: Mapping[str, Any]) -> dict[str, Any]:
    found = {**DEFAULTS, **members}
    if found.get("ocaGroup") and not found.get("ocaType"):
        found["ocaType"] = OCA_CANCEL_WITH_BLOCK
    return found


def _members(where: str, order: Mapping[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    said: dict[str, str] = {}
    for word, value in order.items():
        name = VOCABULARY.get(word, word)
        if name not in FIELDS:
            raise bad_params(f"{where}order has no member {shown(word)}{_meant(word)}")
        if name in _REFUSED:
            _refuse_unless_idle(where, name, value)
            continue
        checked = _normal(name, READERS[FIELDS[name]](f"{where}{word}", value))
        if name in members and members[name] != checked:
            raise bad_params(f"{where}{said[name]} {shown(order[said[name]])} and {word} {shown(value)} contradict each other")
        members[name], said[name] = checked, word
    return members


def _meant(word: object) -> str:
    return did_you_mean(word, _NAMES, _SYNONYMS) if isinstance(word, str) else ""


def _refuse_unless_idle(where: str, name: str, value: object) -> None:
    if not value:
        return  # what a copied, untouched Order says
    if name in GATEWAY_OWNED:
        raise bad_params(f"{where}{name} is given by the gateway; to modify a live order name it with i or apiOrderId")
    if name in ATTACHED:
        raise bad_params(f"{where}{name} would make orders with ids that are not the gateway's: send all of them as orders:[...]")
    raise bad_params(f"{where}{name} is told by TWS but never sent to it, so it would have no effect")


def _normal(name: str, value: Any) -> Any:
    if name == "orderType":
        return normal_type(value)
    if name in ("action", "tif"):
        return value.upper()
    return value


def _merge_targets(order: dict[str, Any], params: Mapping[str, Any]) -> None:
    for name in ("i", "apiOrderId"):
        beside, inside = params.get(name), order.get(name)
        if beside is not None and inside is not None and beside != inside:
            raise bad_params(f"{name} is {shown(beside)} beside the order and {shown(inside)} in it")
        if beside is not None:
            order[name] = beside


def _perm_id(value: object) -> str:
    """`i` as text without its leading zeros; "" for none. permIds are 64 bit from server version 191 on."""
    if value is None:
        return ""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**19 else value
    if not isinstance(found, str) or not _DIGITS.fullmatch(found) or int(found) <= 0:
        raise bad_params(f"i must be a permId, digits as a text, not {shown(value)}")
    return str(int(found))


def _order_id(value: object) -> int:
    """`apiOrderId`, 0 for none; negative ones belong to orders placed by hand and bound (tws-facts 4.3)."""
    if value is None:
        return 0
    number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
    found: int = READERS["int"]("apiOrderId", number)
    if not found:
        raise bad_params("apiOrderId 0 names no order: one placed by hand has that id until it is bound")
    return found


def _parent(value: object) -> int | str | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_GROUP):
        return value
    return text("parent", value)


def _contract(where: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The `contract` object, or `{"exchange": ..., "showName": ...}`; None when neither is given."""
    named = {name: text(f"{where}{name}", params[name]) for name in ("exchange", "showName", "shownName") if name in params}
    given = params.get("contract")
    if not named:
        found = {} if given is None else _object(f"{where}contract", given, None)
        if given is not None and not found:
            raise bad_params(f"{where}contract is missing")
        return found or None
    if given is not None:
        raise bad_params(f"{where or 'params '}has both a contract and a showName: give one")
    if "showName" in named and "shownName" in named:
        raise bad_params(f"{where}showName and shownName are the same: give one")
    show_name = named.get("showName") or named.get("shownName")
    if not show_name:
        raise bad_params(f"{where}showName is missing")
    return {"exchange": named.get("exchange", ""), "showName": show_name}


def _object(name: str, value: object, allowed: set[str] | None) -> dict[str, Any]:
    """A copy of a JSON object without its null members."""
    if not isinstance(value, Mapping):
        raise bad_params(f"{name} must be an object, not {shown(value)}")
    members = {member: item for member, item in value.items() if item is not None}
    for member in members:
        if not isinstance(member, str) or (allowed is not None and member not in allowed):
            near = did_you_mean(member, allowed) if isinstance(member, str) and allowed else ""
            raise bad_params(f"{name} has no member {shown(member)}{near}")
    return members
