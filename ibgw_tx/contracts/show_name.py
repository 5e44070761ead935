"""From what a bot writes to what TWS is asked, and from TWS's answers to the one contract meant. Pure.

A show name is `[EXCHANGE/SECTYPE/]` and a pair (section 2 of the interface): `HKD-1137`, `USD-BRR@20210625@5`,
`CMECRYPTO/FUT/USD-BRR@202106@5`, `USD-AAPL@20260116@100C150`. A contract may be given as IB's members instead.
"""

from __future__ import annotations

import re

import attrs

from ibgw_tx.contracts.asked import _NUMBER
from ibgw_tx.model.contract import SEC_TYPES, Contract
from ibgw_tx.model.errors import bad_params

#: Exchanges on which a plain pair means one thing only.
_TYPES_OF_VENUE = {"IDEALPRO": ("CASH",), "FXCONV": ("CASH",), "PAXOS": ("CRYPTO",), "ZEROHASH": ("CRYPTO",)}

_OPTION = re.compile(r"^(?P<multiplier>[0-9.]*)(?P<right>[CP])(?P<strike>[0-9]+(?:\.[0-9]+)?)$")
_EXPIRY = re.compile(r"^\d{6}(\d{2})?$")













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
            raise bad_params(f"showName {show_name!r} is not [EXCHANGE/SECTYPE/]pair")
        if exchange and exchange.upper() != head_exchange.upper():
            raise bad_params(f"showName {show_name!r} names another exchange than {exchange!r}")
        exchange = head_exchange
    if not exchange:
        raise bad_params("exchange is missing")
    if not (exchange + pair).isascii() or not (exchange + pair).isprintable() or ":" in exchange + pair:
        raise bad_params(f"showName {show_name!r} has a character that no name has")
    return _readings(exchange.upper(), sec_type, pair)


def _readings(exchange: str, sec_type: str, pair: str) -> list[Contract]:
    name, *rest = pair.split("@")
    currency, dash, symbol = name.partition("-")
    if not dash or not currency or not symbol or len(rest) > 2:
        raise bad_params(f"{pair!r} is not CURRENCY-SYMBOL[@expiry[@multiplier]]")
    base = Contract(exchange=exchange, currency=currency.upper(), symbol=symbol)
    if sec_type == "BOND" and symbol.isdigit():
        return [Contract(conId=int(symbol), secType="BOND", exchange=exchange)]
    if not rest:
        kinds = (sec_type,) if sec_type else _TYPES_OF_VENUE.get(exchange, ("STK", "IND"))
        return [attrs.evolve(base, secType=kind) for kind in kinds]
    if not _EXPIRY.match(rest[0]):
        if len(rest) == 1 and _NUMBER.match(rest[0]) and sec_type:
            return [attrs.evolve(base, secType=sec_type, multiplier=rest[0])]
        raise bad_params(f"{rest[0]!r} in {pair!r} is no expiry (yyyymm or yyyymmdd)")
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
        raise bad_params(f"{last!r} in {pair!r} is neither a multiplier nor multiplier, C or P and strike")
    return [attrs.evolve(base, secType=sec_type or "FUT", multiplier=last)]






