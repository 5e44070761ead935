"""Order types: the one table of which prices each has, when 0 is one of them, and what TWS moves by itself. Pure.

Sources: IB's list of order types, and ibapi's client.placeOrder for what is sent. An auction order at the open is MKT or LMT with
tif OPG in the API; MOO and LOO are names that only TWS uses, so they can be told and cannot be commanded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["PRICES", "TYPES", "OrderType", "price_told", "type_told"]

#: Members that are prices or distances of the order type itself.
PRICES = ("lmtPrice", "auxPrice", "trailStopPrice", "trailingPercent", "percentOffset")


@attrs.frozen
class OrderType:
    """`needs` all of these, exactly one of each group in `one_of`, may have `takes`; `free` takes whatever it is given.

    `aux_is_price`: auxPrice is a price on the contract's tick; else it is a distance, which has no tick.
    `moved`: members that TWS changes as the market moves. A change that repeats their old values undoes it.
    `commanded`: a bot may ask for it; the others are only told by TWS.
    """

    needs: tuple[str, ...] = ()
    one_of: tuple[tuple[str, str], ...] = ()
    takes: tuple[str, ...] = ()
    free: bool = False
    aux_is_price: bool = False
    moved: tuple[str, ...] = ()
    commanded: bool = True

    @property
    def all_taken(self) -> frozenset[str]:
        """The prices that an order of this type may have."""
        return frozenset(PRICES) if self.free else frozenset({*self.needs, *self.takes, *sum(self.one_of, ())})


_MARKET = OrderType()
_LIMIT = OrderType(needs=("lmtPrice",))
_STOP = OrderType(needs=("auxPrice",), aux_is_price=True)
_STOP_LIMIT = OrderType(needs=("lmtPrice", "auxPrice"), aux_is_price=True)
_DISTANCE = ("auxPrice", "trailingPercent")
_TRAIL = OrderType(one_of=(_DISTANCE,), takes=("trailStopPrice",), moved=("trailStopPrice",))
_TRAIL_LIMIT = OrderType(
    one_of=(_DISTANCE, ("lmtPrice", "lmtPriceOffset")), takes=("trailStopPrice",), moved=("trailStopPrice", "lmtPrice")
)
# Pegged, relative and volatility orders: caps, offsets and references in many mixtures, which TWS judges itself.
_RELATIVE = OrderType(free=True, moved=("lmtPrice", "auxPrice"))
_SNAPPED = OrderType(free=True)

#: TWS's name -> its type.
TYPES: Mapping[str, OrderType] = {
    **dict.fromkeys(("MKT", "MOC", "MTL", "MKT PRT", "BOX TOP"), _MARKET),
    **dict.fromkeys(("LMT", "LOC", "LMT + MKT", "RPI"), _LIMIT),
    **dict.fromkeys(("STP", "MIT", "STP PRT"), _STOP),
    **dict.fromkeys(("STP LMT", "LIT"), _STOP_LIMIT),
    **dict.fromkeys(("TRAIL", "TRAIL MIT"), _TRAIL),
    **dict.fromkeys(("TRAIL LIMIT", "TRAIL LIT"), _TRAIL_LIMIT),
    **dict.fromkeys(("REL", "REL + MKT", "REL + LMT", "PASSV REL", "VOL", "MIDPRICE"), _RELATIVE),
    **dict.fromkeys(("PEG MKT", "PEG MID", "PEG PRIM", "PEG STK", "PEG BENCH", "PEG BEST"), _RELATIVE),
    **dict.fromkeys(("SNAP MKT", "SNAP MID", "SNAP PRIM"), _SNAPPED),
    "MOO": attrs.evolve(_MARKET, commanded=False),
    "LOO": attrs.evolve(_LIMIT, commanded=False),
}

#: A type that TWS tells and this table does not have.
_STRANGE = OrderType(free=True, commanded=False)


def type_told(name: str) -> OrderType:
    """The type of an order that TWS tells of; one that is not in the table may have any price."""
    return TYPES.get(name, _STRANGE)


def price_told(order_type: str, member: str, value: Any) -> Any:
    """`value` of one of PRICES as TWS tells it, or None when such an order has no such price.

    TWS writes 0 for a price that an order does not have (capture f0588): 0 is a price only where the type cannot be without it.
    """
    rule = type_told(order_type)
    if member not in rule.all_taken or (not value and member not in rule.needs):
        return None
    return value
