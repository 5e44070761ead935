"""What can be traded: instruments, market rules, calendars and the accounts' first holdings, read from TOML text.

`load` is pure: the text comes in as an argument. Every complaint names the table and the key.
"""

from __future__ import annotations

import re
import tomllib
import typing
from typing import Any

import attrs
from attrs import field, frozen

from ibgw_tx.sim.market import chains
from ibgw_tx.sim.market.instrument import Calendar, Instrument
from ibgw_tx.sim.market.ladder import Rule, Rules

TABLES = ("rule", "calendar", "instrument", "chain", "funds", "order_types")
KINDS: dict[Any, tuple[str, tuple[type, ...]]] = {
    int: ("a whole number", (int,)), float: ("a number", (int, float)), str: ("a text", (str,)), bool: ("true or false", (bool,)),
    tuple: ("a list", (list, tuple)), dict: ("a table", (dict,)),
}
BIGGEST = 1e12  # a price
HOURS = re.compile(r"([01]\d|2[0-4])[0-5]\d-([01]\d|2[0-4])[0-5]\d")


class CatalogueError(Exception):
    """The file does not describe a usable catalogue; the text is one line for a person."""


@frozen
class Holding:
    """A position every simulated account starts with: quantity, and the price paid as a fraction of the start price."""

    con_id: int
    quantity: float
    paid: float = 0.95


@frozen
class Funds:
    """What an account starts with: base currency, cash by currency, rates of currencies in base, positions."""

    base: str = "USD"
    cash: dict[str, float] = field(factory=dict)
    rates: dict[str, float] = field(factory=dict)
    holdings: tuple[Holding, ...] = ()


@frozen
class Catalogue:
    """Instruments by conId in the file's order, chains expanded."""

    instruments: dict[int, Instrument]
    rules: Rules
    calendars: dict[str, Calendar]
    chains: tuple[chains.Chain, ...]
    funds: Funds
    order_types: dict[str, str]
    by_symbol: dict[str, list[Instrument]]

    def farms(self) -> list[str]:
        """Market data farms in the order of their first instrument."""
        return list(dict.fromkeys(i.farm for i in self.instruments.values()))


def load(toml: str) -> Catalogue:
    """A catalogue from the text of a TOML file; raises CatalogueError."""
    try:
        raw = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as e:
        raise CatalogueError(f"not TOML: {e}") from None
    for name in raw:
        if name not in TABLES:
            raise CatalogueError(f"[{name}] is none of {', '.join(TABLES)}")
    rules = Rules({r.id: r for r in (_rule(r) for r in _tables(raw, "rule"))})
    calendars = {c.name: c for c in (_calendar(c) for c in _tables(raw, "calendar"))}
    instruments: dict[int, Instrument] = {}
    for table in _tables(raw, "instrument"):
        _add(instruments, _make(Instrument, "instrument", table), rules, calendars)
    made = tuple(_chain(instruments, rules, calendars, table) for table in _tables(raw, "chain"))
    if not instruments:
        raise CatalogueError("it holds no [[instrument]]")
    by_symbol: dict[str, list[Instrument]] = {}
    for instrument in instruments.values():
        by_symbol.setdefault(instrument.symbol, []).append(instrument)
    funds = _funds(raw.get("funds", {}), instruments)
    return Catalogue(instruments, rules, calendars, made, funds, raw.get("order_types", {}), by_symbol)


def _tables(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = raw.get(name, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise CatalogueError(f"[{name}] must be [[{name}]], a list of tables")
    return found


def _make(cls: type[Any], table: str, raw: dict[str, Any]) -> Any:
    """An attrs record from a table; lists become tuples; unknown and missing keys and wrong values are named."""
    known = {f.name: f for f in attrs.fields(attrs.resolve_types(cls))}
    where = f"[[{table}]] {raw.get('symbol') or raw.get('trading_class') or raw.get('name') or raw.get('id') or ''}".rstrip()
    for key, value in raw.items():
        if key not in known:
            raise CatalogueError(f"{where}: unknown key {key}")
        wanted = KINDS.get(typing.get_origin(known[key].type) or known[key].type)
        if wanted is not None and (not isinstance(value, wanted[1]) or (isinstance(value, bool) and bool not in wanted[1])):
            raise CatalogueError(f"{where}: {key} must be {wanted[0]}, not {value!r}")
    for key, column in known.items():
        if column.default is attrs.NOTHING and key not in raw:
            raise CatalogueError(f"{where}: key {key} is missing")
    return cls(**{key: _tuples(value) for key, value in raw.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _calendar(raw: dict[str, Any]) -> Calendar:
    made: Calendar = _make(Calendar, "calendar", raw)
    for key in ("trading", "liquid"):
        if not HOURS.fullmatch(getattr(made, key)):
            raise CatalogueError(f"[[calendar]] {made.name}: {key} must be like 0930-1600, not {getattr(made, key)!r}")
    return made


def _decimal(text: Any) -> bool:
    return isinstance(text, str) and re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _rule(raw: dict[str, Any]) -> Rule:
    rule: Rule = _make(Rule, "rule", raw)
    pairs = all(isinstance(step, tuple) and len(step) == len("ab") and all(map(_decimal, step)) for step in rule.steps)
    if not rule.steps or not pairs:
        raise CatalogueError(f"[[rule]] {rule.id}: steps are pairs of decimal texts")
    return rule


def _add(known: dict[int, Instrument], instrument: Instrument, rules: Rules, calendars: dict[str, Calendar]) -> None:
    where = f"[[instrument]] {instrument.symbol} {instrument.con_id}"
    if instrument.con_id in known:
        raise CatalogueError(f"{where}: the con_id is used twice")
    if instrument.rule not in rules.rules:
        raise CatalogueError(f"{where}: there is no [[rule]] {instrument.rule}")
    if instrument.calendar not in calendars:
        raise CatalogueError(f"{where}: there is no [[calendar]] {instrument.calendar}")
    if not all(isinstance(name, str) for name in (*instrument.valid_exchanges, *instrument.makers)):
        raise CatalogueError(f"{where}: exchanges are texts")
    if not 0.0 <= instrument.price < BIGGEST or instrument.lot < 1 or instrument.wire_lot < 1 or instrument.parts < 1:
        raise CatalogueError(f"{where}: price, lot, wire_lot and parts must be positive")
    if instrument.exchange not in instrument.valid_exchanges:
        raise CatalogueError(f"{where}: exchange {instrument.exchange} is not among valid_exchanges")
    known[instrument.con_id] = instrument


def _chain(
    known: dict[int, Instrument], rules: Rules, calendars: dict[str, Calendar], raw: dict[str, Any]
) -> chains.Chain:
    chain: chains.Chain = _make(chains.Chain, "chain", raw)
    if chain.under_con_id not in known:
        raise CatalogueError(f"[[chain]] {chain.trading_class}: no instrument {chain.under_con_id}")
    for instrument in chains.expand(chain, known[chain.under_con_id]):
        _add(known, instrument, rules, calendars)
    return chain


def _funds(raw: dict[str, Any], known: dict[int, Instrument]) -> Funds:
    raw = dict(raw)
    holdings = tuple(_make(Holding, "funds.holding", h) for h in raw.pop("holding", []))
    for one in holdings:
        if one.con_id not in known:
            raise CatalogueError(f"[[funds.holding]]: no instrument {one.con_id}")
    funds: Funds = _make(Funds, "funds", raw)
    return attrs.evolve(funds, holdings=holdings)
