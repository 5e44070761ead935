"""The simulated TWS itself, without any I/O: the desks, made for each other, and who answers what."""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.sim.desks.accounts import AccountDesk
from ibgw_tx.sim.desks.bulletins import BulletinDesk
from ibgw_tx.sim.desks.contracts import ContractDesk
from ibgw_tx.sim.desks.depth import DepthDesk
from ibgw_tx.sim.desks.exercise import ExerciseDesk
from ibgw_tx.sim.desks.front import FrontDesk
from ibgw_tx.sim.desks.history import HistoryDesk
from ibgw_tx.sim.desks.order_lists import OrderListDesk
from ibgw_tx.sim.desks.orders import OrderDesk
from ibgw_tx.sim.desks.pnl import PnLDesk
from ibgw_tx.sim.desks.positions import PositionDesk
from ibgw_tx.sim.desks.quotes import QuoteDesk
from ibgw_tx.sim.desks.tick_by_tick import TickDesk
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Desk, Report
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.wire.codes import say
from ibgw_tx.sim.wire.ids import Out
from ibgw_tx.sim.wire.requests import Request


class SimulatedTWS:
    """Everything behind the wire. `seconds` is the clock; `report` hears of exceptions in an answer."""

    def __init__(
        self, catalogue: Catalogue, settings: Settings, seconds: Callable[[], float], report: Report
    ) -> None:
        self.office, self._report = OfficeState(catalogue, settings, seconds), report
        self.depth = DepthDesk(self.office)
        self.quotes = QuoteDesk(self.office)
        self.ticks = TickDesk(self.office)
        self.bulletins = BulletinDesk(self.office)
        self.accounts = AccountDesk(self.office)
        self.positions = PositionDesk(self.office)
        self.orders = OrderDesk(self.office, self.depth, self.positions, self.accounts)
        self.order_lists = OrderListDesk(self.office, self.orders)
        self.desks: list[Desk] = [
            FrontDesk(self.office), self.bulletins, ContractDesk(self.office), self.depth, self.quotes, self.ticks, self.accounts,
            self.positions, PnLDesk(self.office), HistoryDesk(self.office), self.orders, self.order_lists,
            ExerciseDesk(self.office, self.orders),
        ]
        self._answers = {name: answer for desk in self.desks for name, answer in desk.answers.items()}

    def pulse(self, now: float) -> None:
        """Let every desk send what is due. The market itself is moved by DepthDesk.step."""
        if self.office.faults.silent:
            return
        for desk in self.desks:
            desk.pulse(now)

    # conversation.Answerer

    def welcome(self, client: Conversation) -> None:
        """What TWS sends unasked after startApi (tws-facts 1.2)."""
        self.office.clients.append(client)
        self.order_lists.welcome(client)
        for name in ("reqManagedAccts", "reqIds"):
            self._answers[name](client, Request(Out.REQ_IDS, name))
        for code, farm in self.office.notices():
            client.error(-1, code, say(code, cause=farm))
        if not self.office.faults.link_up:
            client.error(-1, 1100)

    def answer(self, client: Conversation, request: Request) -> None:
        faults = self.office.faults
        self.orders.mail.daybook.request(client.client_id, request)
        if faults.take_ignored(request.name):
            return
        refusal = faults.take_refusal(request.name)
        if refusal is not None:
            client.error(request.req_id, refusal[0], refusal[1] or say(refusal[0], id=request.req_id))
            return
        found = self._answers.get(request.name)
        if found is None:
            client.error(request.req_id, 321, say(321, name=request.name, cause="Not supported by ibsim"))
            return
        found(client, request)

    def dropped(self, client: Conversation, request: Request) -> None:
        """Read, and not taken: too many messages (100). The ledger has it all the same."""
        self.orders.mail.daybook.request(client.client_id, request)

    def troubled(self, client: Conversation, request: Request, error: Exception) -> None:
        self._report(client, request, error)

    def leave(self, client: Conversation) -> None:
        if client in self.office.clients:
            self.office.clients.remove(client)
        for desk in self.desks:
            desk.leave(client)
