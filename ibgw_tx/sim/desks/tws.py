"""The simulated TWS itself, without any I/O: clients, market, accounts and the desks that answer requests.

Word: a *desk* answers some kinds of request and keeps their subscriptions. It offers ``answers`` (request name to
method), ``leave(client)`` and, when it has something to send by itself, ``pulse(now)``.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from ibgw_tx.sim.desks.accounts import AccountDesk
from ibgw_tx.sim.desks.contracts import ContractDesk
from ibgw_tx.sim.desks.depth import DepthDesk
from ibgw_tx.sim.desks.front import FrontDesk
from ibgw_tx.sim.desks.history import HistoryDesk
from ibgw_tx.sim.desks.order_lists import OrderListDesk
from ibgw_tx.sim.desks.orders import OrderDesk
from ibgw_tx.sim.desks.pnl import PnLDesk
from ibgw_tx.sim.desks.positions import PositionDesk
from ibgw_tx.sim.desks.quotes import QuoteDesk
from ibgw_tx.sim.desks.tick_by_tick import TickDesk
from ibgw_tx.sim.exchange.accounts import open_accounts
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.market import Market
from ibgw_tx.sim.office.agenda import Agenda
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.faults import Faults
from ibgw_tx.sim.office.journal import Entry, Journal
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.replies.session import Fields
from ibgw_tx.sim.wire.codes import say
from ibgw_tx.sim.wire.ids import LOWEST, Out
from ibgw_tx.sim.wire.requests import Request

Answer = Callable[[Conversation, Request], None]
Report = Callable[[Conversation, Request, Exception], None]


class Desk(Protocol):
    """A part of the office; see the module's text."""

    @property
    def answers(self) -> Mapping[str, Answer]: ...

    def leave(self, client: Conversation) -> None: ...

    def pulse(self, now: float) -> None: ...


class Office:
    """Everything behind the wire. ``seconds`` is the clock; ``report`` hears of exceptions in an answer."""

    def __init__(
        self, catalogue: Catalogue, settings: Settings, seconds: Callable[[], float], report: Report
    ) -> None:
        self.catalogue, self.settings, self._seconds, self._report = catalogue, settings, seconds, report
        self.market = Market(catalogue, settings.seed)
        self.accounts = open_accounts(catalogue, list(settings.accounts))
        self.faults, self.journal = Faults(), Journal()
        self.agenda = Agenda(seconds)
        self.clients: list[Conversation] = []  # ready ones, in order of arrival
        self.next_ids: dict[int, int] = {}
        self.depth = DepthDesk(self)
        self.quotes = QuoteDesk(self)
        self.ticks = TickDesk(self)
        self.account_desk = AccountDesk(self)
        self.positions = PositionDesk(self)
        self.orders = OrderDesk(self)
        self.order_lists = OrderListDesk(self, self.orders)
        self.desks: list[Desk] = [
            FrontDesk(self), ContractDesk(self), self.depth, self.quotes, self.ticks, self.account_desk,
            self.positions, PnLDesk(self), HistoryDesk(self), self.orders,
            self.order_lists,
        ]
        self._answers = {name: answer for desk in self.desks for name, answer in desk.answers.items()}

    # --- what a conversation asks -------------------------------------------------------------------------------------

    def now(self) -> float:
        return self._seconds()

    @property
    def message_rate(self) -> int:
        return self.settings.message_rate

    def version_for(self, low: int, high: int) -> int | None:
        """The version to speak: the lower of ours and the client's highest; None when there is none both know."""
        version = min(self.settings.server_version, high)
        return version if max(low, LOWEST) <= version else None

    def hears(self, client: Conversation, entry: Entry) -> bool:
        """Note a request; False while the simulator plays dead."""
        self.journal.note(entry)
        return not self.faults.silent

    def stalls(self) -> bool:
        return self.faults.stall_handshake or self.faults.silent

    def copies(self, msg_id: int) -> int:
        """How often a message goes out: once, unless trouble was asked for."""
        return self.faults.take_copies(msg_id) if self.faults.copies else 1

    def delay(self, msg_id: int) -> float:
        """Seconds by which a message is late; 0 unless trouble was asked for."""
        return self.faults.take_delay(msg_id) if self.faults.delays else 0.0

    def later(self, delay: float, call: Callable[[], None]) -> None:
        self.agenda.after(delay, call)

    def turns_away(self, client: Conversation) -> tuple[int, str] | None:
        """Code and text for a client that may not start: its id is in use, there are too many, or trouble wants it so."""
        refusal = self.faults.take_refusal("startApi")
        if refusal is not None:
            return refusal
        taken = {other.client_id for other in self.clients}
        free = client.client_id not in taken and len(taken) < self.settings.max_clients
        return None if free else (326, "")

    def welcome(self, client: Conversation) -> None:
        """What TWS sends unasked after startApi (tws-facts 1.2)."""
        self.clients.append(client)
        self.order_lists.welcome(client)
        for name in ("reqManagedAccts", "reqIds"):
            self._answers[name](client, Request(Out.REQ_IDS, name))
        for code, farm in self.notices():
            client.error(-1, code, say(code, cause=farm))
        if not self.faults.link_up:
            client.error(-1, 1100)

    def notices(self) -> list[tuple[int, str]]:
        """The farm notices of this moment: (code, farm)."""
        down = self.faults.farms_down
        farms = [(2103 if farm in down else 2104, farm) for farm in self.catalogue.farms()]
        return [*farms, (2106, "ushmds"), (2158, "secdefil")]

    def answer(self, client: Conversation, request: Request) -> None:
        if self.faults.take_ignored(request.name):
            return
        refusal = self.faults.take_refusal(request.name)
        if refusal is not None:
            client.error(request.req_id, refusal[0], refusal[1] or say(refusal[0], id=request.req_id))
            return
        found = self._answers.get(request.name)
        if found is None:
            client.error(request.req_id, 321, say(321, name=request.name, cause="Not supported by ibsim"))
            return
        found(client, request)

    def troubled(self, client: Conversation, request: Request, error: Exception) -> None:
        self._report(client, request, error)

    def leave(self, client: Conversation) -> None:
        if client in self.clients:
            self.clients.remove(client)
        for desk in self.desks:
            desk.leave(client)

    # --- what the shell and trouble ask -------------------------------------------------------------------------------

    def next_id(self, client_id: int) -> int:
        """The next valid order id of a client id; it outlives the connection."""
        return self.next_ids.setdefault(client_id, self.settings.first_order_id)

    def send_all(self, fields: Fields) -> None:
        for client in list(self.clients):
            client.send(fields)

    def tell_all(self, code: int, text: str) -> None:
        """An error with id -1 to every client."""
        for client in list(self.clients):
            client.error(-1, code, text)

    def pulse(self, now: float) -> None:
        """Let every desk send what is due. The market itself is moved by ``DepthDesk.step``."""
        if self.faults.silent:
            return
        for desk in self.desks:
            desk.pulse(now)
