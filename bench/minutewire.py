"""Options as a TWS at server version 157 tells them. Pure; the details are recorded ones (tests/data) with other names."""

from __future__ import annotations

from functools import cache

from bench import wire
from bench.orderwire import template

#: Contracts of the chain: expiries by strikes by rights.
EXPIRIES, STRIKES = 25, 50
OPTIONS = EXPIRIES * STRIKES * 2
SYMBOL, EXCHANGE = "S000", "SEHK"
#: Exchanges that tell the whole chain each.
EXCHANGES = 20
#: Message ids of the requests.
CONTRACTS, CHAINS = b"9", b"78"

_FIRST_CON_ID = 500_000


def options(req_id: int) -> bytes:
    """contractDetails (10) of every option, and contractDetailsEnd (52)."""
    return b"".join(wire.frame(10, 8, req_id, *details) for details in _all()) + wire.frame(52, 1, req_id)


@cache
def _all() -> list[list[str]]:
    return [
        _details(number, _expiry(number // (2 * STRIKES)), 50 + number // 2 % STRIKES, "CP"[number % 2])
        for number in range(OPTIONS)
    ]


def _expiry(number: int) -> str:
    return f"{2027 + number // 12}{number % 12 + 1:02d}15"


def _details(number: int, expiry: str, strike: int, right: str) -> list[str]:
    fields = template(10, "FUT")[3:]
    name = f"{SYMBOL}  {expiry[2:]}{right}{strike * 1000:08d}"
    fields[:11] = [SYMBOL, "OPT", expiry, str(strike), right, EXCHANGE, "HKD", name, SYMBOL, SYMBOL, str(_FIRST_CON_ID + number)]
    return fields


def chains(req_id: int) -> bytes:
    """securityDefinitionOptionParameter (75) of every exchange, and its end (76)."""
    expiries, strikes = [_expiry(number) for number in range(EXPIRIES)], [50 + number for number in range(STRIKES)]
    rows = (len(expiries), *expiries, len(strikes), *strikes)
    told = (wire.frame(75, req_id, f"X{at:02d}", wire.FIRST_CON_ID, SYMBOL, "100", *rows) for at in range(EXCHANGES))
    return b"".join(told) + wire.frame(76, req_id)
