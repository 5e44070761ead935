"""Switches of trouble that the pure floors look at; trouble.py sets them."""

from attrs import define, field


@define
class Faults:
    """``link_up``: TWS's connection to IB. ``farms_down``: market data farms without data.

    ``silent``: requests are read and logged but nothing is answered. ``stall_handshake``: a greeting gets no answer.
    ``lag``: seconds by which everything sent comes late. ``copies``: for message ids, how often the next ones are sent
    instead of once: 0 loses a message, 2 repeats it.
    ``refusals``: error codes waiting for the next request of a name (``*`` for any), oldest first, with their text.
    """

    link_up: bool = True
    farms_down: set[str] = field(factory=set)
    silent: bool = False
    stall_handshake: bool = False
    refuse_connections: bool = False
    split_bytes: bool = False
    refusals: dict[str, list[tuple[int, str]]] = field(factory=dict)
    ignored: dict[str, int] = field(factory=dict)
    lag: float = 0.0
    copies: dict[int, list[int]] = field(factory=dict)

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

    def flows(self, farm: str) -> bool:
        """Whether market data of a farm moves now."""
        return self.link_up and farm not in self.farms_down
