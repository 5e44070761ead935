"""Simulated accounts: cash, positions, and the figures TWS derives from them at the market's prices.

All in floats of money: nothing here is settled, and TWS itself sends rounded texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import define, field, frozen

from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.instrument import Amount, Instrument, exact
from ibgw_tx.sim.market.market import Market

Value = tuple[str, str, str]  # key, value, currency

# What reqAccountUpdatesMulti gives when only the ledger and the net liquidation value are asked for.
LEDGER_AND_NLV = frozenset(
    "Currency CashBalance TotalCashBalance AccruedCash StockMarketValue OptionMarketValue FutureOptionValue FuturesPNL "
    "NetLiquidationByCurrency UnrealizedPnL RealizedPnL ExchangeRate FxCashBalance NetLiquidation".split()
)
MARGIN = {"STK": 0.25, "FUT": 0.08, "OPT": 0.2, "BOND": 0.3}  # share of the value held as margin
SUMMARY_CURRENCYLESS = frozenset({"AccountType", "Cushion", "Leverage", "LookAheadNextChange", "DayTradesRemaining"})


@define
class Position:
    """`cost` is TWS's average cost: multiplier and commissions are in it."""

    instrument: Instrument
    amount: Fraction
    cost: float
    realized: float = 0.0


@frozen
class Valued:
    """A position at a moment, in the instrument's currency. `daily` is the change since last night's close."""

    position: Position
    price: float
    value: float
    unrealized: float
    daily: float


@define
class Account:
    """One account. `ready` is False while IB's servers reset: its values are then not to be relied on."""

    name: str
    base: str
    cash: dict[str, float]
    positions: dict[int, Position] = field(factory=dict)
    ready: bool = True

    def set_position(self, instrument: Instrument, amount: Amount, cost: float) -> None:
        """Put a position to an exact amount; 0 keeps the row, as TWS does for the rest of the day."""
        known = self.positions.get(instrument.con_id)
        realized = known.realized if known else 0.0
        self.positions[instrument.con_id] = Position(instrument, exact(amount), cost if amount else 0.0, realized)

    def add_cash(self, currency: str, amount: Amount) -> None:
        self.cash[currency] = self.cash.get(currency, 0.0) + float(amount)


def open_accounts(catalogue: Catalogue, names: list[str]) -> dict[str, Account]:
    """Accounts with the catalogue's funds: the first once, the second twice, the third three times as much."""
    funds, made = catalogue.funds, {}
    for times, name in enumerate(names, 1):
        account = Account(name, funds.base, {cur: amount * times for cur, amount in funds.cash.items()})
        for held in funds.holdings:
            instrument = catalogue.instruments[held.con_id]
            # An option has no start price of its own; a round one is as good as any price paid.
            paid = (instrument.price or 40.0) * held.paid * instrument.factor
            account.set_position(instrument, held.quantity * times, paid)
        made[name] = account
    return made


def valued(account: Account, market: Market, now: float) -> list[Valued]:
    """Every position at the market's price."""
    rows = []
    for held in account.positions.values():
        instrument = held.instrument
        walk = market.walk(instrument, now)
        price, units = walk.mark(), held.amount * instrument.factor
        last_night = walk.ladder.real(walk.close)
        rows.append(
            Valued(held, price, units * price, units * price - held.amount * held.cost, units * (price - last_night))
        )
    return rows


@frozen
class Totals:
    """An account in its base currency."""

    cash: float
    gross: float
    stock: float
    options: float
    futures_pnl: float
    unrealized: float
    realized: float
    daily: float
    margin: float

    @property
    def net(self) -> float:
        """Futures count by their result only: no money was paid for them."""
        return self.cash + self.stock + self.options + self.futures_pnl


def totals(account: Account, rows: list[Valued], market: Market, now: float) -> Totals:
    sums = dict.fromkeys(("gross", "stock", "options", "futures_pnl", "unrealized", "realized", "daily", "margin"), 0.0)
    for row in rows:
        instrument = row.position.instrument
        rate = market.rate(instrument.currency, now)
        value = row.value * rate
        if instrument.sec_type == "FUT":
            sums["futures_pnl"] += row.unrealized * rate
        else:
            sums["options" if instrument.sec_type == "OPT" else "stock"] += value
            sums["gross"] += abs(value)
        sums["unrealized"] += row.unrealized * rate
        sums["realized"] += row.position.realized * rate
        sums["daily"] += row.daily * rate
        sums["margin"] += abs(value) * MARGIN.get(instrument.sec_type, 0.25)
    cash = sum(amount * market.rate(currency, now) for currency, amount in account.cash.items())
    return Totals(cash=cash, **sums)


def money(amount: float) -> str:
    return f"{amount:.2f}"


def account_values(account: Account, market: Market, now: float) -> Iterator[Value]:
    """Every value of an account download: first what has no currency, then the base's, then each currency and BASE."""
    rows = valued(account, market, now)
    sums = totals(account, rows, market, now)
    yield from (
        ("AccountCode", account.name, ""), ("AccountOrGroup", account.name, account.base),
        ("AccountReady", "true" if account.ready else "false", ""), ("AccountType", "INDIVIDUAL", ""),
        ("Cushion", f"{1.0 - sums.margin / sums.net if sums.net else 0.0:.6f}", ""),
        ("DayTradesRemaining", "-1", ""), ("LookAheadNextChange", "0", ""), ("SegmentTitle-C", "US Commodities", ""),
        ("SegmentTitle-S", "US Securities", ""), ("TradingType-S", "STKNOPT", ""), ("WhatIfPMEnabled", "true", ""),
    )
    for key, amount in base_figures(sums).items():
        yield key, money(amount), account.base
        if key not in ("BuyingPower",):
            yield f"{key}-S", money(amount), account.base
            yield f"{key}-C", "0.00", account.base
    yield from _ledgers(account, rows, sums, market, now)


def base_figures(sums: Totals) -> dict[str, float]:
    """Account-wide figures in the base currency under IB's keys."""
    free = sums.net - sums.margin
    return {
        "AccruedCash": 0.0, "AvailableFunds": free, "BuyingPower": free * 4.0, "EquityWithLoanValue": sums.net,
        "ExcessLiquidity": free, "FullAvailableFunds": free, "FullExcessLiquidity": free,
        "FullInitMarginReq": sums.margin, "FullMaintMarginReq": sums.margin, "GrossPositionValue": sums.gross,
        "InitMarginReq": sums.margin, "LookAheadAvailableFunds": free, "LookAheadExcessLiquidity": free,
        "LookAheadInitMarginReq": sums.margin, "LookAheadMaintMarginReq": sums.margin, "MaintMarginReq": sums.margin,
        "NetLiquidation": sums.net, "PreviousDayEquityWithLoanValue": sums.net - sums.daily,
        "RegTEquity": sums.net, "RegTMargin": sums.margin, "SMA": free, "TotalCashValue": sums.cash,
    }


def _ledgers(account: Account, rows: list[Valued], sums: Totals, market: Market, now: float) -> Iterator[Value]:
    for currency in ledger_currencies(account, rows):
        for key, text in ledger(account, currency, rows, sums, market, now):
            yield key, text, currency


def ledger_currencies(account: Account, rows: list[Valued]) -> list[str]:
    """BASE first, then every currency with cash or a position."""
    seen = dict.fromkeys(account.cash) | dict.fromkeys(row.position.instrument.currency for row in rows)
    return ["BASE", *seen]


def ledger(
    account: Account, currency: str, rows: list[Valued], sums: Totals, market: Market, now: float
) -> Iterator[tuple[str, str]]:
    """The ledger of one currency, or of BASE: everything converted to the base currency."""
    if currency == "BASE":
        cash, rate = sums.cash, 1.0
        stock, options, futures = sums.stock, sums.options, sums.futures_pnl
        unrealized, realized = sums.unrealized, sums.realized
    else:
        own = [row for row in rows if row.position.instrument.currency == currency]
        cash, rate = account.cash.get(currency, 0.0), market.rate(currency, now)
        stock = sum(r.value for r in own if r.position.instrument.sec_type not in ("FUT", "OPT"))
        options = sum(r.value for r in own if r.position.instrument.sec_type == "OPT")
        futures = sum(r.unrealized for r in own if r.position.instrument.sec_type == "FUT")
        unrealized, realized = sum(r.unrealized for r in own), sum(r.position.realized for r in own)
    yield "Currency", currency
    yield "CashBalance", money(cash)
    yield "TotalCashBalance", money(cash)
    yield "AccruedCash", "0.00"
    yield "StockMarketValue", money(stock)
    yield "OptionMarketValue", money(options)
    yield "FutureOptionValue", "0.00"
    yield "FuturesPNL", money(futures)
    yield "NetLiquidationByCurrency", money(cash + stock + options + futures)
    yield "UnrealizedPnL", money(unrealized)
    yield "RealizedPnL", money(realized)
    yield "ExchangeRate", "1.00" if rate == 1.0 else f"{rate:.7f}"
    yield "FxCashBalance", "0.00"


def summary_values(account: Account, tags: list[str], market: Market, now: float) -> Iterator[Value]:
    """Account summary rows for these tags; `$LEDGER`, `$LEDGER:EUR` and `$LEDGER:ALL` among them."""
    rows = valued(account, market, now)
    sums = totals(account, rows, market, now)
    figures = base_figures(sums)
    for tag in tags:
        if tag.startswith("$LEDGER"):
            yield from _summary_ledger(account, tag, rows, sums, market, now)
        elif tag in figures:
            yield tag, money(figures[tag]), account.base
        elif tag in SUMMARY_CURRENCYLESS:
            plain = {"AccountType": "INDIVIDUAL", "DayTradesRemaining": "-1", "LookAheadNextChange": "0"}
            share = sums.gross / sums.net if tag == "Leverage" and sums.net else 1.0 - sums.margin / (sums.net or 1.0)
            yield tag, plain.get(tag, f"{share:.2f}"), ""
        elif tag == "SettledCash":
            yield tag, money(sums.cash), account.base


def _summary_ledger(
    account: Account, tag: str, rows: list[Valued], sums: Totals, market: Market, now: float
) -> Iterator[Value]:
    _, _, which = tag.partition(":")
    known = ledger_currencies(account, rows)
    wanted = known if which == "ALL" else [which or "BASE"]
    for currency in wanted:
        if currency in known:
            for key, text in ledger(account, currency, rows, sums, market, now):
                yield key, text, currency
