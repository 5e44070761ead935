"""The market of a whole catalogue: walks made when first asked for, one for each instrument, shared by everyone."""

from __future__ import annotations

from random import Random

from ibgw_tx.sim.market import fair_value as fair
from ibgw_tx.sim.market.book import ASK, BID, Row
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.market.walk import Walk


class Market:
    """Walks by conId. Each has its own random numbers, so that who subscribes what does not change the others."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue, self._seed = catalogue, seed
        self._walks: dict[int, Walk] = {}
        self._fairs: dict[int, fair.Fair] = {}

    def walk(self, instrument: Instrument, now: float) -> Walk:
        found = self._walks.get(instrument.con_id)
        if found is None:
            ladder = self._catalogue.rules.ladder(instrument.rule)
            rng = Random(f"{self._seed}:{instrument.con_id}")
            found = Walk(instrument, ladder, self.fair(instrument), rng, now)
            self._walks[instrument.con_id] = found
        return found

    def fair(self, instrument: Instrument) -> fair.Fair:
        """The instrument's fair value as a function of time."""
        found = self._fairs.get(instrument.con_id)
        if found is None:
            under = self._catalogue.instruments.get(instrument.under_con_id)
            if instrument.sec_type == "OPT" and under is not None:
                found = fair.option(instrument, self.fair(under))
            else:
                found = fair.walk(instrument, self._seed)
            self._fairs[instrument.con_id] = found
        return found

    def rate(self, currency: str, now: float) -> float:
        """What a unit of a currency is worth in the base currency."""
        funds = self._catalogue.funds
        if currency == funds.base:
            return 1.0
        for instrument in self._catalogue.by_symbol.get(currency, []):
            if instrument.sec_type == "CASH" and instrument.currency == funds.base:
                return self.walk(instrument, now).mark()
        return funds.rates.get(currency, 1.0)

    def set_book(
        self, instrument: Instrument, bids: list[tuple[float, int]], asks: list[tuple[float, int]], now: float
    ) -> None:
        """An exact book of (price, size in base units), best first, on the listing exchange; it then stands still."""
        walk = self.walk(instrument, now)
        maker = instrument.books[0]
        for side, levels in ((BID, bids), (ASK, asks)):
            walk.set_rows(side, [Row(round(p * walk.ladder.unit), size, maker) for p, size in levels])
