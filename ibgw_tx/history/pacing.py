"""IB's limits on questions about history: how long the next one has to wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Any

LONG_WINDOW, LONG_LIMIT = 600.0, 60
SHORT_WINDOW, SHORT_LIMIT = 2.0, 5
SAME_WINDOW = 15.0
OPEN_LIMIT = 50


class HistoryPacing:
    """When a historical request may go out, and the answers that still serve. Keys are hashable questions."""

    def __init__(self) -> None:
        self._long: deque[float] = deque()
        self._short: dict[Hashable, deque[float]] = {}
        self._answers: dict[Hashable, tuple[float, Any]] = {}
        self.open = 0

    def last_answer(self, question: Hashable, now: float) -> Any:
        """The answer to the same question of the last 15 s, else None."""
        self._answers = {key: kept for key, kept in self._answers.items() if now - kept[0] < SAME_WINDOW}
        kept = self._answers.get(question)
        return kept[1] if kept else None

    def wait(self, contract: Hashable, what: str, now: float) -> float:
        """Seconds until a request may be sent; 0 for now."""
        weight = 2 if what == "BID_ASK" else 1
        wait = _window_wait(self._long, LONG_WINDOW, LONG_LIMIT - weight, now)
        self._short = {key: sent for key, sent in self._short.items() if sent and now - sent[-1] < SHORT_WINDOW}
        short = self._short.get((contract, what))
        return max(wait, _window_wait(short, SHORT_WINDOW, SHORT_LIMIT - 1, now) if short else 0.0)

    def sent(self, contract: Hashable, what: str, now: float) -> None:
        """A request went out."""
        self._long.extend([now] * (2 if what == "BID_ASK" else 1))
        self._short.setdefault((contract, what), deque()).append(now)
        self.open += 1

    def ended(self, question: Hashable, answer: Any, now: float) -> None:
        """It has been answered (None: it failed)."""
        self.open -= 1
        if answer is not None:
            self._answers[question] = now, answer


def _window_wait(sent: deque[float], window: float, room: int, now: float) -> float:
    """Seconds until at most `room` of the times in `sent` are younger than `window`."""
    while sent and now - sent[0] >= window:
        sent.popleft()
    return sent[len(sent) - room - 1] + window - now if len(sent) > room else 0.0
