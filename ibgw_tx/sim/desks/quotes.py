"""Level 1: quotes, last trades, option computations; sampled, as TWS samples them (tws-facts 5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, field

from ibgw_tx.sim.desks.contracts import bbo_code, smart_letters
from ibgw_tx.sim.desks.level1 import (
    DELAYED,
    GENERIC_TICKS,
    ODD_LOTS,
    Tick,
    exchange_ticks,
    greek_ticks,
    odd_lot_ticks,
    rt_volume,
    ticks,
)
from ibgw_tx.sim.market.instrument import SMART, Instrument
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk, Key
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import market as reply
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import Since
from ibgw_tx.sim.wire.requests import Request

LIVE, FROZEN, DELAYED_TYPE, DELAYED_FROZEN = 1, 2, 3, 4


@define(eq=False)
class Quote:
    """One client's subscription and the ticks it was last told."""

    client: Conversation
    req_id: int
    walk: Walk
    generics: frozenset[int]
    delayed: bool
    letters: dict[str, str]  # of the exchanges behind it; empty but for live SMART lines
    told: dict[int, tuple[object, ...]] = field(factory=dict)
    trade: int = 0


class QuoteDesk(BaseDesk):
    """Market data lines by client and request id."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._held: dict[Key, Quote] = {}
        self._types: dict[int, int] = {}
        self._due = 0.0

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqMktData": self.subscribe,
            "cancelMktData": self.cancel,
            "reqMarketDataType": self.data_type,
            "calculateImpliedVolatility": self.not_here,
            "calculateOptionPrice": self.not_here,
            "cancelCalculateImpliedVolatility": self.nothing,
            "cancelCalculateOptionPrice": self.nothing,
        }

    @property
    def walks(self) -> list[Walk]:
        """Walks with a market data line."""
        return list({id(q.walk): q.walk for q in self._held.values()}.values())

    # Requests

    def data_type(self, client: Conversation, request: Request) -> None:
        kind = request.args["type"]
        if kind not in (LIVE, FROZEN, DELAYED_TYPE, DELAYED_FROZEN):
            raise Refused(321, say(321, name=request.name, cause="Invalid market data type"))
        self._types[id(client)] = kind

    def subscribe(self, client: Conversation, request: Request) -> None:
        listing = lookup.resolve(self.office.catalogue, request.contract, request.name)
        instrument = listing.instrument
        generics = self._generics(request, instrument, client.server_version)
        if instrument.fractional and client.server_version < Since.FRACTIONAL_SIZE_SUPPORT:
            raise Refused(10285, say(10285))
        key = id(client), request.req_id
        if key in self._held:
            raise Refused(322, say(322, name=request.name, cause="Duplicate ticker id"))
        delayed = self._delayed(client, request.req_id, instrument)
        now = self.office.now()
        smart = listing.exchange == SMART and not delayed
        letters = smart_letters(self.office.catalogue, bbo_code(instrument)) if smart else {}
        quote = Quote(client, request.req_id, self.office.market.walk(instrument, now), generics, delayed, letters)
        quote.trade = quote.walk.count
        self._greet(quote)
        if request.args["snapshot"]:
            self._sample(quote, now)
            client.send(reply.snapshot_end(request.req_id))
        else:
            self._held[key] = quote

    def _generics(self, request: Request, instrument: Instrument, version: int) -> frozenset[int]:
        known = {**GENERIC_TICKS, **({str(ODD_LOTS): "Odd Lots"} if version >= Since.ODD_LOT_QUOTES else {})}
        texts = [t for t in request.args["generic"].replace(" ", "").split(",") if t and not t.startswith("mdoff")]
        if texts and request.args["snapshot"]:
            raise Refused(414, say(414))
        wrong = [t for t in texts if t.split(":")[0] not in known]
        if wrong:
            legal = ",".join(f"{number}({name})" for number, name in known.items())
            cause = f"Incorrect generic tick list of {','.join(wrong)}.  Legal ones for ({instrument.sec_type}) are: {legal}"
            raise Refused(321, say(321, name=request.name, cause=cause))
        return frozenset(int(t.split(":")[0]) for t in texts)

    def _delayed(self, client: Conversation, req_id: int, instrument: Instrument) -> bool:
        """Whether the line is a delayed one; refuses when that was not asked for."""
        if not instrument.delayed:
            return False
        if self._types.get(id(client), LIVE) not in (DELAYED_TYPE, DELAYED_FROZEN):
            raise Refused(10168, say(10168))
        client.error(req_id, 10167)
        return True

    def _greet(self, quote: Quote) -> None:
        """What comes before the first quote; -1 with size 0 is TWS's "nothing yet"."""
        instrument, send = quote.walk.instrument, quote.client.send
        send(reply.tick_params(quote.req_id, instrument, bbo_code(instrument), quote.client.server_version))
        send(reply.market_data_type(quote.req_id, DELAYED_TYPE if quote.delayed else LIVE))
        for kind in (1, 2):
            send(reply.tick_price(quote.req_id, DELAYED[kind] if quote.delayed else kind, -1.0, 0))

    def cancel(self, client: Conversation, request: Request) -> None:
        if self._held.pop((id(client), request.req_id), None) is None:
            client.error(request.req_id, 300)

    def not_here(self, client: Conversation, request: Request) -> None:
        client.error(request.req_id, 322, say(322, name=request.name, cause="Not supported by ibsim"))

    def leave(self, client: Conversation) -> None:
        self._types.pop(id(client), None)
        for key in [key for key in self._held if key[0] == id(client)]:
            del self._held[key]

    def forget_all(self) -> None:
        """1101: every line is lost without a word about each."""
        self._held.clear()

    # Sending

    def pulse(self, now: float) -> None:
        if now < self._due:
            return
        self._due = now + self.office.settings.sample
        for quote in list(self._held.values()):
            if self.office.faults.flows(quote.walk.instrument.farm):
                self._sample(quote, now)

    def _sample(self, quote: Quote, now: float) -> None:
        lot = quote.walk.instrument.wire_lot
        if quote.client.server_version >= Since.MARKET_DATA_IN_SHARES:
            lot = 1
        for tick in self._ticks(quote, now, lot):
            if quote.told.get(tick.kind) != tick.values:
                old = quote.told.get(tick.kind)
                quote.told[tick.kind] = tick.values
                for fields in tick.messages(quote.req_id, quote.delayed, old, quote.client.server_version):
                    quote.client.send(fields)
        for fields in self._tape(quote, lot):
            quote.client.send(fields)

    def _ticks(self, quote: Quote, now: float, lot: int) -> Iterator[Tick]:
        yield from ticks(quote.walk, lot)
        if quote.letters:
            yield from exchange_ticks(quote.walk, quote.letters)
            if ODD_LOTS in quote.generics:
                yield from odd_lot_ticks(quote.walk, quote.letters)
        instrument = quote.walk.instrument
        if instrument.sec_type == "OPT":
            under = self.office.catalogue.instruments[instrument.under_con_id]
            yield from greek_ticks(quote.walk, self.office.market.walk(under, now).mark(), now)

    def _tape(self, quote: Quote, lot: int) -> Iterator[Fields]:
        """RTVolume for every trade since the last look, when 233 was asked for."""
        if 233 in quote.generics:
            for trade in quote.walk.trades:
                if trade.number > quote.trade:
                    yield reply.tick_string(quote.req_id, 48, rt_volume(quote.walk, trade, lot))
        quote.trade = quote.walk.count
