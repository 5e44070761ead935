"""The running simulator as trouble, sockets and floods need it; server/simulator.py is it.

It stands here and not in the office, as it gives away the desks.
"""

from __future__ import annotations

from typing import Any, Protocol

from ibgw_tx.sim.desks.tws import SimulatedTWS
from ibgw_tx.sim.office.conversation import Conversation


class Running(Protocol):
    """`clock` is an IReactorTime; `lines` are the connections, `ports` the IListeningPorts."""

    tws: SimulatedTWS
    clock: Any
    lines: list[Any]
    ports: list[Any]
    connections: int
    frozen: bool
    running: Any

    @property
    def clients(self) -> list[Conversation]: ...

    def drop_all(self) -> int: ...

    def listen(self, port: int = 0, interface: str = "127.0.0.1") -> int: ...

    def close_ports(self) -> Any: ...
