"""What a desk is: it answers some kinds of request and keeps their subscriptions.

It offers `answers` (a request's name to the method that answers it), `leave(client)`, `forget_all()` and, when it has
something to send by itself, `pulse(now)`. A desk that needs another one is given it when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.wire.requests import Request

Answer = Callable[[Conversation, Request], None]
Report = Callable[[Conversation, Request, Exception], None]
Key = tuple[int, int]  # id(conversation), request id: two clients may use the same request id


class Desk(Protocol):
    """A part of the simulated TWS; see the module's text."""

    @property
    def answers(self) -> Mapping[str, Answer]: ...

    def leave(self, client: Conversation) -> None: ...

    def forget_all(self) -> None: ...

    def pulse(self, now: float) -> None: ...


class BaseDesk:
    """A desk without subscriptions; the others override `leave`, `forget_all` and `pulse`."""

    def __init__(self, office: OfficeState) -> None:
        self.office = office

    @property
    def answers(self) -> Mapping[str, Answer]:
        raise NotImplementedError

    def leave(self, client: Conversation) -> None:
        """Forget a client that is gone."""

    def forget_all(self) -> None:
        """Data subscriptions are lost without a word about each (1101); orders and accounts are not."""

    def pulse(self, now: float) -> None:
        """Send what is due at `now`."""

    def nothing(self, client: Conversation, request: Request) -> None:
        """A request that TWS takes without an answer."""
