"""The connection that listens to the commands of bots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import txredisapi
from twisted.internet import defer
from twisted.internet.protocol import connectionDone
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from ibgw_tx.redis.shell.connections import RedisFactory, RedisProtocol
from ibgw_tx.redis.shell.replies import parsed

PING_INTERVAL = 5.0  # seconds between two signs of life asked of the subscriber connection


class SubscriberProtocol(RedisProtocol):
    """Listens to the channels its factory names; asked for a sign of life, since a dead one would lose commands unseen."""

    _answerable: defer.Deferred[None] | None = None

    async def prepared(self) -> None:
        # A command that is heard before its acknowledgement can be told would be carried out in silence.
        self._answerable = self.factory.answerable()
        await self._answerable
        await self.execute_command("SUBSCRIBE", *self.factory.channels)
        self._pings = LoopingCall(self._ping)
        self._pings.start(PING_INTERVAL, now=False).addErrback(
            lambda failure: self.log.failure("the ping of the Redis subscription ended", failure)
        )

    def _ping(self) -> defer.Deferred[Any]:
        # An unanswered PING drops the connection after REPLY_LIMIT.
        return self.execute_command("PING").addErrback(lambda _: None)

    def _take(self, data: bytes, unpause: bool) -> None:
        for reply in parsed(self._reader, data):
            if type(reply) is list and len(reply) == 3 and reply[0] == b"message":
                self._message(reply[-1])
            else:
                self._replies.take(reply)

    def _message(self, message: Any) -> None:
        if not isinstance(message, bytes):
            raise txredisapi.InvalidData("a message is no text")
        try:
            self.factory.message_received(message)
        except Exception:
            self.log.failure("a command was not taken")

    def connectionLost(self, why: Failure = connectionDone) -> None:
        pings = getattr(self, "_pings", None)
        if pings is not None and pings.running:
            pings.stop()
        if self._answerable is not None:
            self._answerable.cancel()
        super().connectionLost(why)


class SubscriberFactory(RedisFactory):
    """A RedisFactory for subscriptions: which channels, who gets the messages, and when answers can be told."""

    def __init__(
        self,
        channels: list[str],
        message_received: Callable[[bytes], None],
        answerable: Callable[[], defer.Deferred[None]],
        **kind: Any,
    ) -> None:
        """`answerable` fires when what is heard can be answered; it is waited for before anything is subscribed."""
        super().__init__(SubscriberProtocol, **kind)
        self.answerable = answerable
        self.channels = channels
        self.message_received = message_received
