"""Between ibapi's objects and our records. The only module beside tws.py that knows ibapi."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from ibapi.contract import ComboLeg as IBComboLeg
from ibapi.contract import Contract as IBContract
from ibapi.contract import ContractDetails as IBContractDetails

from ibgw_tx.model import figures
from ibgw_tx.model.contract import ComboLeg, Contract, normal_right
from ibgw_tx.tws.dialects import RAW_IDS

_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")

_MEMBERS = (
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
    "includeExpired",
    "secIdType",
    "secId",
)


#: A date, and the time that may follow it.
_DATED = re.compile(r"^(\d{8})([ -].*)$")


def plain(text: str) -> str:
    """`\\u00e9` -> é: servers from 153 on escape what is not ASCII; 9.81 leaves it so in most fields.

    Two escapes may be one character (UTF-16); half of one alone becomes U+FFFD, because no JSON can carry it.
    """
    if "\\u" in text:
        text = _ESCAPES.sub(_unescaped, text)
    if not text.isascii():
        # ibapi itself unescapes a few fields, unit by unit.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _unescaped(found: re.Match[str]) -> str:
    return bytes.fromhex(found.group().replace("\\u", "")).decode("utf-16-be", "replace")


def contract_to_ib(contract: Contract, server_version: int = 0) -> IBContract:
    """Our contract as ibapi wants it. A strike of 0 is none: from 201 on it must then be absent, or TWS says nothing at all."""
    ib = IBContract()
    for member in _MEMBERS:
        value = getattr(contract, member)
        if member == "strike" and not value and server_version >= RAW_IDS:
            continue
        # ibapi cannot write what is not ASCII; a contract with a conId is named by that.
        setattr(ib, member, "" if contract.conId and isinstance(value, str) and not value.isascii() else value)
    if contract.comboLegs:
        ib.comboLegs = [_leg_to_ib(leg) for leg in contract.comboLegs]
    return ib


def _leg_to_ib(leg: ComboLeg) -> IBComboLeg:
    ib = IBComboLeg()
    ib.conId, ib.ratio, ib.action, ib.exchange = leg.conId, leg.ratio, leg.action, leg.exchange
    return ib


def contract_from_ib(ib: IBContract) -> Contract:
    """ibapi's contract as ours: a missing right, strike or multiplier is "" or 0, whatever TWS calls it."""
    return Contract(
        conId=int(ib.conId or 0),
        symbol=plain(ib.symbol or ""),
        secType=ib.secType or "",
        exchange=ib.exchange or "",
        primaryExchange=ib.primaryExchange or "",
        currency=ib.currency or "",
        lastTradeDateOrContractMonth=_expiry(ib.lastTradeDateOrContractMonth or "")[0],
        strike=figures.number_or_none(ib.strike) or 0.0,
        right=normal_right(ib.right or ""),
        multiplier="" if ib.multiplier in (None, "0") else str(ib.multiplier),
        localSymbol=plain(ib.localSymbol or ""),
        tradingClass=plain(ib.tradingClass or ""),
        comboLegs=tuple(
            ComboLeg(leg.conId, leg.ratio, leg.action or "", leg.exchange or "") for leg in ib.comboLegs or ()
        ),
    )


def _expiry(text: str) -> tuple[str, str]:
    """(date, what stands behind it): today's TWS writes `20240402-17:10:00` where a date was."""
    found = _DATED.match(text)
    return (found[1], found[2].strip(" -")) if found else (text, "")


def details_from_ib(ib: IBContractDetails) -> dict[str, Any]:
    """Every field of ContractDetails that has a value, beside the contract itself; IB's sentinels are left out.

    Decimals are figures as they were written. What is neither a figure nor a text (an enum's words, a list) is left out.
    """
    details: dict[str, Any] = {}
    last_time = _expiry(ib.contract.lastTradeDateOrContractMonth or "")[1]
    if last_time:
        details["lastTradeTime"] = last_time
    for field, value in vars(ib).items():
        if field == "contract" or value is None or value == "":
            continue
        if field == "secIdList":
            if value:
                details[field] = {item.tag: plain(item.value) for item in value}
            continue
        known = _detail(value)
        if known is not None:
            details[field] = known
    return details


def _detail(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Decimal):
        return figures.quantity_or_none(value)
    return figures.known(value) if isinstance(value, bool | int | float) else None
