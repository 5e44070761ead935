"""An order's type and prices as a bot commands them, held against the table of types (model/order_types). Pure.

A price that a type does not take is refused rather than dropped: `p` on a market order means that the bot expects a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.order_types import PRICES, TYPES
from ibgw_tx.orders.entry.values import shown

__all__ = ["check_prices", "normal_type", "price_members", "spoken", "without_foreign_prices"]

_COMMANDED = tuple(name for name, rule in TYPES.items() if rule.commanded)


def _squeezed(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter not in " _-")


_BY_SQUEEZED = {_squeezed(name): name for name in _COMMANDED} | {"TRAILLMT": "TRAIL LIMIT"}


def normal_type(name: str) -> str:
    """TWS's spelling of a type in any case, with or without its blanks: "stp_lmt" -> "STP LMT". CommandError if unknown."""
    found = _BY_SQUEEZED.get(_squeezed(name))
    if found is None:
        raise bad_params(f"orderType {shown(name)} is not known; known are {', '.join(_COMMANDED)}")
    return found


def check_prices(members: Mapping[str, Any]) -> None:
    """Hold the prices of an order against its type; a combo may have a price for each leg in place of its own limit.

    CommandError names the type and the member.
    """
    name = members["orderType"]
    rule = TYPES[name]
    for member in rule.needs:
        if members.get(member) is None and not (member == "lmtPrice" and members.get("orderComboLegs")):
            raise bad_params(f"a {name} order needs {spoken(member)}")
    for pair in rule.one_of:
        given = [member for member in pair if members.get(member) is not None]
        if len(given) != 1:
            raise bad_params(f"a {name} order needs exactly one of {spoken(pair[0])} and {spoken(pair[1])}")
    for member in PRICES:
        if member not in rule.all_taken and members.get(member):
            raise bad_params(f"a {name} order takes no {spoken(member)}, but {shown(members[member])} was given")


def without_foreign_prices(members: Mapping[str, Any]) -> dict[str, Any]:
    """`members` less the prices that the order's type does not take: zeros, and what TWS fills into its echo (tws-facts 4.5)."""
    taken = TYPES[members["orderType"]].all_taken
    return {name: value for name, value in members.items() if name not in PRICES or name in taken}


def price_members(members: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of the given members are prices, to be held against the tick (the others are distances, caps in percent, ...)."""
    names = ["lmtPrice", "trailStopPrice", "adjustedStopPrice", "adjustedStopLimitPrice"]
    if TYPES[members["orderType"]].aux_is_price:
        names.append("auxPrice")
    if members.get("adjustedOrderType"):
        names.append("triggerPrice")
    return tuple(name for name in names if members.get(name) is not None)


def spoken(member: str) -> str:
    """A member by both its names, where it has two."""
    short = {"action": "T", "totalQuantity": "s", "lmtPrice": "p", "auxPrice": "aux", "orderRef": "client_oid"}.get(member)
    return f"{short} ({member})" if short else member
