"""Switches of trouble that the pure floors look at; trouble.py sets them."""

from __future__ import annotations

from typing import Any

from attrs import define, field


@define
class Faults:
    """`link_up`: TWS's connection to IB. `farms_down`: market data farms without data.

    `silent`: requests are read and logged but nothing is answered. `stall_handshake`: a greeting gets no answer.
    `read_only`: somebody ticked the box in TWS: orders are refused (321).
    `lag`: seconds by which everything sent comes late. `copies`: for message ids, how often the next ones are sent
    instead of once: 0 loses a message, 2 repeats it.
    `refusals`: error codes waiting for the next request of a name (`*` for any), oldest first, with their text.
    `delays`: seconds by which the next messages of an id come late, others overtaking them.
    Orders: `rejects` wait for the next order (code, text, whether it is shown as Inactive); `swallow`: so many
    orders vanish into a dialog, `swallowed`; `order_lag`: seconds until an order request is looked at; `cuts`:
    "before" or "after" taking it the connection ends; `notices` go with the next order; `instant`: so many orders
    are filled at once and only their executions told.
    """

    link_up: bool = True
    farms_down: set[str] = field(factory=set)
    silent: bool = False
    stall_handshake: bool = False
    refuse_connections: bool = False
    split_bytes: bool = False
    read_only: bool = False
    refusals: dict[str, list[tuple[int, str]]] = field(factory=dict)
    ignored: dict[str, int] = field(factory=dict)
    lag: float = 0.0
    copies: dict[int, list[int]] = field(factory=dict)
    delays: dict[int, list[float]] = field(factory=dict)
    rejects: list[tuple[int, str, bool]] = field(factory=list)
    swallow: int = 0
    swallowed: list[tuple[Any, Any]] = field(factory=list)  # (conversation, request)
    order_lag: float = 0.0
    cuts: list[str] = field(factory=list)
    notices: list[tuple[int, str]] = field(factory=list)
    instant: int = 0
    advanced: str = ""  # JSON that goes with the next refusal of an order

    def take_refusal(self, name: str) -> tuple[int, str] | None:
        """The error the next request of this name must get, once."""
        for key in (name, "*"):
            waiting = self.refusals.get(key)
            if waiting:
                return waiting.pop(0)
        return None

    def take_ignored(self, name: str) -> bool:
        """Whether this request is to be swallowed without an answer."""
        left = self.ignored.get(name, 0)
        if left:
            self.ignored[name] = left - 1
        return left > 0

    def take_copies(self, msg_id: int) -> int:
        """How often the message about to be sent goes out."""
        waiting = self.copies.get(msg_id)
        return waiting.pop(0) if waiting else 1

    def take_delay(self, msg_id: int) -> float:
        """Seconds by which the message about to be sent is late."""
        waiting = self.delays.get(msg_id)
        return waiting.pop(0) if waiting else 0.0

    def take_reject(self) -> tuple[int, str, bool] | None:
        """The refusal that the order at hand must get, once."""
        return self.rejects.pop(0) if self.rejects else None

    def take_advanced(self) -> str:
        """The JSON of the refusal at hand, once."""
        found, self.advanced = self.advanced, ""
        return found

    def take_notices(self) -> list[tuple[int, str]]:
        """Codes that go with the order at hand, once."""
        found, self.notices = self.notices, []
        return found

    def take_instant(self) -> bool:
        """Whether the order at hand is filled without a word but its execution."""
        self.instant, now = max(0, self.instant - 1), self.instant > 0
        return now

    def flows(self, farm: str) -> bool:
        """Whether market data of a farm moves now."""
        return self.link_up and farm not in self.farms_down
