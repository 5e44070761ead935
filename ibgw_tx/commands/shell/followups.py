"""What follows an ack: work that goes on after it, and its outcome told with the command's id."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command
from ibgw_tx.commands.shell.ack_channel import AckChannel
from ibgw_tx.model.errors import AnswerUnreadable, CommandError, PacingFull, RedisDown, RequestTimeout, SessionLost, TWSError
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger


class Followups:
    """A question is acknowledged when it has been taken; its `result`, or an `error`, comes later."""

    log = Logger()

    def __init__(self, acks: AckChannel, clock: Clock) -> None:
        self._acks = acks
        self._clock = clock

    def later(self, command: Command, work: Coroutine[Any, Any, None]) -> None:
        """Carry on after the ack; whatever goes wrong is told with the command's id."""
        Deferred.fromCoroutine(self._after_the_ack(command, work)).addErrback(
            lambda failure: self.log.failure("what follows {cmd}", failure, cmd=command.cmd)
        )

    async def _after_the_ack(self, command: Command, work: Coroutine[Any, Any, None]) -> None:
        # The ack goes out first: this starts in the next turn.
        await self.pause()
        try:
            await work
        except Exception as error:
            self.failed(command, error)

    def pause(self) -> Deferred[None]:
        """Until the next turn: others are served first."""
        turn: Deferred[None] = Deferred()
        self._clock.callLater(0, turn.callback, None)
        return turn

    def result(self, command: Command, **more: Any) -> None:
        """What was found."""
        self._acks.result(command, **more)

    def failed(self, command: Command, error: Exception) -> None:
        """TWS's code and text; null for the gateway's own reason. What is none of ours is logged as a failure too."""
        if isinstance(error, TWSError):
            self._acks.error(command, error.code, error.text)
        elif isinstance(error, CommandError | AnswerUnreadable | RequestTimeout | SessionLost | PacingFull | RedisDown):
            self._acks.error(command, None, str(error))
        else:
            self.log.failure("{cmd} {id!r} failed", Failure(error), cmd=command.cmd, id=command.id)
            self._acks.error(command, None, f"the gateway failed to carry this out: {type(error).__name__}")
