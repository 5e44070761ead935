"""What the desks have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.wire.requests import Request

if TYPE_CHECKING:
    from ibgw_tx.sim.desks.tws import Answer, Office

Key = tuple[int, int]  # id(conversation), request id: two clients may use the same request id


class BaseDesk:
    """A desk without subscriptions; the others override ``leave`` and ``pulse``."""

    def __init__(self, office: Office) -> None:
        self.office = office

    @property
    def answers(self) -> Mapping[str, Answer]:
        raise NotImplementedError

    def leave(self, client: Conversation) -> None:
        """Forget a client that is gone."""

    def pulse(self, now: float) -> None:
        """Send what is due at ``now``."""

    def nothing(self, client: Conversation, request: Request) -> None:
        """A request that TWS takes without an answer."""
