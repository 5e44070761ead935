"""Order types: how a bot may spell them, and which prices each needs, may have and does not take. Without I/O.

Sources: IB's list of order types, and ibapi's client.placeOrder for what is sent. A price that a type does not take is refused
rather than dropped: `p` on a market order means that the bot expects a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ibgw_tx.orders.entry.values import refusal, shown

__all__ = ["TYPES", "TypeRule", "check_prices", "normal_type", "price_members", "without_foreign_prices"]

#: Members that are prices or distances of the order type itself.
_WATCHED = ("lmtPrice", "auxPrice", "trailStopPrice", "trailingPercent", "percentOffset")


@attrs.frozen
class TypeRule:
    """`needs` all of these, exactly one of each group in `one_of`, may have `takes`; `free` takes whatever it is given.

    `aux_is_price`: auxPrice is a price on the contract's tick; else it is a distance, which has no tick.
    """

    needs: tuple[str, ...] = ()
    one_of: tuple[tuple[str, str], ...] = ()
    takes: tuple[str, ...] = ()
    free: bool = False
    aux_is_price: bool = False

    @property
    def all_taken(self) -> frozenset[str]:
        return frozenset(_WATCHED) if self.free else frozenset({*self.needs, *self.takes, *sum(self.one_of, ())})


_MARKET = TypeRule()
_LIMIT = TypeRule(needs=("lmtPrice",))
_STOP = TypeRule(needs=("auxPrice",), aux_is_price=True)
_STOP_LIMIT = TypeRule(needs=("lmtPrice", "auxPrice"), aux_is_price=True)
_DISTANCE = ("auxPrice", "trailingPercent")
_TRAIL = TypeRule(one_of=(_DISTANCE,), takes=("trailStopPrice",))
_TRAIL_LIMIT = TypeRule(one_of=(_DISTANCE, ("lmtPrice", "lmtPriceOffset")), takes=("trailStopPrice",))
# Pegged, relative and volatility orders: caps, offsets and references in many mixtures, which TWS judges itself.
_FREE = TypeRule(free=True)

#: TWS's name -> its rule.
TYPES: Mapping[str, TypeRule] = {
    **dict.fromkeys(("MKT", "MOC", "MTL", "MKT PRT", "BOX TOP"), _MARKET),
    **dict.fromkeys(("LMT", "LOC", "LMT + MKT", "RPI"), _LIMIT),
    **dict.fromkeys(("STP", "MIT", "STP PRT"), _STOP),
    **dict.fromkeys(("STP LMT", "LIT"), _STOP_LIMIT),
    **dict.fromkeys(("TRAIL", "TRAIL MIT"), _TRAIL),
    **dict.fromkeys(("TRAIL LIMIT", "TRAIL LIT"), _TRAIL_LIMIT),
    **dict.fromkeys(("REL", "REL + MKT", "REL + LMT", "PASSV REL", "VOL", "MIDPRICE"), _FREE),
    **dict.fromkeys(("PEG MKT", "PEG MID", "PEG PRIM", "PEG STK", "PEG BENCH", "PEG BEST"), _FREE),
    **dict.fromkeys(("SNAP MKT", "SNAP MID", "SNAP PRIM"), _FREE),
}


def _squeezed(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter not in " _-")


_BY_SQUEEZED = {_squeezed(name): name for name in TYPES} | {"TRAILLMT": "TRAIL LIMIT"}


def normal_type(name: str) -> str:
    """TWS's spelling of a type in any case, with or without its blanks: "stp_lmt" -> "STP LMT". CommandError if unknown."""
    found = _BY_SQUEEZED.get(_squeezed(name))
    if found is None:
        raise refusal(f"orderType {shown(name)} is not known; known are {', '.join(TYPES)}")
    return found


def check_prices(members: Mapping[str, Any]) -> None:
    """Hold the prices of an order against its type; a combo may have a price for each leg in place of its own limit.

    CommandError names the type and the member.
    """
    name = members["orderType"]
    rule = TYPES[name]
    for member in rule.needs:
        if members.get(member) is None and not (member == "lmtPrice" and members.get("orderComboLegs")):
            raise refusal(f"a {name} order needs {spoken(member)}")
    for pair in rule.one_of:
        given = [member for member in pair if members.get(member) is not None]
        if len(given) != 1:
            raise refusal(f"a {name} order needs exactly one of {spoken(pair[0])} and {spoken(pair[1])}")
    for member in _WATCHED:
        if member not in rule.all_taken and members.get(member):
            raise refusal(f"a {name} order takes no {spoken(member)}, but {shown(members[member])} was given")


def without_foreign_prices(members: Mapping[str, Any]) -> dict[str, Any]:
    """`members` less the prices that the order's type does not take: zeros, and what TWS fills into its echo (tws-facts 4.5)."""
    taken = TYPES[members["orderType"]].all_taken
    return {name: value for name, value in members.items() if name not in _WATCHED or name in taken}


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
