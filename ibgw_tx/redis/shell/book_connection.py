"""The connection that carries books: complete commands in batches, replies only counted, what is unanswered bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from ibgw_tx.redis.shell.connections import REPLY_LIMIT, RedisFactory, RedisProtocol
from ibgw_tx.redis.shell.late_reading import LateReading
from ibgw_tx.redis.shell.replies import parsed, unasked
from ibgw_tx.runtime.write_now import write_through


class BookProtocol(RedisProtocol):
    """A connection for publishing only: replies are counted, nobody waits for them (a Deferred each would cost the most).

    `send` writes a batch; `has_room` says whether more may be written: not while the transport asks for a pause, nor while
    WINDOW commands are unanswered. The factory's `room()` is called when there is room again.
    """

    WINDOW = 1024
    #: Unanswered commands from which on a sending reads replies.
    MANY = 256

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_flight = 0
        self._paused = False
        self._starving = False
        #: Whether Redis has answered since it was last looked for, and whether it has refused something.
        self._answered = self._refused_lately = False
        #: Whether a refusal has been told that is not over.
        self._refusing = False
        self._watch: Any = None
        self._late: LateReading | None = None

    async def prepared(self) -> None:
        self.transport.registerProducer(self, True)
        self._late = LateReading(self.transport, self.callLater)

    @property
    def has_room(self) -> bool:
        """Whether a batch may be written now; asking remembers that somebody waits."""
        self._starving = self._paused or self.in_flight >= self.WINDOW
        if self._starving and self._late is not None:
            self._late.watch()
        return not self._starving

    def send(self, batch: bytes, commands: int) -> None:
        """Write `commands` complete commands."""
        if self._watch is None:
            self._watch = self.callLater(REPLY_LIMIT, self._check_replies, 0)
        self.in_flight += commands
        write_through(self.transport, batch)
        if self._late is not None:
            self._late.sent(self.in_flight >= self.MANY)

    def _take(self, data: bytes, unpause: bool) -> None:
        if not self._ready:
            super()._take(data, unpause)
            return
        for reply in parsed(self._reader, data):
            if not self.in_flight:
                raise unasked()
            self.in_flight -= 1
            if isinstance(reply, Exception):
                self.look_at(reply)
                self._refusing = self._refused_lately = True
                self.factory.trouble(f"refuses a book: {reply}")
        self._answered = True
        self._offer_room()

    def _check_replies(self, _: int) -> None:
        self._watch = None
        if not self.connected:
            return
        if self.in_flight and not self._answered:
            self.factory.trouble(f"has not answered for {REPLY_LIMIT} s")
            self.transport.abortConnection()
            return
        if self._refusing and not self._refused_lately and self._answered:
            self._refusing = False
            self.factory.recovered()
        self._answered = self._refused_lately = False
        if self.in_flight or self._refusing:
            self._watch = self.callLater(REPLY_LIMIT, self._check_replies, 0)

    def _offer_room(self) -> None:
        if self._starving and self.has_room:
            self.factory.room()

    def connectionLost(self, why: Failure = connectionDone) -> None:
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        if self._late is not None:
            self._late.stop()
        super().connectionLost(why)

    # IPushProducer: the transport's buffer is full, or has drained.

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        self._offer_room()

    def stopProducing(self) -> None:
        """The connection is gone; connectionLost tells."""


class BookFactory(RedisFactory):
    """A RedisFactory: `room` is called when a full connection can take more, `recovered` when no book is refused any more."""

    def __init__(self, room: Callable[[], None], recovered: Callable[[], None], **kind: Any) -> None:
        super().__init__(BookProtocol, **kind)
        self.room = room
        self.recovered = recovered
