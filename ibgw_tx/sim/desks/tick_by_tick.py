"""Tick-by-tick data: every trade and every change of the best quote."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define

from ibgw_tx.sim.market.book import ASK, BID
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk, Key
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import market as reply
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.ids import Since
from ibgw_tx.sim.wire.requests import Request

KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}  # case matters, as at TWS


@define(eq=False)
class Tape:
    client: Conversation
    req_id: int
    walk: Walk
    kind: int
    trade: int
    told: tuple[object, ...] = ()


class TickDesk(BaseDesk):
    """Tick-by-tick subscriptions: five over all clients, as TWS allows with 100 lines."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._held: dict[Key, Tape] = {}

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {"reqTickByTickData": self.subscribe, "cancelTickByTickData": self.cancel}

    @property
    def walks(self) -> list[Walk]:
        return list({id(t.walk): t.walk for t in self._held.values()}.values())

    def subscribe(self, client: Conversation, request: Request) -> None:
        instrument = lookup.resolve(self.office.catalogue, request.contract, request.name).instrument
        kind = KINDS.get(request.args["tick_type"])
        if kind is None:
            cause = f"Invalid tick type '{request.args['tick_type']}'"
            raise Refused(321, say(321, name=request.name, cause=cause))
        if instrument.fractional and client.server_version < Since.FRACTIONAL_SIZE_SUPPORT:
            raise Refused(10285, say(10285))
        if len(self._held) >= self.office.settings.ticks_limit:
            raise Refused(10190, say(10190))
        walk = self.office.market.walk(instrument, self.office.now())
        self._held[id(client), request.req_id] = Tape(client, request.req_id, walk, kind, walk.count)

    def cancel(self, client: Conversation, request: Request) -> None:
        if self._held.pop((id(client), request.req_id), None) is None:
            client.error(request.req_id, 300)

    def leave(self, client: Conversation) -> None:
        for key in [key for key in self._held if key[0] == id(client)]:
            del self._held[key]

    def forget_all(self) -> None:
        self._held.clear()

    def pulse(self, now: float) -> None:
        for tape in list(self._held.values()):
            if self.office.faults.flows(tape.walk.instrument.farm):
                if tape.kind in (1, 2):
                    self._trades(tape)
                else:
                    self._quotes(tape, now)

    def _trades(self, tape: Tape) -> None:
        walk = tape.walk
        for trade in walk.trades:
            if trade.number > tape.trade:
                size = walk.instrument.sized(trade.size, self._lot(tape))
                rest = (walk.ladder.text(trade.price), size, 0, trade.maker, "")
                tape.client.send(reply.tick_by_tick(tape.req_id, tape.kind, trade.when, *rest))
        tape.trade = walk.count

    def _quotes(self, tape: Tape, now: float) -> None:
        walk, lot = tape.walk, self._lot(tape)
        bid, ask = walk.book.best(BID), walk.book.best(ASK)
        if bid is None or ask is None:
            return
        text, sized = walk.ladder.text, walk.instrument.sized
        rest: tuple[object, ...] = (text(bid[0]), text(ask[0]), sized(bid[1], lot), sized(ask[1], lot), 0)
        if tape.kind == KINDS["MidPoint"]:
            rest = (walk.mark(),)
        if rest != tape.told:
            tape.told = rest
            tape.client.send(reply.tick_by_tick(tape.req_id, tape.kind, now, *rest))

    def _lot(self, tape: Tape) -> int:
        old = tape.client.server_version < Since.MARKET_DATA_IN_SHARES
        return tape.walk.instrument.wire_lot if old else 1
