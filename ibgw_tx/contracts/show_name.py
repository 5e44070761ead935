"""From what a bot writes to what TWS is asked, and from TWS's answers to the one contract meant. Pure.

A show name is `[EXCHANGE/SECTYPE/]` and a pair (section 2 of the interface): `HKD-1137`, `USD-BRR@20210625@5`,
`CMECRYPTO/FUT/USD-BRR@202106@5`, `USD-AAPL@20260116@100C150`. A contract may be given as IB's members instead.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from ibgw_tx.model import errors
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import ComboLeg, Contract, exchange_of, normal_right, number_text, pair_of
from ibgw_tx.model.errors import CommandError

#: secTypes IB knows (tws-facts 6.2).
SEC_TYPES = frozenset(
    "STK FUT OPT FOP CASH IND CRYPTO BOND CFD CMDTY WAR IOPT CONTFUT BAG FUND EC BILL NEWS FIXED SLB".split()
)

#: Exchanges on which a plain pair means one thing only.
_PLAIN_TYPES = {"IDEALPRO": ("CASH",), "FXCONV": ("CASH",), "PAXOS": ("CRYPTO",), "ZEROHASH": ("CRYPTO",)}

_OPTION = re.compile(r"^(?P<multiplier>[0-9.]*)(?P<right>[CP])(?P<strike>[0-9]+(?:\.[0-9]+)?)$")
_EXPIRY = re.compile(r"^\d{6}(\d{2})?$")
_NUMBER = re.compile(r"^\d+(\.\d+)?$")

_TEXTS = frozenset(
    "symbol secType exchange primaryExchange currency lastTradeDateOrContractMonth right multiplier localSymbol tradingClass"
    " secIdType secId".split()
)
MEMBERS = _TEXTS | {"conId", "strike", "includeExpired", "comboLegs"}


def bad(text: str) -> CommandError:
    """A refusal for bad params."""
    return CommandError(errors.BAD_PARAMS, text)


def contract_from_json(given: Any) -> Contract:
    """A contract object of a command. Raises CommandError (bad_params) naming the member that is wrong."""
    if not isinstance(given, dict):
        raise bad("contract must be an object")
    unknown = sorted(set(given) - MEMBERS)
    if unknown:
        raise bad(f"unknown members of contract: {', '.join(unknown)[:200]}")
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
        raise bad(f"contract.secType {contract.secType!r} is none of IB's")
    if not contract.conId and not contract.secId and not (contract.secType and (contract.symbol or contract.localSymbol)):
        raise bad("contract needs conId, or secType and symbol (or localSymbol)")
    return contract


def _member(member: str, value: Any) -> Any:
    if member in _TEXTS:
        if member in ("multiplier", "lastTradeDateOrContractMonth") and _is_number(value):
            value = number_text(value)
        if not isinstance(value, str) or not (value.isascii() and value.isprintable()) or len(value) > 100:
            raise bad(f"contract.{member} must be printable ASCII text, not {jsontext.text(value)[:100]}")
        return value
    if member == "includeExpired":
        if not isinstance(value, bool):
            raise bad("contract.includeExpired must be true or false")
        return value
    if member == "comboLegs":
        return _legs(value)
    if isinstance(value, str) and _NUMBER.match(value):
        value = float(value)
    if not _is_number(value) or not 0 <= value < 1e15 or (member == "conId" and (value != int(value) or value >= 2**31)):
        raise bad(f"contract.{member} must be a number, not {jsontext.text(value)[:100]}")
    return float(value) if member == "strike" else int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _legs(value: Any) -> tuple[ComboLeg, ...]:
    if not isinstance(value, list):
        raise bad("contract.comboLegs must be a list")
    legs = []
    for leg in value:
        if not isinstance(leg, dict) or set(leg) != {"conId", "ratio", "action", "exchange"}:
            raise bad("each of contract.comboLegs needs conId, ratio, action and exchange, and nothing else")
        whole = all(isinstance(leg[member], int) and not isinstance(leg[member], bool) for member in ("conId", "ratio"))
        if not whole or leg["action"] not in ("BUY", "SELL") or not isinstance(leg["exchange"], str):
            raise bad("a combo leg's conId and ratio are integers, its action BUY or SELL, its exchange text")
        legs.append(ComboLeg(**leg))
    return tuple(legs)


def contracts_of_show_name(exchange: str, show_name: str) -> list[Contract]:
    """What a show name may mean, likeliest first: TWS is asked for one after the other until it knows one.

    Raises CommandError (bad_params) for a name that cannot be read.
    """
    head, _, pair = show_name.rpartition("/")
    sec_type = ""
    if head:
        head_exchange, slash, sec_type = head.partition("/")
        sec_type = sec_type.upper()
        if not slash or not head_exchange or sec_type not in SEC_TYPES:
            raise bad(f"showName {show_name!r} is not [EXCHANGE/SECTYPE/]pair")
        if exchange and exchange.upper() != head_exchange.upper():
            raise bad(f"showName {show_name!r} names another exchange than {exchange!r}")
        exchange = head_exchange
    if not exchange:
        raise bad("exchange is missing")
    if not (exchange + pair).isascii() or not (exchange + pair).isprintable() or ":" in exchange + pair:
        raise bad(f"showName {show_name!r} has a character that no name has")
    return _readings(exchange.upper(), sec_type, pair)


def _readings(exchange: str, sec_type: str, pair: str) -> list[Contract]:
    name, *rest = pair.split("@")
    currency, dash, symbol = name.partition("-")
    if not dash or not currency or not symbol or len(rest) > 2:
        raise bad(f"{pair!r} is not CURRENCY-SYMBOL[@expiry[@multiplier]]")
    base = Contract(exchange=exchange, currency=currency.upper(), symbol=symbol)
    if sec_type == "BOND" and symbol.isdigit():
        return [Contract(conId=int(symbol), secType="BOND", exchange=exchange)]
    if not rest:
        kinds = (sec_type,) if sec_type else _PLAIN_TYPES.get(exchange, ("STK", "IND"))
        return [attrs.evolve(base, secType=kind) for kind in kinds]
    if not _EXPIRY.match(rest[0]):
        if len(rest) == 1 and _NUMBER.match(rest[0]) and sec_type:
            return [attrs.evolve(base, secType=sec_type, multiplier=rest[0])]
        raise bad(f"{rest[0]!r} in {pair!r} is no expiry (yyyymm or yyyymmdd)")
    return _dated(base, sec_type, pair, rest)


def _dated(base: Contract, sec_type: str, pair: str, rest: list[str]) -> list[Contract]:
    base = attrs.evolve(base, lastTradeDateOrContractMonth=rest[0])
    last = rest[1] if len(rest) == 2 else ""
    option = _OPTION.match(last)
    if option:
        strike = float(option["strike"])
        base = attrs.evolve(base, multiplier=option["multiplier"], right=option["right"], strike=strike)
        return [attrs.evolve(base, secType=kind) for kind in ((sec_type,) if sec_type else ("OPT", "FOP"))]
    if last and not _NUMBER.match(last):
        raise bad(f"{last!r} in {pair!r} is neither a multiplier nor multiplier, C or P and strike")
    return [attrs.evolve(base, secType=sec_type or "FUT", multiplier=last)]


def choose(asked: Contract, hits: list[Contract], show_name: str) -> Contract:
    """The one contract meant. Raises CommandError: unknown_contract for no hit, ambiguous_contract naming some of them.

    Rows of one conId on several exchanges are one contract: the exchange asked for, else SMART, else the listing one.
    A hit whose pair is exactly the one asked for is preferred (`USD-BRR@20210625` means multiplier 1 or none).
    """
    if not hits:
        raise CommandError(errors.UNKNOWN_CONTRACT, f"TWS knows no contract {show_name}")
    by_id: dict[int, list[Contract]] = {}
    for hit in hits:
        by_id.setdefault(hit.conId, []).append(hit)
    if len(by_id) > 1:
        exact = {con_id: rows for con_id, rows in by_id.items() if pair_of(rows[0]) == show_name.rpartition("/")[2]}
        if len(exact) != 1:
            names = sorted({f"{exchange_of(rows[0])}/{rows[0].secType}/{pair_of(rows[0])}" for rows in by_id.values()})
            some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
            raise CommandError(errors.AMBIGUOUS_CONTRACT, f"{show_name} may be {len(by_id)} contracts: {some}")
        by_id = exact
    (rows,) = by_id.values()
    return best_row(asked, rows)


def best_row(asked: Contract, rows: list[Contract]) -> Contract:
    """Of one contract's rows the one on the exchange asked for, else on SMART, else on its listing exchange."""
    for wanted in (asked.exchange, "SMART", rows[0].primaryExchange):
        for row in rows:
            if wanted and row.exchange.upper() == wanted.upper():
                return row
    return rows[0]


def describe(contract: Contract) -> str:
    """How a contract asked for is named in a refusal."""
    if contract.conId:
        return f"conId {contract.conId}" + (f" on {contract.exchange}" if contract.exchange else "")
    members = (contract.exchange, contract.secType, f"{contract.currency}-{contract.symbol or contract.localSymbol}")
    return "/".join(member for member in members if member)
