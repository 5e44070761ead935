"""What every desk shares: clients, market, accounts, settings, the trouble asked for, the clock. It answers nothing."""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.sim.exchange.accounts import Account, open_accounts
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.market import Market
from ibgw_tx.sim.office.agenda import Agenda
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.faults import Faults
from ibgw_tx.sim.office.journal import Entry, Journal
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import LOWEST
from ibgw_tx.sim.wire.requests import Request


class OfficeState:
    """`seconds` is the market's clock. It is conversation.Rules: what holds for every client alike."""

    def __init__(self, catalogue: Catalogue, settings: Settings, seconds: Callable[[], float]) -> None:
        self.catalogue, self.settings, self._seconds = catalogue, settings, seconds
        self.market = Market(catalogue, settings.seed)
        self.accounts = open_accounts(catalogue, list(settings.accounts))
        self.faults, self.journal = Faults(), Journal()
        self.agenda = Agenda(seconds)
        self.clients: list[Conversation] = []  # ready ones, in order of arrival
        self.next_ids: dict[int, int] = {}

    def now(self) -> float:
        return self._seconds()

    def account(self, name: str, request: Request) -> Account:
        """An account by name, the first for none; raises Refused(321)."""
        found = self.accounts.get(name or next(iter(self.accounts)))
        if found is None:
            raise Refused(321, say(321, name=request.name, cause=f"Invalid account code '{name}'"))
        return found

    def next_id(self, client_id: int) -> int:
        """The next valid order id of a client id; it outlives the connection."""
        return self.next_ids.setdefault(client_id, self.settings.first_order_id)

    def notices(self) -> list[tuple[int, str]]:
        """The farm notices of this moment: (code, farm)."""
        down = self.faults.farms_down
        farms = [(2103 if farm in down else 2104, farm) for farm in self.catalogue.farms()]
        return [*farms, (2106, "ushmds"), (2158, "secdefil")]

    def send_all(self, fields: Fields) -> None:
        for client in list(self.clients):
            client.send(fields)

    def tell_all(self, code: int, text: str) -> None:
        """An error with id -1 to every client."""
        for client in list(self.clients):
            client.error(-1, code, text)

    # conversation.Rules

    @property
    def message_rate(self) -> int:
        return self.settings.message_rate

    def version_for(self, low: int, high: int) -> int | None:
        """The version to speak: the lower of ours and the client's highest; None when there is none both know."""
        version = min(self.settings.server_version, high)
        return version if max(low, LOWEST) <= version else None

    def hears(self, entry: Entry) -> bool:
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
