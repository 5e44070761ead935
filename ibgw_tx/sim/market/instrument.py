"""One tradable thing with everything ContractDetails says about it, and the calendar of its exchange."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from attrs import frozen

Amount = float | Fraction  # of base units; orders, fills and positions have it exact, as a Fraction
DECIMALS = {"CASH": 2, "CRYPTO": 8}  # of the smallest amount that an order may have
SMART = "SMART"
ALIASES = {"ISLAND": "NASDAQ"}  # TWS took both names for years; the Gateway answers with NASDAQ
NO_DEPTH = frozenset({"IND", "BAG", "BOND", "CONTFUT"})


def canonical(exchange: str) -> str:
    """An exchange under the name the catalogue uses."""
    upper = exchange.strip().upper()
    return ALIASES.get(upper, upper)


@frozen
class Calendar:
    """Hours of an exchange in its own clock, `HHMM-HHMM`; `offset` is its whole-hour distance to UTC.

    Daylight saving is left out: the simulator's day is the same all year.
    """

    name: str
    zone: str
    offset: int
    trading: str
    liquid: str
    weekends: bool = False


@frozen
class Instrument:
    """A line of the catalogue. Prices are in `currency`; sizes in base units (shares, contracts, euros).

    `wire_lot`: base units to one unit of size on the wire below server version 159 (US stocks: 100).
    `md_size_multiplier`: what ContractDetails says of it, which for Hong Kong differs from what the wire does.
    `parts`: base units to one unit of size where sizes can be fractions (`fractional`; 1000: a thousandth bitcoin).
    `price` is the level the walk moves about, `swing` scales its moves (1.0: a stock's).
    """

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str
    valid_exchanges: tuple[str, ...]
    rule: int
    price: float
    calendar: str
    farm: str
    local_symbol: str = ""
    trading_class: str = ""
    market_name: str = ""
    long_name: str = ""
    multiplier: str = ""
    expiry: str = ""
    last_trade_time: str = ""
    contract_month: str = ""
    strike: float = 0.0
    right: str = ""
    min_tick: str = "0.01"
    md_size_multiplier: int = 1
    wire_lot: int = 1
    parts: int = 1
    lot: int = 1
    depth_size: int = 5
    swing: float = 1.0
    price_magnifier: int = 1
    order_types: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    stock_type: str = ""
    isin: str = ""
    agg_group: int = 2147483647
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    ev_rule: str = ""
    volatility: float = 0.25
    delayed: bool = False
    fractional: bool = False
    cusip: str = ""
    coupon: int = 0
    issue_date: str = ""
    ratings: str = ""
    bond_type: str = ""
    coupon_type: str = ""
    desc_append: str = ""
    makers: tuple[str, ...] = ()

    @property
    def smart(self) -> bool:
        """Whether SMART routes it."""
        return SMART in self.valid_exchanges

    @property
    def books(self) -> tuple[str, ...]:
        """Exchanges that have a book of their own here; the listing exchange first. None for an index."""
        if self.sec_type in NO_DEPTH:
            return ()
        return self.makers or (self.exchange,)

    @property
    def step(self) -> Fraction:
        """The smallest amount of base units in an order, where fractions are known (server version 163): cents of a
        currency, 0.00000001 of a coin, 0.0001 US shares."""
        decimals = DECIMALS.get(self.sec_type, 4 if self.sec_type == "STK" and self.currency == "USD" and self.smart else 0)
        return Fraction(self.parts, 10**decimals) if decimals else Fraction(1)

    @property
    def precisions(self) -> tuple[str, str]:
        """The finest steps in which its prices and its sizes are told, as decimals."""
        return self.min_tick, self.shown(self.step)

    @property
    def factor(self) -> float:
        """What one base unit and one of price are worth together: the multiplier, 1 when there is none."""
        return float(self.multiplier or 1) / self.parts

    def sized(self, size: int, lot: int) -> object:
        """A size in the book as market data has it, in units of `lot`."""
        return size // lot if self.parts == 1 else plain(size / self.parts)

    def shown(self, amount: Amount) -> str:
        """An amount of base units as orders, executions and positions have it."""
        return plain(amount / self.parts)


def exact(amount: Amount) -> Fraction:
    """A number as its text says it: 0.1 is a tenth."""
    return amount if isinstance(amount, Fraction) else Fraction(repr(amount))


def plain(amount: Amount) -> str:
    """A number without a point when it is whole: 9.81 reads several sizes as int. A fraction as an exact decimal."""
    if amount == int(amount):
        return str(int(amount))
    return f"{Decimal(amount.numerator) / amount.denominator:f}" if isinstance(amount, Fraction) else repr(amount)
