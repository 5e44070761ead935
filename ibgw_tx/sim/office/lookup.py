"""Which instruments a client's description of a contract means, under TWS's rules (tws-facts 6.1)."""

from __future__ import annotations

import attrs
from attrs import frozen

from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.instrument import SMART, Instrument, canonical
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.requests import Query

RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
SEC_TYPES = frozenset(
    "STK OPT FUT FOP CASH IND BOND CFD CRYPTO BAG WAR FUND CMDTY CONTFUT FUT+CONTFUT BILL NEWS IOPT".split()
)


@frozen
class Listing:
    """An instrument on one of its exchanges: what one row of contract details, or one subscription, is about."""

    instrument: Instrument
    exchange: str


def validate(query: Query, name: str) -> None:
    """What TWS checks before it searches; raises Refused(321)."""
    if query.con_id:
        return
    if query.sec_type.upper() not in SEC_TYPES:
        raise Refused(321, say(321, name=name, cause="Please enter a valid security type"))
    if not query.symbol and not query.local_symbol and not query.trading_class:
        raise Refused(321, say(321, name=name, cause="Please enter symbol or local symbol or security id"))


def find(catalogue: Catalogue, query: Query, sec_id_type: str = "", sec_id: str = "") -> list[Listing]:
    """Every row TWS would answer with: one per instrument, or one per exchange of it when none was said."""
    found = _instruments(catalogue, query, sec_id_type, sec_id)
    return [row for instrument in found for row in _rows(instrument, query.exchange)]


def resolve(catalogue: Catalogue, query: Query, name: str) -> Listing:
    """The one contract a data request is about; raises Refused with 200 or 321 as TWS does."""
    validate(query, name)
    if not query.exchange:
        raise Refused(321, say(321, name=name, cause="Please enter exchange"))
    found = find(catalogue, query)
    if not found:
        raise Refused(200, say(200))
    if len(found) > 1:
        raise Refused(200, _ambiguous(query, found))
    return found[0]


def _ambiguous(query: Query, found: list[Listing]) -> str:
    text = f"The contract description specified for {query.symbol or query.local_symbol} is ambiguous"
    if len({(row.instrument.multiplier, row.instrument.trading_class) for row in found}) > 1:
        text += "; you must specify the multiplier or trading class"
    return text + "."


def _instruments(catalogue: Catalogue, query: Query, sec_id_type: str, sec_id: str) -> list[Instrument]:
    if query.con_id:
        instrument = catalogue.instruments.get(query.con_id)
        if instrument is None:
            return []
        if query.expiry and not _expires(instrument, query.expiry):
            raise Refused(478, say(478, cause=f"expiry {query.expiry} is not {instrument.expiry}"))
        return [instrument]
    if sec_id_type.upper() == "ISIN":
        known = catalogue.instruments.values()
        return [instrument for instrument in known if instrument.isin == sec_id and _fits(instrument, query)]
    if query.symbol:
        pool = catalogue.by_symbol.get(query.symbol.strip().upper(), [])
        return [instrument for instrument in pool or _bonds(catalogue, query.symbol) if _fits(instrument, query)]
    return [instrument for instrument in catalogue.instruments.values() if _fits(instrument, query)]


def _bonds(catalogue: Catalogue, cusip: str) -> list[Instrument]:
    """Bonds are also asked for by CUSIP in the symbol field."""
    return [instrument for instrument in catalogue.instruments.values() if instrument.cusip and instrument.cusip == cusip]


def _fits(instrument: Instrument, query: Query) -> bool:
    right = RIGHTS.get(query.right.strip().upper(), "")
    return (
        instrument.sec_type == query.sec_type.upper()
        and (not query.currency or instrument.currency == query.currency.upper())
        and (not query.expiry or _expires(instrument, query.expiry))
        and (not query.strike or instrument.strike == query.strike)
        and (not right or instrument.right == right)
        and (not query.multiplier or _same_number(instrument.multiplier or "1", query.multiplier))
        and (not query.local_symbol or instrument.local_symbol.replace(" ", "") == query.local_symbol.replace(" ", ""))
        and (not query.trading_class or instrument.trading_class == query.trading_class)
        and (not query.primary_exchange or instrument.exchange == canonical(query.primary_exchange))
    )


def _expires(instrument: Instrument, said: str) -> bool:
    """A month (yyyymm) is the contract month, a date the last trade day; a time behind it is ignored."""
    date = said.replace("-", " ").split()[0] if said.strip() else ""
    return instrument.contract_month == date if len(date) == 6 else instrument.expiry == date


def _same_number(a: str, b: str) -> bool:
    try:
        return float(a) == float(b)
    except ValueError:
        return a == b


def _rows(instrument: Instrument, exchange: str) -> list[Listing]:
    if not exchange:
        return [Listing(instrument, name) for name in instrument.valid_exchanges]
    wanted = canonical(exchange)
    if wanted == "BEST":
        wanted = SMART
    return [Listing(instrument, wanted)] if wanted in instrument.valid_exchanges else []


def matching(catalogue: Catalogue, pattern: str, limit: int = 16) -> list[Instrument]:
    """Underlyings whose symbol begins with the pattern, or whose name contains it; at most 16, as TWS."""
    wanted = pattern.strip().upper()
    known = catalogue.instruments.values()
    pool = [instrument for instrument in known if instrument.sec_type in ("STK", "IND", "CRYPTO", "CASH")]
    first = [instrument for instrument in pool if instrument.symbol.startswith(wanted)]
    second = [instrument for instrument in pool if wanted in instrument.long_name.upper() and instrument not in first]
    return (first + second)[:limit] if wanted else []


def query_of(instrument: Instrument) -> Query:
    """The plain description of an instrument by its conId, for callers inside the simulator."""
    return attrs.evolve(Query(), con_id=instrument.con_id, exchange=instrument.exchange)
