"""What an order may say to the TWS at the other end: what its server version lacks is refused by name, never dropped. Pure.

ibapi leaves members that a version does not know out of the text dialect without a word, and refuses them in protobuf only
(tws-facts-10x, 21.2). Fractions of shares, currencies and coins need 163; TWS answers 10243 or 10285 to them before.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from ibgw_tx.model.errors import CommandError, bad_params
from ibgw_tx.model.order_members import FIELDS, SINCE
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.values import shown

__all__ = ["FRACTIONS", "fit"]

#: The first version that knows fractional quantities.
FRACTIONS = 163
#: What TWS would answer to a fractional quantity before it.
_FRACTIONAL: Mapping[str, int] = {"STK": 10243, "CASH": 10285, "CRYPTO": 10285}
#: Told before protobuf by the text of an order to this venue only, and by orders of these types.
_PROTOBUF, _ATS = 203, "IBKRATS"


def fit(
    request: OrderRequest, sec_type: str, exchange: str, version: int, unsent: frozenset[str] = frozenset()
) -> OrderRequest:
    """The request as a TWS of this server version understands all of it, less what says nothing. Raises CommandError.

    `unsent` are members that the installed ibapi leaves out of an order at this version.
    """
    for name, value in request.said.items():
        if name in unsent and not _is_idle(name, value):
            gone = "" if name == "auctionStrategy" else " (IB has taken it out of its API)"
            raise bad_params(f"{name} {shown(value)} would not reach TWS: ibapi sends none at server version {version}{gone}")
        if version < SINCE.get(name, 0) and not _is_idle(name, value):
            raise _lacks(f"{name} {shown(value)}", SINCE[name], version)
    size = request.said.get("totalQuantity")
    if version < FRACTIONS and isinstance(size, Decimal) and sec_type in _FRACTIONAL:
        raise _lacks(f"a fractional s (totalQuantity) of {sec_type}, {shown(size)},", FRACTIONS, version, _FRACTIONAL[sec_type])
    if request.said.get("minTradeQty") is not None and version < _PROTOBUF and exchange.upper() != _ATS:
        raise bad_params(f"minTradeQty has no effect on {exchange}: before server version {_PROTOBUF} it is sent for {_ATS} only")
    known = {name: value for name, value in request.members.items() if version >= SINCE.get(name, 0)}
    return attrs.evolve(request, members=known)


def _is_idle(name: str, value: Any) -> bool:
    """Whether it says what its absence says; a zero is a figure."""
    return value in (False, "") and FIELDS[name] in ("bool", "str")


def _lacks(what: str, since: int, version: int, code: int = 0) -> CommandError:
    answer = f" (TWS would answer {code})" if code else ""
    return bad_params(f"{what} needs TWS's server version {since} or later, and this session speaks {version}{answer}")
