"""Option chains made by rule: every expiry times every strike times call and put."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from attrs import frozen

from ibgw_tx.sim.market.instrument import Instrument


@frozen
class Chain:
    """A chain on one underlying. `strikes` is (lowest, highest, step); conIds count up from `first_con_id`."""

    under_con_id: int
    trading_class: str
    multiplier: str
    exchange: str
    valid_exchanges: tuple[str, ...]
    expiries: tuple[str, ...]
    strikes: tuple[float, float, float]
    first_con_id: int
    rule: int
    farm: str
    last_trade_time: str = ""

    def strike_list(self) -> list[float]:
        low, high, step = self.strikes
        count = round((high - low) / step)
        return [round(low + i * step, 6) for i in range(count + 1)]


def expand(chain: Chain, under: Instrument) -> Iterator[Instrument]:
    """The chain's instruments; the local symbol is OCC's 21 characters."""
    con_id = chain.first_con_id
    for expiry in chain.expiries:
        for strike in chain.strike_list():
            for right in ("C", "P"):
                yield _option(chain, under, expiry, strike, right, con_id)
                con_id += 1


def _option(chain: Chain, under: Instrument, expiry: str, strike: float, right: str, con_id: int) -> Instrument:
    local = f"{under.symbol:<6}{expiry[2:]}{right}{round(strike * 1000):08d}"
    return attrs.evolve(
        under,
        con_id=con_id, sec_type="OPT", exchange=chain.exchange, valid_exchanges=chain.valid_exchanges,
        rule=chain.rule, farm=chain.farm, local_symbol=local, trading_class=chain.trading_class,
        market_name=chain.trading_class, multiplier=chain.multiplier, expiry=expiry, contract_month=expiry[:6],
        last_trade_time=chain.last_trade_time, strike=strike, right=right, md_size_multiplier=1, wire_lot=1, lot=1,
        depth_size=20, stock_type="", isin="", makers=(), agg_group=2, price=0.0,
        under_con_id=under.con_id, under_symbol=under.symbol, under_sec_type=under.sec_type,
    )
