"""Who waits for the replies of one connection, in the sequence of their commands; and how long.

A reply goes to a plain callable: a Deferred, a timer and a queue for each cost more than all of Redis. One timer watches the
oldest of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import hiredis
import txredisapi
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.runtime.log import Logger

REPLY_LIMIT = 10  # seconds of silence until an unanswered command drops its connection

#: One Redis command: its words.
Words = Sequence[str | bytes | int]
_MULTI, _EXEC = ("MULTI",), ("EXEC",)

#: Takes a reply (an Exception for one that failed), and what was given beside it.
Taker = Callable[[Any, Any], None]
#: Hears of a command that Redis has answered with an error; and of each command what came of it, be it an Exception.
Refused = Callable[[Failure], None]
Answered = Callable[[Words, Any], None]


def unasked() -> Exception:
    """What ends a connection whose replies are out of step."""
    error: Exception = txredisapi.InvalidData("it answers what it was not asked")
    return error


def parsed(reader: Any, data: bytes) -> Iterator[Any]:
    """The replies that `data` completes. Raises InvalidData, as the reader does, for what hiredis cannot make a value of."""
    reader.feed(data)
    while True:
        try:
            reply = reader.gets()
        except (TypeError, ValueError) as error:
            # A map with a list for a name, a number of thousands of digits: no Redis says so.
            raise txredisapi.InvalidData(str(error)) from None
        if reply is False:
            return
        yield reply


def fire(reply: Any, waiting: Deferred[Any]) -> None:
    """The taker of who waits for a Deferred; one that was cancelled wants nothing any more."""
    if not waiting.called:
        if isinstance(reply, Exception):
            waiting.errback(reply)
        else:
            waiting.callback(reply)


def note_refusal(reply: Any, refused: list[Exception]) -> None:
    """The taker of what is queued in a transaction."""
    if isinstance(reply, Exception):
        refused.append(reply)


def together(count: int, take: Callable[[list[Any]], None]) -> list[tuple[Taker, Any]]:
    """Who takes the replies of `count` commands: `take` gets all of them at once, an Exception for each that failed."""
    found: list[Any] = []

    def last(reply: Any, _: None) -> None:
        found.append(reply)
        take(found)

    return [*[(_gather, found)] * (count - 1), (last, None)]


def _gather(reply: Any, found: list[Any]) -> None:
    found.append(reply)


def transaction(commands: Sequence[Words], take: Taker, about: Any) -> tuple[bytes, list[tuple[Taker, Any]]]:
    """MULTI, the commands, EXEC as bytes, and who takes their replies: `take` that of EXEC, or why one of them was refused."""
    refused: list[Exception] = []

    def executed(reply: Any, about: Any) -> None:
        # EXEC tells that one of its commands was refused, the first of them why.
        take(refused[0] if refused and isinstance(reply, Exception) else reply, about)

    queued = [(note_refusal, refused)] * (len(commands) + 1)
    return packed([_MULTI, *commands, _EXEC]), [*queued, (executed, about)]


def packed(commands: Iterable[Words]) -> bytes:
    """Commands as Redis reads them."""
    return b"".join([hiredis.pack_command(tuple(words)) for words in commands])  # type: ignore[arg-type]


class Replies:
    """`silent` is called once the oldest has waited for REPLY_LIMIT seconds in which nothing at all was heard: where more has
    come than could be read yet, a reply may stand behind it. `call_later` and `seconds` are the reactor's."""

    log = Logger()

    def __init__(self, silent: Callable[[], None]) -> None:
        self._silent = silent
        self._waiting: deque[tuple[float, Taker, Any]] = deque()
        self._watch: Any = None
        #: When anything came last.
        self.heard = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, takers: Iterable[tuple[Taker, Any]], seconds: Callable[[], float], call_later: Callable[..., Any]) -> None:
        """One more command for each has been written."""
        now = seconds()
        self._waiting.extend((now, take, about) for take, about in takers)
        if self._watch is None:
            self._watch = call_later(REPLY_LIMIT, self._look, seconds, call_later)

    def _look(self, seconds: Callable[[], float], call_later: Callable[..., Any]) -> None:
        self._watch = None
        if not self._waiting:
            return
        rest = max(self._waiting[0][0], self.heard) + REPLY_LIMIT - seconds()
        if rest > 0:
            self._watch = call_later(rest, self._look, seconds, call_later)
        else:
            self._silent()

    def take(self, reply: Any) -> None:
        """The next reply. Raises InvalidData for one that nobody has asked for: it would answer what is asked next."""
        if not self._waiting:
            raise unasked()
        _, take, about = self._waiting.popleft()
        try:
            take(reply, about)
        except Exception:
            # Out of dataReceived it would end the connection.
            self.log.failure("a reply of Redis was not taken")

    def fail(self, error: Exception) -> None:
        """No more replies come: everybody who waits is told so."""
        while self._waiting:
            self.take(error)

    def end(self) -> None:
        """The connection is over."""
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
