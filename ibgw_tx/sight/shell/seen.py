"""What is shown now: the facts of the gateway that works here, or that none does (it stands by, or waits for its lease)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ibgw_tx.sight.families import families


class Facts(Protocol):
    """What a gateway knows of itself."""

    @property
    def is_alive(self) -> bool: ...

    @property
    def reasons(self) -> list[str]: ...

    def figures(self) -> dict[str, Any]: ...

    def latencies(self) -> Any: ...

    def document(self) -> dict[str, Any]: ...


class Seen:
    """`facts()` gives those of the gateway that works now, None while none does."""

    def __init__(self, facts: Callable[[], Facts | None]) -> None:
        self._facts = facts

    @property
    def is_alive(self) -> bool:
        """Whether the process is not on its way down."""
        facts = self._facts()
        return facts is None or facts.is_alive

    @property
    def reasons(self) -> list[str]:
        """Why nothing can be relied on; none while the status is true."""
        facts = self._facts()
        return ["no gateway works here: the lease of its name is not held"] if facts is None else facts.reasons

    def document(self) -> dict[str, Any] | None:
        """What the page shows."""
        facts = self._facts()
        return None if facts is None else facts.document()

    def collect(self) -> Iterable[Any]:
        """For prometheus-client: the metrics; none without a gateway."""
        facts = self._facts()
        return () if facts is None else families(facts.figures(), facts.latencies())
