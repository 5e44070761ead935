"""A connection for small questions, to a sentinel or to a Redis that may be the master: kept as long as it answers.

One round of questions at a time; each has a limit. No queue: who asks while a question is open waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import hiredis
import txredisapi
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from ibgw_tx.redis.shell.replies import parsed
from ibgw_tx.redis.shell.tls import NotTrusted

#: Seconds for one round of questions, the connection included.
ASK_LIMIT = 1.0


class NoAnswer(Exception):
    """It cannot be reached, or does not answer; the text says which."""


def _late(result: Any, limit: float) -> Any:
    raise NoAnswer(f"has not answered for {limit:g} s")


class _Questions(Protocol):
    """Sends commands, and gives as many replies."""

    transport: Any

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._replies: list[Any] = []
        self._wanted = 0
        self._waiting: Deferred[list[Any]] | None = None

    def ask(self, commands: Sequence[Sequence[str]]) -> Deferred[list[Any]]:
        answered: Deferred[list[Any]] = Deferred(lambda _: self.transport.abortConnection())
        self._replies, self._wanted, self._waiting = [], len(commands), answered
        self.transport.write(b"".join(hiredis.pack_command(tuple(words)) for words in commands))  # type: ignore[arg-type]
        return answered

    def dataReceived(self, data: bytes) -> None:
        try:
            self._replies.extend(parsed(self._reader, data))
        except (hiredis.ProtocolError, txredisapi.InvalidData) as error:
            self._end(Failure(NoAnswer(f"does not speak as a Redis does: {error}")))
            self.transport.abortConnection()
            return
        if len(self._replies) >= self._wanted and self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.callback(self._replies)

    def _end(self, why: Failure) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:
            waiting.errback(why)

    def connectionLost(self, why: Failure = connectionDone) -> None:
        self._end(Failure(NoAnswer("has hung up")) if not why.check(NotTrusted) else why)


class _QuestionsFactory(Factory):
    noisy = False
    protocol = _Questions


class Peer:
    """`endpoint()` gives one for each connection; `login` are the words behind AUTH."""

    def __init__(self, endpoint: Callable[[], Any], login: Sequence[str], reactor: Any) -> None:
        self._endpoint, self._login, self._reactor = endpoint, login, reactor
        self._protocol: Any = None

    async def ask(self, *commands: Sequence[str]) -> list[Any]:
        """A reply for each command, an exception for each that is refused. Raises NoAnswer."""
        asked: Deferred[list[Any]] = Deferred.fromCoroutine(self._ask(commands))
        try:
            return await asked.addTimeout(ASK_LIMIT, self._reactor, _late)
        except Exception as error:
            self.close()
            if isinstance(error, NoAnswer):
                raise
            words = "is not trusted" if isinstance(error, NotTrusted) else "cannot be reached"
            raise NoAnswer(f"{words}: {str(error).rstrip('.')}") from None

    async def _ask(self, commands: Sequence[Sequence[str]]) -> list[Any]:
        if self._protocol is None or not self._protocol.connected:
            self._protocol = await self._endpoint().connect(_QuestionsFactory())
            if self._login:
                (said,) = await self._protocol.ask([("AUTH", *self._login)])
                if isinstance(said, Exception):
                    raise NoAnswer(f"refuses: {said}")
        replies: list[Any] = await self._protocol.ask(commands)
        return replies

    def close(self) -> None:
        """Until it is asked again."""
        protocol, self._protocol = self._protocol, None
        if protocol is not None and protocol.connected:
            protocol.transport.abortConnection()
