"""What is wrong with Redis, so that each change is one line. Pure.

Trouble of a connection (cannot be reached, lost, refuses the password) is one text for each connection: news when none has it so
far, over when the connection is ready. A refusal (OOM, READONLY, NOPERM) comes with every command that Redis does not carry out:
news the first time, over when each kind of command that was refused has been carried out again.
"""

from __future__ import annotations


class Troubles:
    """Who asks is told whether there is something to say."""

    def __init__(self) -> None:
        self._connections: dict[str, str] = {}
        self._refused: dict[str, set[str]] = {}

    def begins(self, connection: str, text: str) -> bool:
        """Something is wrong with a connection; whether that is news: what another one has now is none."""
        news = text not in self._connections.values()
        self._connections[connection] = text
        return news

    def ends(self, connection: str) -> None:
        """It is ready."""
        self._connections.pop(connection, None)

    def refused(self, word: str, text: str) -> bool:
        """A command was refused; whether that is news. The first word of Redis' text says why."""
        words = self._refused.setdefault(text.partition(" ")[0], set())
        news = not words
        words.add(word)
        return news

    @property
    def any_refused(self) -> bool:
        """Whether a refusal is not over."""
        return bool(self._refused)

    def carried_out(self, word: str) -> bool:
        """A command was carried out; whether the last refusal is over with it."""
        for reason, words in list(self._refused.items()):
            words.discard(word)
            if not words:
                del self._refused[reason]
                if not self._refused:
                    return True
        return False

    def forget_refusals(self) -> None:
        """The connection is gone, and what it was refused with it."""
        self._refused.clear()
