"""What an instrument is worth at a moment: a pure function of seed, conId and time.

Being a function, it answers for the past as well as for now, so that bars of any size agree with each other and with
the live book, and the same seed gives the same market on every machine.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable

from ibgw_tx.sim.market import greeks
from ibgw_tx.sim.market.instrument import Instrument

# (period in seconds, height): smooth noise of each period added up; the heights are relative moves of a stock.
WAVES = (
    (90 * 86400.0, 0.12), (20 * 86400.0, 0.05), (5 * 86400.0, 0.025), (86400.0, 0.010),
    (4 * 3600.0, 0.004), (3600.0, 0.002), (600.0, 0.0008), (60.0, 0.0003),
)

Fair = Callable[[float], float]


def _noise(key: int, wave: int, cell: int) -> float:
    """A fixed number in -1..1 for a cell of a wave; crc32 is the cheapest mixer at hand."""
    return zlib.crc32(struct.pack("<qqq", key, wave, cell)) / 0x7FFFFFFF - 1.0


def drift(key: int, when: float) -> float:
    """The sum of the waves at `when`: cosine-interpolated noise, continuous in time."""
    total = 0.0
    for wave, (period, height) in enumerate(WAVES):
        place = when / period
        cell = math.floor(place)
        blend = (1.0 - math.cos((place - cell) * math.pi)) / 2.0
        total += height * (_noise(key, wave, cell) * (1.0 - blend) + _noise(key, wave, cell + 1) * blend)
    return total


def walk(instrument: Instrument, seed: int) -> Fair:
    """The fair value of anything but an option."""
    # Contracts on one underlying move together: the months of a future, two multipliers of the same thing.
    key = seed * 1_000_003 + (instrument.under_con_id or instrument.con_id)
    return lambda when: instrument.price * math.exp(instrument.swing * drift(key, when))


def option(instrument: Instrument, under: Fair) -> Fair:
    """The Black-Scholes value on the underlying's fair value."""

    def value(when: float) -> float:
        return greeks.price(instrument, under(when), when).value

    return value
