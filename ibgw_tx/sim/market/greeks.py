"""Black-Scholes for the simulated options: value and greeks, no dividends."""

from __future__ import annotations

import math

from attrs import frozen

from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.wire import times

RATE = 0.03  # a year
YEAR = 365.0 * 86400.0  # seconds


@frozen
class Greeks:
    """Per unit of the underlying; vega for one point of volatility, theta for one day."""

    value: float
    volatility: float
    delta: float
    gamma: float
    vega: float
    theta: float
    under: float


def _density(x: float) -> float:
    return math.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi)


def _below(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def smile(instrument: Instrument, under: float) -> float:
    """Volatility rises a little away from the money."""
    return instrument.volatility * (1.0 + 0.15 * abs(math.log(instrument.strike / under)))


def price(instrument: Instrument, under: float, now: float, volatility: float = 0.0) -> Greeks:
    """Value and greeks at `now`; a given volatility overrides the smile."""
    left = max((times.date_seconds(instrument.expiry) + 21 * 3600 - now) / YEAR, 1.0 / 365.0)
    vol = volatility or smile(instrument, under)
    spread = vol * math.sqrt(left)
    d1 = (math.log(under / instrument.strike) + (RATE + vol * vol / 2.0) * left) / spread
    d2 = d1 - spread
    discounted = instrument.strike * math.exp(-RATE * left)
    decay = -under * _density(d1) * vol / (2.0 * math.sqrt(left))
    if instrument.right == "C":
        value = under * _below(d1) - discounted * _below(d2)
        delta, theta = _below(d1), decay - RATE * discounted * _below(d2)
    else:
        value = discounted * _below(-d2) - under * _below(-d1)
        delta, theta = _below(d1) - 1.0, decay + RATE * discounted * _below(-d2)
    return Greeks(
        value, vol, delta, _density(d1) / (under * spread),
        under * _density(d1) * math.sqrt(left) / 100.0, theta / 365.0, under,
    )
