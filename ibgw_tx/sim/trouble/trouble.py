"""Trouble on demand. Every method is one kind of it and is logged; words.py gives them to the control port."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import Logger

from ibgw_tx.sim.desks.running import Running
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.trouble.day import DayTrouble
from ibgw_tx.sim.trouble.orders import OrderTrouble
from ibgw_tx.sim.wire.codes import say
from ibgw_tx.sim.wire.protobuf_requests import ONLY
from ibgw_tx.sim.wire.requests import NAMES


class Trouble:
    """What can go wrong with a TWS, as methods. Instruments by conId.

    `orders`: trouble with orders (orders.py). `day`: trouble that takes its time (day.py).
    """

    log = Logger()

    def __init__(self, simulator: Running) -> None:
        self._simulator, self._tws, self._office = simulator, simulator.tws, simulator.tws.office
        self.orders = OrderTrouble(self._tws, self._said)
        self.day = DayTrouble(simulator, self, self._said)

    def _said(self, what: str, **details: object) -> None:
        self.log.info("trouble: {what} {details}", what=what, details=details)

    def _instrument(self, con_id: int) -> Instrument:
        found: Instrument = self._office.catalogue.instruments[con_id]
        return found

    # The link between TWS and IB

    def lose_link(self) -> None:
        """1100; market data stops, requests for books are taken but get no rows."""
        self._office.faults.link_up = False
        self._said("lose_link")
        self._office.tell_all(1100, say(1100))

    def restore_link(self, data_kept: bool = True) -> None:
        """1102, subscriptions going on where they stood; or 1101, every data subscription gone."""
        self._office.faults.link_up = True
        self._said("restore_link", data_kept=data_kept)
        if data_kept:
            farms = "; ".join(farm for code, farm in self._office.notices() if code in (2104, 2106, 2158))
            self._office.tell_all(1102, say(1102, cause=f"The following farms are connected: {farms}."))
        else:
            for desk in self._tws.desks:
                desk.forget_all()
            self._office.tell_all(1101, say(1101))

    def farm_down(self, farm: str) -> None:
        """2103; the farm's data stops and nothing says so per subscription."""
        self._office.faults.farms_down.add(farm)
        self._said("farm_down", farm=farm)
        self._office.tell_all(2103, say(2103, cause=farm))

    def farm_up(self, farm: str) -> None:
        """2119, then 2104; data goes on."""
        self._office.faults.farms_down.discard(farm)
        self._said("farm_up", farm=farm)
        self._office.tell_all(2119, say(2119, cause=farm))
        self._office.tell_all(2104, say(2104, cause=farm))

    # One instrument

    def reset_depth(self, con_id: int) -> None:
        """317: subscribers must empty the book; all rows follow anew."""
        self._said("reset_depth", con_id=con_id)
        self._tws.depth.reset(self._instrument(con_id))

    def halt_depth(self, con_id: int) -> None:
        """316: the depth subscriptions of an instrument are dead."""
        self._said("halt_depth", con_id=con_id)
        self._tws.depth.halt(self._instrument(con_id))

    def set_book(
        self, con_id: int, bids: Sequence[tuple[float, int]], asks: Sequence[tuple[float, int]]
    ) -> None:
        """An exact book of (price, size), best first, sizes in base units; it stands still until `release_book`."""
        office, instrument = self._office, self._instrument(con_id)
        office.market.set_book(instrument, list(bids), list(asks), office.now())
        walk = office.market.walk(instrument, office.now())
        self._tws.depth.flush(walk)
        if office.faults.link_up:
            self._tws.orders.engine.look()

    def release_book(self, con_id: int) -> None:
        """The book walks again."""
        self._office.market.walk(self._instrument(con_id), self._office.now()).pinned = False

    def trade(self, con_id: int, price: float, size: int) -> None:
        """Print a trade on an instrument's tape; sizes in base units. It is told at the next pulse."""
        instrument, now = self._instrument(con_id), self._office.now()
        walk = self._office.market.walk(instrument, now)
        walk.record(round(price * walk.ladder.unit), size, instrument.exchange, now)
        if self._office.faults.link_up:
            self._tws.orders.engine.look()

    # Accounts

    def set_position(self, account: str, con_id: int, amount: float, cost: float) -> None:
        """A position is now this; all who watch it are told."""
        office = self._office
        held = office.accounts[account]
        held.set_position(self._instrument(con_id), amount, cost)
        self._tws.positions.tell(held, held.positions[con_id])
        self._tws.accounts.hurry(held)
        self._tws.pulse(office.now())

    def add_cash(self, account: str, currency: str, amount: float) -> None:
        office = self._office
        office.accounts[account].add_cash(currency, amount)
        self._tws.accounts.hurry(office.accounts[account])
        self._tws.pulse(office.now())

    def account_ready(self, account: str, ready: bool) -> None:
        """AccountReady of an account: false while IB's servers reset."""
        office = self._office
        office.accounts[account].ready = ready
        self._tws.accounts.hurry(office.accounts[account])
        self._tws.pulse(office.now())

    # Messages

    def send(self, *fields: object) -> None:
        """Any fields to every client, e.g. `send(3, ...)`; the message id is the first."""
        self._said("send", fields=fields)
        self._office.send_all(tuple(fields))

    def send_raw(self, data: bytes) -> None:
        """Any bytes to every client, framed or not."""
        self._said("send_raw", size=len(data))
        for client in self._simulator.clients:
            client.write(data)

    def error(self, code: int, text: str = "", req_id: int = -1) -> None:
        """An error code to every client."""
        self._said("error", code=code, req_id=req_id)
        for client in self._simulator.clients:
            client.error(req_id, code, text)

    def bulletin(self, text: str, kind: int = 1, exchange: str = "") -> int:
        """A news bulletin of IB (2: an exchange is not available, 3: it is again) to all who asked for them; its number."""
        self._said("bulletin", text=text, kind=kind, exchange=exchange)
        return self._tws.bulletins.publish(text, kind, exchange)

    def fail_next(self, name: str, code: int, text: str = "") -> None:
        """The next request of a name (IB's, e.g. `reqMktDepth`; `*` for any) gets this error instead of an answer."""
        self._know(name)
        self._said("fail_next", name=name, code=code)
        self._office.faults.refusals.setdefault(name, []).append((code, text))

    def ignore_next(self, name: str, times: int = 1) -> None:
        """The next requests of a name get no answer at all."""
        self._know(name)
        self._said("ignore_next", name=name, times=times)
        self._office.faults.ignored[name] = self._office.faults.ignored.get(name, 0) + times

    def lose_next(self, msg_id: int, times: int = 1) -> None:
        """The next messages of an id (not depth rows) are not sent, e.g. 54: a download without an end."""
        self._said("lose_next", msg_id=msg_id, times=times)
        self._office.faults.copies.setdefault(msg_id, []).extend([0] * times)

    def repeat_next(self, msg_id: int, times: int = 1) -> None:
        """The next messages of an id (not depth rows) are sent twice."""
        self._said("repeat_next", msg_id=msg_id, times=times)
        self._office.faults.copies.setdefault(msg_id, []).extend([2] * times)

    def lag(self, seconds: float) -> None:
        """Everything is sent so many seconds late, in its order; 0 ends it."""
        self._said("lag", seconds=seconds)
        self._office.faults.lag = seconds

    def delay_next(self, msg_id: int, seconds: float, times: int = 1) -> None:
        """The next messages of an id come so much later, what follows overtaking them."""
        self._said("delay_next", msg_id=msg_id, seconds=seconds, times=times)
        self._office.faults.delays.setdefault(msg_id, []).extend([seconds] * times)

    def _know(self, name: str) -> None:
        if name != "*" and name not in NAMES | set(ONLY.values()):
            raise ValueError(f"no request is called {name}")

    # The socket

    def drop(self) -> int:
        """Cut every connection; the number of them."""
        self._said("drop")
        return self._simulator.drop_all()

    def silence(self, on: bool = True) -> None:
        """Read everything and say nothing, not even the time: a half-dead TWS."""
        self._said("silence", on=on)
        self._office.faults.silent = on

    def stall_handshake(self, on: bool = True) -> None:
        """Take connections but never answer the greeting: a TWS that waits for its login."""
        self._said("stall_handshake", on=on)
        self._office.faults.stall_handshake = on

    def refuse(self, on: bool = True) -> None:
        """Close new connections at once: a relay whose TWS is down."""
        self._said("refuse", on=on)
        self._office.faults.refuse_connections = on

    def split(self, on: bool = True) -> None:
        """Every byte in a segment of its own."""
        self._said("split", on=on)
        self._office.faults.split_bytes = on
