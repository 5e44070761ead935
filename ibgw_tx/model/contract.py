"""What a tradable thing is called: IB's Contract without I/O, and its names in the Redis interface.

A `Contract` here carries only what identifies (the twelve members of `docs/redis-interface.md`, section 5, and the legs of a
combo). The rules of section 2 (`exchange_of`, `pair_of`) live here and nowhere else.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

#: secTypes that are named by expiry, multiplier, right and strike.
OPTION_TYPES = frozenset({"OPT", "FOP", "WAR", "IOPT", "EC"})

#: The members of the `contract` object (section 5).
JSON_MEMBERS = (
    "conId",
    "symbol",
    "secType",
    "exchange",
    "primaryExchange",
    "currency",
    "lastTradeDateOrContractMonth",
    "strike",
    "right",
    "multiplier",
    "localSymbol",
    "tradingClass",
)

_EXPIRY = re.compile(r"^(\d{6}(?:\d{2})?)")
_UNSET_RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}


class BadName(ValueError):
    """A name that may not stand in a Redis key; the text says which and why."""


@attrs.frozen
class ComboLeg:
    """One leg of a BAG: `ratio` contracts of `conId` bought or sold (`action`) on `exchange`."""

    conId: int
    ratio: int
    action: str
    exchange: str


@attrs.frozen
class Contract:
    """IB's Contract: names as TWS spells them, "" or 0 where it does not have the member.

    The last three members belong to questions only.
    `lastTradeDateOrContractMonth` is `yyyymm` in a question and `yyyymmdd` in an answer; `right` is "C", "P" or "".
    """

    conId: int = 0
    symbol: str = ""
    secType: str = ""
    exchange: str = ""
    primaryExchange: str = ""
    currency: str = ""
    lastTradeDateOrContractMonth: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    localSymbol: str = ""
    tradingClass: str = ""
    comboLegs: tuple[ComboLeg, ...] = ()
    includeExpired: bool = False
    secIdType: str = ""
    secId: str = ""

    @property
    def expiry(self) -> str:
        """`yyyymmdd` (or `yyyymm` of a question), "" when it has none. A newer TWS appends a time: cut (tws-facts 13)."""
        found = _EXPIRY.match(self.lastTradeDateOrContractMonth)
        return found.group(1) if found else ""

    def to_json(self) -> dict[str, Any]:
        """The `contract` object of the Redis interface: all twelve members, legs only for a combo."""
        members = {member: getattr(self, member) for member in JSON_MEMBERS}
        if self.comboLegs:
            members["comboLegs"] = [attrs.asdict(leg) for leg in self.comboLegs]
        return members


def normal_right(text: str) -> str:
    """TWS spells a missing right "", "?" or "0" (tws-facts 4.10); only calls and puts have one."""
    return _UNSET_RIGHTS.get(text.upper(), "")


def number_text(value: float) -> str:
    """150.0 -> "150", 2.5 -> "2.5": a strike as people write it."""
    return str(int(value)) if value == int(value) else repr(float(value))


def checked(part: str, what: str) -> str:
    if ":" in part or not part.isprintable():
        raise BadName(f"{what} {part!r} cannot be part of a Redis name")
    return part


def exchange_of(contract: Contract) -> str:
    """{exchange} of section 2: the contract's exchange; for SMART (or none) the listing exchange; upper case.

    Raises BadName for a name with a `:`. A SMART contract that TWS lists nowhere (options) stays under SMART.
    """
    exchange = contract.exchange
    if exchange.upper() in ("", "SMART"):
        exchange = contract.primaryExchange or exchange or "SMART"
    return checked(exchange.upper(), "exchange")


def pair_of(contract: Contract) -> str:
    """{pair} of section 2, e.g. `HKD-1137`, `USD-BRR@20210625@0.1`, `USD-AAPL@20260116@100C150`. Raises BadName."""
    if contract.secType == "BOND":
        return checked(f"{contract.currency}-{contract.conId}", "pair")
    pair = f"{contract.currency}-{contract.symbol}"
    if contract.secType in OPTION_TYPES:
        strike = number_text(contract.strike)
        pair += f"@{contract.expiry}@{contract.multiplier}{contract.right}{strike}"
        return checked(pair, "pair")
    if contract.expiry:
        pair += f"@{contract.expiry}"
    if contract.multiplier not in ("", "1", "1.0"):
        pair += f"@{contract.multiplier}"
    return checked(pair, "pair")

#: secTypes IB knows (tws-facts 6.2).
SEC_TYPES = frozenset(
    "STK FUT OPT FOP CASH IND CRYPTO BOND CFD CMDTY WAR IOPT CONTFUT BAG FUND EC BILL NEWS FIXED SLB".split()
)
