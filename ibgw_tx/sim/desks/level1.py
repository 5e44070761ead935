"""What level 1 says of a walk at a moment, as ticks; and the texts of RTVolume. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from ibgw_tx.sim.market import greeks
from ibgw_tx.sim.market.book import ASK, BID
from ibgw_tx.sim.market.walk import Trade, Walk
from ibgw_tx.sim.replies import market as reply
from ibgw_tx.sim.wire.frames import Fields

# Tick kinds of delayed data by those of live data.
DELAYED = {
    0: 69, 1: 66, 2: 67, 3: 70, 4: 68, 5: 71, 6: 72, 7: 73, 8: 74, 9: 75, 14: 76,
    45: 88, 49: 90, 10: 80, 11: 81, 12: 82, 13: 83,
}
SIZE_OF = {1: 0, 2: 3, 4: 5}  # the size tick that belongs to a price tick
GENERIC_TICKS = {
    "100": "Option Volume", "101": "Option Open Interest", "104": "Historical Volatility",
    "105": "Average Opt Volume", "106": "Option Implied Volatility", "162": "Index Future Premium",
    "165": "Miscellaneous Stats", "221": "Mark Price", "225": "Auction", "232": "PL Price", "233": "RTVolume",
    "236": "Shortable", "258": "Fundamentals", "292": "News", "293": "Trade Count", "294": "Trade Rate",
    "295": "Volume Rate", "318": "Last RTH Trade", "375": "RTTrdVolume", "411": "RTHistVol",
    "456": "Dividends", "460": "Bond Factor", "586": "IPO", "588": "Futures OI", "595": "ST Volume",
}
ODD_LOTS = 787  # the generic tick of server version 225


@frozen
class Tick:
    """One tick: `values` is (price, size) for prices, (size,) for sizes, (text,) for strings, eight greeks for options."""

    kind: int
    values: tuple[object, ...]

    def messages(
        self, req_id: int, delayed: bool, old: tuple[object, ...] | None, version: int
    ) -> Iterator[Fields]:
        """The wire's messages for it; a size that changed alone comes without a price message (tws-facts 5.1)."""
        kind = DELAYED[self.kind] if delayed else self.kind
        if self.kind in (10, 11, 12, 13):
            yield reply.tick_option(req_id, kind, self.values, version)  # type: ignore[arg-type]
        elif self.kind in SIZE_OF:
            price, size = self.values
            if old is None or old[0] != price:
                yield reply.tick_price(req_id, kind, price, size, 1 if self.kind != 4 else 0)
            if size != "" and (old is None or old[1] != size):
                of = SIZE_OF[self.kind]
                yield reply.tick_size(req_id, DELAYED[of] if delayed else of, size)
        elif self.kind in (8, 107, 108):
            yield reply.tick_size(req_id, kind, self.values[0])
        elif self.kind in (32, 33, 45, 84, 109, 110):
            yield reply.tick_string(req_id, kind, str(self.values[0]))
        elif self.kind == 49:
            yield reply.tick_generic(req_id, kind, 0.0)
        else:
            yield reply.tick_price(req_id, kind, self.values[0], 0)


def ticks(walk: Walk, lot: int) -> Iterator[Tick]:
    """Every tick of an instrument now; sizes in units of `lot`. An index has no quotes and no sizes."""
    text, sized = walk.ladder.text, walk.instrument.sized
    if walk.instrument.sec_type != "IND":
        for kind, side in ((1, BID), (2, ASK)):
            best = walk.book.best(side)
            yield Tick(kind, ("-1", 0) if best is None else (text(best[0]), sized(best[1], lot)))
    index = walk.instrument.sec_type == "IND"
    yield Tick(4, (text(walk.last), "" if index else sized(walk.last_size, lot)))
    yield Tick(45, (int(walk.last_time),))
    if not index:
        yield Tick(8, (sized(walk.volume, lot),))
    for kind, price in ((6, walk.high), (7, walk.low), (9, walk.close), (14, walk.open)):
        yield Tick(kind, (text(price),))
    yield Tick(49, (0,))


def exchange_ticks(walk: Walk, letters: Mapping[str, str]) -> Iterator[Tick]:
    """Where the best bid, the best ask and the last trade of a SMART quote are, as `letters` by exchange."""
    for kind, side in ((32, BID), (33, ASK)):
        rows = walk.book.rows[side]
        makers = {row.maker for row in rows if row.price == rows[0].price}
        yield Tick(kind, ("".join(letter for name, letter in letters.items() if name in makers),))
    if walk.trades:
        yield Tick(84, (letters.get(walk.trades[-1].maker, ""),))


def odd_lot_ticks(walk: Walk, letters: Mapping[str, str]) -> Iterator[Tick]:
    """Bid, ask, sizes and exchanges of the best orders of less than a lot: a tick better than the quote where there is room."""
    best = {side: walk.book.best(side) for side in (BID, ASK)}
    for place, side in enumerate((BID, ASK)):
        quote, other = best[side], best[ASK if side == BID else BID]
        if quote is None:
            continue
        inside = quote[0] + (walk.ladder.step_above(quote[0]) if side == BID else -walk.ladder.step_below(quote[0]))
        room = other is not None and (inside < other[0] if side == BID else inside > other[0])
        yield Tick(105 + place, (walk.ladder.text(inside if room else quote[0]),))
        yield Tick(107 + place, (str(1 + quote[1] % 99),))
        yield Tick(109 + place, (letters.get(walk.book.rows[side][0].maker, ""),))


def greek_ticks(walk: Walk, under: float, now: float) -> Iterator[Tick]:
    """Bid, ask, last and model computations; the quotes' volatility is moved by their distance from the model."""
    instrument, unit = walk.instrument, walk.ladder.unit
    model = greeks.price(instrument, under, now)
    bid, ask = walk.book.best(BID), walk.book.best(ASK)
    places = ((10, bid[0] if bid else None), (11, ask[0] if ask else None), (12, walk.last))
    for kind, price in places:
        if price is None:
            yield Tick(kind, (-1.0, -2.0, -1.0, -1.0, -2.0, -2.0, -2.0, -1.0))
            continue
        shift = (price / unit - model.value) / (model.vega * 100.0) if model.vega > 1e-6 else 0.0
        near = greeks.price(instrument, under, now, min(max(0.01, model.volatility + shift), 3.0))
        yield Tick(kind, _figures(near, price / unit))
    yield Tick(13, _figures(model, round(model.value, 6)))


def _figures(g: greeks.Greeks, price: float) -> tuple[object, ...]:
    return (
        round(g.volatility, 8), round(g.delta, 8), price, 0.0, round(g.gamma, 8), round(g.vega, 8),
        round(g.theta, 8), g.under,
    )


def rt_volume(walk: Walk, trade: Trade, lot: int) -> str:
    """`price;size;time_ms;total;vwap;single`: the text of tick 48."""
    sized = walk.instrument.sized
    average = walk.turnover / max(1, walk.volume) / walk.ladder.unit
    size, volume = sized(trade.size, lot), sized(walk.volume, lot)
    return f"{walk.ladder.text(trade.price)};{size};{int(trade.when * 1000)};{volume};{average:.6f};true"
