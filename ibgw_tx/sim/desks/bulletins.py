"""IB's news bulletins: told to all who asked, those of the day first where they are wanted too (message 14)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire.requests import Request

KINDS = (1, 2, 3)  # news; an exchange is no longer available; it is available again
MOST_KEPT = 100  # bulletins of a day; older ones are forgotten


@frozen
class Bulletin:
    number: int
    kind: int
    text: str
    exchange: str


class BulletinDesk(BaseDesk):
    """Who wants to hear bulletins, and those of today."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._ears: list[Conversation] = []
        self._today: list[Bulletin] = []
        self._count = 0

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {"reqNewsBulletins": self.subscribe, "cancelNewsBulletins": self.cancel}

    def subscribe(self, client: Conversation, request: Request) -> None:
        if client not in self._ears:
            self._ears.append(client)
        if request.args["all"]:
            for bulletin in self._today:
                _tell(client, bulletin)

    def cancel(self, client: Conversation, request: Request) -> None:
        self.leave(client)

    def leave(self, client: Conversation) -> None:
        if client in self._ears:
            self._ears.remove(client)

    def publish(self, text: str, kind: int, exchange: str) -> int:
        """A bulletin for all who listen; its number."""
        if kind not in KINDS:
            raise ValueError(f"a bulletin is of kind {', '.join(map(str, KINDS))}")
        self._count += 1
        bulletin = Bulletin(self._count, kind, text, exchange)
        self._today = [*self._today, bulletin][-MOST_KEPT:]
        for client in list(self._ears):
            _tell(client, bulletin)
        return self._count


def _tell(client: Conversation, bulletin: Bulletin) -> None:
    client.send(replies.bulletin(bulletin.number, bulletin.kind, bulletin.text, bulletin.exchange))
