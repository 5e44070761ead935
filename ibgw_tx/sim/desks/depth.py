"""Market depth: subscriptions, limits, and the fan-out of book events.

A book event becomes bytes once for each view of the book; a subscriber's frames are those bytes behind its own id.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define

from ibgw_tx.sim.market.book import RowOp, View
from ibgw_tx.sim.market.instrument import SMART, Instrument
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk, Key
from ibgw_tx.sim.office.lookup import Listing
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import depth_rows
from ibgw_tx.sim.wire import frames as wire
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.ids import TEXT, In, Since
from ibgw_tx.sim.wire.requests import Request

Channel = tuple[int, bool, int]
MOST_ROWS = 60  # rows of a view, whatever was asked for


@define(eq=False)
class Subscription:
    """One client's depth request. `waiting`: accepted while no data flows, its opening rows are owed."""

    client: Conversation
    req_id: int
    walk: Walk
    view: View
    smart: bool
    head: bytes
    waiting: bool = False


class DepthDesk(BaseDesk):
    """Depth books by client and request id."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._held: dict[Key, Subscription] = {}
        self._shared: dict[int, dict[Channel, list[Subscription]]] = {}  # by conId
        self._walks: dict[int, Walk] = {}

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {"reqMktDepth": self.subscribe, "cancelMktDepth": self.cancel}

    @property
    def walks(self) -> list[Walk]:
        """Walks with at least one subscriber."""
        return list(self._walks.values())

    # Requests

    def subscribe(self, client: Conversation, request: Request) -> None:
        listing = lookup.resolve(self.office.catalogue, request.contract, request.name)
        smart = bool(request.args.get("smart", False))
        self._check(client, request, listing, smart)
        instrument = listing.instrument
        walk = self.office.market.walk(instrument, self.office.now())
        limit = min(max(request.args["num_rows"], 1), MOST_ROWS)
        view = walk.book.watch("" if listing.exchange == SMART else listing.exchange, limit)
        message = In.MARKET_DEPTH_L2 if listing.exchange == SMART else In.MARKET_DEPTH
        head = depth_rows.head(message, request.req_id, client.server_version)
        flows = self.office.faults.flows(instrument.farm)
        sub = Subscription(client, request.req_id, walk, view, message == In.MARKET_DEPTH_L2, head, not flows)
        self._held[id(client), request.req_id] = sub
        self._shared.setdefault(instrument.con_id, {}).setdefault(_channel(sub), []).append(sub)
        self._walks[instrument.con_id] = walk
        if sub.smart:
            books = instrument.books
            depth, top = "; ".join(books), "; ".join(x for x in instrument.valid_exchanges if x not in (SMART, *books))
            client.error(request.req_id, 2152, say(2152, depth=depth, top=top))
        if flows:
            self._open(sub)

    def _check(self, client: Conversation, request: Request, listing: Listing, smart: bool) -> None:
        instrument, limit = listing.instrument, self.office.settings.depth_limit
        if not instrument.books or (listing.exchange == SMART and not (smart and instrument.smart)):
            raise Refused(10092, say(10092))
        if listing.exchange != SMART and listing.exchange not in instrument.books:
            raise Refused(10092, say(10092))
        if instrument.fractional and client.server_version < Since.FRACTIONAL_SIZE_SUPPORT:
            raise Refused(10285, say(10285))
        if instrument.delayed:
            raise Refused(354, say(354))
        if (id(client), request.req_id) in self._held:
            raise Refused(322, say(322, name=request.name, cause="Duplicate ticker id"))
        if limit and len(self._held) >= limit:
            raise Refused(309, say(309, limit=limit))

    def cancel(self, client: Conversation, request: Request) -> None:
        sub = self._held.get((id(client), request.req_id))
        if sub is None:
            client.error(request.req_id, 310)
        else:
            self._drop(sub)

    def leave(self, client: Conversation) -> None:
        for sub in [sub for sub in self._held.values() if sub.client is client]:
            self._drop(sub)

    def _drop(self, sub: Subscription) -> None:
        del self._held[id(sub.client), sub.req_id]
        con_id = sub.walk.instrument.con_id
        channels = self._shared[con_id]
        channels[_channel(sub)].remove(sub)
        if not channels[_channel(sub)]:
            del channels[_channel(sub)]
        if not channels:
            del self._shared[con_id], self._walks[con_id]
        sub.walk.book.unwatch(sub.view)

    # Sending

    def step(self, now: float, times: int = 1) -> int:
        """Move every watched book that has data by so many events and send them; the number of rows' messages."""
        return sum(self.step_walk(walk, now, times) for walk in self.walks)

    def step_walk(self, walk: Walk, now: float, times: int = 1) -> int:
        if not self.office.faults.flows(walk.instrument.farm):
            return 0
        for _ in range(times):
            walk.step(now)
        return self.flush(walk)

    def flush(self, walk: Walk) -> int:
        """Send what the book's views have gathered; the number of messages."""
        return sum(self._fan(bodies, subs) for bodies, subs in self._gathered(walk))

    def _gathered(self, walk: Walk) -> list[tuple[list[bytes], list[Subscription]]]:
        """What the views have gathered, as bytes made once for all subscribers that differ only in their ids."""
        found = []
        drained: dict[int, list[RowOp]] = {}
        for channel, subs in self._shared.get(walk.instrument.con_id, {}).items():
            if channel[0] not in drained:
                drained[channel[0]] = subs[0].view.drain()
            ops = drained[channel[0]]
            if ops:
                found.append((self._bodies(walk, ops, subs[0]), list(subs)))
        return found

    def _fan(self, bodies: list[bytes], subs: list[Subscription]) -> int:
        sent = 0
        for sub in subs:
            if not sub.waiting:
                sub.client.write(b"".join([wire.with_length(sub.head + body) for body in bodies]))
                sent += len(bodies)
        return sent

    def pulse(self, now: float) -> None:
        """Rows that were owed when the data came back; edits made from outside (set books) since the last look."""
        for sub in list(self._held.values()):
            if self.office.faults.flows(sub.walk.instrument.farm):
                if sub.waiting:
                    self._open(sub)
                elif sub.view.pending:
                    self.flush(sub.walk)

    def _open(self, sub: Subscription) -> None:
        sub.waiting = True  # a shared view's older edits are not for the newcomer, who gets their outcome
        self.flush(sub.walk)
        sub.waiting = False
        bodies = self._bodies(sub.walk, sub.view.opening(), sub)
        sub.client.write(b"".join([wire.with_length(sub.head + body) for body in bodies]))

    def _bodies(self, walk: Walk, ops: list[RowOp], sub: Subscription) -> list[bytes]:
        """Messages without head: position, [maker,] operation, side, price, size[, smart]."""
        price, instrument = walk.ladder.text, walk.instrument
        sized = instrument.sized
        lot = instrument.wire_lot if sub.client.server_version < Since.MARKET_DATA_IN_SHARES else 1
        rows = ((op.position, op.maker, op.operation, op.side, price(op.price), sized(op.size, lot)) for op in ops)
        return depth_rows.bodies(rows, sub.smart, sub.client.server_version)

    def cycle(self, now: float, steps: int) -> list[tuple[Conversation, list[bytes]]]:
        """A stretch of each book, as frames for each subscriber, that ends where it began.

        It may be sent any number of times and every subscriber stays in step: this is what floods are made of.
        """
        found: list[tuple[Conversation, list[bytes]]] = []
        for walk in self.walks:
            self.flush(walk)
            rows = [list(side) for side in walk.book.rows]
            for _ in range(steps):
                walk.step(now)
            for side, wanted in enumerate(rows):
                walk.book.rewrite(side, wanted)
            for bodies, subs in self._gathered(walk):
                found += [(sub.client, [wire.with_length(sub.head + body) for body in bodies]) for sub in subs]
        return found

    # Trouble

    def reset(self, instrument: Instrument) -> None:
        """317: subscribers empty their books and get all rows anew."""
        for sub in self._of(instrument):
            sub.client.error(sub.req_id, 317)
            self._open(sub)

    def halt(self, instrument: Instrument) -> None:
        """316: the subscriptions are dead."""
        for sub in self._of(instrument):
            self._drop(sub)
            sub.client.error(sub.req_id, 316)

    def forget_all(self) -> None:
        """1101: every subscription is lost without a word about each."""
        for sub in list(self._held.values()):
            self._drop(sub)

    def _of(self, instrument: Instrument) -> list[Subscription]:
        return [sub for sub in self._held.values() if sub.walk.instrument.con_id == instrument.con_id]


def _channel(sub: Subscription) -> Channel:
    """Subscribers whose messages are the same but for the id: same view, same message, same unit of size, same dialect."""
    version = sub.client.server_version
    dialect = (version >= Since.MARKET_DATA_IN_SHARES) + (version > TEXT) + (version >= Since.PROTOBUF_MARKET_DATA)
    return id(sub.view), sub.smart, dialect
