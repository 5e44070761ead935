"""Positions of all accounts, and of one under a request id; both stay subscribed after their end marker."""

from __future__ import annotations

from collections.abc import Mapping

from ibgw_tx.sim.exchange.accounts import Account, Position
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk, Key
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire.requests import Request


class PositionDesk(BaseDesk):
    """A change is told when `tell` is called with it; a closed position is told with 0."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._all: dict[int, Conversation] = {}
        self._multi: dict[Key, tuple[Conversation, list[Account], str]] = {}

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqPositions": self.positions,
            "cancelPositions": self.cancel_positions,
            "reqPositionsMulti": self.multi,
            "cancelPositionsMulti": self.cancel_multi,
        }

    def positions(self, client: Conversation, request: Request) -> None:
        self._all[id(client)] = client
        for account in self.office.accounts.values():
            for held in account.positions.values():
                if held.amount:
                    client.send(replies.position(account.name, held.instrument, held.amount, held.cost))
        client.send(replies.position_end())

    def cancel_positions(self, client: Conversation, request: Request) -> None:
        self._all.pop(id(client), None)

    def multi(self, client: Conversation, request: Request) -> None:
        name, model = request.args["account"], request.args["model"]
        everyone = list(self.office.accounts.values())
        accounts = everyone if name in ("", "All") else [self.office.account(name, request)]
        self._multi[id(client), request.req_id] = client, accounts, model
        for account in accounts:
            for held in account.positions.values():
                self._send_multi(client, request.req_id, account, held, model)
        client.send(replies.position_multi_end(request.req_id))

    def cancel_multi(self, client: Conversation, request: Request) -> None:
        self._multi.pop((id(client), request.req_id), None)

    def tell(self, account: Account, held: Position) -> None:
        """Send one position to everyone who watches its account."""
        for client in list(self._all.values()):
            client.send(replies.position(account.name, held.instrument, held.amount, held.cost))
        for (_, req_id), (client, accounts, model) in list(self._multi.items()):
            if account in accounts:
                self._send_multi(client, req_id, account, held, model)

    def _send_multi(self, client: Conversation, req_id: int, account: Account, held: Position, model: str) -> None:
        client.send(replies.position_multi(req_id, account.name, held.instrument, held.amount, held.cost, model))

    def leave(self, client: Conversation) -> None:
        self._all.pop(id(client), None)
        for key in [key for key in self._multi if key[0] == id(client)]:
            del self._multi[key]
