"""A contract as a bot writes it: its members checked, each by name."""

from __future__ import annotations

import re
from typing import Any

import attrs

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import OPTION_TYPES, SEC_TYPES, ComboLeg, Contract, normal_right, number_text
from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.figures import UNSET_INTEGER, is_unset

_NUMBER = re.compile(r"^\d+(\.\d+)?$")
_TEXTS = frozenset(
    "symbol secType exchange primaryExchange currency lastTradeDateOrContractMonth right multiplier localSymbol tradingClass"
    " secIdType secId".split()
)
MEMBERS = _TEXTS | {"conId", "strike", "includeExpired", "comboLegs"}


#: A strike of 0 is none in all of ibapi's questions, and from server version 202 on TWS knows contracts that have it.
ZERO_STRIKE = "a strike of 0 cannot be told to TWS apart from none: name the contract by its conId, or leave the strike away"


def contract_from_json(given: Any) -> Contract:
    """A contract object of a command. Raises CommandError (bad_params) naming the member that is wrong."""
    if not isinstance(given, dict):
        raise bad_params("contract must be an object")
    unknown = sorted(set(given) - MEMBERS)
    if unknown:
        raise bad_params(f"unknown members of contract: {', '.join(unknown)[:200]}")
    members = {member: _member(member, value) for member, value in given.items() if value is not None}
    contract = Contract(**members)
    contract = attrs.evolve(
        contract,
        exchange=contract.exchange.upper(),
        secType=contract.secType.upper(),
        currency=contract.currency.upper(),
        right=normal_right(contract.right),
    )
    if contract.secType and contract.secType not in SEC_TYPES:
        raise bad_params(f"contract.secType {contract.secType!r} is none of IB's")
    if not contract.conId and not contract.secId and not (contract.secType and (contract.symbol or contract.localSymbol)):
        raise bad_params("contract needs conId, or secType and symbol (or localSymbol)")
    if contract.secType in OPTION_TYPES and not contract.conId and members.get("strike") == 0:
        raise bad_params(ZERO_STRIKE)
    return contract


def _member(member: str, value: Any) -> Any:
    if member in _TEXTS:
        if member in ("multiplier", "lastTradeDateOrContractMonth") and _is_number(value):
            value = number_text(value)
        if not isinstance(value, str) or not (value.isascii() and value.isprintable()) or len(value) > 100:
            raise bad_params(f"contract.{member} must be printable ASCII text, not {jsontext.text(value)[:100]}")
        return value
    if member == "includeExpired":
        if not isinstance(value, bool):
            raise bad_params("contract.includeExpired must be true or false")
        return value
    if member == "comboLegs":
        return _legs(value)
    if isinstance(value, str) and _NUMBER.match(value):
        value = float(value)
    if not _is_number(value) or not 0 <= value < 1e15 or (member == "conId" and (value != int(value) or value >= 2**31)):
        raise bad_params(f"contract.{member} must be a number, not {jsontext.text(value)[:100]}")
    if is_unset(value):
        raise bad_params(f"contract.{member} {number_text(value)} is how TWS says that none is given")
    return float(value) if member == "strike" else int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _legs(value: Any) -> tuple[ComboLeg, ...]:
    if not isinstance(value, list):
        raise bad_params("contract.comboLegs must be a list")
    legs = []
    for leg in value:
        if not isinstance(leg, dict) or set(leg) != {"conId", "ratio", "action", "exchange"}:
            raise bad_params("each of contract.comboLegs needs conId, ratio, action and exchange, and nothing else")
        whole = all(isinstance(leg[member], int) and not isinstance(leg[member], bool) for member in ("conId", "ratio"))
        if not whole or leg["action"] not in ("BUY", "SELL") or not isinstance(leg["exchange"], str):
            raise bad_params("a combo leg's conId and ratio are integers, its action BUY or SELL, its exchange text")
        if not 0 < leg["conId"] < UNSET_INTEGER or not 0 < leg["ratio"] < UNSET_INTEGER:
            raise bad_params(f"a combo leg's conId and ratio lie between 1 and {UNSET_INTEGER - 1}")
        legs.append(ComboLeg(**leg))
    return tuple(legs)
